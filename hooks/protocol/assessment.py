"""What the protocol says about a chart, as plain data. Cards put it into words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from hooks.chart.chart import Chart, Measurement, Unusable
from hooks.chart.units import Analyte
from hooks.protocol.choice import Choice
from hooks.protocol.model import Dosing, Tier


class Outcome(StrEnum):
    """What became of a gate or row."""

    PASSED = "passed"
    DECIDED = "decided"
    NOT_ASKED = "not asked"


class CardKind(StrEnum):
    """Which of the protocol's card texts fits."""

    DOSE = "dose"
    NO_DOSE = "no-dose"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Step:
    """One gate or row that was tried: what it asks, what became of it, and why."""

    id: str
    question: str
    outcome: Outcome
    because: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth saying. `kind` names its sentence, `rule` the rule that found it."""

    kind: str
    rule: str
    measurement: Measurement | None = None
    earlier: Measurement | None = None
    why: str | None = None
    analyte: Analyte | None = None


@dataclass(frozen=True, slots=True)
class Kidneys:
    """Renal function. `lowest` of eGFR (mL/min/1.73 m2) and CrCl (mL/min) makes the tier.

    `injury` is the earlier creatinine from which the newest has risen too fast.
    """

    creatinine: Measurement
    egfr: Decimal
    clearance: Decimal | None
    weight: Measurement | None
    sex_known: bool
    lowest: Decimal
    tier: Tier
    injury: Measurement | None


@dataclass(frozen=True, slots=True)
class PlannedLab:
    """A level to order, due from `start` to `end`; `now` if it is wanted at once."""

    analyte: Analyte
    start: datetime
    end: datetime
    now: bool
    priority: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One choice for the clinician: a dose or none, and the levels that go with it."""

    kind: str
    recommended: bool
    labs: tuple[PlannedLab, ...]
    dosing: Dosing | None = None
    when: str | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the protocol says about a chart.

    `band` in the words of the decision table, `rule` the gate or row that decided, `row` the row
    whose values are shown. `card` is None where nothing is said, and then `silence` says why.
    `dosing` is the suggested dose; `reference` one that is only told. `trace` lists every gate
    and row that was tried.
    """

    chart: Chart
    band: str
    rule: str
    row: str | None
    card: CardKind | None
    silence: str | None
    indicator: str
    magnesium: Choice
    potassium: Choice
    creatinine: Choice
    kidneys: Kidneys | None
    dosing: Dosing | None
    reference: Dosing | None
    recheck: PlannedLab | None
    offers: tuple[Offer, ...]
    findings: tuple[Finding, ...]
    unusable: tuple[Unusable, ...]
    trace: tuple[Step, ...]
