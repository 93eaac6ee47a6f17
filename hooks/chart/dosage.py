"""Dosage: how much of a drug an order gives, and how fast, read as what it is and no further.

Free text is never parsed for a dose: nobody checks what a number in a sentence belongs to.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from msgspec.structs import replace

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.concept import object_of, objects
from hooks.chart.conversion import Conversion
from hooks.chart.fact import Fact
from hooks.chart.moments import read_day
from hooks.chart.pace import speaks_of_other_time
from hooks.chart.quantity import LONGEST
from hooks.chart.timing import Timing, read_timing, together

#: The members of a dose that may state its rate.
RATES: Final = ("rateRatio", "rateRange", "rateQuantity")

_NONE: Final[Mapping[str, Any]] = {}


class DoseProblem(StrEnum):
    """Why a dose could not be read."""

    MISSING = "missing"
    SEVERAL = "several"
    UNIT = "unit"


class Dosage(Fact, frozen=True):
    """A dose in g of magnesium sulfate heptahydrate, minutes, and mg/min, as far as readable.

    `rate` is the fastest one that is stated or follows, `minutes` the longest time: where an order
    allows both, it may run too fast, and it may run still. `rate_unread` says that a rate was
    stated which nobody could read, `time_in_words` that the text speaks of a time or a rate that
    no coded member confirms. What is `endless` names a rate and neither a dose nor an end: it runs
    until somebody stops it; a bag ends. An order of several instructions has no dose of its own:
    they are its `parts`, and its rate is the fastest of theirs.
    """

    grams: Decimal | None = None
    minutes: Decimal | None = None
    rate: Decimal | None = None
    problem: DoseProblem | None = DoseProblem.MISSING
    timing: Timing = Timing()
    rate_unread: bool = False
    endless: bool = False
    parts: tuple["Dosage", ...] = ()
    time_in_words: bool = False

    @property
    def recurring(self) -> bool:
        """Whether the dose is given again and again, or may be."""
        return self.timing.recurring

    @property
    def shortest(self) -> Decimal | None:
        """The time in minutes that follows from dose and rate; None if one of them is not known."""
        if self.grams is None or not self.rate:
            return None
        return self.grams * 1000 / self.rate

    @property
    def is_told_in_parts(self) -> bool:
        """Whether each of several instructions tells what it gives: a dose, or an endless rate."""
        return bool(self.parts) and all(
            part.grams is not None or (part.endless and part.rate is not None)
            for part in self.parts
        )

    @property
    def largest(self) -> Decimal | None:
        """The largest single dose in g that is stated in any of its instructions."""
        doses = (self.grams, *(part.grams for part in self.parts))
        return max((grams for grams in doses if grams is not None), default=None)

    def grams_within(self, minutes: Decimal) -> Decimal | None:
        """The most g that the order gives in a time of so many minutes; None if nobody can tell.

        What cannot be read of several instructions is left out: it is at least so much.
        """
        if self.parts:
            told = [part.grams_within(minutes) for part in self.parts]
            known = [grams for grams in told if grams is not None]
            return sum(known, Decimal(0)) if known else None
        once = self.grams
        if once is None and self.rate is not None and self.minutes is not None:
            once = self.rate * self.minutes / 1000
        if once is not None:
            doses = self.timing.doses_within(minutes)
            return None if doses is None else once * doses
        span = self._span(minutes)
        return None if span is None or self.rate is None else self.rate * span / 1000

    def _span(self, minutes: Decimal) -> Decimal | None:
        """How many minutes of so many a rate without a dose runs; None if nobody can tell.

        One that is given once has an end that nobody wrote down.
        """
        if self.endless:
            once = self.timing.doses == 1 and not self.recurring
            return None if once else minutes
        timing = self.timing
        if self.problem is not DoseProblem.MISSING or not self.recurring:
            return None
        told = [] if timing.course is None else [timing.course]
        if timing.until is not None:
            if timing.starts is None:
                return minutes
            lasts = timing.until.latest - timing.starts.earliest
            told.append(max(Decimal(int(lasts.total_seconds())) / 60, Decimal(0)))
        return min(minutes, max(told)) if told else None


def read_dosage(
    resource: Mapping[str, Any], conversion: Conversion, called: Iterable[str] = ()
) -> Dosage:
    """The dosage of a MedicationRequest, R4 or the STU3 shape that still travels under R4.

    What it is `called` may say that it goes on, and no more of its dosage.
    """
    # An order without an instruction is its name; of several instructions one that repeats is
    # enough, so a name is read once.
    first, *rest = objects(resource.get("dosageInstruction")) or [_NONE]
    instructions = [first, *rest]
    parts = (_read(first, conversion, called), *[_read(one, conversion) for one in rest])
    if len(parts) == 1:
        return parts[0]
    return Dosage(
        rate=max((part.rate for part in parts if part.rate is not None), default=None),
        problem=DoseProblem.SEVERAL,
        timing=_together(instructions, parts),
        rate_unread=any(part.rate is None or part.rate_unread for part in parts),
        endless=any(part.endless for part in parts),
        parts=parts,
    )


def _together(instructions: list[Mapping[str, Any]], parts: tuple[Dosage, ...]) -> Timing:
    """The timing of several instructions: one dose if only one gives any, and none repeats."""
    timing = together(part.timing for part in parts)
    giving = sum(map(_gives, instructions))
    if giving != 1 or any(part.recurring for part in parts):
        return timing
    starts = [part.timing.starts for part in parts if part.timing.starts is not None]
    first = max(starts, key=lambda moment: moment.at, default=None)
    return replace(timing, recurring=False, course=None, starts=first)


#: What tells an amount in words: a number that is no time, or that something follows.
_GIVING: Final = re.compile(
    rf"\d(?![\d.,]|\s?-?{timing_words(Says.TIME)}\b)|\b{timing_words(Says.MORE)}\b",
    re.IGNORECASE,
)


def _gives(instruction: Mapping[str, Any]) -> bool:
    """Whether an instruction states a dose or a rate, or has words that may be one."""
    doses = [instruction, *objects(instruction.get("doseAndRate"))]
    if any(name in dose for dose in doses for name in ("doseQuantity", "doseRange", *RATES)):
        return True
    text = instruction.get("text")
    return isinstance(text, str) and _GIVING.search(text) is not None


def _timing(instruction: Mapping[str, Any], called: Iterable[str], *, dosed: bool) -> Timing:
    """The timing of an instruction, without an end that is none.

    The times of single doses (`event`) end neither what goes on by a rate nor what repeats by
    other words beside them.
    """
    timing = read_timing(instruction, called)
    if timing.until is None or (dosed and not timing.recurring):
        return timing
    said = object_of(instruction.get("timing"))
    period = object_of(object_of(said.get("repeat")).get("boundsPeriod"))
    if read_day(period.get("end")) is not None:
        return timing
    events = said.get("event")
    if isinstance(events, list) and len(events) > 1 and not said.get("code"):
        return timing if dosed and not said.get("repeat") else replace(timing, until=None)
    return replace(timing, until=None)


#: What a dose by the hour or the day is counted in: `g/hr`, `mL per hour`, `g/24 h`.
_PER_TIME: Final = re.compile(
    rf"(?:/|(?<![a-z]){timing_words(Says.PER)})\s?(?:\d{{1,3}}\s?)?"
    rf"{timing_words(Says.TIME, Says.HOURS, Says.A_DAY)}\Z"
)
_AS_RATE: Final = {"doseQuantity": "rateQuantity", "doseRange": "rateRange"}


def _proper(dose: Mapping[str, Any]) -> Mapping[str, Any]:
    """A dose whose rate stands in its proper member, also where it was sent as an amount: `2 g/hr`
    as a doseQuantity goes on as it does as a rateQuantity."""
    if any(name in dose for name in RATES):
        return dose
    for name, rate in _AS_RATE.items():
        if any(map(_is_per_time, _units(object_of(dose.get(name))))):
            return {**dose, rate: dose[name], name: None}
    return dose


def _is_per_time(unit: str) -> bool:
    return _PER_TIME.search(" ".join(unit.lower().split())) is not None


def _is_amount(dose: Mapping[str, Any]) -> bool:
    """Whether the dose is an amount or a range of them, in any unit that is not by the hour: it
    comes to an end."""
    units = [unit for name in _AS_RATE for unit in _units(object_of(dose.get(name)))]
    return bool(units) and not any("/" in unit or "per" in unit.lower() for unit in units)


def _units(stated: Mapping[str, Any]) -> list[str]:
    """The units, as code and as text, of a quantity or of the ends of a range."""
    told = [stated, *map(object_of, map(stated.get, ("low", "high")))]
    return [
        quantity[name]
        for quantity in told
        for name in ("unit", "code")
        if isinstance(quantity.get(name), str)
    ]


def _read(
    instruction: Mapping[str, Any], conversion: Conversion, called: Iterable[str] = ()
) -> Dosage:
    """The dosage of one instruction."""
    dosage = _coded(instruction, conversion, called)
    said, known = instruction.get("text"), (dosage.minutes, dosage.timing.minutes)
    if isinstance(said, str) and speaks_of_other_time(said, known, dosage.rate):
        return replace(dosage, time_in_words=True)
    return dosage


def _coded(instruction: Mapping[str, Any], conversion: Conversion, called: Iterable[str]) -> Dosage:
    """The dosage of one instruction as its coded members tell it."""
    doses = [*map(_proper, _chosen(objects(instruction.get("doseAndRate")) or [instruction]))]
    dosed = any(map(_is_amount, doses))
    timing = _timing(instruction, called, dosed=dosed)
    ends = dosed or timing.course is not None or timing.until is not None
    amounts = {conversion.amount(object_of(dose.get("doseQuantity"))) for dose in doses}
    rates = set(map(conversion.rate, doses))
    stated = any(name in dose for dose in doses for name in RATES)
    fastest = max((rate for rate in rates if rate is not None), default=None)
    if len(amounts) > 1 or len(rates - {None}) > 1:
        largest = max((grams for grams in amounts if grams is not None), default=None)
        return Dosage(
            minutes=timing.longest,
            rate=_settle(largest, timing, fastest, None).rate,
            problem=DoseProblem.SEVERAL,
            timing=timing,
            rate_unread=stated and fastest is None,
            endless=stated and largest is None and timing.longest is None and not ends,
        )
    grams = next(iter(amounts), None)
    given = any(dose.get("doseQuantity") is not None for dose in doses)
    problem = None
    if grams is None:
        problem = DoseProblem.UNIT if given else DoseProblem.MISSING
    settled = _settle(grams, timing, fastest, problem)
    if any("rateRange" in dose for dose in doses):
        # The fastest of a range tells how fast it may run, and not when it ends.
        settled = replace(settled, minutes=timing.longest)
    if not stated or (fastest is not None and grams is not None):
        return settled
    return replace(
        settled,
        rate_unread=fastest is None,
        endless=grams is None and settled.minutes is None and not ends,
    )


def _settle(
    grams: Decimal | None, timing: Timing, said: Decimal | None, problem: DoseProblem | None
) -> Dosage:
    """A dose with the faster of the rate that is said and the one that follows from its time, and
    with the longer of its time and the one that follows from the rate."""
    minutes = timing.longest
    by_time = grams * 1000 / timing.minutes if grams and timing.minutes else None
    rate = max((rate for rate in (said, by_time) if rate), default=None)
    if grams and said and said != by_time:
        by_rate = grams * 1000 / said
        longer = by_rate if minutes is None else max(minutes, by_rate)
        minutes = longer if longer <= LONGEST else None
    return Dosage(grams, minutes, rate, problem, timing)


def _chosen(doses: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of several doses the ordered one, where one says so; else all of them."""
    ordered = [
        dose
        for dose in doses
        if any(
            coding.get("code") == "ordered"
            for coding in objects(object_of(dose.get("type")).get("coding"))
        )
    ]
    return ordered or doses
