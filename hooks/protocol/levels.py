"""Levels to order: which, and when (S10, settled 8, 12 and 13)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from hooks.chart.codes.drugs import DrugClass
from hooks.chart.moments import Moment
from hooks.chart.order import Order
from hooks.chart.units import Analyte
from hooks.protocol.assessment import PlannedLab
from hooks.protocol.choice import instant
from hooks.protocol.course import planned_end
from hooks.protocol.draft import DraftCheck
from hooks.protocol.evidence import Evidence, certain_band
from hooks.protocol.model import DOSED, Dosing, Row
from hooks.protocol.wanted import WantedLevel

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

    def wanted_now(self, analyte: Analyte) -> WantedLevel:
        """A level that is wanted now: one that should have been drawn already is as good."""
        windows = self._protocol.document.windows
        now, span = self._evidence.chart.now, windows.magnesium.value.span
        last = now + windows.same_draw.value.span
        return WantedLevel(analyte, now - span, last, max(last, now + span), now - span)

    def wanted_after(self, end: datetime) -> WantedLevel:
        """The repeat level after the planned end of a dose (S10, S22).

        Too early after it the level reads high, and too late the patient is left without one: a
        planned level counts no longer before or after the time of the repeat level than a draw
        takes.
        """
        document = self._protocol.document
        slack = document.windows.same_draw.value.span
        first = end + max(document.recheck.from_.span - slack, timedelta(0))
        last = self.recheck(end).end + slack
        horizon = max(last, end + document.windows.magnesium.value.span)
        return WantedLevel(Analyte.MAGNESIUM, first, last, horizon, end)

    def wanted_after_mild(self, end: datetime) -> WantedLevel:
        """The same at a mild level, where the next morning's is early enough (clinical 8, P2)."""
        wanted = self.wanted_after(end)
        return replace(wanted, last=wanted.horizon)

    def wanted_without_dose(self) -> WantedLevel:
        """The repeat level where no dose may be given, from now on (settled 8).

        Nothing makes it read high, unless magnesium is ordered all the same.
        """
        now = self._evidence.chart.now
        wanted = self.wanted_after(now)
        if self._evidence.replacement.counts:
            return wanted
        return replace(wanted, first=now, undrawn=(now, wanted.first))

    def is_ordered(self, wanted: WantedLevel) -> bool:
        """Whether a wanted level is ordered."""
        windows = self._protocol.document.windows
        return any(wanted.is_met_by(order, windows) for order in self._evidence.chart.lab_orders)

    def later_than(self, wanted: WantedLevel) -> Moment | None:
        """When the first level is planned that comes too late to be the wanted one."""
        windows = self._protocol.document.windows
        planned = (
            order.begins or order.due
            for order in self._evidence.chart.lab_orders
            if wanted.comes_later(order, windows)
        )
        known = (moment for moment in planned if moment is not None)
        return min(known, key=lambda moment: instant(moment, windows), default=None)

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


def _priority(row: Row | None) -> str:
    return (row.priority if row is not None else None) or "routine"
