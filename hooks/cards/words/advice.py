"""The words for advice: what to mind of the order being placed, and of magnesium by mouth."""

from hooks.cards.words.wording import Wording


def advice(wording: Wording) -> str:
    """What to do where no dose is suggested."""
    phrases = wording.phrases
    if _warns(wording):
        return wording.say(phrases.check_advice)
    barred = _is_barred_by_mouth(wording)
    return wording.say(phrases.no_oral_advice if barred else phrases.oral_advice)


def check(wording: Wording) -> str | None:
    """That the order wants a look."""
    return wording.say(wording.phrases.check) if _warns(wording) else None


def other_indication(wording: Wording) -> str:
    """What another indication means: that the card may be ignored, or nothing."""
    replacement = wording.evidence.replacement
    named = any(order.selected for order in replacement.elsewhere)
    phrases = wording.phrases
    checked = named or _warns(wording)
    return wording.say(phrases.any_indication if checked else phrases.other_indication)


def organic_salts(wording: Wording) -> str | None:
    """Which salts are better taken by mouth."""
    if _is_barred_by_mouth(wording):
        return None
    return wording.say(wording.phrases.organic_salts)


def _warns(wording: Wording) -> bool:
    """Whether an order was found that deserves more than information."""
    return any(finding.indicator == "warning" for finding in wording.assessment.findings)


def _is_barred_by_mouth(wording: Wording) -> bool:
    return any(finding.kind == "barred-by-mouth" for finding in wording.assessment.findings)
