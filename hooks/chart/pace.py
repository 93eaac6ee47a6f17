"""Pace: whether the words of a dosage speak of another time or rate than its coded members.

Nothing is read from the words: they only say that the coded members may not be all that counts.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import spaced
from hooks.chart.quantity import unit_of

_NUMBER: Final = r"(?<![\d.,])(?P<number>\d{1,4}(?:[.,]\d{1,2})?)[\s-]?"
_UNIT: Final = rf"(?P<unit>{timing_words(Says.TIME, Says.HOURS, Says.DAYS)})(?!\w)"

#: The most that may run is no rate: `maximum rate 150 mg/min`.
_MOST: Final = re.compile(
    rf"(?<!\w){timing_words(Says.MOST)}(?:\s\w{{1,12}}){{0,3}}?[.:]?\s?"
    rf"\d{{1,4}}(?:[.,]\d{{1,2}})?\s?{timing_words(Says.AMOUNT, Says.VOLUME)}"
    rf"\s?(?:/|per)\s?{_UNIT}"
)
#: What stands behind `every` is no time of one dose.
_EVERY: Final = re.compile(rf"(?<!\w)(?:every\s|q\s?)(?:\d{{1,3}}\s?)?{_UNIT}")
_RATE: Final = re.compile(
    rf"{_NUMBER}(?P<amount>{timing_words(Says.AMOUNT)})\s?(?:/|per\s|an?\s)\s?{_UNIT}"
)
#: A time with its number, a unit of time without one (`25 mL/h`, `half an hour`), or `over 4`.
_TIME: Final = re.compile(rf"(?:{_NUMBER})?(?<![^\W\d_]){_UNIT}|(?<!\w)over(?=\s\d)")
_HOURS: Final = re.compile(timing_words(Says.HOURS))
_DAYS: Final = re.compile(timing_words(Says.DAYS))
#: A minute more or less is the same time: what follows from a rate has no end of digits.
_SAME: Final = Decimal(1)
#: Rates in words are rounded.
_ROUNDED: Final = Decimal("0.02")


def speaks_of_other_time(
    text: str, minutes: Iterable[Decimal | None], per_minute: Decimal | None
) -> bool:
    """Whether a text speaks of another rate than so many mg/min, or of times and none of these.

    Where it speaks of the coded time too, in minutes, the others are of what is done beside the
    dose, and a rate in mL is of the mixture.
    """
    (plain,) = spaced([text.lower()])
    plain = _EVERY.sub(" ", _MOST.sub(" ", plain))
    if any(not _is_rate(said, per_minute) for said in _RATE.finditer(plain)):
        return True
    plain = _RATE.sub(" ", plain)
    times = list(map(_minutes, _TIME.finditer(plain)))
    known = [time for time in minutes if time is not None]
    return bool(times) and not any(
        abs(time - coded) < _SAME for time in times if time is not None for coded in known
    )


def _is_rate(said: re.Match[str], per_minute: Decimal | None) -> bool:
    """Whether a rate that stands in a text is the coded one."""
    unit = unit_of({"unit": said["amount"]})
    if per_minute is None or unit not in ("g", "mg"):
        return False
    milligrams = _number(said) * (1000 if unit == "g" else 1)
    rate = milligrams / _times(said["unit"])
    return abs(rate - per_minute) <= per_minute * _ROUNDED


def _minutes(said: re.Match[str]) -> Decimal | None:
    """The time that stands in a text, None for one without a number."""
    return None if said["number"] is None else _number(said) * _times(said["unit"])


def _number(said: re.Match[str]) -> Decimal:
    return Decimal(said["number"].replace(",", "."))


def _times(unit: str) -> Decimal:
    """How many minutes a unit of time has."""
    if _HOURS.fullmatch(unit):
        return Decimal(60)
    return Decimal(1440) if _DAYS.fullmatch(unit) else Decimal(1)
