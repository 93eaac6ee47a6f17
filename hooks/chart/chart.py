"""The chart: plain facts about one patient at one moment, and what could not be used of them.

Nothing here is FHIR and nothing here decides. Whatever came but could not be read stays in the
chart with its reasons, so that a card can say so instead of guessing.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import field

from hooks.chart.fact import Fact
from hooks.chart.moments import Moment
from hooks.chart.order import LabOrder, Order
from hooks.chart.problems import Condition
from hooks.chart.units import Analyte, Unit


class Comparator(StrEnum):
    """The sign in front of a value that lies outside what the analyser can measure."""

    BELOW = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    ABOVE = ">"


class Sex(StrEnum):
    """Administrative gender as far as a renal formula can use it."""

    FEMALE = "female"
    MALE = "male"


class Reason(StrEnum):
    """Why a result could not be used. The words for it stand in the protocol file."""

    UNIT_MISSING = "unit-missing"
    UNIT_UNKNOWN = "unit-unknown"
    UNIT_CONFLICT = "unit-conflict"
    UNIT_FOREIGN = "unit-foreign"
    CODE_AGAINST_UNIT = "code-against-unit"
    CODE_UNKNOWN = "code-unknown"
    CODE_EXCLUDED = "code-excluded"
    CODE_CONFLICT = "code-conflict"
    NO_VALUE = "no-value"
    VALUE_DENIED = "value-denied"
    NOT_A_QUANTITY = "not-a-quantity"
    COMPARATOR_UNKNOWN = "comparator-unknown"
    STATUS = "status"
    NO_TIME = "no-time"
    TIME_UNREADABLE = "time-unreadable"
    NO_PATIENT = "no-patient"
    # The rest can only be known beside a protocol: `assess` finds them.
    FUTURE = "future"
    IMPLAUSIBLE = "implausible"
    STALE = "stale"
    COMPARATOR_UNCLASSIFIABLE = "comparator-unclassifiable"
    HEMOLYZED = "hemolyzed"
    PRELIMINARY = "preliminary"
    TIE = "tie"
    ORDER_UNKNOWN = "order-unknown"
    BLOCKED = "blocked"


class Measurement(Fact, frozen=True):
    """One result that can be read: a value in the analyte's canonical unit, and what was reported.

    `value` is exact: magnesium and creatinine in mg/dL, potassium in mmol/L, weight in kg.
    `from_issued` says that the time is that of the report because the specimen's is not known.
    """

    analyte: Analyte
    value: Decimal
    reported_value: Decimal
    reported_unit: Unit
    comparator: Comparator | None
    time: Moment
    from_issued: bool
    issued: datetime | None
    status: str
    hemolyzed: bool
    reference: str | None

    @property
    def preliminary(self) -> bool:
        """Whether the laboratory has not confirmed the result yet."""
        return self.status == "preliminary"


class Unusable(Fact, frozen=True):
    """One result that could not be used, with every reason that was found.

    `reported` is the value and unit as they came, `value` the value in the canonical unit where
    the unit could be read. `detail` names the code's meaning for an excluded code. `named` says
    that words name the analyte where its code is not known. Text that came from the request is
    not safe to show before it is escaped.
    """

    analyte: Analyte
    reasons: tuple[Reason, ...]
    reported: str | None = None
    value: Decimal | None = None
    time: Moment | None = None
    status: str | None = None
    detail: str | None = None
    reference: str | None = None
    named: bool = False


Result = Measurement | Unusable


class Series(Fact, frozen=True):
    """All that came for one analyte. `available`: it was asked for; `complete`: nothing was cut."""

    results: tuple[Result, ...] = ()
    available: bool = True
    complete: bool = True


class Patient(Fact, frozen=True):
    """Who the patient is as far as a protocol may look; a coarse birth date is a span of days."""

    born_first: date | None = None
    born_last: date | None = None
    sex: Sex | None = None


class Chart(Fact, frozen=True):
    """The facts about one patient at one moment (`now`, with zone) that a protocol may look at.

    `patient` is None where the EHR looked and found none. `unknown` names the optional prefetch
    keys that did not come: what they would have told has not been looked at. `unread_problems`
    are the texts of the problems without a code that could be looked up.
    """

    now: datetime
    patient: Patient | None
    magnesium: Series = field(default_factory=Series)
    potassium: Series = field(default_factory=Series)
    creatinine: Series = field(default_factory=Series)
    weight: Series = field(default_factory=Series)
    qtc: Series = field(default_factory=Series)
    egfr: Series = field(default_factory=Series)
    orders: tuple[Order, ...] = ()
    lab_orders: tuple[LabOrder, ...] = ()
    conditions: tuple[Condition, ...] = ()
    unread_problems: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()
