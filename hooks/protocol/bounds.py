"""Bounds: how far the numbers of a site's protocol file may go, and with whose word.

A slip of the pen in a protocol file reaches every patient. What no source of clinical.md knows is
refused, unless the part says in `beyond` who decided it; what only a slip can be is always refused.
The bounds are data, `bounds.toml`, each with its unit and its source.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, TypeAdapter, model_validator

from hooks.lines import Path
from hooks.protocol.document import Document
from hooks.protocol.model import Band, BandId, Dosing, Row
from hooks.protocol.part import Bounded, Part, Sources, Text
from hooks.protocol.quantity import Dose, InfusionRate, Magnesium, Quantity, Time
from hooks.protocol.scale import short

_FILE: Final = "bounds.toml"

Problem = tuple[Path, str]


class Bound(Part):
    """Why a number may not go further; `never`: not even with a word about it."""

    because: Text
    source: Sources
    never: bool = False

    def __str__(self) -> str:
        said = f"({self.because}; source {', '.join(self.source)})"
        return f"{said}; no site may go there" if self.never else said


class DoseBound(Bound):
    """A bound of the doses of a tier (None: of both), or only of those larger than a dose."""

    tier: Literal["standard", "reduced"] | None = None
    larger_than: Dose | None = None
    dose_at_least: Dose | None = None
    dose_at_most: Dose | None = None
    over_at_most: Time | None = None
    rate_at_least: InfusionRate | None = None
    rate_at_most: InfusionRate | None = None


class BandBound(Bound):
    """A bound of the upper end of a band of total magnesium."""

    band: BandId
    ends_at_least: Magnesium | None = None
    ends_at_most: Magnesium | None = None


class LimitBound(Bound):
    """A bound of the number at a place of the file, written in a unit that the place takes."""

    at: Text
    at_least: Text | None = None
    at_most: Text | None = None


class SpanBound(Bound):
    """A bound of the time between `from` and `to` at a place of the file."""

    at: Text
    at_least: Time


class RateBound(Bound):
    """A bound of the absolute limit of the infusion rate."""

    value: InfusionRate


class RateBounds(Part):
    """The label's limit of the infusion rate, and the rate that nobody's word goes beyond."""

    label: RateBound
    fastest: RateBound


class Bounds(Part):
    """All bounds, and what their sources are."""

    rate: RateBounds
    doses: tuple[DoseBound, ...]
    bands: tuple[BandBound, ...]
    limits: tuple[LimitBound, ...]
    spans: tuple[SpanBound, ...]
    sources: dict[str, Text]

    @model_validator(mode="after")
    def _sources_are_explained(self) -> Self:
        parts = (*self.doses, *self.bands, *self.limits, *self.spans)
        named = (*parts, self.rate.label, self.rate.fastest)
        for code in (code for part in named for code in part.source):
            if code not in self.sources:
                raise ValueError(f"source {code!r} is not in [sources]")
        return self


@dataclass(frozen=True, slots=True)
class _Excess:
    """A number beyond a bound: where it stands, and the part that may answer for it."""

    place: Path
    part: Bounded
    answers: Path
    said: str
    bound: Bound


@cache
def shipped() -> Bounds:
    """The bounds that come with the service."""
    text = resources.files("hooks.protocol").joinpath(_FILE).read_text(encoding="utf-8")
    return Bounds.model_validate(tomllib.loads(text))


def passed(document: Document, bounds: Bounds) -> Iterator[Problem]:
    """Every number beyond its bound that nobody answers for, and every answer that none needs."""
    answered: set[Path] = set()
    for excess in _excesses(document, bounds):
        bound = excess.bound
        said = f"{excess.said} {bound}"
        if bound.never:
            yield excess.place, said
        elif excess.part.beyond is None:
            yield (
                excess.place,
                f'{said}; a site that means it writes `beyond = "..."` beside it: who decided it,'
                " and why",
            )
        else:
            answered.add(excess.answers)
    for place, _ in statements(document):
        if place not in answered:
            yield (*place, "beyond"), "`beyond`: no number beside it goes beyond a bound"


def statements(part: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The sentences of a file by which the site answers for a number, and the place of its part."""
    if isinstance(part, Bounded) and part.beyond is not None:
        yield path, part.beyond
    if isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield from statements(getattr(part, name), (*path, field.alias or name))
    elif isinstance(part, tuple):
        for index, member in enumerate(part):
            yield from statements(member, (*path, index))


