"""The words for the decision: the rule that made it, its reason, and what to do next."""

from collections.abc import Callable

from hooks.cards.text import capitalized
from hooks.cards.words import ordered
from hooks.cards.words.wording import Wording
from hooks.protocol.assessment import CardKind
from hooks.protocol.model import Gate
from hooks.protocol.template import fill


def rule(wording: Wording) -> str:
    """The gate or row that decided, by its id."""
    return wording.assessment.rule


def rule_basis(wording: Wording) -> str:
    """What the gate says, or by what the row was found."""
    reason = _gate(wording, lambda gate: gate.reason)
    return wording.say(wording.phrases.rule_basis) if reason is None else reason


def condition(wording: Wording) -> str | None:
    """The problem that shut a gate."""
    assessment = wording.assessment
    if assessment.condition is None and assessment.rule == "G7":
        return wording.say(wording.phrases.low_function)
    return assessment.condition


def reason(wording: Wording) -> str | None:
    """Why there is no dose."""
    match wording.assessment.card:
        case CardKind.ORDERED:
            return ordered.reason(wording)
        case CardKind.INDETERMINATE:
            return wording.refusals.obstacle(wording.evidence.magnesium)
        case _:
            return _gate(wording, lambda gate: gate.reason)


def lead(wording: Wording) -> str | None:
    """The sentence that the card begins with."""
    if wording.assessment.card is CardKind.ORDERED:
        return capitalized(ordered.lead(wording))
    said = _gate(wording, lambda gate: gate.lead)
    return None if said is None else capitalized(said)


def next_step(wording: Wording) -> str | None:
    """What to do next."""
    match wording.assessment.card:
        case CardKind.ORDERED:
            return ordered.next_step(wording)
        case CardKind.INDETERMINATE:
            if wording.assessment.offers:
                return wording.say(wording.phrases.level_now)
            return _asked(wording)
        case _:
            return _gate(wording, lambda gate: gate.next)


def deed(wording: Wording) -> str | None:
    """What to do next, as the end of a summary."""
    said = wording.words["next"]
    return fill(wording.phrases.deed, {"next": said.rstrip(".")}) if said else None


def _gate(wording: Wording, sentence: Callable[[Gate], str | None]) -> str | None:
    """What the gate that decided says; None if none did."""
    gate = wording.protocol.gates.get(wording.assessment.rule)
    return None if gate is None else wording.say(sentence(gate) or "")


def _asked(wording: Wording) -> str | None:
    """What to do about a magnesium that cannot be used; None where nobody knows."""
    choice = wording.evidence.magnesium
    reasons = choice.culprit.reasons if choice.culprit is not None else (choice.why or "",)
    known = wording.phrases.next
    said = next((known[reason] for reason in reasons if reason in known), None)
    return None if said is None else wording.say(said)
