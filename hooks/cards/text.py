"""Numbers, times and foreign text as a clinician reads them, safe inside Markdown."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~<>&])")
_TAG: Final = re.compile(r"<(?=[/!?A-Za-z])")
_LONGEST: Final = 60
#: Of a text of any length so much is looked at.
_READ: Final = 1000
_MOST_PLACES: Final = 10
_PLACES: Final = [Decimal(1).scaleb(-digits) for digits in range(_MOST_PLACES)]
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_HTML: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
#: Of the card's language, and not of the machine's locale.
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MINUTE: Final = timedelta(minutes=1)


def plain(text: str) -> str:
    """Text from a request on one line, without what cannot be seen, cut to a readable length."""
    line = text[:_READ]
    if not line.isprintable():
        seen = (character if character.isprintable() else " " for character in line)
        line = " ".join("".join(seen).split())
    line = line.strip()
    if len(line) <= _LONGEST and len(text) <= _READ:
        return line
    return f"{line[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def untagged(text: str) -> str:
    """Text from a request for a line that is no Markdown: nothing in it begins a tag, should an
    EHR put the line into a page as it is."""
    return _TAG.sub("< ", plain(text))


def escaped(text: str) -> str:
    """Text from a request so that Markdown and HTML show it as it is and do nothing with it."""
    line = plain(text).replace("://", ": //").replace("www.", "www ")
    return _SPECIAL.sub(lambda match: _HTML.get(match[1], f"\\{match[1]}"), line)


def rounded(value: Decimal, places: int, limits: Collection[Decimal] = ()) -> str:
    """A number rounded for reading, with more digits where rounding would cross a limit.

    A level that decides one way must not read as if it decided another.
    """
    for digits in range(places, places + 6):
        shown = value.quantize(_PLACES[digits], rounding=ROUND_HALF_EVEN)
        if shown == value or not _crosses(value, shown, limits):
            return f"{shown:f}"
    return f"{value:f}"


def _crosses(value: Decimal, shown: Decimal, limits: Collection[Decimal]) -> bool:
    """Whether a value that is rounded reads as if it were on, or beyond, one of the limits."""
    for limit in limits:
        if (shown <= limit) if value > limit else (shown >= limit and value != limit):
            return True
    return False


def ago(age: timedelta) -> str:
    """An age in the unit that a person would use: minutes, hours up to three days, days."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < _HOUR:
        return f"{minutes} min"
    return f"{minutes // _HOUR} h" if minutes < 3 * _DAY else f"{minutes // _DAY} d"


def day(at: datetime) -> str:
    """A day with its year: `03 Feb 2026`."""
    return f"{_day(at)} {at.year:04}"


def clock(at: datetime, now: datetime) -> str:
    """A day and time of day with the zone it was stated in; the year only if it is not this one's.

    Ward and laboratory may live in different zones: 04:00 alone is two different hours.
    """
    return f"{_day(at) if at.year == now.year else day(at)} {_time(at)} {zone(at)}"


def zone(at: datetime) -> str:
    """The zone of a moment: `UTC`, `UTC-05:00`."""
    offset = at.utcoffset()
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset) // _MINUTE, _HOUR)
    return f"UTC{'-' if offset < timedelta(0) else '+'}{hours:02}:{minutes:02}"


def window(start: datetime, end: datetime) -> str:
    """A span of time with its zone, the day named twice only if it changes; a moment once."""
    if start == end:
        return f"{_day(start)} {_time(start)} ({zone(end)})"
    last = _time(end) if start.date() == end.date() else f"{_day(end)} {_time(end)}"
    return f"{_day(start)} {_time(start)}-{last} ({zone(end)})"


def _day(at: datetime) -> str:
    return f"{at.day:02} {_MONTHS[at.month - 1]}"


def _time(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}"
