"""What the code asks a protocol file for by name. A file without one of these is refused."""

from typing import Final

from hooks.chart.chart import Reason
from hooks.chart.codes.routes import Route
from hooks.chart.order import Place
from hooks.chart.units import Analyte
from hooks.protocol.model import Tier

GATES: Final = frozenset({"G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G9"})

FINDINGS: Final = frozenset(
    {
        "oral",
        "barred-by-mouth",
        "oral-ordered",
        "caution-by-mouth",
        "kidneys-unknown",
        "ordered-reduced",
        "problems-unread",
        "not-received",
        "deficient",
        "low-potassium",
        "very-low-potassium",
        "low-potassium-alone",
        "duration-assumed",
        "repeats",
        "others-unreadable",
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
        "newer-unread",
        "newer-preliminary",
        "already-ordered",
        "on-hold",
        "already-drafted",
        "already-given",
        "doses-since",
        "stopped",
        "despite-gate",
        "duplicate",
        "rate-high",
        "rate-above-row",
        "rate-unreadable",
        "route-unread",
        "reason-unclear",
        "not-corrected",
        "time-unread",
        "large-bag",
        "several-doses",
        "signed-again",
        "other-salt",
        "intramuscular",
        "dose-unreadable",
        "dose-low",
        "dose-high",
        "dose-high-reduced",
        "total-high-reduced",
        "order-unreadable",
        "not-low",
        "being-ordered",
        "level-wanted",
        "level-later",
        "additional-dose",
        "dose-unrecorded",
        "dose-stopped",
        "recovered",
        "mild-risk",
        "hemolyzed-normal",
        "qt-drug",
        "long-qt",
        "qtc-long",
        "wasting-drug",
        "contributor",
        "digoxin",
        "potassium-order",
        "neuromuscular-blocker",
        "calcium-channel-blocker",
        "kidney-disease",
        "injury-on-the-list",
    }
)

SILENCE: Final = frozenset(
    {
        "not-ordered",
        "blank-draft",
        "G1",
        "G2",
        "no-result",
        "level-ordered",
        "already-ordered",
        "mild",
        "normal",
        "high",
        "other-indication",
    }
)

BANDS: Final = frozenset(
    {"severe", "moderate", "mild", "normal", "high", "indeterminate", "not-applicable"}
)

TIERS: Final = frozenset(Tier)

ANALYTES: Final = frozenset(Analyte)

#: Why a level is wanted although nobody knows the band (settled 13).
WANTED: Final = frozenset({"wanted-stale", "wanted-potassium", "wanted-magnesium", "wanted-drug"})

#: Besides the reasons of the chart: nothing came at all, or the EHR could not send it.
REASONS: Final = frozenset({*Reason, "missing", "unavailable", *WANTED})

#: The optional prefetch keys whose absence a card has to tell.
OPTIONAL_KEYS: Final = frozenset({"medications", "labOrders", "conditions"})

#: What a card about ordered magnesium may be headed by, the most important first in the file.
ORDERED: Final = frozenset(
    {
        "rate-high",
        "dose-high-reduced",
        "total-high-reduced",
        "duplicate",
        "dose-low",
        "dose-unreadable",
        "rate-unreadable",
        "route-unread",
        "dose-high",
        "rate-above-row",
        "already-ordered",
        "on-hold",
        "already-given",
        "doses-since",
        "stopped",
        "already-drafted",
        "order-unreadable",
        "right",
    }
)

PLACES: Final = frozenset(Place)

#: The ways in which an order that counts may give its magnesium.
ROUTES: Final = frozenset(Route) - {Route.ENTERAL}
