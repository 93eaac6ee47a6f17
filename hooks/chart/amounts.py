"""Amounts: what the numbers in the words of a dosage tell, of a drug or of time."""

import re
from decimal import Decimal
from typing import Final

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.fact import Fact
from hooks.chart.quantity import MINUTES, unit_of

#: A number, with a point or a comma for its decimals; its ends are not bound.
DIGITS: Final = r"\d{1,4}(?:[.,]\d{1,3})?"
#: What another drug is given of, in a unit that grams are not told in.
OTHER_DRUG: Final = (
    rf"(?<!\w){timing_words(Says.OTHER_DRUG)}(?:\s{timing_words(Says.SALT)}){{0,3}}\s"
    rf"{DIGITS}\s?(?:meq|mmol|mg)"
)
#: Where a limit holds that is not the only one: `max 2 g/h on med-surg, 4 g/h in ICU`.
ON_A_WARD: Final = rf"\s(?:in|on|for)\s(?:the\s)?{timing_words(Says.WARD)}(?!\w)"
#: Rates in words are rounded: 2 g over 90 min are `1.33 g/h`.
ROUNDED: Final = Decimal("0.02")

_HOURS: Final = re.compile(timing_words(Says.HOURS))
_DAYS: Final = re.compile(timing_words(Says.DAYS))
_MILLIGRAMS: Final = {"g": Decimal(1000), "mg": Decimal(1)}


class Amount(Fact, frozen=True):
    """An amount in a unit: of mass in mg, any other in its own; None for one of no known unit."""

    value: Decimal
    unit: str | None


def amount_of(value: Decimal, unit: str | None) -> Amount:
    """The amount of so many of a unit that is spelled as `unit_of` spells it."""
    factor = _MILLIGRAMS.get(unit or "")
    return Amount(value, unit) if factor is None else Amount(value * factor, "mg")


def told_amount(number: str, unit: str) -> Amount:
    """The amount that a number and a unit in words tell."""
    return amount_of(told_number(number), unit_of({"unit": unit}))


def told_number(digits: str) -> Decimal:
    """The number that digits tell."""
    return Decimal(digits.replace(",", "."))


def told_minutes(number: str, unit: str) -> Decimal:
    """The minutes that a number and a unit of time in words tell."""
    return told_number(number) * minutes_in(unit)


def minutes_in(unit: str) -> Decimal:
    """How many minutes a unit of time in words has."""
    if _HOURS.fullmatch(unit):
        return MINUTES["h"]
    return MINUTES["d"] if _DAYS.fullmatch(unit) else MINUTES["min"]


def most(words: int) -> str:
    """A pattern of what stands before the most that may be given: `maximum`, and a few words."""
    return rf"(?<!\w){timing_words(Says.MOST)}(?:\s\w{{1,12}}){{0,{words}}}?[.:]?\s?"
