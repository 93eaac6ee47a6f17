"""G1 to G4: what is said where a gate before the band is shut."""

from hooks.chart.units import Analyte
from hooks.protocol.assessment import INDETERMINATE, NOT_APPLICABLE, Assessment, CardKind, Offer
from hooks.protocol.case import Case, Shut


def out_of_scope(case: Case, shut: Shut) -> Assessment:
    """G1: nothing."""
    return case.silent(NOT_APPLICABLE, shut.gate, shut.gate)


def obstetric(case: Case, shut: Shut) -> Assessment:
    """G2: a low level for information; nothing while obstetric magnesium is being ordered."""
    newest = case.evidence.magnesium.measurement
    redose = case.protocol.document.target.redose_below.value.value
    ordered = case.evidence.replacement
    if newest is None or newest.value >= redose or ordered.selected or ordered.elsewhere:
        return case.silent(NOT_APPLICABLE, shut.gate, shut.gate)
    return case.answer(NOT_APPLICABLE, shut.gate, CardKind.OBSTETRIC, condition=shut.condition)


def emergency(case: Case, shut: Shut) -> Assessment:
    """G3: a pointer to the emergency's own protocol, and no level (settled 8)."""
    return case.answer(
        NOT_APPLICABLE,
        shut.gate,
        CardKind.EMERGENCY,
        indicator="warning",
        condition=shut.condition,
    )


def indeterminate(case: Case, shut: Shut) -> Assessment:
    """G4: say what stands in the way; ask for a level only for a reason (settled 12, 13)."""
    wanted = case.levels.reason_without_band()
    case.find(INDETERMINATE)
    case.find_rates()
    recheck = None
    offers: tuple[Offer, ...] = ()
    if wanted and not case.is_ordered(case.levels.wanted_now(Analyte.MAGNESIUM)):
        why, drug = wanted
        case.found.add("level-wanted", why=why, drug=drug)
        recheck = case.levels.at_once(Analyte.MAGNESIUM)
        offers = (Offer("level", True, (recheck,)),)
    if not (
        offers
        or case.found.has_warning
        or case.levels.has_fresh_riddle()
        or not case.evidence.magnesium.complete
    ):
        silence = "level-ordered" if wanted else "no-result"
        return case.silent(INDETERMINATE, shut.gate, silence)
    return case.answer(
        INDETERMINATE, shut.gate, CardKind.INDETERMINATE, recheck=recheck, offers=offers
    )
