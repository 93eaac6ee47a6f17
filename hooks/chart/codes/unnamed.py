"""Magnesium of no named salt: the texts that tell of it."""

import re
from collections.abc import Iterable
from typing import Final

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import any_of, folded

#: How far before a symbol a word is looked for that makes it a level.
_NEAR: Final = 40


class Unnamed(Entry):
    """Words for magnesium that tell no salt, as the code list writes them."""

    names: tuple[Text, ...]
    symbols: tuple[Text, ...]
    given: tuple[Text, ...]
    replacing: tuple[Text, ...]
    containers: tuple[Text, ...]
    level_before: tuple[Text, ...]
    level_behind: tuple[Text, ...]
    bound_to: tuple[Text, ...]
    bound_by: tuple[Text, ...]
    ions_of: tuple[Text, ...]
    listed_beside: tuple[Text, ...]
    listed_with: tuple[Text, ...]
    listed_for: tuple[Text, ...]
    unit_behind: tuple[Text, ...]
    source: Text


class UnnamedMagnesium:
    """Finds magnesium without a salt in texts that are `folded`."""

    def __init__(self, words: Unnamed) -> None:
        magnesium, symbols = any_of(words.names), any_of(words.symbols)
        unit = timing_words(Says.AMOUNT)
        amount = rf"\d[\d.,]* ?{unit}\b(?! ?/ ?d?l\b)"
        #: Its names as whole words.
        self.names = re.compile(rf"(?<!\w)(?<!\w-){magnesium}(?!-?\w)", re.IGNORECASE)
        given = rf"{any_of((*words.given, *words.replacing))}(?!\w)"
        self._symbol = re.compile(
            rf"(?:^|(?<=; ))(?:(?:ivp?b? )?{symbols} (?:{amount}|{given})"
            rf"|{amount} {symbols}(?: {given}|$))",
            re.IGNORECASE,
        )
        self._free = self._freely(words)
        roots = "|".join(sorted({name[:2] for name in words.symbols}))
        self._no_unit = re.compile(rf"(?:{roots})(?<!\d..)(?<!\d ..)", re.IGNORECASE)
        level = rf"(?<!\w){_plainly(words.level_before)}(?: of)?\W{{1,3}}"
        self._level = re.compile(rf"{level}(?:[^\W\d]{{1,5}}\W{{1,3}}){{0,3}}$", re.IGNORECASE)
        between = rf"[ (,]{{1,3}}{_plainly(words.bound_by)}(?!\w)"
        # Behind an amount it is what the next drug is, unless brackets hold it.
        strength = rf" ?\d[\d.,]{{0,9}} ?{unit}(?!\w)"
        one = rf"(?:{magnesium}|{symbols})(?!-?\w)"
        given_so = r"(?! ?\d[\d.,]{0,9} ?(?:g|meq|mmol)(?!\w)| iv)"
        self._bound = re.compile(
            rf"(?<!\w){_plainly(words.bound_to)}(?:(?:{between}){{0,3}} {{1,2}}{one}"
            rf"|(?:{between}|{strength}){{0,3}} ?\((?:as )?{one}{given_so})",
            re.IGNORECASE,
        )
        self._ions = re.compile(rf"(?<!\w){_plainly(words.ions_of)}(?!\w)", re.IGNORECASE)
        # What the protocol or the order set is for, behind the name of what is given by it.
        self._listed = re.compile(
            rf"(?<=\W)k\W{{0,3}}(?:and )?{symbols}(?:\W{{1,3}}(?:and )?"
            rf"{_plainly(words.listed_with)})?(?=\W{{0,2}}{_plainly(words.listed_for)}(?!\w)|[)\]])",
            re.IGNORECASE,
        )
        self._beside = re.compile(rf"(?<!\w){_plainly(words.listed_beside)}(?!\w)", re.IGNORECASE)
        # Of a part of a name: a mere `mg` behind a number would be a milligram.
        behind = rf"\d ?{unit} (?:of )?{magnesium}(?!\w)|\d ?{unit} {symbols}$"
        self._amount = re.compile(
            rf"^{symbols} {amount}|(?<!\w){magnesium} {amount}|{behind}", re.IGNORECASE
        )
        # Most names hold none of it: one look tells, and their parts are not looked at.
        firsts = "".join(sorted({name[0].lower() for name in (*words.names, *words.symbols)}))
        self._perhaps = re.compile(
            rf"(?=[{firsts}])(?:{magnesium}|{symbols} \d|(?<=[^\W\d_] ){symbols})", re.IGNORECASE
        )

    def _freely(self, words: Unnamed) -> re.Pattern[str]:
        """The symbol anywhere in a text, with capitals as chemistry writes it: behind a number it
        is a milligram, and before a mere number a level; in capitals an amount has to follow, or
        what milligrams never have."""
        symbol = any_of(words.symbols)
        unit = timing_words(Says.AMOUNT)
        number = r"\d[\d.,]*"
        dose = rf"(?:{unit}(?! ?/ ?d?l\b)|{any_of(words.containers)})\b| ?%"
        value = (
            rf" ?(?:[<>=\u2264\u2265]|[:(]? ?{number}(?:(?: to)? {number})?"
            rf"(?![\d.,]|(?: to)? \d| ?{dose}))"
        )
        level = rf"\W{{1,3}}{_plainly(words.level_behind)}(?!\w)"
        rate = r"/ ?(?:[mdµ]?l|kg|h|hr|hour|min|m2|day|d|dose|actuation)(?!\w)"
        amount = rf":? ?(?P<amount>{number}(?:(?: to)? {number})? ?{dose})"
        sure = rf" ?:? ?{number} ?(?!mg){unit}\b(?! ?/ ?d?l\b)| {any_of(words.replacing)}(?!\w)"
        free = rf"(?-i:{symbol})(?!\w|{value}|{level}|{rate})"
        # Behind a place that is left open, or `dose`, it is the unit of what belongs there, unless
        # an amount of its own follows.
        no_unit = r"(?<![\])_*\u00bc-\u00be] )(?<![*)\u00bc-\u00be])"
        no_unit += "".join(f"(?<!{re.escape(word)} )" for word in words.unit_behind)
        return re.compile(
            rf"(?<!\w)(?<!\d )(?:{free} ?{amount}|{no_unit}{free}|{symbol}(?:{sure}))",
            re.IGNORECASE,
        )

    def is_named(self, text: str) -> bool:
        """Whether a text names it in full."""
        return self.names.search(text) is not None

    def unbound(self, text: str) -> str:
        """A text without the magnesium that another drug is a salt of."""
        return self._bound.sub(" ", text)

    def is_by_free_symbol(self, text: str) -> bool:
        """Whether `Mg` stands anywhere in a text, and is neither a unit nor a level."""
        # Most texts hold it only as the unit behind a number, if at all: one look tells.
        if self._no_unit.search(text) is None:
            return False
        if self._beside.search(text) is not None:
            text = self._listed.sub(" ", text)
        lists_ions = self._ions.search(text) is not None
        for found in self._free.finditer(text):
            before = text[max(0, found.start() - _NEAR) : found.start()]
            is_ion = lists_ions and not before.rstrip().endswith(("+", "&"))
            if found["amount"] or not (is_ion or self._level.search(before)):
                return True
        return False

    def is_by_symbol(self, text: str) -> bool:
        """Whether a text begins with `Mg` and an amount or a vein."""
        return self._symbol.search(text) is not None

    def may_have_amount(self, text: str) -> bool:
        """Whether any part of a text may tell an amount of it."""
        return self._perhaps.search(text) is not None

    def has_amount(self, part: str) -> bool:
        """Whether a part of a name tells an amount of it."""
        return self._amount.search(part) is not None


def _plainly(words: Iterable[str]) -> str:
    """A pattern of any of the words as texts have them that are `folded`."""
    return any_of(map(folded, words))
