"""FHIR times: a date, a dateTime or an instant becomes a Moment, or is refused."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from hooks.chart.fact import Fact


class Moment(Fact, frozen=True):
    """When something was so.

    `at` is the instant; for a bare date (`whole_day` or coarser) it is the first instant of it in
    UTC, which a protocol may shift to the site's own midnight.
    """

    at: datetime
    whole_day: bool = False


_FULL: Final = re.compile(
    r"\d{4}-\d\d-\d\dT[0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-][01]\d:[0-5]\d)",
    re.ASCII,
)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)


def read_moment(text: object) -> Moment | None:
    """The moment that a FHIR date, dateTime or instant names.

    A date, month or year without a time counts from its first instant (settled 18). None for
    everything else, and for a time of day without a zone, which could be any of 26 hours.
    """
    if not isinstance(text, str):
        return None
    if _FULL.fullmatch(text):
        try:
            return Moment(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            return None
    first = first_day(text)
    if first is None:
        return None
    return Moment(datetime(first.year, first.month, first.day, tzinfo=UTC), whole_day=True)


def first_day(text: object) -> date | None:
    """The first day that a FHIR date of any precision names; None if it is no FHIR date."""
    match = _DATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def last_day(text: object) -> date | None:
    """The last day that a FHIR date of any precision names; None if it is no FHIR date."""
    first = first_day(text)
    if first is None or not isinstance(text, str):
        return None
    if len(text) == len("2026-11-23"):
        return first
    if len(text) == len("2026"):
        return date(first.year, 12, 31)
    return first.replace(day=monthrange(first.year, first.month)[1])


def read_effective(resource: Mapping[str, Any]) -> tuple[Moment | None, bool]:
    """When an Observation's specimen was taken, and whether anything was said of it at all.

    A period counts from its start: a result is as old as its earliest moment.
    """
    for name in ("effectiveDateTime", "effectiveInstant"):
        if resource.get(name) is not None:
            return read_moment(resource[name]), True
    period = resource.get("effectivePeriod")
    if isinstance(period, dict):
        return read_moment(period.get("start")), True
    return None, resource.get("effectiveTiming") is not None or period is not None
