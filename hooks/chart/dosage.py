"""Dosage: how much of a drug an order gives, and how fast, read as what it is and no further.

Free text is never parsed for a dose: nobody checks what a number in a sentence belongs to.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from msgspec.structs import replace

from hooks.chart.codes.strength import Strength
from hooks.chart.fact import Fact
from hooks.chart.units import read_number


class DoseProblem(StrEnum):
    """Why a dose could not be read."""

    MISSING = "missing"
    SEVERAL = "several"
    UNIT = "unit"


class Dosage(Fact, frozen=True):
    """A dose in g of magnesium sulfate heptahydrate, minutes, and mg/min, as far as readable.

    `rate` is the faster one where duration and rate contradict each other; `rate_unread` says that
    a rate was stated which nobody could read. A `recurring` order gives the dose again and again.
    """

    grams: Decimal | None = None
    minutes: Decimal | None = None
    rate: Decimal | None = None
    problem: DoseProblem | None = DoseProblem.MISSING
    recurring: bool = False
    rate_unread: bool = False


class Conversion(Fact, frozen=True):
    """What a unit of amount is worth: mEq and mmol of heptahydrate per g, a mL of the product."""

    meq_per_g: Decimal
    mmol_per_g: Decimal
    strength: Strength | None


#: A year of minutes: beyond it a number is no duration, and no calendar could bear it.
_LONGEST: Final = Decimal(525_600)

_MINUTES: Final[Mapping[str, Decimal]] = {
    "s": Decimal(1) / 60,
    "min": Decimal(1),
    "h": Decimal(60),
    "d": Decimal(1440),
    "minute": Decimal(1),
    "minutes": Decimal(1),
    "hr": Decimal(60),
    "hour": Decimal(60),
    "hours": Decimal(60),
}


def read_dosage(resource: Mapping[str, Any], conversion: Conversion) -> Dosage:
    """The dosage of a MedicationRequest, R4 or the STU3 shape that still travels under R4."""
    instructions = _objects(resource.get("dosageInstruction"))
    if not instructions:
        return Dosage()
    if len(instructions) > 1:
        return Dosage(problem=DoseProblem.SEVERAL, recurring=True)
    instruction = instructions[0]
    timing = _object(instruction.get("timing"))
    repeat = _object(timing.get("repeat"))
    minutes = _duration(repeat)
    recurring = _is_recurring(timing, repeat)
    doses = _chosen(_objects(instruction.get("doseAndRate")) or [instruction])
    amounts = {_amount(_object(dose.get("doseQuantity")), conversion) for dose in doses}
    rates = {_rate(dose, conversion) for dose in doses} - {None}
    if len(amounts) > 1 or len(rates) > 1:
        return Dosage(minutes=minutes, problem=DoseProblem.SEVERAL, recurring=recurring)
    grams = next(iter(amounts), None)
    said = next(iter(rates), None)
    given = any(dose.get("doseQuantity") is not None for dose in doses)
    problem = None
    if grams is None:
        problem = DoseProblem.UNIT if given else DoseProblem.MISSING
    settled = _settle(grams, minutes, said, problem, recurring=recurring)
    stated = any(name in dose for dose in doses for name in _RATES)
    return replace(settled, rate_unread=stated and said is None)


def _settle(
    grams: Decimal | None,
    minutes: Decimal | None,
    said: Decimal | None,
    problem: DoseProblem | None,
    *,
    recurring: bool,
) -> Dosage:
    by_time = grams * 1000 / minutes if grams and minutes else None
    rate = max((rate for rate in (said, by_time) if rate), default=None)
    if grams and rate and rate != by_time:
        minutes = grams * 1000 / rate
        minutes = minutes if minutes <= _LONGEST else None
    return Dosage(grams, minutes, rate, problem, recurring)


def _chosen(doses: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of several doses the ordered one, where one says so; else all of them."""
    ordered = [
        dose
        for dose in doses
        if any(
            coding.get("code") == "ordered"
            for coding in _objects(_object(dose.get("type")).get("coding"))
        )
    ]
    return ordered or doses


