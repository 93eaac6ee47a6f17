"""Where the sources of a protocol come from: its codes in groups, by what they begin with."""

import re
from dataclasses import dataclass
from typing import Final

from hooks.protocol.document import Document, Origin

_BEGINNING: Final = re.compile(r"[A-Za-z]+|[0-9]")
_PARTS: Final = re.compile(r"[0-9]{1,9}|[^0-9]+")
_NUMBER: Final = "0-9"


@dataclass(frozen=True, slots=True)
class Group:
    """The sources of one origin, in the order of their numbers; None: the file does not say."""

    origin: Origin | None
    sources: tuple[tuple[str, str], ...]


def beginning(code: str) -> str:
    """What a code begins with: `S13` with `S`, `10.1` with `0-9`."""
    match = _BEGINNING.match(code)
    if match is None:
        return ""
    return _NUMBER if match[0].isdecimal() else match[0]


def grouped(document: Document) -> tuple[Group, ...]:
    """Every source once, by origin; the file without origins as one group."""
    groups = []
    for origin in document.origins or (None,):
        mine = [
            code for code in document.sources if origin is None or beginning(code) in origin.begins
        ]
        if mine:
            ordered = sorted(mine, key=lambda code: _place(code, origin))
            groups.append(Group(origin, tuple((code, document.sources[code]) for code in ordered)))
    return tuple(groups)


def letters(origin: Origin) -> str:
    """What the codes of an origin begin with, for reading: `S`; `G, DT, M, C`; `a number`."""
    return ", ".join("a number" if begin == _NUMBER else begin for begin in origin.begins)


def _place(code: str, origin: Origin | None) -> tuple[int, list[tuple[int, str]]]:
    """Numbers count as numbers: S2 comes before S13."""
    begins = () if origin is None else origin.begins
    first = begins.index(beginning(code)) if begins else 0
    return first, [(int(part) if part.isdecimal() else -1, part) for part in _PARTS.findall(code)]
