"""Severe and moderate levels: the dose of the row (DT1 to DT4), or what is said in its place.

G5, G7, G8 and G9 hold the dose back; magnesium that is ordered all the same is named, and never
completed or corrected by an offered dose (settled 2).
"""

from hooks.chart.units import Analyte
from hooks.protocol import findings
from hooks.protocol.assessment import Assessment, CardKind, Offer, PlannedLab
from hooks.protocol.case import Case, Shut
from hooks.protocol.model import Band


def suggested(case: Case, band: Band) -> Assessment:
    """DT1 to DT4: the row's dose, its options, and the repeat level of each."""
    row, dosing = case.row_with_dose(band)
    case.decided(row, f"band {band.id}, renal tier {row.tier}")
    findings.about_missing(case.evidence, case.found)
    case.find(band.id)
    findings.about_earlier_doses(case.evidence, case.found)
    findings.about_unreadable_orders(case.evidence, case.found)
    findings.about_unread_problems(case.evidence, case.found)
    recheck = case.levels.recheck(case.levels.end_of(dosing), row)
    offers = [Offer("dose", True, (recheck,), dosing, priority=row.priority)]
    for option in row.options:
        later = case.levels.recheck(case.levels.end_of(option), row)
        offers.append(Offer("option", False, (later,), option, option.when, priority=row.priority))
    offers.append(Offer("recheck", False, (recheck,)))
    return case.answer(
        band.id,
        row.id,
        CardKind.DOSE,
        row=row,
        indicator=band.indicator,
        dosing=dosing,
        recheck=recheck,
        offers=tuple(offers),
    )


def unconfirmed(case: Case, band: Band, shut: Shut) -> Assessment:
    """G5: the level is preliminary, or a newer one is."""
    # A result that is preliminary now is nothing to check a dose by that was given before.
    _find_despite(case, band, given=False)
    return case.answer(band.id, shut.gate, CardKind.NO_DOSE, indicator=band.indicator)


def withheld(case: Case, band: Band, shut: Shut) -> Assessment:
    """G7, G8: kidneys, muscles or a heart that bear no magnesium; a repeat level from now."""
    _find_despite(case, band, given=True)
    row, _ = case.row_with_dose(band)
    recheck = case.levels.recheck(case.levels.now, row)
    return case.answer(
        band.id,
        shut.gate,
        CardKind.NO_DOSE,
        indicator=band.indicator,
        recheck=recheck,
        offers=_repeat(case, recheck),
        condition=shut.condition,
    )


def kidneys_unknown(case: Case, band: Band, shut: Shut) -> Assessment:
    """G9: a creatinine now and a repeat level; the dose for reference only (settled 8)."""
    _find_despite(case, band, given=True)
    row, dosing = case.row_with_dose(band)
    recheck = case.levels.recheck(case.levels.now, row)
    offers = _repeat(case, recheck)
    if not case.is_ordered(case.levels.wanted_now(Analyte.CREATININE)):
        creatinine = case.levels.at_once(Analyte.CREATININE, row)
        repeat = offers[0].labs if offers else ()
        kind = "creatinine" if offers else "creatinine-alone"
        offers = (Offer(kind, True, (creatinine, *repeat)),)
    return case.answer(
        band.id,
        shut.gate,
        CardKind.NO_DOSE,
        indicator=band.indicator,
        reference=dosing,
        recheck=recheck,
        offers=offers,
    )


def _find_despite(case: Case, band: Band, *, given: bool) -> None:
    """What is found where no dose may be given, and the magnesium that is ordered all the same."""
    case.find(band.id, barred=True)
    case.find_rates()
    replacement = case.evidence.replacement
    for order in (
        *replacement.selected,
        *replacement.drafted,
        *replacement.running,
        *(replacement.given if given else ()),
        *replacement.elsewhere,
    ):
        case.found.add("despite-gate", order=order)


def _repeat(case: Case, recheck: PlannedLab) -> tuple[Offer, ...]:
    """The repeat level, unless it is ordered already."""
    if case.is_ordered(case.levels.wanted_without_dose()):
        return ()
    return (Offer("recheck", True, (recheck,)),)
