"""How the values of a protocol file are written for people, and what they are called."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from hooks.chart.units import CANONICAL, FACTORS, Analyte, Unit
from hooks.lines import Path
from hooks.protocol import bounds
from hooks.protocol.document import Document
from hooks.protocol.model import Band, Dosing
from hooks.protocol.part import Part
from hooks.protocol.protocol import span
from hooks.protocol.quantity import Quantity, Rate
from hooks.protocol.scale import digits, short

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

#: To how many places a band's limit is rounded in another unit than the file has for it.
PLACES: Final = 4
_HOUR: Final = 60


def label(path: str) -> str:
    """What a limit is called; its place in the file if it has no name."""
    return LABELS.get(path, path)


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


def due(document: Document, dosing: Dosing) -> str:
    """When the repeat level of a dose is due, from its end and from its start."""
    first, last = (
        _clock(dosing.over.value + after.value)
        for after in (document.recheck.from_, document.recheck.to)
    )
    return f"{recheck(document)} after the end, {first} to {last} after the start"


def recheck(document: Document) -> str:
    """When the repeat level is due, from the end of the dose: `4-6 h`."""
    return span(str(document.recheck.from_), str(document.recheck.to))


def _clock(minutes: Decimal) -> str:
    hours, rest = divmod(minutes, _HOUR)
    parts = [f"{digits(hours)} h"] if hours else []
    return " ".join([*parts, f"{digits(rest)} min"] if rest or not hours else parts)


def range_of(band: Band, unit: Unit) -> str:
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
        return digits(end.value)
    return digits(round(end.value / FACTORS[Analyte.MAGNESIUM][unit], PLACES))


def written(part: Part) -> str:
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


def statements(document: Document) -> Iterator[tuple[str, str]]:
    """The numbers beyond the bounds of the service, by name, and the site's own word for each."""
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
