"""The words for the plan: the dose that is suggested, how it is watched, the level after it."""

from collections.abc import Callable

from hooks.cards.clock import window
from hooks.cards.words.dose import dose_words
from hooks.cards.words.wording import Wording
from hooks.protocol.model import Row
from hooks.protocol.template import fill


def dose(wording: Wording) -> str | None:
    """How much is suggested."""
    return _suggested(wording, "dose")


def duration(wording: Wording) -> str | None:
    """Over what time."""
    return _suggested(wording, "duration")


def rate(wording: Wording) -> str | None:
    """How fast that is, in mg/min."""
    return _suggested(wording, "rate")


def hourly_rate(wording: Wording) -> str | None:
    """How fast that is, in g/h."""
    return _suggested(wording, "hourly_rate")


def monitoring(wording: Wording) -> str | None:
    """What to watch while the dose runs."""
    return _of_the_row(wording, lambda row: row.monitoring)


def caveat(wording: Wording) -> str | None:
    """What else to mind of the dose."""
    return _of_the_row(wording, lambda row: row.caveat)


def recheck_window(wording: Wording) -> str | None:
    """When the level after it is due."""
    recheck = wording.assessment.recheck
    return None if recheck is None else window(*wording.moments.due(recheck))


def reference_dose(wording: Wording) -> str | None:
    """A dose that is only told, not suggested."""
    reference = wording.assessment.reference
    return None if reference is None else fill(wording.phrases.reference, wording.dosing(reference))


def _suggested(wording: Wording, name: str) -> str | None:
    dosing = wording.assessment.dosing
    return None if dosing is None else dose_words(dosing)[name]


def _of_the_row(wording: Wording, sentence: Callable[[Row], str | None]) -> str | None:
    """What the row that decided says, with its own dose filled in."""
    row = wording.assessment.row
    said = None if row is None else sentence(row)
    if row is None or said is None:
        return None
    return fill(said, wording.words if row.dosing is None else wording.dosing(row.dosing))
