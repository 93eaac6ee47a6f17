"""Timing: when and how often an order gives its dose, and how long, as far as it says so.

What is no certain single dose may be given again: an order that repeats is never raised, and
counts for longer. So free text is searched for words of repetition, and for nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from hooks.chart.codes.timing import TIMES_A_DAY, Says, timing_words
from hooks.chart.concept import object_of, objects
from hooks.chart.directions import lowered_text, of_the_dose
from hooks.chart.fact import Fact
from hooks.chart.infusion import runs_on, speaks_of_rate
from hooks.chart.moments import Moment, read_day
from hooks.chart.quantity import LONGEST, MINUTES, minutes_of, unit_of
from hooks.chart.repetition import name_says_again, says_again
from hooks.chart.units import read_number


class Timing(Fact, frozen=True):
    """When an order gives its dose; every time is in minutes.

    `minutes` is how long one dose runs, and `longest` how long it may. A `recurring` order gives it
    again and again, or as needed, or does not say that it does not: `every` so many minutes,
    `doses` times. `course` is the time from the beginning of the first dose to the end of the
    last. `starts` and `until` are the first and the last moment that the order itself names. What
    is `single` is one dose by its count or its code, whatever its free text says.
    """

    minutes: Decimal | None = None
    recurring: bool = False
    every: Decimal | None = None
    doses: Decimal | None = None
    course: Decimal | None = None
    starts: Moment | None = None
    until: Moment | None = None
    single: bool = False
    longest: Decimal | None = None

    def doses_within(self, minutes: Decimal) -> Decimal | None:
        """The most doses that begin in a time of so many minutes; None if nobody can tell."""
        if not self.recurring:
            return Decimal(1)
        if self.every is None:
            return self.doses
        span = minutes if self.course is None else min(minutes, self.course)
        doses = max((span / self.every).to_integral_value(ROUND_CEILING), Decimal(1))
        return doses if self.doses is None else min(doses, self.doses)


def read_timing(instruction: Mapping[str, Any], called: Iterable[str] = ()) -> Timing:
    """The timing of one dosage instruction of an order that is `called` so.

    A name says it too: `magnesium sulfate 1 g IVPB q6h x4`, `magnesium sulfate drip 2 g/h`.
    """
    timing = object_of(instruction.get("timing"))
    repeat = object_of(timing.get("repeat"))
    minutes = minutes_of(repeat.get("duration"), repeat.get("durationUnit"))
    most = minutes_of(repeat.get("durationMax"), repeat.get("durationUnit"))
    longest = max((time for time in (minutes, most) if time is not None), default=None)
    events = _moments(timing.get("event"))
    period = object_of(repeat.get("boundsPeriod"))
    first, last = read_day(period.get("start")), read_day(period.get("end"))
    # Of two names for one moment the later is believed: what counts is how late a dose may run.
    starts = [moment for moment in (first, min(events, key=_at, default=None)) if moment]
    ends = events if last is None else [last, *events]
    single = _is_single(instruction, timing, repeat)
    told_once = single or (
        len(events) == 1 and not _may_recur(instruction, timing, repeat, minutes)
    )
    # What says so in any place is believed: one dose beside `every 6 hours` is no single dose.
    sentences, names = list(_sentences(instruction)), list(called)
    recurring = (
        any(says_again(said, single=told_once) for said in sentences)
        or any(name_says_again(name, single=told_once) for name in names)
        or any(
            _says_rate(said, instruction, minutes, single=told_once)
            for said in (*sentences, *names)
        )
    ) or (not single and _may_recur(instruction, timing, repeat, minutes))
    every = _every(timing, repeat) if recurring else None
    doses = _most(repeat, "count")
    return Timing(
        minutes,
        recurring,
        every,
        doses,
        _course(repeat, longest, every, doses) if recurring else None,
        max(starts, key=_at, default=None),
        max(ends, key=_latest, default=None),
        single,
        longest,
    )


def together(timings: Iterable[Timing]) -> Timing:
    """The timing of several instructions of one order, taken for several doses; whoever knows that
    only one of them gives anything says so."""
    each = tuple(timings)
    spans = [one.course if one.recurring else one.longest for one in each]
    known = [span for span in spans if span is not None]
    course = sum(known, Decimal(0))
    ends = [one.until for one in each if one.until is not None]
    return Timing(
        recurring=True,
        course=course if len(known) == len(spans) and course <= LONGEST else None,
        until=max(ends, key=_latest, default=None),
    )


def _at(moment: Moment) -> float:
    return moment.at.timestamp()


def _latest(moment: Moment) -> float:
    return moment.latest.timestamp()


def _moments(events: object) -> list[Moment]:
    if events is None:
        return []
    found = map(read_day, events if isinstance(events, list) else [events])
    return [moment for moment in found if moment is not None]


# ------------------------------------------------------------------ whether it is given again

_AS_NEEDED: Final = ("asNeededBoolean", "asNeededCodeableConcept", "asNeeded", "asNeededFor")

#: An hour, a day or a time of the day that a dose is bound to, and no word of how often.
_BOUND: Final = (
    "timeOfDay",
    "when",
    "dayOfWeek",
    "boundsPeriod",
    "boundsDuration",
    "boundsRange",
)

_ONCE: Final = re.compile(rf"(?<!\w){timing_words(Says.ONCE)}(?!\w)")
_NO_FREQUENCY: Final = re.compile(timing_words(Says.NOTHING))


def _is_single(
    instruction: Mapping[str, Any], timing: Mapping[str, Any], repeat: Mapping[str, Any]
) -> bool:
    """Whether the coded members say one dose: a count of one, or a code of a single dose."""
    if _is_repeated(instruction, timing, repeat):
        return False
    if _most(repeat, "count") is not None:
        return True
    often = _most(repeat, "frequency")
    if repeat.get("period") is not None or (
        repeat.get("frequency") is not None and (often is None or often > 1)
    ):
        return False
    return any(_ONCE.search(lowered_text(code)) for code in _texts(timing.get("code")))


def _is_repeated(
    instruction: Mapping[str, Any], timing: Mapping[str, Any], repeat: Mapping[str, Any]
) -> bool:
    """Whether the coded members say that the dose is given again."""
    if any(map(instruction.get, _AS_NEEDED)):
        return True
    count, events = _most(repeat, "count"), timing.get("event")
    if (count is not None and count > 1) or (isinstance(events, list) and len(events) > 1):
        return True
    return any(map(says_again, _texts(timing.get("code"))))


def _may_recur(
    instruction: Mapping[str, Any],
    timing: Mapping[str, Any],
    repeat: Mapping[str, Any],
    minutes: Decimal | None,
) -> bool:
    """Whether an order that does not say one dose in its codes may give several."""
    if _is_repeated(instruction, timing, repeat):
        return True
    if repeat.get("frequency") is not None or repeat.get("period") is not None:
        return True
    codes = list(_texts(timing.get("code")))
    if not codes and objects(object_of(timing.get("code")).get("coding")):
        return True
    if not all(_NO_FREQUENCY.fullmatch(lowered_text(code)) for code in codes):
        return True
    bound = [name for name in _BOUND if repeat.get(name) is not None]
    return bool(bound) and not _is_one_dose(repeat, bound, minutes)


def _says_rate(
    text: str, instruction: Mapping[str, Any], minutes: Decimal | None, *, single: bool
) -> bool:
    """Whether a text says a rate that goes on, and is not that of the dose."""
    lowered = lowered_text(text)
    return speaks_of_rate(lowered) and runs_on(
        of_the_dose(lowered), instruction, minutes, single=single
    )


def _is_one_dose(repeat: Mapping[str, Any], bound: list[str], minutes: Decimal | None) -> bool:
    """Whether the bounds are a mere beginning, or leave room for no second dose."""
    if bound != ["boundsPeriod"]:
        return False
    period = object_of(repeat.get("boundsPeriod"))
    start, end = read_day(period.get("start")), read_day(period.get("end"))
    if start is not None and period.get("end") is None:
        return True
    if minutes is None or start is None or end is None or start.whole_day or end.whole_day:
        return False
    return (end.at - start.at).total_seconds() <= 60 * minutes


def _texts(concept: object) -> Iterator[str]:
    """Codes, displays and text of a CodeableConcept."""
    said = object_of(concept)
    for coding in objects(said.get("coding")):
        for name in ("code", "display"):
            if isinstance(coding.get(name), str):
                yield coding[name]
    if isinstance(said.get("text"), str):
        yield said["text"]


def _sentences(instruction: Mapping[str, Any]) -> Iterator[str]:
    """What an instruction says in words to those who give it; its patient is told other things.

    Its route and its method may say that it goes on: `IV continuous`.
    """
    if isinstance(instruction.get("text"), str):
        yield instruction["text"]
    for name in ("route", "method"):
        yield from _texts(instruction.get(name))
    for concept in objects(instruction.get("additionalInstruction")):
        yield from _texts(concept)


# ------------------------------------------------------------------ how often, and how long

_CODED: Final = re.compile(r"q\s?(\d{1,2})\s?h(?:rs?|ours?)?", re.IGNORECASE)


def _every(timing: Mapping[str, Any], repeat: Mapping[str, Any]) -> Decimal | None:
    """The shortest time from dose to dose; None if it is not told or is less than a minute."""
    period = minutes_of(repeat.get("period"), repeat.get("periodUnit"))
    if period is not None:
        often = _most(repeat, "frequency") or Decimal(1)
        every = period / often if often > 0 else None
        return every if every is not None and every >= 1 else None
    told = [_coded(code) for code in _texts(timing.get("code"))]
    return min((every for every in told if every is not None), default=None)


def _coded(code: str) -> Decimal | None:
    times = TIMES_A_DAY.get(code.strip().upper())
    if times is not None:
        return MINUTES["d"] / times
    match = _CODED.fullmatch(code.strip())
    hours = int(match[1]) if match is not None else 0
    return MINUTES["h"] * hours if hours else None


def _course(
    repeat: Mapping[str, Any],
    minutes: Decimal | None,
    every: Decimal | None,
    doses: Decimal | None,
) -> Decimal | None:
    """From the beginning of the first dose to the end of the last, the longer if told twice."""
    bounds = object_of(repeat.get("boundsDuration"))
    longest = object_of(object_of(repeat.get("boundsRange")).get("high"))
    told = [minutes_of(time.get("value"), unit_of(time)) for time in (bounds, longest)]
    if every is not None and doses is not None and doses >= 1:
        told.append((doses - 1) * every + (minutes or every))
    course = max((time for time in told if time is not None), default=None)
    return None if course is None or course > LONGEST else course


def _most(repeat: Mapping[str, Any], name: str) -> Decimal | None:
    """The number of that name, or the greatest where the order allows a range of them."""
    number, most = read_number(repeat.get(name)), read_number(repeat.get(f"{name}Max"))
    if number is None or most is None:
        return most if number is None else number
    return max(number, most)
