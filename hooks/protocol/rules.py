"""What must hold between the parts of a protocol file, beyond each part being well formed."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, get_args

from pydantic import BaseModel

from hooks.chart.codes.drugs import RXNORM, DrugCodes
from hooks.chart.codes.laboratory import LabCodes
from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import SULFATE
from hooks.chart.units import Analyte
from hooks.lines import Path
from hooks.mistakes import suggested
from hooks.protocol import bounds, origins, required
from hooks.protocol.bounds import Bounds, Problem
from hooks.protocol.document import Document
from hooks.protocol.limits import Range
from hooks.protocol.model import DOSED, Band, BandId, Coding, Dosing, Lab, Product
from hooks.protocol.quantity import Quantity
from hooks.protocol.scale import digits

_TIERS: Final = ("standard", "reduced")


def broken(
    document: Document, limits: Bounds, drugs: DrugCodes, labs: LabCodes
) -> Iterator[Problem]:
    """Every rule that the file breaks: where, and in a sentence.

    `limits` is how far its numbers may go; `drugs` are the products that are known by their codes,
    `labs` the laboratory tests.
    """
    yield from _label(document, limits)
    yield from bounds.passed(document, limits)
    yield from _bands(document)
    yield from _rows(document)
    yield from _doses(document)
    yield from _tiers(document)
    yield from _reachable(document)
    yield from _products(document, drugs)
    yield from _labs(document, labs)
    yield from _override_reasons(document)
    yield from _required(document)
    yield from _sources(document)
    yield from _origins(document)


def ordered(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """The bands from the lowest to the highest."""
    return tuple(sorted(bands, key=lambda band: band.lower.value if band.lower else -1))


def _bands(document: Document) -> Iterator[Problem]:
    place: dict[str, Path] = {}
    for index, band in enumerate(document.bands):
        if band.id in place:
            yield ("bands", index), f"band {band.id} stands twice"
        place[band.id] = ("bands", index)
    missing = [name for name in get_args(BandId) if name not in place]
    for name in sorted(missing):
        yield ("bands",), f"band {name} is missing"
    row = ordered(document.bands)
    if row[0].lower is not None:
        yield place[row[0].id], f"gap: nothing covers values below {row[0].lower}"
    if row[-1].upper is not None:
        yield place[row[-1].id], f"gap: nothing covers values above {row[-1].upper}"
    for lower, higher in pairwise(row):
        end, start = lower.upper, higher.lower
        if end is None or start is None or end.value > start.value:
            shared = f"{f'from {start}' if start else ''} {f'to {end}' if end else ''}".strip()
            yield place[higher.id], f"overlap: {lower.id} and {higher.id} share values, {shared}"
        elif end.value < start.value:
            yield (
                place[higher.id],
                f"gap: nothing covers values from {end} to {start}, between {lower.id}"
                f" and {higher.id}{_left_by(missing, lower, higher)}",
            )
        elif (lower.to is None) == (higher.above is not None):
            what = "gap: nothing covers" if lower.to is None else "overlap: both cover"
            yield place[higher.id], f"{what} exactly {start}, between {lower.id} and {higher.id}"


def _left_by(missing: list[str], lower: Band, higher: Band) -> str:
    """The missing bands that a gap comes from."""
    order: list[str] = list(get_args(BandId))
    between = order[order.index(lower.id) + 1 : order.index(higher.id)]
    named = " and ".join(name for name in between if name in missing)
    return f", because {named} is missing" if named else ""


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
        if row.dosing is not None and row.band not in DOSED:
            yield place, f"no dose may stand in the {row.band} band"
    wanted: list[tuple[str, str | None]] = [(band, tier) for band in DOSED for tier in _TIERS]
    wanted += [(band, None) for band in get_args(BandId) if band not in DOSED]
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
    for place, _, dosing in document.dosings():
        if dosing.rate.exceeds(absolute):
            yield place, f"{dosing.rate} is faster than the absolute limit {absolute}"
        elif dosing.rate.exceeds(ceiling):
            yield place, f"{dosing.rate} is faster than the site's ceiling {ceiling}"
        product = products.get(dosing.product)
        if product is None:
            yield place, f"there is no product {dosing.product}"
        elif product.holds.value != dosing.dose.value:
            yield (
                place,
                f"product {product.id} holds {product.holds}, the dose is {dosing.dose}; choose"
                " another `product`, or add one under [[products]]",
            )


def _tiers(document: Document) -> Iterator[Problem]:
    """Whom the kidneys allow less gets no more, and nothing faster (S13, P3, P5)."""
    standard: dict[str, list[Dosing]] = {}
    for row in document.rows:
        if row.tier == "standard" and row.dosing is not None:
            standard[row.band] = [row.dosing, *row.options]
    tier = {row.id: row for row in document.rows if row.tier == "reduced"}
    for place, name, dosing in document.dosings():
        allowed = standard.get(tier[name].band) if name in tier else None
        if allowed is None:
            continue
        band = tier[name].band
        if all(dosing.dose.value > other.dose.value for other in allowed):
            yield (
                (*place, "dose"),
                f"{dosing.dose} in the reduced tier is more than any dose of the"
                f" standard tier in the {band} band",
            )
        if all(dosing.rate.exceeds(other.rate) for other in allowed):
            yield (
                (*place, "over"),
                f"{dosing.rate} in the reduced tier is faster than any dose of the"
                f" standard tier in the {band} band",
            )


def _reachable(document: Document) -> Iterator[Problem]:
    """A limit that no specimen reaches decides for nobody, or for everybody."""
    plausible, target, potassium = document.plausible, document.target, document.potassium
    bands = ordered(document.bands)
    limits: list[tuple[Path, Quantity, Range[Quantity]]] = [
        (("bands", index), end, plausible.magnesium)
        for index, band in enumerate(document.bands)
        for end in (band.lower, band.upper)
        if end is not None
    ]
    limits += [
        (("target", "above"), target.above.value, plausible.magnesium),
        (("target", "redose_below"), target.redose_below.value, plausible.magnesium),
        (("target", "deficient_below"), target.deficient_below.value, plausible.magnesium),
        (("potassium", "low_below"), potassium.low_below.value, plausible.potassium),
        (("potassium", "very_low_below"), potassium.very_low_below.value, plausible.potassium),
        (("qtc", "long_from"), document.qtc.long_from.value, plausible.qtc),
    ]
    for place, limit, room in limits:
        if not room.from_.value <= limit.value <= room.to.value:
            yield place, f"{limit} is not among the plausible values, {room.from_} to {room.to}"
    extreme, lowest, highest = document.extreme.magnesium, bands[0].upper, bands[-1].lower
    at: Path = ("extreme", "magnesium")
    if lowest is not None and extreme.below.value > lowest.value:
        yield at, f"`below`: {extreme.below} is above {lowest}, where the {bands[0].id} band ends"
    if highest is not None and extreme.above.value < highest.value:
        yield (
            at,
            f"`above`: {extreme.above} is below {highest}, where the {bands[-1].id} band begins",
        )


def _products(document: Document, drugs: DrugCodes) -> Iterator[Problem]:
    """A product's code stands for what the product says that it holds (clinical 5.1)."""
    for index, product in enumerate(document.products):
        for coding in product.coding:
            wrong = _wrong(coding, product, drugs) if coding.system in RXNORM else None
            if wrong is not None:
                yield ("products", index), f"product {product.id}: RxNorm {coding.code} {wrong}"
    coding = document.route.coding
    route = drugs.routes.stated((coding.code,), (coding.display,))
    if route in (Route.ENTERAL, Route.INTRAMUSCULAR):
        yield (
            ("route", "coding"),
            f"{coding.code} is the {route} route, the doses are intravenous",
        )


