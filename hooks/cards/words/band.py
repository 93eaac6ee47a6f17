"""The words for the band: how low the magnesium is, by what limit, and what that means."""

from hooks.cards.number import rounded
from hooks.cards.words.wording import Wording
from hooks.chart.units import MAGNESIUM_MOLAR
from hooks.protocol.model import Band


def band(wording: Wording) -> str:
    """The name of the band."""
    return wording.phrases.bands[wording.assessment.band]


def threshold(wording: Wording) -> str | None:
    """The band's upper limit, in both units."""
    found = _band(wording)
    upper = None if found is None else found.upper
    if upper is None:
        return None
    other = (
        f"{rounded(upper.value / MAGNESIUM_MOLAR, 3)} mmol/L"
        if upper.written.endswith("mg/dL")
        else f"{rounded(upper.value, 3)} mg/dL"
    )
    return f"{upper} ({other})"


def why(wording: Wording) -> str | None:
    """What the band means."""
    found = _band(wording)
    return None if found is None or found.why is None else wording.say(found.why)


def toward_target(wording: Wording) -> str | None:
    """The target, where the level is not known to be above it already."""
    result = wording.evidence.magnesium.measurement
    target = wording.document.target.above.value.value
    if result is not None and result.value > target and (result.comparator or ">")[0] == ">":
        return None
    return wording.say(wording.phrases.toward_target)


def _band(wording: Wording) -> Band | None:
    bands, decided = wording.protocol.bands, wording.assessment.band
    return next((band for band in bands if band.id == decided), None)
