"""What a protocol file holds: its typed model, and the rules that make it safe to follow.

A file that breaks a rule is refused as a whole; `hooks.protocol.load` names the lines.
"""

from collections.abc import Iterator
from datetime import timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from hooks.protocol.quantity import (
    Age,
    Clearance,
    Creatinine,
    Dose,
    Filtration,
    InfusionRate,
    Interval,
    Magnesium,
    Number,
    Potassium,
    Quantity,
    Rate,
    Time,
    Weight,
    rate_of,
)
from hooks.protocol.template import Sentence

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Sources = Annotated[tuple[Text, ...], Field(min_length=1)]


class Tier(StrEnum):
    """How much of a dose the kidneys allow."""

    STANDARD = "standard"
    REDUCED = "reduced"
    EXCLUDED = "excluded"
    UNKNOWN = "unknown"


BandId = Literal["severe", "moderate", "mild", "normal", "high"]
Indicator = Literal["info", "warning", "critical"]
Priority = Literal["routine", "urgent", "asap", "stat"]


class Part(BaseModel):
    """A part of the file: nothing may stand in it that is not known here."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def __copy__(self) -> Self:
        """A copy is made in order to change it, so it remembers nothing that was worked out."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Coding(Part):
    """A code of a terminology, as CDS Hooks and FHIR write it."""

    system: Text
    code: Text
    display: Text


class Head(Part):
    """Who the protocol is, and who answers for it."""

    id: Text
    version: Text
    title: Text
    status: Literal["draft", "approved"]
    approved_by: str
    label: Text
    topics: Text

    @model_validator(mode="after")
    def _approval_has_a_name(self) -> Self:
        if (self.status == "approved") != bool(self.approved_by.strip()):
            raise ValueError('status "approved" and `approved_by` go together')
        return self


class Range(Part):
    """Two limits, both ends included."""

    from_: Quantity = Field(alias="from")
    to: Quantity
    source: Sources

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.from_.value > self.to.value:
            raise ValueError(f"`from` ({self.from_}) is above `to` ({self.to})")
        return self


class AgeRange(Range):
    """Ages in years."""

    from_: Age = Field(alias="from")
    to: Age


class OrderTypes(Part):
    """The FHIR types of selected orders that are a reason to look."""

    types: tuple[Text, ...] = Field(min_length=1)
    source: Sources


class Scope(Part):
    """For whom and when the protocol speaks at all."""

    age: AgeRange
    orders: OrderTypes


class Band(Part):
    """A range of total magnesium. `from` and `to` include their value, `below` and `above` not."""

    id: BandId
    from_: Magnesium | None = Field(default=None, alias="from")
    above: Magnesium | None = None
    below: Magnesium | None = None
    to: Magnesium | None = None
    indicator: Indicator
    why: Sentence | None = None
    source: Sources

    @model_validator(mode="after")
    def _has_ends(self) -> Self:
        if self.from_ and self.above:
            raise ValueError("a band begins with `from` or with `above`, not with both")
        if self.below and self.to:
            raise ValueError("a band ends with `below` or with `to`, not with both")
        if not (self.from_ or self.above or self.below or self.to):
            raise ValueError("a band needs a limit")
        return self

    @property
    def lower(self) -> Quantity | None:
        """The lower limit; None for the lowest band."""
        return self.from_ or self.above

    @property
    def upper(self) -> Quantity | None:
        """The upper limit; None for the highest band."""
        return self.below or self.to

    def holds(self, value: Decimal) -> bool:
        """Whether an exact, unrounded value in mg/dL lies in this band."""
        return not (
            (self.from_ is not None and value < self.from_.value)
            or (self.above is not None and value <= self.above.value)
            or (self.below is not None and value >= self.below.value)
            or (self.to is not None and value > self.to.value)
        )


class Clearances(Part):
    """A limit of renal function."""

    value: Clearance
    source: Sources


class Injury(Part):
    """Acute kidney injury by creatinine."""

    rise: Creatinine
    rise_within: Time
    ratio: Number
    ratio_within: Time
    source: Sources


