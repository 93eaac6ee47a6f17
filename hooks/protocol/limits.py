"""The limits of a protocol file: ages, times, renal function, rates, and values of results."""

from datetime import timedelta, timezone
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Generic, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from hooks.protocol.part import Bounded, Part, Sources, Statement
from hooks.protocol.quantity import (
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
    Time,
    Weight,
)

_Q = TypeVar("_Q", bound=Quantity)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f'write the IANA name of a time zone, such as "Europe/Berlin"; found {name!r}'
        ) from error
    return name


class Limit(Bounded, Generic[_Q]):
    """A limit, or a time."""

    value: _Q


class Range(Bounded, Generic[_Q]):
    """Two limits, both ends included."""

    from_: _Q = Field(alias="from")
    to: _Q

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.from_.value > self.to.value:
            raise ValueError(f"`from` ({self.from_}) is above `to` ({self.to})")
        if self.from_.value == self.to.value:
            raise ValueError(self._empty())
        return self

    def _empty(self) -> str:
        return f"from {self.from_} to {self.to} is no range; `to` must be above `from`"


class Injury(Bounded):
    """Acute kidney injury by creatinine."""

    rise: Creatinine
    rise_within: Time
    ratio: Number
    ratio_within: Time

    @model_validator(mode="after")
    def _is_a_rise(self) -> Self:
        if self.rise.value <= 0 or self.ratio <= 1:
            raise ValueError("only a rise is an injury: `rise` is above 0, `ratio` above 1")
        return self


class Maximum(Bounded):
    """The most that is ever given within a time."""

    dose: Dose
    within: Time

    @model_validator(mode="after")
    def _allows_something(self) -> Self:
        if self.dose.value <= 0 or self.within.value <= 0:
            raise ValueError("`dose` and `within` must be above zero")
        return self


class Renal(Part):
    """The limits of the renal tiers."""

    excluded_below: Limit[Clearance]
    reduced_below: Limit[Clearance]
    caution_below: Limit[Clearance]
    injury: Injury
    maximum: Maximum

    @model_validator(mode="after")
    def _limits_rise(self) -> Self:
        for lower, higher in pairwise(("excluded_below", "reduced_below", "caution_below")):
            low, high = getattr(self, lower).value, getattr(self, higher).value
            if low.value >= high.value:
                raise ValueError(
                    f"{lower} ({low}) is not below {higher} ({high}); excluded_below, reduced_below"
                    " and caution_below must rise"
                )
        return self


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


class ShownZone(Part):
    """The time zone of a place, by its IANA name: `Europe/Berlin`."""

    value: Annotated[str, AfterValidator(_known_zone)]
    source: Sources

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone, with its summer time."""
        return ZoneInfo(self.value)


#: With a time of zero no result would ever count, and nobody would be told why.
_RESULTS = ("magnesium", "potassium", "creatinine", "weight", "qtc", "egfr")


class Windows(Part):
    """How old a result may be, and how times are compared."""

    magnesium: Limit[Time]
    potassium: Limit[Time]
    creatinine: Limit[Time]
    weight: Limit[Time]
    qtc: Limit[Time]
    egfr: Limit[Time]
    infusion: Limit[Time]
    course: Limit[Time]
    recent_dose: Limit[Time]
    clock_difference: Limit[Time]
    same_draw: Limit[Time]
    stale_reminder: Limit[Time]
    date_zone: Zone
    shown_zone: ShownZone | None = None

    @field_validator(*_RESULTS)
    @classmethod
    def _is_open(cls, window: Limit[Quantity]) -> Limit[Quantity]:
        if window.value.value <= 0:
            raise ValueError(f"{window.value} lets no result count; write a time above zero")
        return window


class Plausible(Part):
    """What a living adult can have; anything else is an error of the specimen or of the unit."""

    magnesium: Range[Magnesium]
    potassium: Range[Potassium]
    creatinine: Range[Creatinine]
    weight: Range[Weight]
    qtc: Range[Interval]
    egfr: Range[Filtration]


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


class PotassiumLimits(Part):
    """Below which potassium is low, and very low."""

    low_below: Limit[Potassium]
    very_low_below: Limit[Potassium]

    @model_validator(mode="after")
    def _very_low_is_lower(self) -> Self:
        if self.very_low_below.value.value > self.low_below.value.value:
            raise ValueError("very_low_below is above low_below")
        return self


class Qtc(Part):
    """From which corrected QT interval the ECG deserves a stronger word."""

    long_from: Limit[Interval]


class DoseTolerance(Bounded):
    """By how much a drafted dose may differ and still be the row's: labels round."""

    percent: Number


class Target(Part):
    """What replacement is for."""

    above: Limit[Magnesium]
    redose_below: Limit[Magnesium]
    deficient_below: Limit[Magnesium]


class RateLimit(Part):
    """A limit of the infusion rate."""

    value: InfusionRate
    source: Sources


class Rates(Part):
    """The absolute limit of the label, and the site's own ceiling below it.

    `above_label`: the sentence by which a site answers for an absolute limit above the label's;
    every card says it.
    """

    above_label: Statement | None = None
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


class Recheck(Range[Time]):
    """When the repeat level is due, after the planned end of the dose."""

    def _empty(self) -> str:
        return (
            f"from {self.from_} to {self.to} leaves no time to draw the level; `to` must be later"
            " than `from`"
        )
