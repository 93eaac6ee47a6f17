"""Pace: whether the words of a dosage speak of another time or rate than its coded members.

Nothing is read from the words: they only say that the coded members may not be all that counts.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.codes.words import spaced

_UNIT: Final = timing_words(Says.TIME, Says.HOURS, Says.DAYS)

#: A time with its number, a unit of time without one (`25 mL/h`, `half an hour`), or `over 4`. What
#: stands behind `every` is no time of one dose.
_SAID: Final = re.compile(
    rf"(?<!\w)(?:every\s|q\s?)\d{{1,3}}\s?{_UNIT}(?!\w)"
    rf"|(?P<any>(?:(?<![\d.,])(?P<number>\d{{1,4}}(?:[.,]\d{{1,2}})?)[\s-]?)?"
    rf"(?<![^\W\d_])(?P<unit>{_UNIT})(?!\w)|(?<!\w)over(?=\s\d))"
)
_HOURS: Final = re.compile(timing_words(Says.HOURS))
_DAYS: Final = re.compile(timing_words(Says.DAYS))
#: A minute more or less is the same time: what follows from a rate has no end of digits.
_SAME: Final = Decimal(1)


def speaks_of_other_time(text: str, minutes: Iterable[Decimal | None]) -> bool:
    """Whether a text speaks of a time or a rate, and of none of these times, in minutes.

    Where it speaks of the coded time too, the others are of what is done beside the dose.
    """
    (plain,) = spaced([text.lower()])
    said = [found for found in _SAID.finditer(plain) if found["any"]]
    known = [time for time in minutes if time is not None]
    return bool(said) and not any(
        abs(time - coded) < _SAME
        for time in map(_minutes, said)
        if time is not None
        for coded in known
    )


def _minutes(said: re.Match[str]) -> Decimal | None:
    """The time that stands in a text, None for one without a number."""
    if said["number"] is None:
        return None
    number = Decimal(said["number"].replace(",", "."))
    if _HOURS.fullmatch(said["unit"]):
        return number * 60
    return number * 1440 if _DAYS.fullmatch(said["unit"]) else number
