"""Findings: what else is worth saying beside the dose, each by its rule."""

from decimal import Decimal
from typing import Literal, Protocol as Interface

from hooks.chart.chart import Comparator, Measurement, Reason
from hooks.chart.units import Analyte
from hooks.protocol.assessment import Finding, Kidneys
from hooks.protocol.choice import Choice
from hooks.protocol.protocol import Protocol


class _Add(Interface):
    def __call__(
        self,
        kind: str,
        measurement: Measurement | None = None,
        earlier: Measurement | None = None,
        why: str | None = None,
        analyte: Analyte | None = None,
    ) -> None: ...


PotassiumLevel = Literal["very-low", "low", "sufficient"]


def potassium_level(potassium: Measurement, protocol: Protocol) -> PotassiumLevel | None:
    """Whether potassium is low; None if only a limit is known and it leaves both open."""
    limits = protocol.document.potassium
    low, very_low = limits.low_below.value.value, limits.very_low_below.value.value
    value = potassium.value
    match potassium.comparator:
        case None:
            if value < very_low:
                return "very-low"
            return "low" if value < low else "sufficient"
        case Comparator.BELOW:
            if value <= very_low:
                return "very-low"
            return "low" if value <= low else None
        case Comparator.AT_MOST:
            if value < very_low:
                return "very-low"
            return "low" if value < low else None
        case Comparator.AT_LEAST | Comparator.ABOVE:
            return "sufficient" if value >= low else None


def gather(
    band: str,
    magnesium: Choice,
    potassium: Choice,
    creatinine: Choice,
    kidneys: Kidneys | None,
    protocol: Protocol,
) -> tuple[Finding, ...]:
    """All findings about the results, in the order in which a card says them."""
    if band == "not-applicable":
        return ()
    kinds: list[Finding] = []

    def add(
        kind: str,
        measurement: Measurement | None = None,
        earlier: Measurement | None = None,
        why: str | None = None,
        analyte: Analyte | None = None,
    ) -> None:
        rule = protocol.document.findings[kind].rule
        kinds.append(Finding(kind, rule, measurement, earlier, why, analyte))

    if band == "mild":
        add("oral")
    if kidneys is not None:
        if kidneys.tier == "reduced":
            add("reduced-tier")
        if kidneys.injury is not None:
            add("kidney-injury", kidneys.creatinine, kidneys.injury)
        if kidneys.tier == "standard" and kidneys.lowest < _caution(protocol):
            add("renal-caution")
    result = magnesium.measurement
    if result is not None:
        limits = protocol.document.extreme.magnesium
        if result.hemolyzed:
            add("hemolyzed", result)
        if not limits.below.value <= result.value <= limits.above.value:
            add("extreme", result)
    _potassium(potassium, protocol, add)
    if kidneys is not None:
        if kidneys.clearance is None:
            add("weight-unknown")
        if not kidneys.sex_known:
            add("sex-unknown")
    for analyte, choice in (
        (Analyte.MAGNESIUM, magnesium),
        (Analyte.POTASSIUM, potassium),
        (Analyte.CREATININE, creatinine),
    ):
        if choice.measurement is not None and choice.measurement.from_issued:
            add("report-time", analyte=analyte)
        if not choice.complete:
            add("incomplete", analyte=analyte)
    return tuple(kinds)


def _potassium(choice: Choice, protocol: Protocol, add: "_Add") -> None:
    potassium = choice.measurement
    if potassium is None:
        if choice.why is Reason.HEMOLYZED:
            add("potassium-unreliable")
        else:
            add("potassium-unknown", why=choice.why)
        return
    match potassium_level(potassium, protocol):
        case "very-low":
            add("very-low-potassium", potassium)
        case "low":
            add("low-potassium", potassium)
        case _:
            add("potassium-sufficient", potassium)


def _caution(protocol: Protocol) -> Decimal:
    return protocol.document.renal.caution_below.value.value
