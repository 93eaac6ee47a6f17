"""Mixtures: names that list several ingredients, as RxNorm writes them or as a ward does."""

import re
from collections.abc import Iterator
from typing import Final

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import any_of, folded, whole_words

#: What stands between two ingredients of a name with single blanks, as RxNorm writes them.
BETWEEN: Final = " / "

#: In place of the names of the salts that were found already; no name of a drug holds it.
_FOUND: Final = "\0"
#: Potassium by its symbol, which is one only beside an amount: `20 mEq K`, `20K`, `K 20`; a level
#: has one decimal and no unit of an amount, `K 3.2`, and nothing joins it to the salt: `+ K 2.5`.
_POTASSIUM: Final = re.compile(
    r"(?<![^\W_])(?:\d[\d.,]{0,9} ?(?:meq|mmol)? ?k"
    r"|k\+? ?(?!\d\.\d(?![\d.])(?! ?(?:meq|mmol|m?g)\b(?! ?/ ?d?l\b)))\d)(?![^\W\d_])"
    r"|(?:[+&,]|\b(?:with|and|plus|w/)) ?k\+? ?\d",
    re.IGNORECASE,
)
#: What may stand before the name of a diluent: `0.9% sodium chloride`, `50 ML glucose`.
_AMOUNTS: Final = re.compile(r"^(?:\d[\d.,]{0,9} ?(?:%|ml\b|l\b)? ?)*", re.IGNORECASE)


class Mixtures(Entry):
    """Words about what is in one bag or one tablet, as the code list writes them."""

    nutrition: tuple[Text, ...]
    bowel: tuple[Text, ...]
    inert: tuple[Text, ...]
    carriers: tuple[Text, ...]
    diluents: tuple[Text, ...]
    solutions: tuple[Text, ...]
    fluids: tuple[Text, ...]
    joining: tuple[Text, ...]
    additives: tuple[Text, ...]
    describing: tuple[Text, ...]
    source: Text


class MixtureNames:
    """Takes the names of mixtures apart. Texts are `folded`."""

    def __init__(self, words: Mixtures) -> None:
        diluents = tuple(map(folded, (*words.diluents, *words.solutions, *words.fluids)))
        self._diluent = re.compile(rf"{any_of(diluents)}\b", re.IGNORECASE)
        self._additives = whole_words(map(folded, words.additives), beside_digits=True)
        # The comma of a number, the plus of a charge (`Mg2+`, `Mg++`) and the slash before a volume
        # join nothing.
        slash = rf"/(?! ?(?:\d|(?:{timing_words(Says.VOLUME)}|d?l)\b))"
        word = rf"(?<!\w){any_of(words.joining)}(?!\w)"
        joining = rf"[;&]|{slash}|,(?!\d)|(?<![\d+])\+(?!\+)|{word}"
        self._pieces = re.compile(
            rf"(?P<joins>{joining})|(?P<found>{_FOUND})|(?P<word>[^\W\d_]+)|\d[\d.,]*",
            re.IGNORECASE,
        )
        self._joins = re.compile(joining, re.IGNORECASE)
        said = (*diluents, *words.describing)
        self._harmless = {word for name in said for word in _words(name)}

    def is_diluent(self, text: str) -> bool:
        """Whether a text names what a drug is diluted in, be it behind a percent or a volume."""
        return self._diluent.match(_AMOUNTS.sub("", text, count=1)) is not None

    def ingredients(self, text: str) -> tuple[str, ...]:
        """The ingredients that a name with single blanks lists; none if it lists fewer than two.

        What magnesium is diluted in is no second ingredient.
        """
        if BETWEEN not in text:
            return ()
        parts = [part for part in text.split(BETWEEN) if part[:1].isalpha()]
        named = tuple(part for part in parts if not self.is_diluent(part))
        return named if len(named) > 1 else ()

    def joined(self, text: str) -> tuple[str, ...]:
        """What a name joins in any way (`a with b`, `a + b`); none if it joins nothing."""
        parts = self._joins.split(text)
        return tuple(part.strip() for part in parts) if len(parts) > 1 else ()

    def names_others(self, text: str, salts: re.Pattern[str]) -> bool:
        """Whether a name that holds one of the salts tells of another drug beside it.

        It does if it names one that is often added, and if it joins the salt with a word that
        neither describes the salt nor names what it is diluted in.
        """
        if self._additives.search(text) or _POTASSIUM.search(text):
            return True
        if not self._joins.search(text):
            return False
        marked = salts.sub(f" {_FOUND} ", text.replace(_FOUND, " "))
        return any(self._foreign(marked))

    def _foreign(self, text: str) -> Iterator[bool]:
        """Of each part that was joined, whether it names something else than the salt."""
        holds_salt = is_foreign = is_open = False
        for piece in self._pieces.finditer(text):
            word = piece["word"]
            if piece["joins"]:
                # What follows a slash may be a unit: only a word that is none opens a part.
                if piece["joins"] == "/":
                    is_open = True
                    continue
                yield is_foreign and not holds_salt
                holds_salt = is_foreign = is_open = False
            elif piece["found"] or (word and len(word) > 1 and word.lower() not in self._harmless):
                if is_open:
                    yield is_foreign and not holds_salt
                    holds_salt = is_foreign = False
                holds_salt |= bool(piece["found"])
                is_foreign |= not piece["found"]
                is_open = False
            else:
                is_open = False
        yield is_foreign and not holds_salt


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folded(name).lower())
