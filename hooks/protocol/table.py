"""A protocol as tables for the pharmacist who owns it: shaped here, printed elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hooks.chart.units import CANONICAL, FACTORS, Analyte, Unit
from hooks.lines import Path
from hooks.protocol import bounds, gates, origins
from hooks.protocol.model import Band, Document, Dosing, Row
from hooks.protocol.part import Part, Sources
from hooks.protocol.protocol import Protocol, span
from hooks.protocol.quantity import Quantity, Rate
from hooks.protocol.scale import plain, short
from hooks.protocol.template import names_in

#: What the limits of a file are called, by their place in it.
LABELS: Final[Mapping[str, str]] = {
    "scope.age": "Ages",
    "scope.orders.types": "Selected orders that are looked at",
    "windows.magnesium": "A magnesium counts for",
    "windows.potassium": "A potassium counts for",
    "windows.creatinine": "A creatinine counts for",
    "windows.weight": "A weight counts for",
    "windows.qtc": "A QTc counts for",
    "windows.egfr": "A reported eGFR counts for",
    "windows.infusion": "An infusion of unknown duration may run for",
    "windows.course": "Doses that repeat without a stated end may go on for",
    "windows.recent_dose": "A result answers a dose of the last",
    "windows.clock_difference": "A result may seem to lie in the future by",
    "windows.same_draw": "Results are of the same draw within",
    "windows.stale_reminder": "A low level that is too old asks for a new one for",
    "windows.date_zone": "Midnight of a date without a time is at UTC",
    "windows.shown_zone": "Cards tell times in the zone of",
    "renal.excluded_below": "No dose below",
    "renal.reduced_below": "Reduced dose below",
    "renal.caution_below": "Same dose with caution below",
    "renal.maximum": "At most, reduced renal function",
    "renal.maximum.dose": "Reduced renal function: what repeats comes at most to",
    "renal.maximum.within": "Reduced renal function: the most within",
    "renal.injury": "Acute kidney injury",
    "renal.injury.rise": "Acute kidney injury: creatinine higher by",
    "renal.injury.rise_within": "Acute kidney injury: the rise within",
    "renal.injury.ratio": "Acute kidney injury: creatinine higher by a factor of",
    "renal.injury.ratio_within": "Acute kidney injury: the factor within",
    "rate.absolute": "Absolute rate limit",
    "rate.ceiling": "Rate ceiling of the site",
    "plausible.magnesium": "Magnesium",
    "plausible.potassium": "Potassium",
    "plausible.creatinine": "Creatinine",
    "plausible.weight": "Weight",
    "plausible.qtc": "QTc",
    "plausible.egfr": "eGFR",
    "extreme.magnesium": "Magnesium worth a look at the specimen",
    "potassium.low_below": "Potassium is low below",
    "potassium.very_low_below": "Potassium is very low below",
    "qtc.long_from": "QTc is long from",
    "target.above": "Target above",
    "target.redose_below": "After a dose, an additional one is considered below",
    "target.deficient_below": "Magnesium counts as deficient below",
    "dose_tolerance": "Tolerance of a drafted dose",
    "dose_tolerance.percent": "A drafted dose is the row's within this many percent",
    "recheck": "Repeat level after the end of the dose",
}

_UNITS: Final = (Unit.MG_DL, Unit.MMOL_L, Unit.MEQ_L)
_PLACES: Final = 4
_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Table:
    """One table. Without `columns`, each row is a name and what stands behind it."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()
    note: str | None = None


def tables(protocol: Protocol) -> tuple[Table, ...]:
    """The whole decision in tables, from the head to the list of sources; without the sentences."""
    document = protocol.document
    return (
        _head(document),
        _bands(protocol),
        _doses(document),
        *(_row(protocol, row) for row in document.rows),
        _gates(protocol),
        Table("Time windows", tuple(_limits(document.windows, "windows")), _LIMITS),
        _renal(document),
        Table(
            "Infusion rate",
            tuple(_limits(document.rate, "rate")),
            _LIMITS,
            "A draft above the ceiling is named as too fast; where a dose may be given, the row's"
            " is offered in its place.",
        ),
        Table(
            "Plausible values",
            tuple(_limits(document.plausible, "plausible")),
            _LIMITS,
            "Anything else is an error of the specimen or of the unit, and is not used.",
        ),
        _other_limits(document),
        _orders(document),
        *_beyond(document),
        Table(
            "Override reasons",
            tuple((reason.display, reason.code) for reason in document.override_reasons),
            ("Reason", "Code"),
        ),
        *_origins(document),
        Table(
            "Sources",
            tuple(source for group in origins.grouped(document) for source in group.sources),
        ),
    )


