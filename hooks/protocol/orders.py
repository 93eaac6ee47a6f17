"""G6: magnesium that is ordered already. Never a second dose: the selected draft is checked, and
the repeat level is offered (settled 6 to 8).
"""

from collections.abc import Iterable

from hooks.chart.order import Order, Place
from hooks.protocol import findings
from hooks.protocol.assessment import Assessment, CardKind, Offer
from hooks.protocol.case import Case, Shut
from hooks.protocol.draft import DraftCheck, check, dangers, is_too_fast
from hooks.protocol.model import Band, Dosing, Row, Tier


def ordered(case: Case, band: Band, shut: Shut) -> Assessment:
    """What is wrong with the orders, corrected drafts, and the repeat level that is missing."""
    row, dosing = case.row_with_dose(band)
    tier = case.evidence.kidneys.tier if case.evidence.kidneys else Tier.UNKNOWN
    unreadable = case.evidence.replacement.unreadable
    checks = _checks(case, dosing, tier)
    _find_in_selected(case, checks, dosing)
    _find_beside(case, dosing, tier)
    is_plain = not (case.found.has_warning or unreadable or any(item.verdicts for item in checks))
    if any(item.correction is not None for item in checks):
        findings.about_missing(case.evidence, case.found)
    case.find(band.id)
    if case.evidence.replacement.beside_unreadable:
        case.found.add("others-unreadable")
    findings.about_unread_problems(case.evidence, case.found)
    end = case.levels.end_of_orders(dosing, checks)
    is_repeated = case.is_ordered(case.levels.wanted_after(end))
    if is_plain and is_repeated:
        return case.silent(band.id, shut.gate, "already-ordered", row)
    offers = _corrections(case, checks, row)
    if not is_repeated:
        recheck = case.levels.recheck(end, row)
        kind = "level" if recheck.now else "recheck"
        offers = (*offers, Offer(kind, not offers, (recheck,)))
    return case.answer(
        band.id,
        shut.gate,
        CardKind.ORDERED,
        row=row,
        dosing=offers[0].dosing if offers else None,
        reference=dosing if unreadable else None,
        recheck=offers[0].labs[0] if offers else None,
        offers=offers,
    )


def _checks(case: Case, dosing: Dosing, tier: Tier) -> list[DraftCheck]:
    """Each selected draft held against the row."""
    replacement = case.evidence.replacement
    alone = len(replacement.selected) == 1 and not (
        replacement.others or replacement.elsewhere or replacement.selected[0].is_recorded
    )
    return [
        check(
            order,
            dosing,
            tier,
            case.protocol,
            alone=alone,
            beside_unreadable=replacement.beside_unreadable,
        )
        for order in replacement.selected
    ]


def _find_in_selected(case: Case, checks: list[DraftCheck], dosing: Dosing) -> None:
    """What is wrong with the selected drafts, or which orders count without any."""
    replacement = case.evidence.replacement
    for item in checks:
        for verdict in item.verdicts:
            case.found.add(verdict, order=item.order, dosing=dosing)
    kinds: dict[str, Iterable[Order]]
    if checks:
        kinds = {"duplicate": (*replacement.others, *replacement.selected[1:])}
    else:
        kinds = {
            "on-hold": _on_hold(replacement.running, wanted=True),
            "already-ordered": _on_hold(replacement.running, wanted=False),
            "stopped": replacement.stopped,
            "already-given": replacement.completed(several=False),
            "doses-since": replacement.completed(several=True),
            "already-drafted": (*replacement.drafted, *replacement.elsewhere),
        }
    for kind, orders in (*kinds.items(), ("order-unreadable", replacement.unreadable)):
        for order in orders:
            case.found.add(kind, order=order)


def _find_beside(case: Case, dosing: Dosing, tier: Tier) -> None:
    """M8 and M9 of the drafts that are not held against the row."""
    replacement = case.evidence.replacement
    for order in replacement.drafted:
        for danger in dangers(order, dosing, tier, case.protocol):
            case.found.add(danger, order=order, dosing=dosing)
    for order in replacement.limited:
        if is_too_fast(order, case.protocol):
            case.found.add("rate-high", order=order)


def _corrections(case: Case, checks: list[DraftCheck], row: Row) -> tuple[Offer, ...]:
    """The corrected drafts; the first is the one that is recommended."""
    corrected = [(item.order, item.correction) for item in checks if item.correction is not None]
    return tuple(
        Offer(
            "correct",
            index == 0,
            (case.levels.recheck(case.levels.end_of_corrected(order, correction), row),),
            correction,
            priority=row.priority,
            replaces=order,
        )
        for index, (order, correction) in enumerate(corrected)
    )


def _on_hold(orders: Iterable[Order], *, wanted: bool) -> tuple[Order, ...]:
    """The orders that are on hold, or those that are not."""
    return tuple(order for order in orders if (order.place is Place.ON_HOLD) == wanted)
