"""DT5 to DT7: a level that asks for no dose, and mostly for no card (settled 14).

The guards of a dose decide nothing here (settled 1); what they would say is a caution.
"""

from typing import Final

from hooks.chart.codes.drugs import DrugClass
from hooks.chart.order import Order
from hooks.protocol import findings, gates
from hooks.protocol.assessment import Assessment, CardKind, Offer
from hooks.protocol.case import Case
from hooks.protocol.course import may_be_answered
from hooks.protocol.draft import is_too_fast
from hooks.protocol.model import Band, Row, Tier
from hooks.protocol.template import fill

_Orders = tuple[Order, ...]

#: A mild level is worth a card beside an order of these (settled 14).
_RELATED: Final = (
    DrugClass.POTASSIUM,
    DrugClass.QT,
    DrugClass.DIGOXIN,
    DrugClass.MAGNESIUM_WASTING,
)


def mild(case: Case, band: Band) -> Assessment:
    """DT5: magnesium by mouth; a card only beside a related order."""
    row = _row(case, band)
    ordered = case.evidence.replacement.selected
    barred = _find(case, band, ordered)
    if not (case.evidence.magnesium_is_selected or case.evidence.selects(*_RELATED)):
        return _without_card(case, band, row)
    _find_in_orders(case, band, ordered, barred)
    case.find_rates()
    offers = _repeat_of_selected(case, recommended=barred is None)
    return case.answer(
        band.id,
        row.id,
        CardKind.MILD,
        row=row,
        indicator=band.indicator,
        recheck=offers[0].labs[0] if offers else None,
        offers=offers,
    )


def normal(case: Case, band: Band) -> Assessment:
    """DT6: a card only where intravenous magnesium is being ordered."""
    ordered = case.evidence.replacement.selected
    return _not_low(case, band, ordered, has_card=bool(ordered))


def high(case: Case, band: Band) -> Assessment:
    """DT7: a warning where any magnesium is being ordered, whatever it is for.

    Other levels are no reason against magnesium for asthma (clinical 2.2).
    """
    ordered = (*case.evidence.replacement.selected, *case.limited_elsewhere())
    has_card = case.evidence.magnesium_is_selected or bool(ordered)
    return _not_low(case, band, ordered, has_card=has_card)


def _not_low(case: Case, band: Band, ordered: _Orders, *, has_card: bool) -> Assessment:
    row = _row(case, band)
    barred = _find(case, band, ordered)
    if not has_card:
        return _without_card(case, band, row)
    case.found.add("not-low")
    _find_in_orders(case, band, ordered, barred)
    case.find_rates()
    return case.answer(band.id, row.id, CardKind.NOT_LOW, row=row, indicator=band.indicator)


def _without_card(case: Case, band: Band, row: Row) -> Assessment:
    """Nothing, unless magnesium for another reason is ordered too fast (M8)."""
    if any(is_too_fast(order, case.protocol) for order in case.limited_elsewhere()):
        case.find_rates()
        return case.answer(band.id, row.id, CardKind.RATE, row=row, indicator=band.indicator)
    elsewhere = any(order.selected for order in case.evidence.replacement.elsewhere)
    return case.silent(band.id, row.id, "other-indication" if elsewhere else band.id, row)


def _row(case: Case, band: Band) -> Row:
    row = case.protocol.rows[band.id, None]
    case.decided(row, f"band {band.id}")
    return row


def _find(case: Case, band: Band, ordered: _Orders) -> str | None:
    """What is found beside a level that needs no dose; returns what speaks against magnesium.

    Magnesium by mouth needs kidneys too, and so does what is being ordered all the same.
    """
    barred, unknown = None, False
    if band.id == "mild" or ordered or case.evidence.replacement.answered:
        barred = _against_magnesium(case)
        unknown = barred is None and case.evidence.kidneys is None
    case.find(band.id, barred=barred is not None)
    by_mouth = band.id == "mild" or case.found.has("recovered")
    if barred is not None and by_mouth:
        case.found.add("barred-by-mouth", condition=barred)
        drug = case.evidence.drug(DrugClass.ORAL_MAGNESIUM, selected_only=True)
        if drug is not None:
            case.found.add("oral-ordered", drug=drug)
    elif unknown and (by_mouth or ordered):
        case.found.add("kidneys-unknown")
    return barred


def _against_magnesium(case: Case) -> str | None:
    """What speaks against magnesium, also by mouth: what G7 and G8 would say before a dose."""
    case.examine_kidneys()
    for gate in ("G7", "G8"):
        ruling = gates.GUARDS[gate](case.evidence)
        if ruling.shut:
            low = fill(case.protocol.document.words.low_function, case.protocol.words)
            return ruling.condition or low
    return None


def _find_in_orders(case: Case, band: Band, ordered: _Orders, barred: str | None) -> None:
    """Clinical 5a: gates, kidneys and duplicates of magnesium that the level does not ask for."""
    replacement = case.evidence.replacement
    kidneys = case.evidence.kidneys
    told: set[int] = set()
    if barred is not None:
        for order in (*ordered, *replacement.drafted, *replacement.running):
            told.add(id(order))
            case.found.add("despite-gate", order=order, condition=barred)
    elif kidneys is not None and kidneys.tier is Tier.REDUCED:
        for order in ordered:
            case.found.add("ordered-reduced", order=order)
    elif band.id == "mild":
        for order in ordered:
            case.found.add("being-ordered", order=order)
    if replacement.selected:
        specimen, windows = case.evidence.magnesium.measurement, case.protocol.document.windows
        for order in (*replacement.others, *replacement.selected[1:]):
            if id(order) not in told and not may_be_answered(order, specimen, windows):
                case.found.add("duplicate", order=order)
    findings.about_unread_problems(case.evidence, case.found)


def _repeat_of_selected(case: Case, *, recommended: bool) -> tuple[Offer, ...]:
    """S10, S22: the repeat level for IV magnesium that is drafted at a mild level."""
    if not case.evidence.replacement.selected:
        return ()
    end = case.levels.end_of_selected()
    if case.is_ordered(case.levels.wanted_after_mild(end)):
        return ()
    return (Offer("recheck", recommended, (case.levels.recheck(end),)),)