def summary(protocol: Protocol) -> str:
    """The protocol in one line: which it is, how much it holds, and how fast it goes."""
    document = protocol.document
    rates = [dosing.rate for _, _, dosing in document.dosings()]
    fastest = rates[0]
    for rate in rates[1:]:
        fastest = rate if rate.exceeds(fastest) else fastest
    return (
        f"{title(document)}; {len(document.bands)} bands, {len(document.rows)} rows with"
        f" {len(rates)} doses, the fastest {fastest} ({both(fastest)}), ceiling"
        f" {document.rate.ceiling.value}; repeat level {_recheck(document)} after the dose."
        f"{_answers(document)}"
    )


def title(document: Document) -> str:
    """Which protocol it is: `Adult magnesium replacement protocol 2026.11.2 (draft)`."""
    head = document.protocol
    return f"{head.label} {head.version} ({head.status})"


def both(rate: Rate) -> str:
    """A rate in both units in which people think: `100 mg/min, 6 g/h`."""
    return f"{short(rate.per_minute)} mg/min, {short(rate.per_hour)} g/h"


def limit(rate: Rate) -> str:
    """A limit of the rate as the file writes it, and in the other unit."""
    unit = "mg/min" if rate.written.endswith("g/h") else "g/h"
    value = rate.per_minute if unit == "mg/min" else rate.per_hour
    return f"{rate} ({short(value)} {unit})"


def dose(dosing: Dosing) -> str:
    """A dose with its time and its rate."""
    return f"{dosing.dose} over {dosing.over} ({both(dosing.rate)})"


def label(path: str) -> str:
    """What a limit is called; its place in the file if it has no name."""
    return LABELS.get(path, path)


_LIMITS: Final = ("", "Limit", "Sources")


def _head(document: Document) -> Table:
    head = document.protocol
    approval = (
        f"approved by {head.approved_by}"
        if head.status == "approved"
        else f"{head.status}: no clinician or site has approved it"
    )
    ages = document.scope.age
    return Table(
        head.title,
        (
            ("Id", head.id),
            ("Version", head.version),
            ("Status", approval),
            ("Cards name it", head.label),
            ("For", f"patients of {ages.from_} to {ages.to} (sources: {_codes(ages.source)})"),
            ("Looks at selected", ", ".join(document.scope.orders.types)),
        ),
    )


def _bands(protocol: Protocol) -> Table:
    rows = tuple(
        (band.id, *(_range(band, unit) for unit in _UNITS), band.indicator, _codes(band.source))
        for band in protocol.bands
    )
    return Table(
        "Bands of total magnesium",
        rows,
        ("Band", *(str(unit) for unit in _UNITS), "Card", "Sources"),
        f"Compared unrounded, by the limits in mg/dL; the others are rounded to {_PLACES} places"
        " unless the file has them.",
    )


def _range(band: Band, unit: Unit) -> str:
    """A band's limits in a unit: `1.5 to <1.7`."""
    lower = _end(band.lower, unit)
    upper = _end(band.upper, unit)
    lower = f">{lower}" if band.above else lower
    upper = f"<{upper}" if band.below else upper
    if not lower:
        return upper if band.below else f"to {upper}"
    if not upper:
        return lower if band.above else f"from {lower}"
    return f"{lower} to {upper}"


def _end(end: Quantity | None, unit: Unit) -> str:
    if end is None:
        return ""
    number, _, written = end.written.partition(" ")
    if written == unit:
        return number
    if unit is CANONICAL[Analyte.MAGNESIUM]:
        return plain(end.value)
    return plain(round(end.value / FACTORS[Analyte.MAGNESIUM][unit], _PLACES))


