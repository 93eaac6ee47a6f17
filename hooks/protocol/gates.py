"""The gates: questions that stand before a dose, each asked of the evidence alone.

G1 to G4 come before the band; the guards are asked, in the order of settled 2, only where there
would be a dose. A gate that is shut decides.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hooks.chart.fact import Fact
from hooks.chart.patient import whole_years
from hooks.protocol.evidence import Evidence
from hooks.protocol.model import Tier

_OBSTETRIC: Final = ("pregnancy", "pre-eclampsia")
_EMERGENCIES: Final = ("torsades", "cardiac-arrest")
_NO_KIDNEYS: Final = ("dialysis", "stage-5-or-end-stage", "anuria")
_WEAK_MUSCLES: Final = ("myasthenia", "congenital-myasthenia", "lambert-eaton")
_BLOCKS: Final = ("av-block", "congenital-heart-block")


class Ruling(Fact, frozen=True):
    """What a gate says: whether it is shut, why, and the condition that shut it, if one did."""

    shut: bool
    because: str
    condition: str | None = None


def _adult(evidence: Evidence) -> Ruling:
    """G1. A coarse birth date has to make the patient an adult whichever day it means."""
    patient = evidence.chart.patient
    if patient is None or patient.born_first is None or patient.born_last is None:
        return Ruling(True, "age unknown")
    limits = evidence.protocol.document.scope.age
    today = evidence.chart.now.date()
    youngest = whole_years(patient.born_last, today)
    oldest = whole_years(patient.born_first, today)
    adult = youngest >= limits.from_.value and oldest <= limits.to.value
    return Ruling(not adult, f"{youngest} years")


def _not_obstetric(evidence: Evidence) -> Ruling:
    """G2."""
    return _without(evidence, _OBSTETRIC)


def _no_emergency(evidence: Evidence) -> Ruling:
    """G3."""
    return _without(evidence, _EMERGENCIES)


def _measured(evidence: Evidence) -> Ruling:
    """G4."""
    newest = evidence.magnesium.measurement
    if newest is None:
        return Ruling(True, evidence.magnesium.why or "missing")
    return Ruling(False, f"{newest.value:f} mg/dL")


def _confirmed(evidence: Evidence) -> Ruling:
    """G5. A newer preliminary result calls a confirmed one into question (settled 16)."""
    newest = evidence.magnesium.measurement
    if evidence.awaited is not None:
        return Ruling(True, f"a newer one is {evidence.awaited.status}")
    return Ruling(newest is not None and newest.preliminary, newest.status if newest else "none")


def _kidneys_work(evidence: Evidence) -> Ruling:
    """G7. By code, or by the lower of eGFR and creatinine clearance (settled 4, 5)."""
    by_code = _without(evidence, _NO_KIDNEYS)
    if by_code.shut:
        return by_code
    kidneys = evidence.kidneys
    excluded = kidneys is not None and kidneys.tier is Tier.EXCLUDED
    because = "renal function unknown" if kidneys is None else f"{kidneys.lowest:.1f} mL/min"
    if not excluded and "conditions" in evidence.chart.unknown:
        because = f"{because}; dialysis: {by_code.because}"
    return Ruling(excluded, because)


def _heart_and_muscle_conduct(evidence: Evidence) -> Ruling:
    """G8. A pacemaker conducts for an AV block (settled 5)."""
    paced = evidence.has("pacemaker")
    return _without(evidence, _WEAK_MUSCLES if paced else (*_WEAK_MUSCLES, *_BLOCKS))


def _kidneys_known(evidence: Evidence) -> Ruling:
    """G9."""
    kidneys = evidence.kidneys
    if kidneys is None:
        return Ruling(True, evidence.creatinine.why or "age unknown")
    return Ruling(False, f"{kidneys.lowest:.1f} mL/min")


def _not_yet_ordered(evidence: Evidence) -> Ruling:
    """G6 (settled 7)."""
    replacement = evidence.replacement
    places = {
        "drafted": replacement.selected or replacement.drafted or replacement.elsewhere,
        "running": replacement.running,
        "given": replacement.given,
        "a drug that cannot be read": replacement.unreadable,
    }
    found = [place for place, orders in places.items() if orders]
    unknown = "medications" in evidence.chart.unknown
    nothing = "none drafted; running and past orders not received" if unknown else "none of them"
    return Ruling(bool(found), ", ".join(found) or nothing)


def _without(evidence: Evidence, ids: tuple[str, ...]) -> Ruling:
    """Shut by the first of these conditions on the problem list."""
    for condition in evidence.chart.conditions:
        if condition.id in ids:
            return Ruling(True, condition.name, condition.name)
    unknown = "conditions" in evidence.chart.unknown
    return Ruling(False, "problem list not received" if unknown else "not on the problem list")


BEFORE_THE_BAND: Final[Mapping[str, Callable[[Evidence], Ruling]]] = {
    "G1": _adult,
    "G2": _not_obstetric,
    "G3": _no_emergency,
    "G4": _measured,
}

GUARDS: Final[Mapping[str, Callable[[Evidence], Ruling]]] = {
    "G5": _confirmed,
    "G7": _kidneys_work,
    "G8": _heart_and_muscle_conduct,
    "G9": _kidneys_known,
    "G6": _not_yet_ordered,
}

#: Every gate in the order in which they are asked, whatever their order in a protocol file.
ASKED: Final = (*BEFORE_THE_BAND, *GUARDS)
