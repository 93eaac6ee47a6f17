"""Levels to order: which, and when (S10, settled 8, 12 and 13)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from hooks.chart.codes.drugs import DrugClass
from hooks.chart.moments import Moment
from hooks.chart.order import Order, Place
from hooks.chart.units import Analyte
from hooks.protocol.assessment import PlannedLab
from hooks.protocol.choice import instant
from hooks.protocol.course import planned_end
from hooks.protocol.draft import DraftCheck
from hooks.protocol.evidence import Evidence, certain_band
from hooks.protocol.limits import Windows
from hooks.protocol.model import DOSED, Dosing, Row

_ONE_DAY: Final = timedelta(days=1)
#: The minutes of a dose whose duration nobody told, where no row has one for it.
_UNKNOWN: Final = Decimal(0)


class Levels:
    """Plans levels for one chart, counted from the moment of the call."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._protocol = evidence.protocol
        self.now = evidence.chart.now.replace(microsecond=0)

    def end_of(self, dosing: Dosing) -> datetime:
        """The planned end of a dose that starts now."""
        return self.now + timedelta(minutes=float(dosing.over.value))

    def end_of_orders(self, dosing: Dosing, checks: list[DraftCheck]) -> datetime:
        """The planned end of the last magnesium: corrected, drafted, running or given.

        An order whose duration nobody can read counts as if it ran as long as the row's dose.
        """
        replacement = self._evidence.replacement
        ends = [
            self._end_of_order(item.order, dosing.over.value)
            if item.correction is None
            else self.end_of_corrected(item.order, item.correction)
            for item in checks
        ]
        ends += [
            self._end_of_order(order, dosing.over.value)
            for order in (*replacement.others, *replacement.elsewhere, *replacement.unreadable)
        ]
        return max(ends)

    def end_of_corrected(self, order: Order, correction: Dosing) -> datetime:
        """The planned end of a corrected draft, which begins when it was to begin."""
        return planned_end(order, self.now, correction.over.value)

    def end_of_selected(self) -> datetime:
        """The planned end of the selected drafts by what they say themselves."""
        selected = self._evidence.replacement.selected
        return max((self._end_of_order(order, _UNKNOWN) for order in selected), default=self.now)

    def recheck(self, end: datetime, row: Row | None = None) -> PlannedLab:
        """The repeat level after a planned end; now if its time is past already."""
        recheck = self._protocol.document.recheck
        last = end + recheck.to.span
        if last <= self.now:
            return self.at_once(Analyte.MAGNESIUM, row)
        first = max(end + recheck.from_.span, self.now)
        return PlannedLab(Analyte.MAGNESIUM, first, last, now=False, priority=_priority(row))

    def at_once(self, analyte: Analyte, row: Row | None = None) -> PlannedLab:
        """A level that is wanted now."""
        return PlannedLab(analyte, self.now, self.now, now=True, priority=_priority(row))

    def is_ordered(self, analyte: Analyte, after: datetime | None = None) -> bool:
        """Whether a level is ordered for the time after the moment, or without one for about now.

        About: not longer ago, or farther ahead, than a magnesium result counts for. Too early after
        a dose the level reads high: it does not count from an hour before the repeat level is due.
        """
        now = self._evidence.chart.now
        windows = self._protocol.document.windows
        span = windows.magnesium.value.span
        first = now - span
        if after is not None:
            early = self._protocol.document.recheck.from_.span - windows.same_draw.value.span
            first = after + max(early, timedelta(0))
        last = (after or now) + span

        def is_due(moment: Moment) -> bool:
            return _end_of(moment, windows) >= first and instant(moment, windows) <= last

        def is_recent(moment: Moment) -> bool:
            return _end_of(moment, windows) >= (after or first)

        return any(
            order.analyte is analyte
            and (
                is_due(order.due)
                if order.due is not None
                else order.place is Place.DRAFT
                or order.authored is None
                or is_recent(order.authored)
            )
            for order in self._evidence.chart.lab_orders
        )

    def reason_without_band(self) -> tuple[str, str | None] | None:
        """Why a level is worth having although nobody knows the band, and the drug by which."""
        evidence = self._evidence
        if self._is_stale_and_perhaps_low():
            return "wanted-stale", None
        if evidence.potassium_is_low:
            return "wanted-potassium", None
        if evidence.magnesium_is_selected:
            return "wanted-magnesium", None
        for kind in (DrugClass.QT, DrugClass.DIGOXIN, DrugClass.POTASSIUM):
            drug = evidence.drug(kind, selected_only=True)
            if drug is not None:
                return "wanted-drug", drug
        return None

    def has_fresh_riddle(self) -> bool:
        """Whether a recent result, or one without a time, might have been a magnesium."""
        window = self._protocol.document.windows.magnesium.value.span
        return any(
            item.time is None or self.now - item.time.at <= window
            for item in self._evidence.magnesium.worth_saying
        )

    def _end_of_order(self, order: Order, otherwise: Decimal) -> datetime:
        """The planned end of an order; without a duration it counts as if it ran `otherwise`."""
        return planned_end(order, self.now, order.dosage.minutes or otherwise)

    def _is_stale_and_perhaps_low(self) -> bool:
        """Whether the newest result is too old and was low, or cannot be judged (settled 12)."""
        windows = self._protocol.document.windows
        limit = windows.stale_reminder.value.span
        magnesium = self._evidence.magnesium
        if magnesium.stale is not None:
            band = certain_band(magnesium.stale, self._protocol)
            recent = self.now - magnesium.stale.time.at <= limit
            return recent and (band is None or band.id in DOSED)
        culprit = magnesium.culprit
        if culprit is None or culprit.time is None or culprit not in magnesium.worth_saying:
            return False
        return windows.magnesium.value.span < self.now - culprit.time.at <= limit


def _end_of(moment: Moment, windows: Windows) -> datetime:
    """The last instant that a moment may mean, from which its age is counted (settled 18)."""
    at = instant(moment, windows)
    return at + _ONE_DAY if moment.whole_day else at


def _priority(row: Row | None) -> str:
    return (row.priority if row is not None else None) or "routine"
