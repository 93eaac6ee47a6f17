"""Sentences with {names} in them: checked once, filled in for each patient."""

import string
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from hooks.protocol import vocabulary


@lru_cache(maxsize=1024)
def names_in(text: str) -> tuple[str, ...]:
    """The names that a sentence wants filled in. Raises ValueError if its braces are odd."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"the braces do not match: {error}") from error
    for _, name, format_spec, conversion in parts:
        if name is not None and (not name.isidentifier() or format_spec or conversion):
            raise ValueError(f"{{{name}}} is not a plain name")
    return tuple(name for _, name, _, _ in parts if name is not None)


def _check(text: str) -> str:
    for name in names_in(text):
        if name not in vocabulary.NAMES:
            known = ", ".join(sorted(vocabulary.NAMES))
            raise ValueError(f"nothing is called {{{name}}}; there are: {known}")
    return text


Sentence = Annotated[str, AfterValidator(_check)]


def fill(sentence: str, words: Mapping[str, str]) -> str:
    """The sentence with its names filled in; a name without words becomes empty."""
    return sentence.format_map(_Empty(words))


def fill_lines(text: str, words: Mapping[str, str]) -> str:
    """Fill in a text line by line and leave out every line that names something unknown.

    Blank lines that meet because a line between them went are folded into one.
    """
    lines: list[str] = []
    for line in text.strip().splitlines():
        if any(not words.get(name) for name in names_in(line)):
            continue
        if line.strip() or (lines and lines[-1]):
            lines.append(fill(line.rstrip(), words))
    return "\n".join(lines).strip()


def bullets(items: Iterable[str]) -> str:
    """Several sentences as a Markdown list."""
    return "\n".join(f"- {item}" for item in items)


class _Empty(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
