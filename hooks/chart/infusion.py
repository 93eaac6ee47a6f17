"""Infusions in words: an amount per hour that a text speaks of, and whether it is that of the dose.

A rate that is told beside a dose says how fast the dose runs; any other goes on until somebody
stops it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from hooks.chart.amounts import (
    DIGITS,
    ON_A_WARD,
    OTHER_DRUG,
    ROUNDED,
    Amount,
    amount_of,
    most,
    told_amount,
    told_minutes,
)
from hooks.chart.codes.timing import BAG, Says, timing_words
from hooks.chart.concept import object_of, objects
from hooks.chart.directions import FLUID, VITAL, WARNED
from hooks.chart.quantity import LONGEST, MINUTES, unit_of
from hooks.chart.units import read_number

_NUMBER: Final = rf"(?<![\w.,])(?P<number>{DIGITS})"
_AMOUNT: Final = timing_words(Says.AMOUNT)
_PER_HOUR: Final = rf"\s?{timing_words(Says.PER)}\s?{timing_words(Says.HOURS)}(?!\w)"
#: `1 g/h`, `at 25 mL per hour`.
_RATE: Final = re.compile(
    rf"(?P<at>(?<!\w){timing_words(Says.AT)}:?\s?|[@(]\s?)?{_NUMBER}\s?"
    rf"(?P<unit>{timing_words(Says.AMOUNT, Says.VOLUME)}){_PER_HOUR}"
)
_VOLUME: Final = re.compile(timing_words(Says.VOLUME))
_PER_TIME: Final = rf"\s?{timing_words(Says.PER)}\s?{timing_words(Says.TIME, Says.HOURS)}(?!\w)"
#: A rate as fast as it can be found, by the minute too: most texts speak of none.
_SPOKEN: Final = re.compile(rf"\d\s?{timing_words(Says.AMOUNT, Says.VOLUME)}{_PER_TIME}")
_LIMITED: Final = rf"{DIGITS}\s?{timing_words(Says.AMOUNT, Says.VOLUME)}{_PER_TIME}"
#: The most that may run: `max 1 g/h`, `max 2 g/h on the floor, 4 g/h in ICU`.
_LIMIT: Final = re.compile(
    rf"{most(words=4)}{_LIMITED}"
    rf"(?:{ON_A_WARD}(?:(?:,|;|\sor|\sand)\s{_LIMITED}{ON_A_WARD}){{1,4}})?"
)
#: An amount, also that of a bag (`2 g/50 mL`), but no concentration (`40 mg/mL`) and no rate.
_DOSE: Final = re.compile(rf"{_NUMBER}\s?(?P<unit>{_AMOUNT})(?!\w)(?!\s?/(?!\s?\d))(?!{_PER_TIME})")
#: `over 2 hours`.
_OVER: Final = re.compile(
    rf"(?<!\w){timing_words(Says.OVER)}\s{_NUMBER}[\s-]?"
    rf"(?P<unit>{timing_words(Says.TIME, Says.HOURS)})(?!\w)"
)
#: The rate of another drug: `KCl 10 mEq/h`.
_OTHER: Final = re.compile(rf"{OTHER_DRUG}{_PER_HOUR}")
#: `usual rate is 1 g/h`.
_USUAL: Final = re.compile(
    rf"(?<!\w){timing_words(Says.USUAL)}\s(?:infusion\s)?rate:?\s(?:is\s)?"
    rf"{DIGITS}\s?{_AMOUNT}{_PER_HOUR}"
)
#: `loading dose 4 g`, `4 g bolus`.
_LOADED: Final = re.compile(rf"(?<!\w){timing_words(Says.LOADED)}")
#: When the order begins is no load: `Starting Mon 11/23/26`, `First Dose: 11/23/26 10:00`.
_BEGINS: Final = re.compile(
    rf"(?<!\w){timing_words(Says.BEGINS)}\s?:?\s(?:on\s|at\s)?"
    rf"(?=\d{{1,4}}[/.:-]\d|\d{{4}}(?:[,;.]|\s(?!{_AMOUNT}|{timing_words(Says.VOLUME)})|\Z)"
    rf"|{timing_words(Says.DATE, Says.WEEKDAY)}(?!\w))"
)
#: A day of the calendar on which an order begins: it may have run from then on.
_DATED: Final = re.compile(
    rf"(?<!\w){timing_words(Says.BEGINS)}\s?:?\s(?:on\s)?"
    rf"(?:{timing_words(Says.WEEKDAY)},?\s)?\d{{1,4}}[/.-]\d"
)
#: `2 g once`.
_ONE_DOSE: Final = re.compile(rf"(?<!\w){timing_words(Says.ONE_DOSE)}(?!\w)")
#: The volume of the dose, by which a rate in mL has its end: `2 g = 50 mL`, `2 g in 50 mL`.
_OF_A_BAG: Final = re.compile(
    rf"{_AMOUNT}\s?(?:=|/|in\s)\s?{DIGITS}\s?{timing_words(Says.VOLUME)}(?!\w)(?!{_PER_TIME})"
)
#: A rate by the minute too: `@ 10 mg/min`.
_ANY_RATE: Final = re.compile(
    rf"(?P<at>(?<!\w){timing_words(Says.AT)}:?\s?|[@(]\s?)?{_NUMBER}\s?"
    rf"{timing_words(Says.AMOUNT, Says.VOLUME)}{_PER_TIME}"
)
#: A text with more doses or times than these tells no one dose.
_MOST_TOLD: Final = 8


def speaks_of_rate(lowered: str) -> bool:
    """Whether a text, in small letters with single blanks, speaks of any rate at all."""
    return _SPOKEN.search(lowered) is not None


def runs_on(
    lowered: str, instruction: Mapping[str, Any], minutes: Decimal | None, *, single: bool = False
) -> bool:
    """Whether a text speaks of an infusion by the hour that is not just how fast the dose runs.

    The text is in small letters with single blanks, `minutes` is the coded time of one dose. A rate
    is the dose's own if dose and time, as they are coded or told, come to it.
    Without a time, or in another unit, it is so `at` that rate, unless there is talk of a load.
    Beside a coded dose and its time, the rate of another drug and a usual one say nothing of it.
    Where neither a dose nor a time is told or coded, the order is its rate, in whatever unit; and
    so beside a coded dose, unless the text tells one too, or text or codes say a `single` one.
    """
    whole = _LIMIT.sub("", lowered)
    lowered = _BEGINS.sub("", whole)
    coded = {*_coded(instruction)}
    if coded and minutes is not None:
        lowered = FLUID.sub(" ", _USUAL.sub("", _OTHER.sub("", lowered)))
    doses = {*coded, *_told(lowered)}
    spans = set(_spans(lowered))
    if minutes is not None:
        spans.add(minutes)
    if len(doses) > _MOST_TOLD or len(spans) > _MOST_TOLD:
        return True
    if not doses and not spans and _is_rate_alone(lowered):
        return True
    if not spans and not single and _is_unbound(whole, lowered, doses):
        return True
    loaded = _LOADED.search(lowered) is not None
    for found in _RATE.finditer(lowered):
        rate = _amount(found)
        if _VOLUME.fullmatch(found["unit"]):
            if found["at"] and (loaded or not doses):
                return True
        elif spans and any(rate.unit == dose.unit for dose in doses):
            if not any(_is_of(rate, dose, spans) for dose in doses):
                return True
        elif loaded or not (found["at"] and doses):
            return True
    return False


def _is_rate_alone(lowered: str) -> bool:
    """Whether a text tells a rate, in g or mL, by the hour or the minute, that is not of what is
    watched or runs beside the dose."""
    return _SPOKEN.search(_without_asides(lowered)) is not None


def _is_unbound(whole: str, lowered: str, doses: Iterable[Amount]) -> bool:
    """Whether nothing in a text bounds the rate it tells: no dose that it is the rate of, or no
    more than a whole bag, or a dose and the day on which it begins. `lowered` is the `whole` text
    without its beginning."""
    if _ONE_DOSE.search(lowered) is not None:
        return False
    if any(dose.unit == "mg" and dose.value >= BAG for dose in doses):
        return _is_rate_alone(lowered)
    bare = _without_asides(lowered)
    if next(_told(lowered), None) is not None:
        dated = _DATED.search(whole) is not None and _OF_A_BAG.search(lowered) is None
        return dated and any(
            found["at"] and _VOLUME.fullmatch(found["unit"]) for found in _RATE.finditer(bare)
        )
    begun = lowered != whole
    return any(begun or not found["at"] for found in _ANY_RATE.finditer(bare))


def _without_asides(lowered: str) -> str:
    """A text without what is watched, and what runs beside the dose."""
    for beside in (VITAL, WARNED, FLUID):
        lowered = beside.sub(" ", lowered)
    return lowered


def _is_of(rate: Amount, dose: Amount, spans: Iterable[Decimal]) -> bool:
    return rate.unit == dose.unit and any(
        abs(rate.value * span - dose.value * MINUTES["h"]) <= ROUNDED * rate.value * span
        for span in spans
    )


def _spans(lowered: str) -> Iterator[Decimal]:
    """The times in minutes that a text says the dose runs over."""
    for found in _OVER.finditer(lowered):
        minutes = told_minutes(found["number"], found["unit"])
        if 0 < minutes <= LONGEST:
            yield minutes


def _told(lowered: str) -> Iterator[Amount]:
    return map(_amount, _DOSE.finditer(lowered))


def _amount(found: re.Match[str]) -> Amount:
    return told_amount(found["number"], found["unit"])


def _coded(instruction: Mapping[str, Any]) -> Iterator[Amount]:
    """The amounts that the coded doses state, but for what is by the hour itself."""
    for dose in (instruction, *objects(instruction.get("doseAndRate"))):
        quantity = object_of(dose.get("doseQuantity"))
        value, unit = read_number(quantity.get("value")), unit_of(quantity)
        if value is not None and value > 0 and "/" not in (unit or ""):
            yield amount_of(value, unit)
