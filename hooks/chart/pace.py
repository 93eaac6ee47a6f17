"""Pace: whether the words of a dosage speak of another time or rate than its coded members.

Nothing is read from the words: they only say that the coded members may not be all that counts.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from hooks.chart.amounts import (
    DIGITS,
    ON_A_WARD,
    OTHER_DRUG,
    ROUNDED,
    minutes_in,
    most,
    told_amount,
    told_minutes,
)
from hooks.chart.codes.timing import NUMBERS, Says, timing_words
from hooks.chart.directions import FLUID, VITAL, WARNED, lowered_text, of_the_dose
from hooks.chart.quantity import MINUTES

_NUMBER: Final = rf"(?<![\d.,])(?<!\d/)(?P<number>{DIGITS})[\s-]?"
_UNIT: Final = rf"(?P<unit>{timing_words(Says.TIME, Says.HOURS, Says.DAYS)})(?!\w)"
_AMOUNT: Final = timing_words(Says.AMOUNT)
_PACED: Final = timing_words(Says.PACED)
_PER: Final = r"\s?(?:/|per\s|an?\s)\s?"

#: The most that may run or be given is no rate: `maximum rate 150 mg/min`, `max 4 g in 24 hours`.
_MOST: Final = re.compile(
    rf"{most(words=3)}{DIGITS}\s?{timing_words(Says.AMOUNT, Says.VOLUME)}"
    rf"\s?(?:/|per|in|within)\s?(?:\d{{1,3}}\s?)?{_UNIT}"
)
#: The same of several wards: `max 2 g/h on med-surg, 4 g/h in ICU`.
_MOST_BY_WARD: Final = re.compile(
    rf"{_MOST.pattern.replace('<unit>', '<first>')}{ON_A_WARD}"
    rf"(?:(?:,|;|\sor|\sand)\s{DIGITS}\s?{timing_words(Says.AMOUNT, Says.VOLUME)}{_PER}"
    rf"{_UNIT.replace('<unit>', '<further>')}{ON_A_WARD}){{1,4}}"
)
#: The most with its numbers, before or behind them: `max 4 g in 24 hours`, `1 g/h max`.
_LIMIT_TOLD: Final = (
    rf"(?P<number>{DIGITS})\s?(?P<amount>{timing_words(Says.AMOUNT, Says.VOLUME)})"
    rf"\s?(?:/|per|an?|in|within)\s?(?P<times>\d{{1,3}}\s?)?"
    rf"(?:{_UNIT}|(?P<day>{timing_words(Says.A_DAY)})(?!\w))"
)
_LIMIT: Final = re.compile(rf"{most(words=3)}{_LIMIT_TOLD}")
_LIMIT_BEHIND: Final = re.compile(
    rf"(?<![\d.,]){_LIMIT_TOLD}\s?\(?{timing_words(Says.MOST)}(?=[\s.;,)]{{0,3}}\Z|[.;,)]\s)"
)
#: The most of one dose: `max single dose 1 g`.
_DOSE_LIMIT: Final = re.compile(
    rf"{most(words=3)}(?P<number>{DIGITS})\s?(?P<amount>{timing_words(Says.AMOUNT)})(?!\w)"
    r"(?!\s?(?:/|per\s(?!dose)|an?\s|in\s|within\s|over\s))"
)
#: A day or more: what may be given within it is a sum, and no rate.
_LIMITED_DAY: Final = MINUTES["d"]
_MOST_WORD: Final = re.compile(rf"(?<!\w){timing_words(Says.MOST)}")
_SLOW: Final = re.compile(rf"(?<!\w){timing_words(Says.SLOW)}(?!\w)")
#: What is usual is not what is ordered, where a time is coded: `usual rate: 1 g/h`.
_USUAL: Final = re.compile(
    rf"(?<!\w){timing_words(Says.USUAL)}\s(?:infusion\s)?rate:?\s(?:is\s)?"
    rf"{DIGITS}\s?{_AMOUNT}{_PER}{_UNIT}"
)
#: What stands behind `every` is no time of one dose: `every 6 hours`, `q4h`.
_EVERY: Final = re.compile(rf"(?<!\w)(?:every\s|q\s?)(?:\d{{1,3}}\s?)?{_UNIT}")
#: How long the product or the order is good for, and what was or is done so long before or after:
#: `stable for 24 hours`, `1-2 hours before surgery`.
_STORED: Final = re.compile(
    rf"(?<!\w){timing_words(Says.STORED)}\s(?:up to\s)?{DIGITS}[\s-]?{_UNIT}"
)
_APART: Final = re.compile(
    rf"(?P<long>(?<!\w)(?:for|x|{timing_words(Says.OVER)})\s?)?(?<![\d.,])"
    rf"(?:{DIGITS}\s?(?:-|to)\s?)?{DIGITS}[\s-]?{_UNIT}\s{timing_words(Says.APART)}(?!\w)"
)
#: What stands beside an infusion is not its own: `during infusion`.
_ROUND: Final = re.compile(
    rf"(?<!\w){timing_words(Says.ROUND)}\s(?:the\s|each\s|this\s)?infusions?(?!\w)"
)
#: The rate of another drug, of a salt that is told by mEq, mmol or mg: `KCl 10 mEq/h`.
_OTHER: Final = re.compile(rf"{OTHER_DRUG}{_PER}{_UNIT}")
#: `1 g/h`, and by the volume of the mixture `25 mL/h`.
_RATE: Final = re.compile(rf"{_NUMBER}(?P<amount>{_AMOUNT}){_PER}{_UNIT}")
_VOLUME_RATE: Final = re.compile(
    rf"(?<![\d.,]){DIGITS}\s?{timing_words(Says.VOLUME)}(?:/kg)?{_PER}{_UNIT}"
)
#: `over 2 hours`, or a rate of the mixture.
_OVER: Final = re.compile(rf"(?<!\w)over\s|{_VOLUME_RATE.pattern}")
#: A number in words before a unit of time: `over one hour`, `half an hour`.
_SPELLED: Final = re.compile(
    rf"(?<!\w)(?P<word>{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
    rf"(?:[\s-]|(?<='))(?={_UNIT})"
)
#: `1-2 hours`, `30 min to 1 h`.
_RANGE: Final = re.compile(
    rf"(?<![\d.,/])(?P<low>{DIGITS})\s?(?:{_UNIT.replace('<unit>', '<own>')})?\s?"
    rf"(?:-|\u2013|to|bis)\s?(?P<number>{DIGITS})[\s-]?{_UNIT}"
)
#: A time with its number, a unit of time without one (`25 mL/h`), or `over 4`.
_TIME: Final = re.compile(rf"(?:{_NUMBER})?(?<![^\W\d_]){_UNIT}|(?<!\w)over(?=\s\d)")
#: What says of a time that it is the dose's: `over`, `infuse`, an amount; a time alone does too.
_OF_THE_DOSE: Final = re.compile(
    rf"(?<!\w){_PACED}(?!\w)|@|\d\s?{_AMOUNT}(?!\w)(?!\s?/\s?{timing_words(Says.IN_VOLUME)}(?!\w))"
    rf"|(?<!\w)at\s{DIGITS}\s?[a-z]{{1,7}}\s?/"
)
#: A time and nothing else: `for 2 hours`, `approx 30 min`.
_ALONE: Final = re.compile(
    rf"\W*(?:for\s|x\s?|in\s|about\s|approx\w*\s|~\s?)?{DIGITS}\W?{_UNIT}\W*"
)
#: What says behind a time that the dose runs so long: `4-hour infusion`, `30 min slow infusion`.
_INFUSED: Final = re.compile(rf"[\s-]?(?:slow\s|iv\s)?{timing_words(Says.PACED)}")
#: What says that the time which follows is how long the dose runs: `infuse over`, `in 2 uur`.
_RUNS: Final = re.compile(
    rf"(?<!\w){_PACED}(?::?\s(?:over|for|x|in|a|an|the|next|about|period|of)){{0,4}}:?\s(?=\d)"
    rf"|(?<!\w)in\s(?={DIGITS}\s?{timing_words(Says.IN_HOURS)}(?!\w))"
)
_CLAUSES: Final = re.compile(r"[.;,:](?:\s|\Z)|[()]|\s-\s")
#: A minute more or less is the same time: what follows from a rate has no end of digits.
_SAME: Final = Decimal(1)


def speaks_of_other_time(
    text: str, minutes: Iterable[Decimal | None], per_minute: Decimal | None
) -> bool:
    """Whether a text speaks of another rate than so many mg/min, or of times and none of these.

    Where it speaks of the coded time too, in minutes, the others are of what is done beside the
    dose, and a rate in mL is of the mixture; unless the first time that it says the dose runs is
    another one: `over 4 hours, start within 20 min`. Beside a coded time another one counts only
    where the text says that it is the dose's, as `over` and `infuse` do; without one any may be it.
    """
    lowered = lowered_text(text)
    if _TIME.search(lowered) is None:
        return False
    known = [time for time in minutes if time is not None]
    lowered = _without_asides(lowered)
    if known:
        lowered = _USUAL.sub(" ", FLUID.sub(" ", lowered))
    if any(not _is_rate(said, per_minute) for said in _RATE.finditer(lowered)):
        return True
    lowered = _RATE.sub(" ", lowered)
    # Before numbers are put for words: `25 mL an hour` is no time of one hour.
    by_volume = _VOLUME_RATE.search(lowered) is not None
    lowered = _SPELLED.sub(lambda said: f"{NUMBERS[said['word']]} ", _VOLUME_RATE.sub(" ", lowered))
    if known and _runs_otherwise(lowered, known):
        return True
    if any(_is_said(lowered, coded) for coded in known):
        return False
    return by_volume or any(_times_of_the_dose(lowered, coded=bool(known)))


def says_slowly(text: str) -> bool:
    """Whether a text asks for a slow dose without a number."""
    return _SLOW.search(lowered_text(text)) is not None


def limits(text: str, milligrams: Decimal, minutes: Decimal) -> bool:
    """Whether a text allows no dose of so many mg in so many minutes (settled 6).

    A limit in a volume or in other units cannot be compared: then it may not. What holds on some
    wards only is no limit of this order.
    """
    lowered = lowered_text(text)
    if _MOST_WORD.search(lowered) is None:
        return False
    lowered = _MOST_BY_WARD.sub(" ", lowered)
    found = (*_LIMIT.finditer(lowered.replace(". ", " ")), *_LIMIT_BEHIND.finditer(lowered))
    doses = (told_amount(said["number"], said["amount"]) for said in _DOSE_LIMIT.finditer(lowered))
    return any(_is_below(said, milligrams, minutes) for said in found) or any(
        most_amount.unit != "mg" or most_amount.value < milligrams for most_amount in doses
    )


def _is_below(said: re.Match[str], milligrams: Decimal, minutes: Decimal) -> bool:
    """Whether the limit that stands in a text is below so many mg in so many minutes."""
    most_amount = told_amount(said["number"], said["amount"])
    unit = _LIMITED_DAY if said["day"] else minutes_in(said["unit"])
    time = unit * Decimal(said["times"] or 1)
    if most_amount.unit != "mg" or not time:
        return True
    if time >= _LIMITED_DAY:
        return most_amount.value < milligrams
    allowed = most_amount.value / time
    return allowed < milligrams / minutes * (1 - ROUNDED)


def _without_asides(lowered: str) -> str:
    """A lowered text without what it says of limits, of what is watched, and of other times."""
    kept = _EVERY.sub(" ", _MOST.sub(" ", _MOST_BY_WARD.sub(" ", lowered)))
    for aside in (VITAL, _STORED, _OTHER):
        kept = aside.sub(" ", kept)
    kept = _APART.sub(lambda said: said[0] if said["long"] else " ", kept)
    kept = WARNED.sub(" ", kept)
    # A time behind `over`, and a rate in mL, may be the dose's, whatever is watched meanwhile.
    return _ROUND.sub(" ", of_the_dose(kept, unless=_OVER))


def _runs_otherwise(lowered: str, known: Iterable[Decimal]) -> bool:
    """Whether the first time that a text says the dose runs is none of those that are known."""
    for said in _RUNS.finditer(lowered):
        time = _RANGE.match(lowered, said.end()) or _TIME.match(lowered, said.end())
        if time is not None:
            return not any(_is_said(time[0], coded) for coded in known)
    return False


def _is_said(lowered: str, coded: Decimal) -> bool:
    """Whether a text says a time in minutes, alone or as one of a range."""
    for said in _RANGE.finditer(lowered):
        low = told_minutes(said["low"], said["own"] or said["unit"])
        high = told_minutes(said["number"], said["unit"])
        if low - _SAME < coded < high + _SAME:
            return True
    rest = _RANGE.sub(" ", lowered)
    times = map(_minutes, _TIME.finditer(rest))
    return any(abs(time - coded) < _SAME for time in times if time is not None)


def _times_of_the_dose(lowered: str, *, coded: bool) -> Iterator[bool]:
    """One for each time that may be the dose's."""
    for clause in _CLAUSES.split(lowered):
        said = _OF_THE_DOSE.search(clause) if coded else None
        alone = coded and _ALONE.fullmatch(clause) is not None
        for time in _TIME.finditer(clause):
            if (
                not coded
                or alone
                or (said is not None and said.start() <= time.start())
                or _INFUSED.match(clause, time.end())
            ):
                yield True


def _is_rate(said: re.Match[str], per_minute: Decimal | None) -> bool:
    """Whether a rate that stands in a text is the coded one."""
    amount = told_amount(said["number"], said["amount"])
    if per_minute is None or amount.unit != "mg":
        return False
    rate = amount.value / minutes_in(said["unit"])
    return abs(rate - per_minute) <= per_minute * ROUNDED


def _minutes(said: re.Match[str]) -> Decimal | None:
    """The time that stands in a text, None for one without a number."""
    return None if said["number"] is None else told_minutes(said["number"], said["unit"])
