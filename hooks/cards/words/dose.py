"""A dose in words: how much, over what time, how fast."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from hooks.cards.number import tenths
from hooks.protocol.model import Dosing
from hooks.protocol.scale import digits, short


def dose_words(dosing: Dosing) -> Mapping[str, str]:
    """The words for a dose of the protocol."""
    return _words(dosing.dose.value, dosing.over.value)


@lru_cache(maxsize=256)
def _words(grams: Decimal, minutes: Decimal) -> Mapping[str, str]:
    """The words for so many grams over so many minutes, the same for every patient."""
    rate = grams * 1000 / minutes
    return {
        "dose": f"{digits(grams)} g",
        "duration": f"{digits(minutes)} minutes",
        "rate": f"{tenths(rate)} mg/min",
        "hourly_rate": f"{short(rate * 60 / 1000)} g/h",
    }
