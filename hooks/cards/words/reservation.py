"""The words for a card's reservations: what nobody looked at or could read, whose draft it is."""

from typing import Final

from hooks.cards.text import escaped
from hooks.cards.words.wording import Wording
from hooks.protocol.template import fill

_MOST_PROBLEMS: Final = 3


def not_checked(wording: Wording) -> str:
    """What was not looked at, but for what a finding tells."""
    told = any(finding.kind == "not-received" for finding in wording.assessment.findings)
    missing = None if told else not_received(wording)
    return ", ".join(filter(None, (wording.phrases.not_checked, missing)))


def not_received(wording: Wording) -> str:
    """What the EHR did not send of that which need not come."""
    known = wording.phrases.not_received
    return ", ".join(known[key] for key in sorted(wording.assessment.chart.unknown))


def problems(wording: Wording) -> str:
    """The problems that no code tells: some of them by name, the others by their number."""
    phrases = wording.phrases
    unread = wording.assessment.chart.unread_problems
    named = list(dict.fromkeys(filter(None, unread)))
    names = [escaped(text) for text in named[:_MOST_PROBLEMS]]
    more = len(named) - len(names)
    nameless = sum(not text for text in unread)
    rest = (phrases.more_problems, more), (phrases.nameless_problems, nameless)
    told = (fill(sentence, {"more": str(count)}) for sentence, count in rest if count)
    return ", ".join((*names, *told))


def review(wording: Wording) -> str:
    """Whose guidance it is, and that a clinician decides."""
    approved = wording.document.protocol.status == "approved"
    phrases = wording.phrases
    said = wording.say(phrases.approved if approved else phrases.draft)
    beyond = wording.document.rate.above_label
    return said if beyond is None else f"**{beyond}** {said}"