def _is_recurring(timing: Mapping[str, Any], repeat: Mapping[str, Any]) -> bool:
    """Whether the dose is given more than once, or the order does not say that it is not."""
    count = read_number(repeat.get("count"))
    if count is not None:
        return count > 1
    if repeat.get("frequency") is not None or repeat.get("period") is not None:
        return True
    events = timing.get("event")
    if isinstance(events, list) and len(events) > 1:
        return True
    codings = _objects(_object(timing.get("code")).get("coding"))
    codes = {str(coding.get("code")).upper() for coding in codings}
    return bool(codes - _ONCE)


def _duration(repeat: Mapping[str, Any]) -> Decimal | None:
    number, unit = read_number(repeat.get("duration")), repeat.get("durationUnit")
    factor = _MINUTES.get(unit) if isinstance(unit, str) else None
    if number is None or factor is None or not 0 < number * factor <= _LONGEST:
        return None
    return number * factor


def _amount(quantity: Mapping[str, Any], conversion: Conversion) -> Decimal | None:
    """A quantity in g of magnesium sulfate heptahydrate."""
    number = read_number(quantity.get("value"))
    if number is None or number <= 0 or quantity.get("comparator") is not None:
        return None
    unit = _unit(quantity)
    return None if unit is None else _grams(number, unit, conversion)


def _unit(quantity: Mapping[str, Any]) -> str | None:
    """The unit that code and text agree on, in lower case; None if they differ or are missing."""
    said = {
        text.strip().lower()
        for text in (quantity.get("code"), quantity.get("unit"))
        if isinstance(text, str) and text.strip()
    }
    known = {_SYNONYMS.get(text, text) for text in said}
    return known.pop() if len(known) == 1 else None


_RATES: Final = ("rateRatio", "rateRange", "rateQuantity")
_ONCE: Final = frozenset({"ONCE", "STAT", "NOW", "ONE TIME"})

_SYNONYMS: Final[Mapping[str, str]] = {
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hr": "h",
    "hour": "h",
    "hours": "h",
    "gm": "g",
    "gram": "g",
    "grams": "g",
    "milligram": "mg",
    "milligrams": "mg",
    "milliliter": "ml",
    "milliliters": "ml",
    "milliequivalent": "meq",
    "millimole": "mmol",
}


def _grams(number: Decimal, unit: str, conversion: Conversion) -> Decimal | None:
    match unit:
        case "g":
            return number
        case "mg":
            return number / 1000
        case "meq":
            return number / conversion.meq_per_g
        case "mmol":
            return number / conversion.mmol_per_g
        case "ml" if conversion.strength is not None:
            return conversion.strength.grams(number)
        case _:
            return None


def _rate(dose: Mapping[str, Any], conversion: Conversion) -> Decimal | None:
    """mg per minute from a rateRatio or a rateQuantity.

    What runs by the hour is the mixture: only of a product that needs none it tells the dose, and
    then of any number of containers.
    """
    strength = conversion.strength
    running = replace(strength, ml=None) if strength is not None and strength.ready else None
    conversion = replace(conversion, strength=running)
    ratio = _object(dose.get("rateRatio"))
    if ratio:
        grams = _amount(_object(ratio.get("numerator")), conversion)
        below = _object(ratio.get("denominator"))
        number, unit = read_number(below.get("value")), _unit(below)
        factor = _MINUTES.get(unit) if unit else None
        if grams is None or number is None or number <= 0 or factor is None:
            return None
        return grams * 1000 / (number * factor)
    quantity = _object(dose.get("rateQuantity"))
    number, unit = read_number(quantity.get("value")), _unit(quantity)
    if number is None or number <= 0 or unit is None or unit.count("/") != 1:
        return None
    amount, time = unit.split("/")
    grams = _grams(number, _SYNONYMS.get(amount, amount), conversion)
    factor = _MINUTES.get(time)
    return None if grams is None or factor is None else grams * 1000 / factor


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list, or the object that stands where a list belongs."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
