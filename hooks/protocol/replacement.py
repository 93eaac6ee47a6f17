"""Magnesium that is drafted, runs, or was given: which orders count for one result.

Settled 7: an order counts if it may have put magnesium into the patient after the specimen was
taken, or will.
"""

from typing import Final

from hooks.chart.chart import Chart, Measurement
from hooks.chart.codes.drugs import Route
from hooks.chart.fact import Fact
from hooks.chart.order import Order, Place
from hooks.protocol.choice import instant
from hooks.protocol.course import goes_on, latest_end
from hooks.protocol.limits import Windows
from hooks.protocol.protocol import Protocol

#: M8, clinical 2.2: what is loaded faster than the label allows, by design.
_UNLIMITED: Final = frozenset({"pregnancy", "pre-eclampsia", "torsades", "cardiac-arrest"})


class Replacement(Fact, frozen=True):
    """The parenteral magnesium orders around one magnesium result.

    `selected` and `drafted` are unsigned (just chosen, and chosen before), `running` may still
    run, ran past the specimen or is on hold and may resume, `given` ended after it or was stopped
    after it, `answered` ended before it: the result already shows what they did. A draft for
    another indication is in `elsewhere` only; `unreadable` are selected orders whose drug nobody
    could read: one of them may be magnesium. So may one of those that are drafted or run beside
    them, which `beside_unreadable` tells.
    """

    selected: tuple[Order, ...] = ()
    drafted: tuple[Order, ...] = ()
    running: tuple[Order, ...] = ()
    given: tuple[Order, ...] = ()
    answered: tuple[Order, ...] = ()
    elsewhere: tuple[Order, ...] = ()
    unreadable: tuple[Order, ...] = ()
    beside_unreadable: bool = False

    @property
    def counts(self) -> bool:
        """Whether any of them forbids a second dose."""
        return bool(self.selected or self.others or self.elsewhere or self.unreadable)

    @property
    def limited(self) -> tuple[Order, ...]:
        """M8: the drafts for another indication whose rate is limited all the same."""
        return tuple(order for order in self.elsewhere if order.indication not in _UNLIMITED)

    @property
    def stopped(self) -> tuple[Order, ...]:
        """What was stopped before its end."""
        return tuple(order for order in self.given if order.place is Place.STOPPED)

    def completed(self, *, several: bool) -> tuple[Order, ...]:
        """What was given to its end: those of one dose, or those of which nobody can tell whether
        any dose was given since: they go on and on, or have no date."""
        return tuple(
            order
            for order in self.given
            if order.place is not Place.STOPPED
            and (order.authored is None or goes_on(order)) == several
        )

    @property
    def others(self) -> tuple[Order, ...]:
        """What counts beside the selected drafts."""
        return (*self.drafted, *self.running, *self.given)


def survey(chart: Chart, specimen: Measurement | None, protocol: Protocol) -> Replacement:
    """Sort the patient's parenteral magnesium orders by what they mean for the result."""
    orders = [order for order in chart.orders if order.is_parenteral_magnesium]
    drafts = [order for order in orders if order.place is Place.DRAFT]
    windows = protocol.document.windows
    taken = specimen.time.earliest if specimen is not None else None
    running: list[Order] = []
    given: list[Order] = []
    answered: list[Order] = []
    for order in orders:
        if order.place is Place.DRAFT:
            continue
        end = latest_end(order, chart.now, protocol)
        if taken is None or end is None or end > taken:
            if not order.is_over:
                running.append(order)
            elif taken is not None:
                given.append(order)
        elif taken - end <= windows.recent_dose.value.span:
            answered.append(order)
    return Replacement(
        selected=tuple(order for order in drafts if order.selected and order.indication is None),
        drafted=tuple(order for order in drafts if not order.selected and order.indication is None),
        running=tuple(running),
        given=tuple(given),
        answered=tuple(sorted(answered, key=lambda order: _start(order, windows))),
        elsewhere=tuple(order for order in drafts if order.indication is not None),
        unreadable=tuple(
            order
            for order in chart.orders
            if order.selected and not order.is_readable and order.route is not Route.ENTERAL
        ),
        beside_unreadable=any(
            not (order.is_readable or order.is_over or order.selected)
            and order.route is not Route.ENTERAL
            for order in chart.orders
        ),
    )


def _start(order: Order, windows: Windows) -> float:
    return instant(order.authored, windows).timestamp() if order.authored is not None else 0.0
