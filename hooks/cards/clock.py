"""Times as a clinician reads them: ages, days, times of day with their zone."""

from datetime import datetime, timedelta, tzinfo
from typing import Final

_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_MINUTE: Final = timedelta(minutes=1)
#: Of the card's language, and not of the machine's locale.
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def ago(age: timedelta) -> str:
    """An age in the unit that a person would use: minutes, hours up to three days, days."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < _HOUR:
        return f"{minutes} min"
    return f"{minutes // _HOUR} h" if minutes < 3 * _DAY else f"{minutes // _DAY} d"


def day(at: datetime) -> str:
    """A day with its year: `03 Feb 2026`."""
    return f"{_day(at)} {at.year:04}"


def clock(at: datetime, now: datetime, place: tzinfo | None = None) -> str:
    """A day and time of day with its zone; the year only if it is not this one's.

    In the zone of `place`, or else in the one in which it was stated. Ward and laboratory may live
    in different zones: 04:00 alone is two different hours.
    """
    if place is not None:
        at, now = local(at, place), local(now, place)
    return f"{_day(at) if at.year == now.year else day(at)} {_time(at)} {zone(at)}"


def local(at: datetime, place: tzinfo | None) -> datetime:
    """A moment by the clocks of a place; at the ends of the calendar, by its own."""
    try:
        return at.astimezone(place)
    except OverflowError:
        return at


def zone(at: datetime) -> str:
    """The zone of a moment: `UTC`, `UTC-05:00`; `CST` by the clocks of a place that call it so."""
    name = at.tzname()
    if name is not None and name.isalpha():
        return name
    offset = at.utcoffset()
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset) // _MINUTE, _HOUR)
    return f"UTC{'-' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}"


def window(start: datetime, end: datetime) -> str:
    """A span of time with its zone, the day named twice only if it changes; a moment once."""
    first, first_zone, last_zone = f"{_day(start)} {_time(start)}", zone(start), zone(end)
    if start == end and first_zone == last_zone:
        return f"{first} ({last_zone})"
    same_day = start.date() == end.date()
    last = _time(end) if same_day else f"{_day(end)} {_time(end)}"
    if first_zone != last_zone:
        return f"{first} ({first_zone}) to {last} ({last_zone})"
    return f"{first}{'-' if same_day else ' to '}{last} ({last_zone})"


def _day(at: datetime) -> str:
    return f"{at.day:02} {_MONTHS[at.month - 1]}"


def _time(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}"
