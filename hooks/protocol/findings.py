"""Findings: what else is worth saying beside the dose, each by its rule."""

from typing import Any, Final

from hooks.chart.chart import Reason
from hooks.chart.codes.drugs import DrugClass
from hooks.chart.order import Place
from hooks.chart.units import Analyte
from hooks.protocol.assessment import Finding
from hooks.protocol.choice import instant
from hooks.protocol.evidence import Evidence, asks_for_dose
from hooks.protocol.model import DOSED, Tier
from hooks.protocol.potassium import potassium_level
from hooks.protocol.protocol import Protocol

_LOW: Final = frozenset({"severe", "moderate", "mild"})
_NOT_LOW: Final = frozenset({"normal", "high", "indeterminate"})
_CONTRIBUTORS: Final = ("alcohol", "gastrointestinal-loss")
#: What an order from before the specimen means that is over (settled 7).
_ANSWERED: Final = {Place.STOPPED: "dose-stopped", Place.COMPLETED: "additional-dose"}


class Findings:
    """Collects findings with the rule and indicator that the protocol gives each."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._found: list[Finding] = []

    def add(self, kind: str, **facts: Any) -> None:
        """Add a finding; `facts` are the fields of Finding that its sentence may name."""
        text = self._protocol.document.findings[kind]
        self._found.append(Finding(kind, text.rule, text.indicator, **facts))

    @property
    def has_warning(self) -> bool:
        """Whether anything found deserves more than information."""
        return any(finding.indicator == "warning" for finding in self._found)

    def has(self, kind: str) -> bool:
        """Whether a finding of the kind was added."""
        return any(finding.kind == kind for finding in self._found)

    def all(self) -> tuple[Finding, ...]:
        """What was found, in the order in which a card says it."""
        return tuple(self._found)


def about_results(evidence: Evidence, band: str, found: Findings, *, barred: bool = False) -> None:
    """What the results themselves say: kidneys, potassium, hemolysis, earlier doses, gaps.

    `barred`: no dose is suggested, so nothing speaks of one; and none by mouth, which would be
    wrong as well.
    """
    if band in DOSED and not barred:
        _kidneys(evidence, found)
    elif band == "mild" and not barred:
        _kidneys_by_mouth(evidence, found)
    _magnesium(evidence, band, found, barred=barred)
    _potassium(evidence, band, found)
    kidneys = evidence.kidneys
    if kidneys is not None and band in DOSED:
        if kidneys.clearance is None:
            found.add("weight-unknown")
        if not kidneys.sex_known:
            found.add("sex-unknown")
    for analyte, choice in (
        (Analyte.MAGNESIUM, evidence.magnesium),
        (Analyte.POTASSIUM, evidence.potassium),
        (Analyte.CREATININE, evidence.creatinine),
    ):
        if choice.measurement is not None and choice.measurement.from_issued:
            found.add("report-time", analyte=analyte)
        if not choice.complete:
            found.add("incomplete", analyte=analyte)
    if evidence.awaited is not None:
        found.add("newer-preliminary", measurement=evidence.awaited)
    if band in _LOW or evidence.replacement.selected:
        _newer(evidence, found)


def _newer(evidence: Evidence, found: Findings) -> None:
    """A result that may be newer than the one that counts, and was not read.

    Under a code that is not known here only what is called like it may be one (clinical 6.1).
    """
    windows = evidence.protocol.document.windows
    for choice in (evidence.magnesium, evidence.potassium, evidence.creatinine):
        used = choice.measurement
        if used is None:
            continue
        at = instant(used.time, windows)
        newer = (
            item
            for item in choice.worth_saying
            if (item.time is None or item.time.latest > at)
            and (item.named or Reason.CODE_UNKNOWN not in item.reasons)
        )
        item = next(newer, None)
        if item is not None:
            found.add("newer-unread", analyte=used.analyte, unusable=item)


def about_company(evidence: Evidence, band: str, found: Findings, *, barred: bool = False) -> None:
    """What the patient has and takes beside a low magnesium (clinical 5 b-f, S14, S23)."""
    if band not in _LOW:
        return
    at_risk = _risks(evidence, found)
    if band == "mild" and at_risk and not barred:
        found.add("mild-risk")
    if band in DOSED:
        for kind in (DrugClass.NEUROMUSCULAR_BLOCKER, DrugClass.CALCIUM_CHANNEL_BLOCKER):
            drug = evidence.drug(kind)
            if drug is not None:
                found.add(kind.value, drug=drug)
    _contributors(evidence, found)
    if band in DOSED:
        _kidneys_on_the_list(evidence, found)


def _kidneys_on_the_list(evidence: Evidence, found: Findings) -> None:
    """What the problem list says of kidneys, where creatinine has not said it (clinical 6.2)."""
    if evidence.has("kidney-disease"):
        found.add("kidney-disease")
    injury = evidence.kidneys.injury if evidence.kidneys is not None else None
    if evidence.has("acute-kidney-injury") and injury is None:
        found.add("injury-on-the-list")


def _risks(evidence: Evidence, found: Findings) -> bool:
    """What makes a low level more dangerous; whether there is any of it."""
    potassium = evidence.drug(DrugClass.POTASSIUM, selected_only=True)
    if potassium is not None:
        found.add("potassium-order", drug=potassium)
    qt = evidence.drug(DrugClass.QT)
    if qt is not None:
        found.add("qt-drug", drug=qt)
    if evidence.has("long-qt"):
        found.add("long-qt")
    qtc = evidence.qtc.measurement
    if qtc is not None and qtc.value >= evidence.protocol.document.qtc.long_from.value.value:
        found.add("qtc-long", measurement=qtc)
    digoxin = evidence.drug(DrugClass.DIGOXIN)
    if digoxin is not None:
        found.add("digoxin")
    return bool(qt or digoxin or evidence.has("long-qt") or evidence.potassium_is_low)


def _contributors(evidence: Evidence, found: Findings) -> None:
    """S23: what may have caused the low level."""
    wasting = evidence.drug(DrugClass.MAGNESIUM_WASTING)
    if wasting is not None:
        found.add("wasting-drug", drug=wasting)
    for condition in evidence.chart.conditions:
        if condition.id in _CONTRIBUTORS:
            found.add("contributor", condition=condition.name)


def about_earlier_doses(evidence: Evidence, found: Findings) -> None:
    """S11: a level that is still low after a dose; said only where another dose is suggested.

    An order that nobody recorded as given is no dose: it may still be one to come (settled 7). Of
    one that was stopped nobody recorded how much was given.
    """
    result, answered = evidence.magnesium.measurement, evidence.replacement.answered
    redose = evidence.protocol.document.target.redose_below.value.value
    if result is None or result.value >= redose:
        return
    last = {_ANSWERED.get(order.place, "dose-unrecorded"): order for order in answered}
    for kind in ("dose-unrecorded", *_ANSWERED.values()):
        if kind in last:
            found.add(kind, order=last[kind])


def about_missing(evidence: Evidence, found: Findings) -> None:
    """What nobody could look at where a dose is offered: it might have shut a gate."""
    if evidence.chart.unknown:
        found.add("not-received")


def about_unreadable_orders(evidence: Evidence, found: Findings) -> None:
    """Orders whose drug nobody could read: one of them might be magnesium."""
    for order in evidence.selected:
        if not order.is_readable:
            found.add("order-unreadable", order=order)
    if evidence.replacement.beside_unreadable:
        found.add("others-unreadable")


def about_unread_problems(evidence: Evidence, found: Findings) -> None:
    """Problems that no code tells: one of them might shut a gate. Nobody decides by their words."""
    if evidence.chart.unread_problems:
        found.add("problems-unread")


def _kidneys(evidence: Evidence, found: Findings) -> None:
    kidneys = evidence.kidneys
    if kidneys is None:
        return
    reduced_below = evidence.protocol.document.renal.reduced_below.value.value
    if kidneys.tier is Tier.REDUCED and kidneys.lowest < reduced_below:
        found.add("reduced-tier")
    if kidneys.injury is not None:
        found.add("kidney-injury", measurement=kidneys.creatinine, earlier=kidneys.injury)
    caution = evidence.protocol.document.renal.caution_below.value.value
    if kidneys.tier is Tier.STANDARD and kidneys.lowest < caution:
        found.add("renal-caution")


def _kidneys_by_mouth(evidence: Evidence, found: Findings) -> None:
    """S13 without a dose: kidneys that keep what is taken by mouth.

    Where magnesium is being ordered, `ordered-reduced` says it of that order.
    """
    kidneys = evidence.kidneys
    if kidneys is not None and kidneys.tier is Tier.REDUCED:
        if not evidence.replacement.selected:
            found.add("caution-by-mouth")
    else:
        _kidneys_on_the_list(evidence, found)


def _magnesium(evidence: Evidence, band: str, found: Findings, *, barred: bool) -> None:
    result = evidence.magnesium.measurement
    if result is None:
        return
    limits = evidence.protocol.document.extreme.magnesium
    if result.hemolyzed:
        found.add("hemolyzed" if band in _LOW else "hemolyzed-normal", measurement=result)
    if not limits.below.value <= result.value <= limits.above.value:
        found.add("extreme", measurement=result)
    if band == "mild":
        if not barred:
            found.add("oral")
        if result.value < evidence.protocol.document.target.deficient_below.value.value:
            found.add("deficient")
    answered = evidence.replacement.answered
    if not answered:
        return
    if band not in DOSED and any(
        asks_for_dose(item, evidence.protocol) for item in evidence.earlier
    ):
        found.add("recovered", measurement=result, order=answered[-1])


def _potassium(evidence: Evidence, band: str, found: Findings) -> None:
    choice = evidence.potassium
    potassium = choice.measurement
    if potassium is None:
        if choice.why is Reason.HEMOLYZED:
            found.add("potassium-unreliable")
        else:
            found.add("potassium-unknown", why=choice.why)
        return
    level = potassium_level(potassium, evidence.protocol)
    if level != "sufficient" and band in _NOT_LOW:
        found.add("low-potassium-alone", measurement=potassium)
        return
    match level:
        case "very-low":
            found.add("very-low-potassium", measurement=potassium)
        case "low":
            found.add("low-potassium", measurement=potassium)
        case _:
            found.add("potassium-sufficient", measurement=potassium)