class Maximum(Part):
    """The most that is ever given within a time."""

    dose: Dose
    within: Time
    source: Sources


class Renal(Part):
    """The limits of the renal tiers."""

    excluded_below: Clearances
    reduced_below: Clearances
    caution_below: Clearances
    injury: Injury
    maximum: Maximum

    @model_validator(mode="after")
    def _limits_rise(self) -> Self:
        limits = (self.excluded_below, self.reduced_below, self.caution_below)
        values = [limit.value.value for limit in limits]
        if values != sorted(set(values)):
            raise ValueError("excluded_below, reduced_below and caution_below must rise")
        return self


class Window(Part):
    """A time."""

    value: Time
    source: Sources


class Zone(Part):
    """An offset from Greenwich."""

    value: Annotated[str, StringConstraints(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")]
    source: Sources

    @cached_property
    def offset(self) -> timezone:
        """The zone."""
        sign = -1 if self.value[0] == "-" else 1
        hours, minutes = int(self.value[1:3]), int(self.value[4:6])
        return timezone(sign * timedelta(hours=hours, minutes=minutes))


class Windows(Part):
    """How old a result may be, and how times are compared."""

    magnesium: Window
    potassium: Window
    creatinine: Window
    weight: Window
    qtc: Window
    egfr: Window
    infusion: Window
    course: Window
    recent_dose: Window
    clock_difference: Window
    same_draw: Window
    stale_reminder: Window
    date_zone: Zone


class MagnesiumRange(Range):
    """Values of magnesium that a living adult can have."""

    from_: Magnesium = Field(alias="from")
    to: Magnesium


class PotassiumRange(Range):
    """The same of potassium."""

    from_: Potassium = Field(alias="from")
    to: Potassium


class CreatinineRange(Range):
    """The same of creatinine."""

    from_: Creatinine = Field(alias="from")
    to: Creatinine


class WeightRange(Range):
    """The same of body weight."""

    from_: Weight = Field(alias="from")
    to: Weight


class IntervalRange(Range):
    """The same of the corrected QT interval."""

    from_: Interval = Field(alias="from")
    to: Interval


class FiltrationRange(Range):
    """The same of a reported eGFR."""

    from_: Filtration = Field(alias="from")
    to: Filtration


class Plausible(Part):
    """What a specimen can show; anything else is an error of the specimen or of the unit."""

    magnesium: MagnesiumRange
    potassium: PotassiumRange
    creatinine: CreatinineRange
    weight: WeightRange
    qtc: IntervalRange
    egfr: FiltrationRange


class ExtremeMagnesium(Part):
    """Values worth a second look at the specimen."""

    below: Magnesium
    above: Magnesium
    source: Sources

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if self.below.value > self.above.value:
            raise ValueError("`below` is above `above`")
        return self


class Extreme(Part):
    """Values that are possible and rare."""

    magnesium: ExtremeMagnesium


class PotassiumLimit(Part):
    """A limit of potassium."""

    value: Potassium
    source: Sources


class PotassiumLimits(Part):
    """Below which potassium is low, and very low."""

    low_below: PotassiumLimit
    very_low_below: PotassiumLimit

    @model_validator(mode="after")
    def _very_low_is_lower(self) -> Self:
        if self.very_low_below.value.value > self.low_below.value.value:
            raise ValueError("very_low_below is above low_below")
        return self


class IntervalLimit(Part):
    """A limit of the corrected QT interval."""

    value: Interval
    source: Sources


class Qtc(Part):
    """From which corrected QT interval the ECG deserves a stronger word."""

    long_from: IntervalLimit


class DoseTolerance(Part):
    """By how much a drafted dose may differ and still be the row's: labels round."""

    percent: Number
    source: Sources


class MagnesiumLimit(Part):
    """A limit of magnesium."""

    value: Magnesium
    source: Sources


class Target(Part):
    """What replacement is for."""

    above: MagnesiumLimit
    redose_below: MagnesiumLimit
    deficient_below: MagnesiumLimit


class RateLimit(Part):
    """A limit of the infusion rate."""

    value: InfusionRate
    source: Sources


class Rates(Part):
    """The absolute limit of the label, and the site's own ceiling below it.

    `above_label`: the sentence by which a site answers for an absolute limit above the label's;
    every card says it.
    """

    above_label: Text | None = None
    absolute: RateLimit
    ceiling: RateLimit

    @model_validator(mode="after")
    def _ceiling_is_no_higher(self) -> Self:
        if self.ceiling.value.exceeds(self.absolute.value):
            raise ValueError(
                f"the ceiling {self.ceiling.value} is above the absolute limit"
                f" {self.absolute.value}"
            )
        return self


class Product(Part):
    """A product that a suggested order names."""

    id: Text
    holds: Dose
    coding: tuple[Coding, ...] = Field(min_length=1)
    text: Text
    source: Sources


class Route(Part):
    """The route of a suggested order."""

    coding: Coding
    source: Sources


class Lab(Part):
    """A laboratory order that can be suggested."""

    coding: Coding
    text: Text
    source: Sources


class Labs(Part):
    """The laboratory orders."""

    magnesium: Lab
    creatinine: Lab


class Recheck(Range):
    """When the repeat level is due, after the planned end of the dose."""

    from_: Time = Field(alias="from")
    to: Time


class Dosing(Part):
    """A dose and the time over which it runs; the two never come apart."""

    dose: Dose
    over: Time
    product: Text

    @cached_property
    def rate(self) -> Rate:
        """The rate that the dose runs at."""
        return rate_of(self.dose, self.over)

    @model_validator(mode="after")
    def _runs(self) -> Self:
        if self.dose.value <= 0 or self.over.value <= 0:
            raise ValueError("a dose and its duration must be above zero")
        return self


class Option(Dosing):
    """Another way to give the dose of a row."""

    id: Text
    when: Text
    source: Sources


class Row(Part):
    """A row of the decision table: a dose for a band and a renal tier, or none."""

    id: Text
    band: BandId
    tier: Literal["standard", "reduced"] | None = None
    dose: Dose | None = None
    over: Time | None = None
    product: Text | None = None
    priority: Priority | None = None
    monitoring: Text | None = None
    caveat: Text | None = None
    options: tuple[Option, ...] = ()
    source: Sources

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.dose is not None and self.over is None:
            raise ValueError(f"row {self.id}: a dose without a duration (`over`)")
        for name, value in (("dose", self.dose), ("over", self.over)):
            if value is not None and value.value <= 0:
                raise ValueError(f"row {self.id}: `{name}` must be above zero")
        needed = {
            "dose": self.dose,
            "over": self.over,
            "tier": self.tier,
            "product": self.product,
            "priority": self.priority,
            "monitoring": self.monitoring,
        }
        missing = [name for name, value in needed.items() if value is None]
        if missing and (len(missing) < len(needed) or self.options):
            raise ValueError(f"row {self.id}: `{missing[0]}` is missing")
        return self

    @cached_property
    def dosing(self) -> Dosing | None:
        """The dose of the row, None for a row without one."""
        if self.dose is None or self.over is None or self.product is None:
            return None
        return Dosing(dose=self.dose, over=self.over, product=self.product)


class Gate(Part):
    """A question that stands before a dose, and what is said when the answer is no."""

    id: Text
    asks: Sentence
    reason: Sentence
    lead: Sentence | None = None
    next: Sentence | None = None
    source: Sources


class CardText(Part):
    """The text of a kind of card."""

    summary: Sentence
    detail: Sentence
    source: Sources


class Cards(Part):
    """The kinds of card."""

    dose: CardText
    no_dose: CardText = Field(alias="no-dose")
    ordered: CardText
    mild: CardText
    not_low: CardText = Field(alias="not-low")
    rate: CardText
    emergency: CardText
    obstetric: CardText
    indeterminate: CardText


class FindingText(Part):
    """A line that a card may carry, and the rule behind it; no text: known, not worth a line."""

    rule: Text
    text: Sentence | None = None
    indicator: Indicator = "info"
    source: Sources


class OfferText(Part):
    """What the button of a suggestion says."""

    label: Sentence
    source: Sources


class Offers(Part):
    """The suggestions."""

    dose: OfferText
    option: OfferText
    recheck: OfferText
    level: OfferText
    creatinine: OfferText
    correct: OfferText


class OrderTexts(Part):
    """What suggested orders say of themselves."""

    medication: Sentence
    correction: Sentence
    dosage: Sentence
    magnesium: Sentence
    magnesium_now: Sentence = Field(alias="magnesium-now")
    creatinine_now: Sentence = Field(alias="creatinine-now")
    source: Sources


class Words(Part):
    """Single words and short phrases."""

    unknown: Text
    not_checked: Text = Field(alias="not-checked")
    not_received: dict[str, Text] = Field(alias="not-received")
    an_order: Text = Field(alias="an-order")
    dose_unknown: Text = Field(alias="dose-unknown")
    endless: Sentence
    past_dose: Sentence = Field(alias="past-dose")
    level_now: Sentence = Field(alias="level-now")
    oral_advice: Sentence = Field(alias="oral-advice")
    no_oral_advice: Sentence = Field(alias="no-oral-advice")
    organic_salts: Sentence = Field(alias="organic-salts")
    no_next: Sentence = Field(alias="no-next")
    rule_basis: Sentence = Field(alias="rule-basis")
    egfr: Sentence
    egfr_and_clearance: Sentence = Field(alias="egfr-and-clearance")
    reported_egfr: Sentence = Field(alias="reported-egfr")
    reference: Sentence
    time: Sentence
    day: Sentence
    draft: Sentence
    approved: Sentence
    low_function: Sentence = Field(alias="low-function")
    ordered_lead: Sentence = Field(alias="ordered-lead")
    unreadable_lead: Sentence = Field(alias="unreadable-lead")
    correct_next: Sentence = Field(alias="correct-next")
    recheck_next: Sentence = Field(alias="recheck-next")
    ordered: dict[str, Sentence]
    places: dict[str, Text]
    by_route: dict[str, Sentence] = Field(alias="by-route")
    no_salt: Text = Field(alias="no-salt")
    bands: dict[str, Text]
    tiers: dict[Tier, Sentence]
    analytes: dict[str, Text]
    reasons: dict[str, Sentence]


class Document(Part):
    """A whole protocol file."""

    protocol: Head
    scope: Scope
    bands: tuple[Band, ...]
    renal: Renal
    windows: Windows
    plausible: Plausible
    extreme: Extreme
    potassium: PotassiumLimits
    qtc: Qtc
    target: Target
    rate: Rates
    dose_tolerance: DoseTolerance
    products: tuple[Product, ...]
    route: Route
    labs: Labs
    recheck: Recheck
    rows: tuple[Row, ...]
    gates: tuple[Gate, ...]
    cards: Cards
    findings: dict[str, FindingText]
    silence: dict[str, Text]
    offers: Offers
    orders: OrderTexts
    override_reasons: tuple[Coding, ...]
    words: Words
    sources: dict[str, Text]

    @field_validator("override_reasons")
    @classmethod
    def _has_reasons(cls, reasons: tuple[Coding, ...]) -> tuple[Coding, ...]:
        if not reasons:
            raise ValueError("a card without override reasons teaches nobody anything")
        return reasons

    def dosings(self) -> Iterator[tuple[tuple[str | int, ...], str, Dosing]]:
        """Every dose that can be suggested: where it stands in the file, its row, and itself."""
        for index, row in enumerate(self.rows):
            if row.dosing is not None:
                yield ("rows", index), row.id, row.dosing
            for number, option in enumerate(row.options):
                yield ("rows", index, "options", number), row.id, option
