"""Words: any of many names in a text, each as a whole word."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from unicodedata import normalize

_END: Final = ""
_NO_WORD: Final = re.compile(r"[^\w?]+")

_MARKS: Final = range(0x300, 0x370)


def _letters() -> Mapping[int, str | None]:
    """The letter or digit that stands for one with a mark (`é`), raised, lowered, or dotless.

    A pattern without case takes some of them for plain ones, and no name is written with them.
    """
    known = {0x131: "i"}
    for number in (*range(0xB2, 0x250), *range(0x2070, 0x209D), 0x212A, *range(0xFF01, 0xFF5F)):
        base, *marks = tuple(normalize("NFKD", chr(number)))
        if base.isascii() and all(ord(mark) in _MARKS for mark in marks):
            known[number] = base
    return dict.fromkeys(_MARKS) | known


_LETTERS: Final = _letters()
_HYPHENS: Final = "\\-\u2010\u2011\u2012\u2013\u2014"
#: What denies a name belongs to it: `magnesium-free`, `non-depolarizing`, `potassium-sparing`.
_JOINED: Final = re.compile(
    rf"_|(?<!\bnon)[{_HYPHENS}](?!(?:free|sparing)\b)", re.IGNORECASE | re.ASCII
)
_DOTTED: Final = re.compile(r"(?<![\w.])[a-z](?:\.[a-z])+\.?(?![\w.])", re.IGNORECASE)


def spaced(texts: Iterable[str]) -> tuple[str, ...]:
    """Texts with single blanks: of patterns that allow for blanks, a thousand lead nowhere."""
    return tuple([" ".join(text.split()) for text in texts])


def folded(text: str) -> str:
    """A text as names are looked up in it: words with single blanks between them.

    What systems join words with becomes a blank (`magnesium_sulfate`, `sulfate-dextrose`),
    abbreviations lose their stops (`I.V.`), and letters their marks (`magnésium`, `MgSO₄`).
    """
    if text.isascii() and "-" not in text and "_" not in text and "." not in text:
        return " ".join(text.split())
    if not text.isascii():
        text = text.translate(_LETTERS)
    if "." in text:
        text = _DOTTED.sub(_without_stops, text)
    return " ".join(_JOINED.sub(" ", text).split())


def words_of(text: str) -> str:
    """The words of a text in small letters with single blanks, and its question marks."""
    return " ".join(_NO_WORD.sub(" ", text.lower()).split())


def _without_stops(match: re.Match[str]) -> str:
    return match[0].replace(".", "")


def any_of(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest first; its ends are not bound."""
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"


def whole_words(names: Iterable[str], *, beside_digits: bool = False) -> re.Pattern[str]:
    """A pattern that finds any of the names as whole words, the longest first; `beside_digits`
    also where a number is written to it (`20KCl`)."""
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for letter in name.lower():
            node = node.setdefault(letter, {})
        node[_END] = {}
    firsts = "".join(map(re.escape, sorted(tree)))
    if beside_digits:
        letter = r"[^\W\d_]"
        return re.compile(
            rf"(?<!{letter})(?=[{firsts}]){_alternatives(tree)}(?!{letter})", re.IGNORECASE
        )
    # A single hyphen joins words (`non-furosemide`), two of them only separate fields.
    return re.compile(rf"(?<!\w)(?<!\w-)(?=[{firsts}]){_alternatives(tree)}(?!-?\w)", re.IGNORECASE)


def _alternatives(tree: Mapping[str, Any]) -> str:
    """A pattern for the names in a tree of letters: each letter of a text is looked at once, not
    once for each name."""
    branches = [
        re.escape(letter) + _alternatives(rest)
        for letter, rest in sorted(tree.items())
        if letter != _END
    ]
    if not branches:
        return ""
    choice = f"(?:{'|'.join(branches)})"
    return f"{choice}?" if _END in tree else choice
