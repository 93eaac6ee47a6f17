"""The words for the kidneys: their function, what it was reckoned from, and its tier."""

from collections.abc import Callable
from decimal import Decimal

from hooks.cards.number import rounded
from hooks.cards.words.wording import Wording
from hooks.protocol.kidneys import Kidneys
from hooks.protocol.model import Tier
from hooks.protocol.template import fill


def renal(wording: Wording) -> str | None:
    """The function that makes the tier, in mL/min."""
    return _function(wording, lambda kidneys: kidneys.lowest)


def renal_function(wording: Wording) -> str | None:
    """The function that makes the tier, by its name and with its unit."""
    kidneys, phrases = wording.evidence.kidneys, wording.phrases
    if kidneys is None:
        return None
    by_egfr = kidneys.lowest == kidneys.egfr
    return wording.say(phrases.lowest_egfr if by_egfr else phrases.lowest_clearance)


def egfr(wording: Wording) -> str | None:
    """The eGFR in mL/min/1.73 m2."""
    return _function(wording, lambda kidneys: kidneys.egfr)


def clearance(wording: Wording) -> str | None:
    """The creatinine clearance in mL/min."""
    return _function(wording, lambda kidneys: kidneys.clearance)


def weight(wording: Wording) -> str | None:
    """The weight in kg that the clearance was reckoned with."""
    kidneys = wording.evidence.kidneys
    if kidneys is None or kidneys.weight is None:
        return None
    return rounded(kidneys.weight.value, 0)


def renal_basis(wording: Wording) -> str | None:
    """What was reckoned, and the laboratory's own eGFR beside it."""
    kidneys, phrases = wording.evidence.kidneys, wording.phrases
    if kidneys is None:
        return None
    whole = kidneys.clearance is not None and kidneys.weight is not None
    basis = wording.say(phrases.egfr_and_clearance if whole else phrases.egfr)
    reported = wording.evidence.egfr.measurement
    if reported is None:
        return basis
    shown = f"{reported.comparator or ''}{reported.reported_value:f}"
    return f"{basis}; {fill(phrases.reported_egfr, {'egfr': shown})}"


def renal_tier(wording: Wording) -> str:
    """The tier, by its limits."""
    kidneys = wording.evidence.kidneys
    tier = Tier.UNKNOWN if kidneys is None else kidneys.tier
    return wording.say(wording.phrases.tiers[tier])


def _function(wording: Wording, function: Callable[[Kidneys], Decimal | None]) -> str | None:
    """A renal function, rounded so that it stays on its side of the limits."""
    kidneys = wording.evidence.kidneys
    number = None if kidneys is None else function(kidneys)
    return None if number is None else rounded(number, 0, wording.protocol.renal_limits)
