"""What the names in the protocol's sentences stand for: each name, and where it is worked out.

Names that only the sentence of one thing may use are not here: `finding.py`, `refusal.py`,
`order.py` and `dose.py` fill them in where they tell that thing. Those of the protocol itself, the
same for every patient, are in its `words`.
"""

from typing import Final

from hooks.cards.words import (
    advice,
    band,
    decision,
    digest,
    evidence,
    kidneys,
    plan,
    reservation,
)
from hooks.cards.words.wording import Vocabulary

VOCABULARY: Final[Vocabulary] = {
    # The results.
    "magnesium": evidence.magnesium,
    "magnesium_basis": evidence.magnesium_basis,
    "preliminary_basis": evidence.preliminary_basis,
    "trend": evidence.trend,
    "unusable": evidence.unusable,
    "unjudged": evidence.unjudged,
    "potassium": evidence.potassium,
    "potassium_basis": evidence.potassium_basis,
    "creatinine_basis": evidence.creatinine_basis,
    "creatinine_problem": evidence.creatinine_problem,
    # The band of the magnesium.
    "band": band.band,
    "threshold": band.threshold,
    "why": band.why,
    "toward_target": band.toward_target,
    # The kidneys.
    "renal": kidneys.renal,
    "renal_function": kidneys.renal_function,
    "egfr": kidneys.egfr,
    "clearance": kidneys.clearance,
    "weight": kidneys.weight,
    "renal_basis": kidneys.renal_basis,
    "renal_tier": kidneys.renal_tier,
    # The gate or row that decided.
    "rule": decision.rule,
    "rule_basis": decision.rule_basis,
    "condition": decision.condition,
    "reason": decision.reason,
    "lead": decision.lead,
    "next": decision.next_step,
    "deed": decision.deed,
    # The dose and the level after it.
    "dose": plan.dose,
    "duration": plan.duration,
    "rate": plan.rate,
    "hourly_rate": plan.hourly_rate,
    "monitoring": plan.monitoring,
    "caveat": plan.caveat,
    "recheck_window": plan.recheck_window,
    "reference_dose": plan.reference_dose,
    # What was found, and what to mind.
    "findings": digest.findings,
    "advice": advice.advice,
    "check": advice.check,
    "other_indication": advice.other_indication,
    "organic_salts": advice.organic_salts,
    # What the card cannot vouch for.
    "not_received": reservation.not_received,
    "not_checked": reservation.not_checked,
    "problems": reservation.problems,
    "review": reservation.review,
}