def _excesses(document: Document, bounds: Bounds) -> Iterator[_Excess]:
    for limit_bound in bounds.limits:
        yield from _limit(document, limit_bound)
    for span_bound in bounds.spans:
        yield from _span(document, span_bound)
    for band_bound in bounds.bands:
        for index, band in enumerate(document.bands):
            if band.id == band_bound.band:
                yield from _band(band, ("bands", index), band_bound)
    for dose_bound in bounds.doses:
        for index, row in enumerate(document.rows):
            if row.dosing is not None and dose_bound.tier in (None, row.tier):
                yield from _row(row, ("rows", index), dose_bound)


def _limit(document: Document, bound: LimitBound) -> Iterator[_Excess]:
    place: Path = tuple(bound.at.split("."))
    parts: list[Any] = [document]
    for name in place:
        field = _field(parts[-1], str(name))
        parts.append(getattr(parts[-1], field))
    *_, holder, part = parts
    answers = place[:-1]
    if isinstance(part, Bounded):
        holder, field, answers = part, "value", place
        part = getattr(holder, field)
    read = TypeAdapter[Any](type(holder).model_fields[field].rebuild_annotation()).validate_python
    value = _number(part)
    if bound.at_least is not None and value < _number(read(bound.at_least)):
        yield _Excess(place, holder, answers, f"{part} is below {bound.at_least}", bound)
    if bound.at_most is not None and value > _number(read(bound.at_most)):
        yield _Excess(place, holder, answers, f"{part} is above {bound.at_most}", bound)


def _span(document: Document, bound: SpanBound) -> Iterator[_Excess]:
    part = getattr(document, bound.at)
    if part.to.value - part.from_.value < bound.at_least.value:
        place: Path = (bound.at,)
        said = f"from {part.from_} to {part.to} is shorter than {bound.at_least}"
        yield _Excess(place, part, place, said, bound)


def _field(part: BaseModel, written: str) -> str:
    """The field of a part by its name in the file."""
    return next(
        name for name, field in type(part).model_fields.items() if (field.alias or name) == written
    )


def _number(value: Quantity | Decimal) -> Decimal:
    return value.value if isinstance(value, Quantity) else value


def _band(band: Band, place: Path, bound: BandBound) -> Iterator[_Excess]:
    end = band.upper
    if end is None:
        return
    at = (*place, "below" if band.below else "to")
    least, most = bound.ends_at_least, bound.ends_at_most
    if least is not None and end.value < least.value:
        said = f"band {band.id}: its upper end {end} is below {least}"
        yield _Excess(at, band, place, said, bound)
    if most is not None and end.value > most.value:
        said = f"band {band.id}: its upper end {end} is above {most}"
        yield _Excess(at, band, place, said, bound)


def _row(row: Row, place: Path, bound: DoseBound) -> Iterator[_Excess]:
    if row.dosing is not None:
        for member, said in _dosing(row.dosing, bound):
            yield _Excess((*place, member), row, place, said, bound)
    for index, option in enumerate(row.options):
        where = (*place, "options", index)
        for member, said in _dosing(option, bound):
            yield _Excess((*where, member), option, where, said, bound)


def _dosing(dosing: Dosing, bound: DoseBound) -> Iterator[tuple[str, str]]:
    """The member of a dose that goes beyond the bound, and how."""
    dose, over, rate = dosing.dose, dosing.over, dosing.rate
    if bound.larger_than is not None and dose.value <= bound.larger_than.value:
        return
    which = f", more than {bound.larger_than}," if bound.larger_than else ""
    if bound.dose_at_least is not None and dose.value < bound.dose_at_least.value:
        yield "dose", f"the dose {dose}{which} is below {bound.dose_at_least}"
    if bound.dose_at_most is not None and dose.value > bound.dose_at_most.value:
        yield "dose", f"the dose {dose}{which} is above {bound.dose_at_most}"
    if bound.over_at_most is not None and over.value > bound.over_at_most.value:
        yield "over", f"the duration {over}{which} is above {bound.over_at_most}"
    if bound.rate_at_least is not None and bound.rate_at_least.exceeds(rate):
        yield "over", f"{rate}{which} is slower than {bound.rate_at_least}"
    if bound.rate_at_most is not None and rate.exceeds(bound.rate_at_most):
        if bound.larger_than is None:
            yield "over", f"{rate} is faster than {bound.rate_at_most}"
        else:
            yield (
                "over",
                f"{rate} is {short(rate.per_hour)} g/h; a dose of more than {bound.larger_than}"
                f" may run at most at {bound.rate_at_most}",
            )
