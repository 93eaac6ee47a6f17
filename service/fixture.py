"""A request file, and the moment for which it was written.

A fixture is a plain CDS Hooks request. Its root `extension` may hold `org.magnesia.fixture` with a
`title` and `now`, the moment at which its laboratory results are as old as the case needs. To be
sent at another moment, every date in it is moved by the same distance.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import floor
from pathlib import Path
from typing import Any

import msgspec

from hooks.errors import ENCODING
from service import exact

EXTENSION = "org.magnesia.fixture"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(
    r"(?P<second>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?P<seconds>:\d{2})?)(?P<rest>(\.\d+)?(Z|[+-]\d{2}:\d{2})?)"
)


class FixtureError(Exception):
    """A request file cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Fixture:
    """A request, with its title and its moment where the file gives them."""

    request: dict[str, Any]
    title: str | None = None
    now: datetime | None = None

    def freshened(self, now: datetime) -> dict[str, Any]:
        """The request as it would have been written at `now`, with a new hookInstance.

        Moments keep their offset, fraction and precision. Dates move by whole days, so that what
        was dated on the fixture's day is dated on the day of `now`. Years and months alone stay.
        """
        request = {**self.request, "hookInstance": str(uuid.uuid4())}
        if self.now is None:
            return request
        moved = _mover(self.now, now)
        for part in ("context", "prefetch"):
            if part in request:
                request[part] = moved(request[part])
        return request


def load(path: Path) -> Fixture:
    """The fixture in the file at `path`; raises FixtureError."""
    try:
        request = exact.decode(path.read_text(encoding=ENCODING))
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise FixtureError(f"{path} is not JSON.") from error
    except OSError as error:
        raise FixtureError(f"{path} cannot be read: {error.strerror}.") from error
    if not isinstance(request, dict):
        raise FixtureError(f"{path} is not a CDS Hooks request: it must be a JSON object.")
    return read(request, str(path))


def read(request: dict[str, Any], where: str) -> Fixture:
    """The fixture that a decoded request is; raises FixtureError, which speaks of `where`."""
    extension = request.get("extension")
    about = extension.get(EXTENSION) if isinstance(extension, dict) else None
    if not isinstance(about, dict):
        return Fixture(request)
    title = about.get("title")
    return Fixture(
        request,
        title if isinstance(title, str) else None,
        _now(about, where),
    )


def moment(text: str) -> datetime:
    """A moment as people write it, with its offset; raises ValueError."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("a moment needs an offset, such as Z or +01:00")
    return value


def _now(about: Mapping[str, Any], where: str) -> datetime | None:
    text = about.get("now")
    if text is None:
        return None
    try:
        return moment(text)
    except (TypeError, ValueError) as error:
        raise FixtureError(
            f"{where}: `now` in extension.{EXTENSION} must be a moment with its offset, such as "
            "2026-11-23T10:00:00Z."
        ) from error


def _mover(then: datetime, now: datetime) -> Callable[[Any], Any]:
    seconds = timedelta(seconds=floor((now - then).total_seconds()))
    days = now.astimezone(then.tzinfo).date() - then.date()

    def moved(value: Any) -> Any:
        match value:
            case dict():
                return {key: moved(member) for key, member in value.items()}
            case list():
                return [moved(item) for item in value]
            case str():
                return _moved_text(value, days, seconds)
            case _:
                return value

    return moved


def _moved_text(text: str, days: timedelta, seconds: timedelta) -> str:
    parts = _MOMENT.fullmatch(text)
    try:
        if _DATE.fullmatch(text):
            return (date.fromisoformat(text) + days).isoformat()
        if parts:
            precision = "seconds" if parts["seconds"] else "minutes"
            moved = datetime.fromisoformat(parts["second"]) + seconds
            return moved.isoformat(timespec=precision) + parts["rest"]
    except (ValueError, OverflowError):
        # 30 February is no date, and 9999-12-31 means for ever: neither has a place to move to.
        return text
    return text
