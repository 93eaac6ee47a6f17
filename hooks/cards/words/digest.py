"""The words for what was found: all of it, but of many orders only the weightiest."""

from collections.abc import Iterator
from decimal import Decimal
from heapq import nlargest
from typing import Final

from hooks.cards.words.wording import Wording
from hooks.chart.order import Order
from hooks.protocol.template import bullets, fill

#: Of one kind of finding.
_MOST_ORDERS: Final = 5


def findings(wording: Wording) -> str:
    """The sentences of the findings, as a list."""
    return bullets(_lines(wording))


def _lines(wording: Wording) -> Iterator[str]:
    """The sentences of the findings; of many orders of one kind the weightiest, and how many
    more there are."""
    said = [
        (finding, line)
        for finding, line in zip(wording.assessment.findings, wording.findings, strict=True)
        if line
    ]
    by_kind: dict[str, dict[int, Order]] = {}
    for index, (finding, _) in enumerate(said):
        if finding.order is not None:
            by_kind.setdefault(finding.kind, {})[index] = finding.order
    left_out: set[int] = set()
    behind: dict[int, str] = {}
    for orders in by_kind.values():
        more = len(orders) - _MOST_ORDERS
        if more > 0:
            told = nlargest(_MOST_ORDERS, orders, key=lambda index: _weight(orders[index]))
            left_out |= orders.keys() - set(told)
            behind[max(told)] = fill(wording.phrases.more_orders, {"more": str(more)})
    for index, (_, line) in enumerate(said):
        if index not in left_out:
            yield line
        if index in behind:
            yield behind[index]


def _weight(order: Order) -> tuple[bool, Decimal, Decimal, float]:
    """Of many orders the selected are told first, then the fastest, the largest, the newest."""
    rate, dose = order.dosage.rate, order.dosage.largest
    authored = float("-inf") if order.authored is None else order.authored.at.timestamp()
    return order.selected, rate or Decimal(0), dose or Decimal(0), authored
