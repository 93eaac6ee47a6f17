"""Wanted levels: the time that a level is wanted for, and which ordered level is the one."""

from datetime import datetime, timedelta
from typing import Final

from hooks.chart.fact import Fact
from hooks.chart.moments import Moment, after
from hooks.chart.order import LabOrder, Place
from hooks.chart.units import Analyte
from hooks.protocol.choice import instant
from hooks.protocol.limits import Windows

_ONE_DAY: Final = timedelta(days=1)


class WantedLevel(Fact, frozen=True):
    """A level that is wanted from `first` to `last`.

    A time that an order leaves open is read widely, or each morning's level would be ordered twice:
    a bare date, and the end of a period, may lie as far ahead as `horizon`, and an active order
    without a time counts if it was written after `since`.
    """

    analyte: Analyte
    first: datetime
    last: datetime
    horizon: datetime
    since: datetime
    #: A period of drawing that began before the first and ends before the second of these may have
    #: been drawn already.
    undrawn: tuple[datetime, datetime] | None = None

    def is_met_by(self, order: LabOrder, windows: Windows) -> bool:
        """Whether an ordered level is the wanted one (S22)."""
        if order.analyte is not self.analyte:
            return False
        due = order.due
        if due is None:
            return (
                order.place is Place.DRAFT
                or order.authored is None
                or _end_of(order.authored, windows) >= self.since
            )
        if _end_of(due, windows) < self.first or instant(due, windows) > self.horizon:
            return False
        begins = order.begins or due
        if self.undrawn is not None:
            began, ended = self.undrawn
            if instant(begins, windows) < began and _end_of(due, windows) < ended:
                return False
        return begins.whole_day or begins.at <= self.last

    def comes_later(self, order: LabOrder, windows: Windows) -> bool:
        """Whether a level of the analyte is planned for after the time that it is wanted for."""
        if order.analyte is not self.analyte or order.due is None:
            return False
        begins = order.begins or order.due
        return instant(begins, windows) > (self.horizon if begins.whole_day else self.last)


def _end_of(moment: Moment, windows: Windows) -> datetime:
    """The last instant that a moment may mean, from which its age is counted (settled 18)."""
    at = instant(moment, windows)
    return after(at, _ONE_DAY) if moment.whole_day else at
