"""FHIR times: a date, a dateTime or an instant becomes a Moment, or is refused."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from hooks.chart.fact import Fact

_FARTHEST_EAST: Final = timezone(timedelta(hours=14))
_FARTHEST_WEST: Final = timedelta(hours=12)
_END: Final = datetime.max.replace(tzinfo=UTC)


class Moment(Fact, frozen=True):
    """When something was so.

    `at` is the instant; for a bare date (`whole_day` or coarser) it is the first instant of it in
    UTC, which a protocol may shift to the site's own midnight. `days` is how many days it means.
    """

    at: datetime
    whole_day: bool = False
    days: int = 1

    @property
    def earliest(self) -> datetime:
        """The first instant that may be meant: a date begins first at UTC+14."""
        return self.at.replace(tzinfo=_FARTHEST_EAST) if self.whole_day else self.at

    @property
    def latest(self) -> datetime:
        """The last instant that may be meant: a date ends last at UTC-12."""
        if not self.whole_day:
            return self.at
        return after(self.at, timedelta(days=self.days) + _FARTHEST_WEST)


def after(at: datetime, span: timedelta) -> datetime:
    """The instant so much later; the end of the calendar for what lies beyond it."""
    try:
        return at + span
    except OverflowError:
        return _END


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
    last = last_day(text) or first
    days = (last - first).days + 1
    return Moment(datetime(first.year, first.month, first.day, tzinfo=UTC), True, days)


def read_day(text: object) -> Moment | None:
    """A moment; a time of day without a zone is the whole day, before and after."""
    if not isinstance(text, str):
        return None
    return read_moment(text) or read_moment(text.partition("T")[0])


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
