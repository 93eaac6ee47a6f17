"""What the protocol says about a chart, as plain data. Cards put it into words."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from hooks.chart.chart import Chart, Measurement, Unusable
from hooks.chart.fact import Fact
from hooks.chart.moments import Moment
from hooks.chart.order import Order
from hooks.chart.units import Analyte
from hooks.protocol.evidence import Evidence
from hooks.protocol.model import Dosing, Row

#: The bands of what the protocol has no band for: G4, and G1 to G3.
INDETERMINATE: Final = "indeterminate"
NOT_APPLICABLE: Final = "not-applicable"


class Outcome(StrEnum):
    """What became of a gate or row."""

    PASSED = "passed"
    DECIDED = "decided"
    NOT_ASKED = "not asked"


class CardKind(StrEnum):
    """Which of the protocol's card texts fits."""

    DOSE = "dose"
    NO_DOSE = "no-dose"
    ORDERED = "ordered"
    MILD = "mild"
    NOT_LOW = "not-low"
    RATE = "rate"
    EMERGENCY = "emergency"
    OBSTETRIC = "obstetric"
    INDETERMINATE = "indeterminate"


class Step(Fact, frozen=True):
    """One gate or row that was tried: what it asks, what became of it, and why."""

    id: str
    question: str
    outcome: Outcome
    because: str


class Finding(Fact, frozen=True):
    """One thing worth saying. `kind` names its sentence, `rule` the rule that found it.

    The rest is what the sentence may name: a result, an earlier one, a reason, an analyte, a
    drug or condition of the code lists, an order, the dosing that the order is held against, a
    result that could not be used, when something is planned.
    """

    kind: str
    rule: str
    indicator: str = "info"
    measurement: Measurement | None = None
    earlier: Measurement | None = None
    why: str | None = None
    analyte: Analyte | None = None
    drug: str | None = None
    condition: str | None = None
    order: Order | None = None
    dosing: Dosing | None = None
    unusable: Unusable | None = None
    planned: Moment | None = None


class PlannedLab(Fact, frozen=True):
    """A level to order, due from `start` to `end`; `now` if it is wanted at once."""

    analyte: Analyte
    start: datetime
    end: datetime
    now: bool
    priority: str


class Offer(Fact, frozen=True):
    """One choice for the clinician: a dose or none, and the levels that go with it.

    With `replaces`, the dose is not a new order: it corrects that draft.
    """

    kind: str
    recommended: bool
    labs: tuple[PlannedLab, ...]
    dosing: Dosing | None = None
    when: str | None = None
    priority: str | None = None
    replaces: Order | None = None


class Assessment(Fact, frozen=True):
    """What the protocol says about a chart.

    `band` in the words of the decision table, `rule` the gate or row that decided, `row` the row
    whose values are shown. `card` is None where nothing is said, and then `silence` says why.
    `dosing` is the dose that is suggested, as a new order or as a corrected draft; `reference`
    one that is only told. `condition` names the problem that shut a gate. `trace` lists every
    gate and row that was tried.
    """

    evidence: Evidence
    band: str
    rule: str
    row: Row | None
    card: CardKind | None
    silence: str | None
    indicator: str
    dosing: Dosing | None
    reference: Dosing | None
    recheck: PlannedLab | None
    offers: tuple[Offer, ...]
    findings: tuple[Finding, ...]
    condition: str | None
    trace: tuple[Step, ...]

    @property
    def chart(self) -> Chart:
        """The chart that was assessed."""
        return self.evidence.chart

    @property
    def unusable(self) -> tuple[Unusable, ...]:
        """Everything that could not be used, by analyte."""
        evidence = self.evidence
        return (
            *evidence.magnesium.unusable,
            *evidence.potassium.unusable,
            *evidence.creatinine.unusable,
        )
