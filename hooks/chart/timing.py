"""Timing: when and how often an order gives its dose, and how long, as far as it says so.

What is no certain single dose may be given again: an order that repeats is never raised, and
counts for longer. So free text is searched for words of repetition, and for nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from hooks.chart.fact import Fact
from hooks.chart.moments import Moment, read_moment
from hooks.chart.quantity import LONGEST, minutes_of, unit_of
from hooks.chart.units import read_number


class Timing(Fact, frozen=True):
    """When an order gives its dose; every time is in minutes.

    `minutes` is how long one dose runs. A `recurring` order gives it again and again, or as
    needed, or does not say that it does not: `every` so many minutes, `doses` times. `course` is
    the time from the beginning of the first dose to the end of the last. `starts` and `until` are
    the first and the last moment that the order itself names.
    """

    minutes: Decimal | None = None
    recurring: bool = False
    every: Decimal | None = None
    doses: Decimal | None = None
    course: Decimal | None = None
    starts: Moment | None = None
    until: Moment | None = None

    def doses_within(self, minutes: Decimal) -> Decimal | None:
        """The most doses that begin in a time of so many minutes; None if nobody can tell."""
        if not self.recurring:
            return Decimal(1)
        if self.every is None:
            return self.doses
        span = minutes if self.course is None else min(minutes, self.course)
        doses = max((span / self.every).to_integral_value(ROUND_CEILING), Decimal(1))
        return doses if self.doses is None else min(doses, self.doses)


def read_timing(instruction: Mapping[str, Any]) -> Timing:
    """The timing of one dosage instruction."""
    timing = _object(instruction.get("timing"))
    repeat = _object(timing.get("repeat"))
    minutes = minutes_of(repeat.get("duration"), repeat.get("durationUnit"))
    events = _moments(timing.get("event"))
    period = _object(repeat.get("boundsPeriod"))
    first, last = read_moment(period.get("start")), read_moment(period.get("end"))
    # Of two names for one moment the later is believed: what counts is how late a dose may run.
    starts = [moment for moment in (first, min(events, key=_at, default=None)) if moment]
    ends = events if last is None else [last, *events]
    recurring = _is_recurring(instruction, timing, repeat, minutes)
    every = _every(timing, repeat) if recurring else None
    doses = _most(repeat, "count")
    return Timing(
        minutes,
        recurring,
        every,
        doses,
        _course(repeat, minutes, every, doses) if recurring else None,
        max(starts, key=_at, default=None),
        max(ends, key=_latest, default=None),
    )


def together(timings: Iterable[Timing]) -> Timing:
    """The timing of several instructions of one order: it gives more than one dose."""
    each = tuple(timings)
    spans = [one.course if one.recurring else one.minutes for one in each]
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
    found = map(read_moment, events if isinstance(events, list) else [events])
    return [moment for moment in found if moment is not None]


# ------------------------------------------------------------------ whether it is given again

#: An hour, a day or a time of the day that a dose is bound to, and no word of how often.
_BOUND: Final = (
    "timeOfDay",
    "when",
    "dayOfWeek",
    "boundsPeriod",
    "boundsDuration",
    "boundsRange",
)

_AGAIN: Final = re.compile(
    r"""(?: [/]\s?d(?:ay)? | (?<!\w)(?:
        every | each | daily | nightly | hourly | weekly | per\s+day
      | q\s?\d\w* | q\.?\s?[dh]\.? | q\s?hour | qod | qhs | qam | qpm | [btq]\.?i\.?d\.?
      | twice | thrice | times | doses | may\s+repeat | repeat\s+(?:dose|infusion|x|until|if)
      | x\s?(?:[2-9]|1\d)(?!\w)(?!\s?(?:g|mg|ml|min))
      | p\.?r\.?n\.? | (?:as|if|when)\s+(?:needed|required|necessary)
      | cont(?:inuous(?:ly)?)?(?!\w)(?!\s(?:\w+\s)?(?:e[ck]g|cardiac|monitor|telemetry|observ))
      | maintenance | drip | titrat\w* | for\s+\d+\s+days
    ))(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_ONCE: Final = re.compile(
    r"(?<!\w)(?:once|one[\s-]?time|single|stat|now|x\s?1|1\s?x)(?!\w)", re.IGNORECASE
)


def _is_recurring(
    instruction: Mapping[str, Any],
    timing: Mapping[str, Any],
    repeat: Mapping[str, Any],
    minutes: Decimal | None,
) -> bool:
    """Whether the dose is given more than once, or the order does not say that it is not.

    What says so in any place is believed: a count of one beside `every 6 hours` is no single dose.
    """
    if any(map(instruction.get, _AS_NEEDED)):
        return True
    count, events = _most(repeat, "count"), timing.get("event")
    if (count is not None and count > 1) or (isinstance(events, list) and len(events) > 1):
        return True
    codes = list(_texts(timing.get("code")))
    if any(map(_AGAIN.search, (*codes, *_sentences(instruction)))):
        return True
    if count is not None:
        return False
    if repeat.get("frequency") is not None or repeat.get("period") is not None:
        return True
    if any(map(_ONCE.search, codes)):
        return False
    if codes or _objects(_object(timing.get("code")).get("coding")):
        return True
    bound = [name for name in _BOUND if repeat.get(name) is not None]
    return bool(bound) and not _is_one_dose(repeat, bound, minutes)


_AS_NEEDED: Final = ("asNeededBoolean", "asNeededCodeableConcept", "asNeeded", "asNeededFor")


def _is_one_dose(repeat: Mapping[str, Any], bound: list[str], minutes: Decimal | None) -> bool:
    """Whether the bounds are a mere beginning, or leave room for no second dose."""
    if bound != ["boundsPeriod"]:
        return False
    period = _object(repeat.get("boundsPeriod"))
    start, end = read_moment(period.get("start")), read_moment(period.get("end"))
    if start is not None and period.get("end") is None:
        return True
    if minutes is None or start is None or end is None or start.whole_day or end.whole_day:
        return False
    return (end.at - start.at).total_seconds() <= 60 * minutes


def _texts(concept: object) -> Iterator[str]:
    """Codes, displays and text of a CodeableConcept."""
    said = _object(concept)
    for coding in _objects(said.get("coding")):
        for name in ("code", "display"):
            if isinstance(coding.get(name), str):
                yield coding[name]
    if isinstance(said.get("text"), str):
        yield said["text"]


def _sentences(instruction: Mapping[str, Any]) -> Iterator[str]:
    """What an instruction says in words."""
    for name in ("text", "patientInstruction"):
        if isinstance(instruction.get(name), str):
            yield instruction[name]
    for concept in _objects(instruction.get("additionalInstruction")):
        yield from _texts(concept)


# ------------------------------------------------------------------ how often, and how long

_CODED: Final = re.compile(r"q\s?(\d{1,2})\s?h(?:rs?|ours?)?", re.IGNORECASE)
_DAILY: Final[Mapping[str, int]] = {"QD": 1, "DAILY": 1, "BID": 2, "TID": 3, "QID": 4}


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
    times = _DAILY.get(code.strip().upper())
    if times is not None:
        return Decimal(1440) / times
    match = _CODED.fullmatch(code.strip())
    hours = int(match[1]) if match is not None else 0
    return Decimal(60 * hours) if hours else None


def _course(
    repeat: Mapping[str, Any],
    minutes: Decimal | None,
    every: Decimal | None,
    doses: Decimal | None,
) -> Decimal | None:
    """From the beginning of the first dose to the end of the last, the longer if told twice."""
    bounds = _object(repeat.get("boundsDuration"))
    longest = _object(_object(repeat.get("boundsRange")).get("high"))
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


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list, or the object that stands where a list belongs."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
