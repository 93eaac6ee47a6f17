"""What the code asks a protocol file for by name. A file without one of these is refused."""

from typing import Final

from hooks.chart.chart import Reason
from hooks.chart.units import Analyte
from hooks.protocol.model import Tier

GATES: Final = frozenset({"G1", "G4", "G5", "G7", "G9"})

FINDINGS: Final = frozenset(
    {
        "oral",
        "low-potassium",
        "very-low-potassium",
        "potassium-unknown",
        "potassium-unreliable",
        "potassium-sufficient",
        "renal-caution",
        "reduced-tier",
        "kidney-injury",
        "weight-unknown",
        "sex-unknown",
        "hemolyzed",
        "extreme",
        "report-time",
        "incomplete",
    }
)

SILENCE: Final = frozenset(
    {"not-ordered", "blank-draft", "G1", "no-result", "mild", "normal", "high"}
)

BANDS: Final = frozenset(
    {"severe", "moderate", "mild", "normal", "high", "indeterminate", "not-applicable"}
)

TIERS: Final = frozenset(Tier)

ANALYTES: Final = frozenset(Analyte)

#: Besides the reasons of the chart: nothing came at all, or the EHR could not send it.
REASONS: Final = frozenset({*Reason, "missing", "unavailable"})
