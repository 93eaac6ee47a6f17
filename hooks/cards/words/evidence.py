"""The words for the evidence: the results that count, those before them, those of no use."""

from typing import Final

from hooks.cards.text import escaped
from hooks.cards.words.wording import Wording
from hooks.protocol.choice import Choice

_MOST_UNUSABLE: Final = 3
_MOST_TREND: Final = 3


def magnesium(wording: Wording) -> str:
    """The magnesium that counts."""
    return _level(wording, wording.evidence.magnesium)


def magnesium_basis(wording: Wording) -> str:
    """The magnesium that counts, as a line."""
    return _basis(wording, wording.evidence.magnesium)


def preliminary_basis(wording: Wording) -> str | None:
    """The newer preliminary magnesium that waits for its confirmation, as a line."""
    awaited = wording.evidence.awaited
    return None if awaited is None else wording.results.line(awaited)


def trend(wording: Wording) -> str | None:
    """The magnesium that counts behind those before it, the oldest first."""
    newest, earlier = wording.evidence.magnesium.measurement, wording.evidence.earlier
    if newest is None or not earlier:
        return None
    before = earlier[:_MOST_TREND][::-1]
    *levels, last = wording.results.row((*before, newest))
    told = [
        f"{level} ({wording.moments.clock(item.time)})"
        for level, item in zip(levels, before, strict=True)
    ]
    return " \N{RIGHTWARDS ARROW} ".join([*told, last])


def unusable(wording: Wording) -> str:
    """The magnesium results that could not be used."""
    told = wording.evidence.magnesium.worth_saying[:_MOST_UNUSABLE]
    return "; ".join(map(wording.refusals.line, told))


def unjudged(wording: Wording) -> str | None:
    """The magnesium that could not be used, as it came."""
    return wording.unjudged(escaped)


def potassium(wording: Wording) -> str:
    """The potassium that counts."""
    return _level(wording, wording.evidence.potassium)


def potassium_basis(wording: Wording) -> str:
    """The potassium that counts, as a line."""
    return _basis(wording, wording.evidence.potassium)


def creatinine_basis(wording: Wording) -> str:
    """The creatinine that counts, as a line."""
    return _basis(wording, wording.evidence.creatinine)


def creatinine_problem(wording: Wording) -> str | None:
    """Why no creatinine counts."""
    creatinine = wording.evidence.creatinine
    return None if creatinine.why is None else wording.refusals.obstacle(creatinine)


def _level(wording: Wording, choice: Choice) -> str:
    result = choice.measurement
    return wording.phrases.unknown if result is None else wording.results.level(result)


def _basis(wording: Wording, choice: Choice) -> str:
    """One input as a line: value, converted value, status and time; or why there is none."""
    result = choice.measurement
    if result is not None:
        return wording.results.line(result)
    reported = choice.culprit.reported if choice.culprit is not None else None
    said = f"{escaped(reported)}: " if reported else ""
    return f"{wording.phrases.unknown} ({said}{wording.refusals.obstacle(choice)})"
