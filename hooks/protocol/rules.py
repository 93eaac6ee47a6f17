"""What must hold between the parts of a protocol file, beyond each part being well formed."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, get_args

from pydantic import BaseModel

from hooks.protocol import required
from hooks.protocol.lines import Path
from hooks.protocol.model import Band, BandId, Document
from hooks.protocol.quantity import Rate

Problem = tuple[Path, str]

_DOSED_BANDS: Final = ("severe", "moderate")
_TIERS: Final = ("standard", "reduced")


def broken(document: Document, label: Rate) -> Iterator[Problem]:
    """Every rule that the file breaks: where, and in a sentence.

    `label` is the limit of the infusion rate that a site may not leave behind without saying so.
    """
    yield from _label(document, label)
    yield from _bands(document)
    yield from _rows(document)
    yield from _doses(document)
    yield from _required(document)
    yield from _sources(document)


def ordered(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """The bands from the lowest to the highest."""
    return tuple(sorted(bands, key=lambda band: band.lower.value if band.lower else -1))


def _bands(document: Document) -> Iterator[Problem]:
    place: dict[str, Path] = {}
    for index, band in enumerate(document.bands):
        if band.id in place:
            yield ("bands", index), f"band {band.id} stands twice"
        place[band.id] = ("bands", index)
    for missing in sorted(set(get_args(BandId)) - place.keys()):
        yield ("bands",), f"band {missing} is missing"
    row = ordered(document.bands)
    if row[0].lower is not None:
        yield place[row[0].id], f"gap: nothing covers values below {row[0].lower}"
    if row[-1].upper is not None:
        yield place[row[-1].id], f"gap: nothing covers values above {row[-1].upper}"
    for lower, higher in pairwise(row):
        end, start = lower.upper, higher.lower
        if end is None or start is None or end.value > start.value:
            yield place[higher.id], f"overlap: {lower.id} and {higher.id} share values"
        elif end.value < start.value:
            yield (
                place[higher.id],
                f"gap: nothing covers values from {end} to {start}, between {lower.id}"
                f" and {higher.id}",
            )
        elif (lower.to is None) == (higher.above is not None):
            what = "gap: nothing covers" if lower.to is None else "overlap: both cover"
            yield place[higher.id], f"{what} exactly {start}, between {lower.id} and {higher.id}"


def _rows(document: Document) -> Iterator[Problem]:
    seen: dict[tuple[str, str | None], str] = {}
    ids: set[str] = set()
    for index, row in enumerate(document.rows):
        place: Path = ("rows", index)
        if row.id in ids:
            yield place, f"row {row.id} stands twice"
        ids.add(row.id)
        key = (row.band, row.tier)
        if key in seen:
            yield place, f"rows {seen[key]} and {row.id} are for the same band and tier"
        seen[key] = row.id
        if row.dosing is not None and row.band not in _DOSED_BANDS:
            yield place, f"row {row.id}: no dose may stand in the {row.band} band"
    wanted: list[tuple[str, str | None]] = [
        (band, tier) for band in _DOSED_BANDS for tier in _TIERS
    ]
    wanted += [(band, None) for band in get_args(BandId) if band not in _DOSED_BANDS]
    for band, tier in wanted:
        if (band, tier) not in seen:
            yield ("rows",), f"no row for the {band} band{f', tier {tier}' if tier else ''}"
    for (band, tier), row_id in seen.items():
        if (band, tier) not in wanted:
            yield ("rows",), f"row {row_id}: the {band} band takes no such tier"


def _doses(document: Document) -> Iterator[Problem]:
    products = {product.id: product for product in document.products}
    ceiling = document.rate.ceiling.value
    absolute = document.rate.absolute.value
    for place, row, dosing in document.dosings():
        if dosing.rate.exceeds(absolute):
            yield place, f"row {row}: {dosing.rate} is faster than the absolute limit {absolute}"
        elif dosing.rate.exceeds(ceiling):
            yield place, f"row {row}: {dosing.rate} is faster than the site's ceiling {ceiling}"
        product = products.get(dosing.product)
        if product is None:
            yield place, f"row {row}: there is no product {dosing.product}"
        elif product.holds.value != dosing.dose.value:
            yield (
                place,
                f"row {row}: product {product.id} holds {product.holds}, the dose is {dosing.dose}",
            )


def _label(document: Document, label: Rate) -> Iterator[Problem]:
    """A rate beyond the label's is a site's own answer, and stands in its own words on the card."""
    rate = document.rate
    absolute, statement = rate.absolute.value, rate.above_label
    if absolute.exceeds(label) and statement is None:
        yield (
            ("rate", "absolute"),
            f"{absolute} is above {label}, the limit of the label: a site that goes beyond it says"
            " so in `above_label`, a sentence that every card shows",
        )
    elif statement is not None and not absolute.exceeds(label):
        yield ("rate", "above_label"), f"above_label: {absolute} is not above the label's {label}"


def _required(document: Document) -> Iterator[Problem]:
    for place, present, wanted in (
        (("gates",), tuple(gate.id for gate in document.gates), required.GATES),
        (("findings",), tuple(document.findings), required.FINDINGS),
        (("silence",), tuple(document.silence), required.SILENCE),
        (("words", "bands"), tuple(document.words.bands), required.BANDS),
        (("words", "tiers"), tuple(document.words.tiers), required.TIERS),
        (("words", "analytes"), tuple(document.words.analytes), required.ANALYTES),
        (("words", "reasons"), tuple(document.words.reasons), required.REASONS),
        (("words", "ordered"), tuple(document.words.ordered), required.ORDERED),
        (("words", "by-route"), tuple(document.words.by_route), required.ROUTES),
        (("words", "places"), tuple(document.words.places), required.PLACES),
        (
            ("words", "not-received"),
            tuple(document.words.not_received),
            required.OPTIONAL_KEYS,
        ),
    ):
        where: Path = tuple(place)
        for name in sorted(wanted - set(present)):
            yield where, f"{name} is missing"
        for name in sorted(set(present) - wanted):
            yield where, f"nothing is called {name}"
        if len(set(present)) < len(present):
            yield where, "something stands twice"


def _sources(document: Document) -> Iterator[Problem]:
    def walk(part: object, path: Path) -> Iterator[Problem]:
        if isinstance(part, BaseModel):
            for name, field in type(part).model_fields.items():
                child = getattr(part, name)
                if name == "source":
                    for code in child:
                        if code not in document.sources:
                            yield (*path, "source"), f"source {code!r} is not in [sources]"
                else:
                    yield from walk(child, (*path, field.alias or name))
        elif isinstance(part, tuple):
            for index, member in enumerate(part):
                yield from walk(member, (*path, index))
        elif isinstance(part, dict):
            for key, member in part.items():
                yield from walk(member, (*path, str(key)))

    return walk(document, ())
