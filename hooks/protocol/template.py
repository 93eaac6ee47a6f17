"""Sentences with {names} in them: checked once, filled in for each patient."""

import difflib
import string
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator

from hooks.protocol import vocabulary

#: What is longer is no slip in one of the names.
_LONGEST: Final = 60
_MOST_NEAR: Final = 3


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
            raise ValueError(f"nothing is called {{{name}}}{_near(name)}")
    return text


def _near(name: str) -> str:
    """The names that one that nothing is called may have meant."""
    near = difflib.get_close_matches(name[:_LONGEST].lower(), vocabulary.NAMES, _MOST_NEAR)
    if not near:
        return "; docs/protocol.md lists the names that there are"
    return f"; did you mean {' or '.join(f'{{{one}}}' for one in near)}?"


Sentence = Annotated[str, AfterValidator(_check)]


class Words(dict[str, str]):
    """Words by name; one that is not there is asked for once, of `rest`."""

    def __init__(self, words: Mapping[str, str], rest: Callable[[str], str]) -> None:
        super().__init__(words)
        self._rest = rest

    def __missing__(self, name: str) -> str:
        word = self[name] = self._rest(name)
        return word

    def but(self, **others: str) -> "Words":
        """The same words, but for these."""
        return Words(others, self.__getitem__)


def literal(text: str) -> str:
    """A sentence without its names: what stands in it for every patient. A text with odd braces,
    which is no sentence, is all literal."""
    try:
        return "\0".join(part for part, _, _, _ in string.Formatter().parse(text))
    except ValueError:
        return text


def _nothing(_: str) -> str:
    return ""


@lru_cache(maxsize=4096)
def _form(sentence: str) -> tuple[str, tuple[str, ...]]:
    """A sentence as a form for the % operator, and the names of its places in order."""
    form, names = "", []
    for literal, name, _, _ in string.Formatter().parse(sentence):
        form += literal.replace("%", "%%")
        if name is not None:
            form += "%s"
            names.append(name)
    return form, tuple(names)


@lru_cache(maxsize=64)
def _lines(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The lines of a text as forms."""
    return tuple(_form(line.rstrip()) for line in text.strip().splitlines())


def fill(sentence: str, words: Mapping[str, str]) -> str:
    """The sentence with its names filled in; a name without words becomes empty."""
    form, names = _form(sentence)
    if not names:
        return form % ()
    known = words if isinstance(words, Words) else Words(words, _nothing)
    return form % tuple(map(known.__getitem__, names))


def fill_lines(text: str, words: Words) -> str:
    """Fill in a text line by line and leave out every line that names something unknown.

    Blank lines that meet because a line between them went are folded into one.
    """
    lines: list[str] = []
    for form, names in _lines(text):
        values = tuple(map(words.__getitem__, names))
        if all(values) and (form or (lines and lines[-1])):
            lines.append(form % values)
    return "\n".join(lines).strip()


def bullets(items: Iterable[str]) -> str:
    """Several sentences as a Markdown list."""
    return "\n".join(f"- {item}" for item in items)
