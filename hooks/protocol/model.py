"""What decides in a protocol file: bands, doses, rows and gates, and the orders that carry them.

Its limits are in `hooks.protocol.limits`, its words in `hooks.protocol.wording`; the whole file is
`hooks.protocol.document`.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from hooks.protocol.limits import Range
from hooks.protocol.part import Bounded, Part, Sources, Text
from hooks.protocol.quantity import Age, Dose, Magnesium, Quantity, Rate, Time, rate_of
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

    age: Range[Age]
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
        if self.lower and self.upper and self.lower.value == self.upper.value:
            raise ValueError(f"begins and ends at {self.lower}: the band has no length")
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
            raise ValueError("a dose without a duration (`over`)")
        for name, value in (("dose", self.dose), ("over", self.over)):
            if value is not None and value.value <= 0:
                raise ValueError(f"`{name}` must be above zero")
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
            raise ValueError(f"`{missing[0]}` is missing")
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
