"""G6: what a card says of magnesium that is ordered already, after the weightiest finding of it."""

from hooks.cards.words.wording import Wording
from hooks.protocol.template import Words, fill


def reason(wording: Wording) -> str:
    """What is to be said of the order."""
    return fill(wording.phrases.ordered[_kind(wording)], _words(wording))


def lead(wording: Wording) -> str:
    """Why no dose is suggested beside it."""
    phrases = wording.phrases
    unreadable = _kind(wording) == "order-unreadable"
    return fill(phrases.unreadable_lead if unreadable else phrases.ordered_lead, _words(wording))


def next_step(wording: Wording) -> str:
    """What is offered: the draft corrected, or a level."""
    phrases = wording.phrases
    offered = {offer.kind for offer in wording.assessment.offers}
    if "correct" in offered:
        return wording.say(phrases.correct_next)
    if "recheck" in offered:
        return wording.say(phrases.recheck_next)
    return wording.say(phrases.level_now if "level" in offered else phrases.no_next)


def _kind(wording: Wording) -> str:
    """The most important thing said of the orders."""
    said = {finding.kind for finding in wording.assessment.findings}
    return next((kind for kind in wording.phrases.ordered if kind in said), "right")


def _words(wording: Wording) -> Words:
    """The words, with those for the order that the most important thing is said of."""
    kind, assessment = _kind(wording), wording.assessment
    orders = [finding.order for finding in assessment.findings if finding.kind == kind]
    orders += assessment.evidence.replacement.selected
    order = next((order for order in orders if order is not None), None)
    return wording.words if order is None else wording.words.but(**wording.orders.words(order))
