"""How counts are written for people, on the page and on the terminal alike."""

from datetime import date
from http import HTTPStatus

from service.decision import UNKNOWN
from service.insight.period import Period, Step
from service.insight.tally import Repeats

_SMALL = 0.1
NOBODY = "Unidentified callers"
NO_RULE = "No rule was asked"


def number(value: int) -> str:
    """1234 as 1,234."""
    return f"{value:,}"


def count(value: int, noun: str) -> str:
    """1 call, 2 calls."""
    return f"{number(value)} {noun}" if value == 1 else f"{number(value)} {noun}s"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent; a dash where there is no whole. What is not quite all or
    nothing is never rounded to it."""
    if not whole:
        return "-"
    ratio = part / whole
    text = f"{100 * ratio:.1f}" if ratio < _SMALL else f"{100 * ratio:.0f}"
    if part and text == "0.0":
        return "under 0.1 %"
    if part < whole and text == "100":
        return "over 99 %"
    return f"{text.removesuffix('.0')} %"


def day(value: date) -> str:
    """23 Nov 2026."""
    return f"{value.day} {value:%b %Y}"


def span(start: date, step: Step) -> str:
    """The name of a span of days."""
    match step:
        case Step.DAY:
            return day(start)
        case Step.WEEK:
            return f"Week of {day(start)}"
        case Step.MONTH:
            return f"{start:%b %Y}"


def short_span(start: date, step: Step) -> str:
    """The name of a span as it fits under an axis."""
    return f"{start:%b %Y}" if step is Step.MONTH else f"{start.day} {start:%b}"


def period(value: Period, first: date | None) -> str:
    """From when to when; `first` is the first day with a call."""
    start = value.since or first
    if start is None or start == value.until:
        return day(value.until)
    return f"{day(start)} to {day(value.until)}"


def choice(days: int | None) -> str:
    """The name of a period to choose."""
    return "All" if days is None else f"{days} days"


def client(name: str | None) -> str:
    """The name of a client; calls without authentication have none."""
    return NOBODY if name is None else name


def rule(name: str | None) -> str:
    """The name of a rule."""
    return NO_RULE if name is None else name


def status(code: int) -> str:
    """412 as 412 Precondition Failed."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def age(band: str) -> str:
    """The name of an age band, in years."""
    return "Not known" if band == UNKNOWN else band


def repeats(value: Repeats) -> str:
    """How many patients had more than one card."""
    if not value.patients:
        return "Not counted: no patient is told from another unless the site sets a key for it."
    return (
        f"{share(value.again, value.patients)}: {number(value.again)} of "
        f"{count(value.patients, 'patient')} had more than one card."
    )