def _wrong(coding: Coding, product: Product, drugs: DrugCodes) -> str | None:
    """What a code stands for if it is not what the product says; None also for unknown ones."""
    known = drugs.recognize((coding.code,), (), None)
    if known.magnesium is None:
        return f"is {known.drugs[0].name}, not {SULFATE}" if known.drugs else None
    if known.salt != SULFATE:
        return f"is {known.salt}, not {SULFATE}"
    if known.magnesium is not Route.INTRAVENOUS:
        return f"is {SULFATE} that is not given into a vein"
    if known.strength is None or known.strength.ml is None:
        return None
    grams = known.strength.ml * known.strength.mg_per_ml / 1000
    if grams == product.holds.value:
        return None
    return f"holds {digits(grams)} g, the product says {product.holds}"


def _labs(document: Document, known: LabCodes) -> Iterator[Problem]:
    """A level is ordered by a code of its own analyte, as every card orders it (clinical 6.1)."""
    for analyte in (Analyte.MAGNESIUM, Analyte.CREATININE):
        lab: Lab = getattr(document.labs, analyte)
        code = known.by_code.get((lab.coding.system, lab.coding.code))
        what = None if code is None else code.because
        if code is not None and code.analyte is not analyte:
            what = what or code.analyte
        if what is not None:
            yield (
                ("labs", analyte.value, "coding"),
                f"{lab.coding.code} is {what}, the level that is ordered is {analyte} in serum,"
                " plasma or blood",
            )


def _override_reasons(document: Document) -> Iterator[Problem]:
    """Feedback names a reason by its code and system, and has to find one."""
    seen: set[tuple[str, str]] = set()
    for index, reason in enumerate(document.override_reasons):
        key = (reason.system, reason.code)
        if key in seen:
            yield (
                ("override_reasons", index),
                f"{reason.code} of {reason.system} stands twice: feedback could not tell the two"
                " reasons apart",
            )
        seen.add(key)


def _label(document: Document, limits: Bounds) -> Iterator[Problem]:
    """A rate beyond the label's is a site's own answer, and stands in its own words on the card."""
    absolute, statement = document.rate.absolute.value, document.rate.above_label
    label, fastest = limits.rate.label, limits.rate.fastest
    at: Path = ("rate", "absolute")
    if absolute.exceeds(fastest.value):
        yield at, f"{absolute} is above {fastest.value} {fastest}"
    elif absolute.exceeds(label.value) and statement is None:
        yield (
            at,
            f"{absolute} is above {label.value} {label}; a site that goes beyond it says so in"
            " `above_label`, a sentence that every card shows",
        )
    elif statement is not None and not absolute.exceeds(label.value):
        yield (
            ("rate", "above_label"),
            f"above_label: {absolute} is not above the label's {label.value}",
        )


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
            at = where if where == ("gates",) else (*where, name)
            yield at, f"nothing is called {name}{suggested(name, wanted)}"
        if len(set(present)) < len(present):
            yield where, "something stands twice"
    for name in sorted(document.words.next.keys() - required.REASONS):
        yield (
            ("words", "next", name),
            f"nothing is called {name}{suggested(name, required.REASONS)}",
        )


def _origins(document: Document) -> Iterator[Problem]:
    known = [begin for origin in document.origins for begin in origin.begins]
    for begin in sorted({begin for begin in known if known.count(begin) > 1}):
        yield ("origins",), f"{begin} stands twice"
    for code in document.sources if document.origins else ():
        if origins.beginning(code) not in known:
            yield ("sources", code), "no entry of [[origins]] says where it comes from"


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
