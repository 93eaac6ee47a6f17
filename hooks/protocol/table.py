"""A protocol as tables for the pharmacist who owns it: shaped here, printed elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hooks.chart.units import Unit
from hooks.protocol import gates, origins
from hooks.protocol.document import Document
from hooks.protocol.model import Dosing, Row
from hooks.protocol.notation import (
    PLACES,
    dose,
    due,
    label,
    range_of,
    recheck,
    statements,
    written,
)
from hooks.protocol.part import Part, Sources
from hooks.protocol.protocol import Protocol
from hooks.protocol.scale import digits, short
from hooks.protocol.template import names_in

_LIMITS: Final = ("", "Limit", "Sources")
_UNITS: Final = (Unit.MG_DL, Unit.MMOL_L, Unit.MEQ_L)


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
        (band.id, *(range_of(band, unit) for unit in _UNITS), band.indicator, _codes(band.source))
        for band in protocol.bands
    )
    return Table(
        "Bands of total magnesium",
        rows,
        ("Band", *(str(unit) for unit in _UNITS), "Card", "Sources"),
        f"Compared unrounded, by the limits in mg/dL; the others are rounded to {PLACES} places"
        " unless the file has them.",
    )


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
        lines += [("Dose", dose(dosing)), ("Repeat level", due(document, dosing))]
        for option in row.options:
            lines.append(("Option", f"{dose(option)} {option.when} ({_codes(option.source)})"))
            lines.append(("", f"repeat level {due(document, option)}"))
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
        "duration": f"{digits(dosing.over.value)} minutes",
        "rate": f"{short(dosing.rate.per_minute)} mg/min",
        "hourly_rate": f"{short(dosing.rate.per_hour)} g/h",
    }


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
        f" {digits(injury.ratio)} times within {injury.ratio_within}: the reduced dose at best"
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
                digits(tolerance.percent),
                _codes(tolerance.source),
            ),
            (label("recheck"), recheck(document), _codes(document.recheck.source)),
        ),
        _LIMITS,
    )


def _limits(part: Part, path: str) -> Iterator[tuple[str, str, str]]:
    """The limits that a part of the file holds: name, value and sources."""
    for name in type(part).model_fields:
        member = getattr(part, name)
        if member is None:
            continue
        text = written(member)
        if text:
            yield label(f"{path}.{name}"), text, _codes(member.source)


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
    rows = tuple(statements(document))
    if rows:
        yield Table(
            "Beyond the bounds of the service, by the site's own word",
            rows,
            ("Limit", "Who decided it, and why"),
            "Every other number lies within the bounds, which come from published sources.",
        )


def _codes(sources: Sources) -> str:
    return ", ".join(sources)
