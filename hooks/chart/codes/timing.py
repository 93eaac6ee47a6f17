"""Words of timing: which words of an order say that its dose is given again, or once."""

import re
from enum import StrEnum
from typing import Final

from hooks.chart.codes.files import Entry, Text, shipped


class Says(StrEnum):
    """What a word tells of a dose; `WATCH` and `ASIDE` name what is done beside it."""

    AGAIN = "again"
    ONCE = "once"
    NOTHING = "nothing"
    WATCH = "watch"
    ASIDE = "aside"


class _Words(Entry):
    says: Says
    names: tuple[Text, ...]
    source: Text


class _Timing(Entry):
    words: tuple[_Words, ...]


_SIGNS: Final = {" ": r"[\s-]?", "#": r"\d{1,3}[\s-]?", "*": r"\w*"}
_LISTED: Final = shipped(_Timing, "timing.toml")


def timing_words(says: Says) -> str:
    """A pattern of all words that say so, for texts in small letters; its ends are not bound."""
    names = {name for listed in _LISTED.words if listed.says is says for name in listed.names}
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(
        "".join(_SIGNS.get(letter) or re.escape(letter) for letter in name) for name in ordered
    )
