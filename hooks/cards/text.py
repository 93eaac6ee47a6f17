"""Text fit for a card: what came with a request made safe, a sentence with its capital letter."""

import re
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~<>&])")
_TAG: Final = re.compile(r"<(?=[/!?A-Za-z])")
_LONGEST: Final = 60
#: Of a text of any length so much is looked at.
_READ: Final = 1000
_HTML: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def one_line(text: str) -> str:
    """Text from a request on one line, without what cannot be seen, cut to a readable length."""
    line = text[:_READ]
    if not line.isprintable():
        seen = (character if character.isprintable() else " " for character in line)
        line = " ".join("".join(seen).split())
    line = line.strip()
    if len(line) <= _LONGEST and len(text) <= _READ:
        return line
    return f"{line[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def untagged(text: str) -> str:
    """Text from a request for a line that is no Markdown: nothing in it begins a tag, should an
    EHR put the line into a page as it is."""
    return _TAG.sub("< ", one_line(text))


def escaped(text: str) -> str:
    """Text from a request so that Markdown and HTML show it as it is and do nothing with it."""
    line = one_line(text).replace("://", ": //").replace("www.", "www ")
    return _SPECIAL.sub(lambda match: _HTML.get(match[1], f"\\{match[1]}"), line)


def capitalized(line: str) -> str:
    """A sentence that begins with a capital letter, also behind Markdown's stars."""
    at = next((index for index, char in enumerate(line) if char.isalpha()), 0)
    return f"{line[:at]}{line[at : at + 1].upper()}{line[at + 1 :]}"
