"""The days that are counted, and the spans into which they are put."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

#: The periods to choose from, in days.
CHOICES = (7, 30, 90, 365)
DEFAULT = 90

_DAYS_BY_DAY = 45
_DAYS_BY_WEEK = 400


class Step(StrEnum):
    """How long one span is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """The last so many days up to and including `until`; with `since` None, all that there are."""

    since: date | None
    until: date

    @classmethod
    def last(cls, days: int | None, today: date) -> "Period":
        """The last `days` days, today included; None: everything up to today."""
        return cls(None if days is None else today - timedelta(days=days - 1), today)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The spans of the days from `first` to `last`, with none left out."""

    first: date
    last: date

    @property
    def step(self) -> Step:
        """Spans long enough that there are not too many of them to look at."""
        days = (self.last - self.first).days + 1
        if days <= _DAYS_BY_DAY:
            return Step.DAY
        return Step.WEEK if days <= _DAYS_BY_WEEK else Step.MONTH

    def start(self, day: date) -> date:
        """The first day of the span in which `day` lies: weeks begin on Monday."""
        match self.step:
            case Step.DAY:
                return day
            case Step.WEEK:
                return day - timedelta(days=day.weekday())
            case Step.MONTH:
                return day.replace(day=1)

    def starts(self) -> Iterator[date]:
        """The first day of every span."""
        start = self.start(self.first)
        while start <= self.last:
            yield start
            match self.step:
                case Step.DAY:
                    start += timedelta(days=1)
                case Step.WEEK:
                    start += timedelta(days=7)
                case Step.MONTH:
                    start = (start + timedelta(days=31)).replace(day=1)