def _doses(document: Document) -> Table:
    rows: list[tuple[str, ...]] = []
    for row in document.rows:
        tier = f"{row.tier}" if row.tier else "any"
        dosing = row.dosing
        if dosing is None:
            rows.append((row.id, row.band, tier, "none", "", "", ""))
            continue
        rows.append((row.id, row.band, tier, *_numbers(dosing)))
        rows += [("", "", f"or, {option.when}", *_numbers(option)) for option in row.options]
    renal = document.renal
    return Table(
        "Doses",
        tuple(rows),
        ("Row", "Band", "Renal function", "Dose", "Over", "mg/min", "g/h"),
        "Grams of magnesium sulfate heptahydrate, intravenous. Renal function: standard is"
        f" {renal.reduced_below.value} and above, reduced is {renal.excluded_below.value} to below"
        f" {renal.reduced_below.value} or acute kidney injury, by the lower of eGFR and creatinine"
        " clearance.",
    )


def _numbers(dosing: Dosing) -> tuple[str, ...]:
    rate = dosing.rate
    return str(dosing.dose), str(dosing.over), short(rate.per_minute), short(rate.per_hour)


def _row(protocol: Protocol, row: Row) -> Table:
    """What stands behind a row of the doses."""
    document = protocol.document
    words = {**protocol.words, **_words(row.dosing)}
    name = f"Row {row.id}: {row.band}"
    if row.tier:
        name += f", {row.tier} renal function"
    lines: list[tuple[str, str]] = []
    dosing = row.dosing
    if dosing is None:
        lines.append(("Dose", "none"))
    else:
        lines += [("Dose", dose(dosing)), ("Repeat level", _due(document, dosing))]
        for option in row.options:
            lines.append(("Option", f"{dose(option)} {option.when} ({_codes(option.source)})"))
            lines.append(("", f"repeat level {_due(document, option)}"))
    lines += [
        (name, value)
        for name, value in (
            ("Priority", row.priority),
            ("Product", row.product),
            ("Monitoring", _filled(row.monitoring or "", words)),
            ("Caveat", _filled(row.caveat or "", words)),
        )
        if value
    ]
    lines.append(("Sources", _codes(row.source)))
    return Table(name, tuple(lines))


def _words(dosing: Dosing | None) -> Mapping[str, str]:
    """What a dose's own names stand for in the sentences of its row."""
    if dosing is None:
        return {}
    return {
        "dose": str(dosing.dose),
        "duration": f"{plain(dosing.over.value)} minutes",
        "rate": f"{short(dosing.rate.per_minute)} mg/min",
        "hourly_rate": f"{short(dosing.rate.per_hour)} g/h",
    }


def _due(document: Document, dosing: Dosing) -> str:
    """When the repeat level of a dose is due, from its end and from its start."""
    first, last = (
        _clock(dosing.over.value + after.value)
        for after in (document.recheck.from_, document.recheck.to)
    )
    return f"{_recheck(document)} after the end, {first} to {last} after the start"


def _recheck(document: Document) -> str:
    return span(str(document.recheck.from_), str(document.recheck.to))


def _clock(minutes: Decimal) -> str:
    hours, rest = divmod(minutes, _HOUR)
    parts = [f"{plain(hours)} h"] if hours else []
    return " ".join([*parts, f"{plain(rest)} min"] if rest or not hours else parts)


def _gates(protocol: Protocol) -> Table:
    rows = tuple(
        (
            gate.id,
            _filled(gate.asks, protocol.words),
            _filled(gate.reason, protocol.words),
            _codes(gate.source),
        )
        for gate in (protocol.gates[name] for name in gates.ASKED)
    )
    return Table(
        "Gates, in the order in which they are asked",
        rows,
        ("Gate", "Asks", "Otherwise", "Sources"),
        "G1 to G4 come before the band; the others guard a dose and are asked in the severe and"
        " moderate bands, G6 last of all. The first that applies decides.",
    )


def _filled(sentence: str, words: Mapping[str, str]) -> str:
    """A sentence with what the protocol itself fills in; the patient's part as `[condition]`."""
    return sentence.format_map({name: words.get(name, f"[{name}]") for name in names_in(sentence)})


