"""Magnesium of no named salt: the texts that tell of it."""

import re

from hooks.chart.codes.files import Entry, Text
from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import any_of


class Unnamed(Entry):
    """Words for magnesium that tell no salt, as the code list writes them."""

    names: tuple[Text, ...]
    symbols: tuple[Text, ...]
    given: tuple[Text, ...]
    source: Text


class UnnamedMagnesium:
    """Finds magnesium without a salt in texts that are `plain`."""

    def __init__(self, words: Unnamed) -> None:
        magnesium, symbols = any_of(words.names), any_of(words.symbols)
        unit = timing_words(Says.AMOUNT)
        amount = rf"\d[\d.,]* ?{unit}\b"
        #: Its names as whole words.
        self.names = re.compile(rf"(?<!\w)(?<!\w-){magnesium}(?!-?\w)", re.IGNORECASE)
        given = rf"{any_of(words.given)}(?!\w)"
        self._symbol = re.compile(
            rf"(?:^|(?<=; ))(?:(?:ivp?b? )?{symbols} (?:{amount}|{given})"
            rf"|{amount} {symbols}(?: {given}|$))",
            re.IGNORECASE,
        )
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

    def is_named(self, text: str) -> bool:
        """Whether a text names it in full."""
        return self.names.search(text) is not None

    def is_by_symbol(self, text: str) -> bool:
        """Whether a text begins with `Mg` and an amount or a vein."""
        return self._symbol.search(text) is not None

    def may_have_amount(self, text: str) -> bool:
        """Whether any part of a text may tell an amount of it."""
        return self._perhaps.search(text) is not None

    def has_amount(self, part: str) -> bool:
        """Whether a part of a name tells an amount of it."""
        return self._amount.search(part) is not None
