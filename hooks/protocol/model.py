"""What a protocol file holds: its typed model, whose limits are in `hooks.protocol.limits`.

A file that breaks a rule is refused as a whole; `hooks.protocol.load` names the lines.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from hooks.protocol.limits import (
    AgeRange,
    DoseTolerance,
    Extreme,
    Plausible,
    PotassiumLimits,
    Qtc,
    Rates,
    Recheck,
    Renal,
    Target,
    Windows,
)
from hooks.protocol.part import Bounded, Part, Sources, Text
from hooks.protocol.quantity import Dose, Magnesium, Quantity, Rate, Time, rate_of
from hooks.protocol.template import Sentence


class Tier(StrEnum):
    """How much of a dose the kidneys allow."""

    STANDARD = "standard"
    REDUCED = "reduced"
    EXCLUDED = "excluded"
    UNKNOWN = "unknown"


BandId = Literal["severe", "moderate", "mild", "normal", "high"]

#: The bands that ask for a dose (clinical 9).
DOSED: Final[tuple[BandId, ...]] = ("severe", "moderate")

Indicator = Literal["info", "warning", "critical"]
Priority = Literal["routine", "urgent", "asap", "stat"]


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


class OrderTypes(Part):
    """The FHIR types of selected orders that are a reason to look."""

    types: tuple[Text, ...] = Field(min_length=1)
    source: Sources


class Scope(Part):
    """For whom and when the protocol speaks at all."""

    age: AgeRange
    orders: OrderTypes


class Band(Bounded):
    """A range of total magnesium. `from` and `to` include their value, `below` and `above` not."""

    id: BandId
    from_: Magnesium | None = Field(default=None, alias="from")
    above: Magnesium | None = None
    below: Magnesium | None = None
    to: Magnesium | None = None
    indicator: Indicator
    why: Sentence | None = None

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


class Option(Dosing, Bounded):
    """Another way to give the dose of a row."""

    id: Text
    when: Text


class Row(Bounded):
    """A row of the decision table: a dose for a band and a renal tier, or none.

    `quotes` are the amounts in its sentences that others say (`1 g/h`), and that therefore stand
    there as numbers.
    """

    id: Text
    band: BandId
    tier: Literal["standard", "reduced"] | None = None
    dose: Dose | None = None
    over: Time | None = None
    product: Text | None = None
    priority: Priority | None = None
    monitoring: Sentence | None = None
    caveat: Sentence | None = None
    quotes: tuple[Text, ...] = ()
    options: tuple[Option, ...] = ()

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
    check_advice: Sentence = Field(alias="check-advice")
    check: Sentence
    other_indication: Sentence = Field(alias="other-indication")
    any_indication: Sentence = Field(alias="any-indication")
    more_problems: Sentence = Field(alias="more-problems")
    nameless_problems: Sentence = Field(alias="nameless-problems")
    planned: Sentence
    more_orders: Sentence = Field(alias="more-orders")
    organic_salts: Sentence = Field(alias="organic-salts")
    no_next: Sentence = Field(alias="no-next")
    toward_target: Sentence = Field(alias="toward-target")
    next: dict[str, Sentence] = Field(default_factory=dict)
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


class Origin(Part):
    """Where the sources come from whose codes begin with the same letters; `0-9` is a number.

    `cited`: each of them is a publication.
    """

    begins: tuple[Text, ...] = Field(min_length=1)
    title: Text
    text: Text
    cited: bool = False


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
    origins: tuple[Origin, ...] = ()
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