def _renal(document: Document) -> Table:
    injury, most = document.renal.injury, document.renal.maximum
    told = (
        f"creatinine higher by {injury.rise} within {injury.rise_within}, or"
        f" {plain(injury.ratio)} times within {injury.ratio_within}: the reduced dose at best"
    )
    return Table(
        "Renal function",
        (
            *_limits(document.renal, "renal"),
            ("Acute kidney injury", told, _codes(injury.source)),
            (
                "At most, reduced renal function",
                f"{most.dose} in {most.within}",
                _codes(most.source),
            ),
        ),
        _LIMITS,
    )


def _other_limits(document: Document) -> Table:
    tolerance = document.dose_tolerance
    return Table(
        "Other limits",
        (
            *_limits(document.target, "target"),
            *_limits(document.potassium, "potassium"),
            *_limits(document.qtc, "qtc"),
            *_limits(document.extreme, "extreme"),
            (
                label("dose_tolerance.percent"),
                plain(tolerance.percent),
                _codes(tolerance.source),
            ),
            (label("recheck"), _recheck(document), _codes(document.recheck.source)),
        ),
        _LIMITS,
    )


def _limits(part: Part, path: str) -> Iterator[tuple[str, str, str]]:
    """The limits that a part of the file holds: name, value and sources."""
    for name in type(part).model_fields:
        member = getattr(part, name)
        if member is None:
            continue
        text = _text(member)
        if text:
            yield label(f"{path}.{name}"), text, _codes(member.source)


def _text(part: Part) -> str:
    """A limit, whichever words the file has for it; empty for what is no single limit."""
    value = getattr(part, "value", None)
    if isinstance(value, Rate):
        return limit(value)
    if value is not None:
        return str(value)
    ends = [
        f"{word} {getattr(part, field)}"
        for field, word in (("from_", ""), ("to", "to"), ("below", "below"), ("above", "or above"))
        if hasattr(part, field)
    ]
    return " ".join(ends).strip()


def _orders(document: Document) -> Table:
    """What suggested orders name."""
    rows: list[tuple[str, str, str]] = []
    for product in document.products:
        told = f"{product.text}; holds {product.holds}"
        rows.append((f"Product {product.id}", told, _codes(product.source)))
        rows += [("", f"{coding.code} {coding.display}", "") for coding in product.coding]
    route, labs = document.route, document.labs
    rows.append(("Route", f"{route.coding.code} {route.coding.display}", _codes(route.source)))
    rows += [
        (f"Level of {name}", f"{lab.coding.code} {lab.coding.display}", _codes(lab.source))
        for name, lab in (("magnesium", labs.magnesium), ("creatinine", labs.creatinine))
    ]
    return Table("Orders", tuple(rows), ("", "Names", "Sources"))


def _origins(document: Document) -> Iterator[Table]:
    """What the codes of the sources begin with, and what that means, if the file says so."""
    rows = tuple(
        (origins.letters(origin), f"{origin.title}: {origin.text}") for origin in document.origins
    )
    if rows:
        yield Table("Where the sources come from, by what their codes begin with", rows)


def _beyond(document: Document) -> Iterator[Table]:
    """The sentences by which the site answers for a number beyond the bounds, if it has any."""
    rows = tuple(_statements(document))
    if rows:
        yield Table(
            "Beyond the bounds of the service, by the site's own word",
            rows,
            ("Limit", "Who decided it, and why"),
            "Every other number lies within the bounds, which come from published sources.",
        )


def _answers(document: Document) -> str:
    named = ", ".join(name for name, _ in _statements(document))
    return f" Beyond the bounds of the service, by the site's own word: {named}." if named else ""


def _statements(document: Document) -> Iterator[tuple[str, str]]:
    if document.rate.above_label is not None:
        yield label("rate.absolute"), document.rate.above_label
    for path, said in bounds.statements(document):
        yield _answered(document, path), said


def _answered(document: Document, path: Path) -> str:
    """What the part is called whose number the site answers for."""
    match path:
        case ("bands", int(index)):
            return f"Band {document.bands[index].id}"
        case ("rows", int(index)):
            return f"Row {document.rows[index].id}"
        case ("rows", int(index), "options", int(number)):
            row = document.rows[index]
            return f"Row {row.id}, option {row.options[number].id}"
    return label(".".join(map(str, path)))


def _codes(sources: Sources) -> str:
    return ", ".join(sources)
