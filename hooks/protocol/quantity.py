"""Quantities of a protocol file: a number with its unit, written as a pharmacist writes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from hooks.chart.units import CANONICAL, SPELLINGS, Analyte, convert

_WRITTEN: Final = re.compile(r"(\d+(?:\.\d+)?) ?([^\d\s.,]\S*(?: m2)?)", re.ASCII)

_LONGEST: Final = 100
_COMMA: Final = re.compile(r"\d+,\d+", re.ASCII)

#: How each kind is written.
_EXAMPLES: Final[Mapping[str, str]] = {
    "a dose": "2 g",
    "a time": "20 min",
    "an age": "18 y",
    "a clearance": "30 mL/min",
    "a rate": "150 mg/min",
    "a magnesium value": "0.50 mmol/L",
    "a potassium value": "3.5 mmol/L",
    "a creatinine value": "1.2 mg/dL",
    "a weight value": "70 kg",
    "a QTc": "500 ms",
    "an eGFR": "60 mL/min/1.73 m2",
}

#: What a value is called of which the short name is no word.
_ABBREVIATED: Final[Mapping[Analyte, str]] = {Analyte.QTC: "a QTc", Analyte.EGFR: "an eGFR"}
_FACTORS: Final[Mapping[str, Mapping[str, Decimal]]] = {
    "a dose (g or mg of magnesium sulfate)": {"g": Decimal(1), "mg": Decimal("0.001")},
    "a time (min, h or d)": {"min": Decimal(1), "h": Decimal(60), "d": Decimal(1440)},
    "an age (y)": {"y": Decimal(1)},
    "a clearance (mL/min)": {"mL/min": Decimal(1)},
}


@dataclass(frozen=True)
class Quantity:
    """A number in its canonical unit (`value`), and as the file writes it (`written`).

    Canonical: magnesium and creatinine mg/dL, potassium mmol/L, weight kg, dose g, time min,
    age years, clearance mL/min.
    """

    value: Decimal
    written: str

    def __str__(self) -> str:
        return self.written

    @cached_property
    def span(self) -> timedelta:
        """A time as a timedelta."""
        return timedelta(minutes=float(self.value))


@dataclass(frozen=True)
class Rate:
    """An infusion rate: so many mg of magnesium sulfate in so many minutes, kept exact."""

    milligrams: Decimal
    minutes: Decimal
    written: str

    def __str__(self) -> str:
        return self.written

    @cached_property
    def per_minute(self) -> Decimal:
        """mg per minute, for reading."""
        return self.milligrams / self.minutes

    @cached_property
    def per_hour(self) -> Decimal:
        """g per hour, for reading."""
        return self.milligrams * 60 / (self.minutes * 1000)

    def exceeds(self, other: "Rate") -> bool:
        """Whether this rate is faster than the other; exact, since nothing is divided."""
        return self.milligrams * other.minutes > other.milligrams * self.minutes


def rate_of(dose: Quantity, over: Quantity) -> Rate:
    """The rate of a dose over a time."""
    return Rate(dose.value * 1000, over.value, f"{dose} over {over}")


def _split(text: object, what: str) -> tuple[Decimal, str]:
    match = _WRITTEN.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(
            f"write {what} as text with a unit{_such_as(what)}; found {text!r}{_comma(text)}"
        )
    return Decimal(match[1]), match[2]


def _such_as(what: str) -> str:
    """How a quantity of this kind is written."""
    return f', such as "{_EXAMPLES[what.partition(" (")[0]]}"'


def _comma(text: object) -> str:
    """What to write for a number with a decimal comma, which could be a thousand's as well."""
    is_so = isinstance(text, str) and _COMMA.search(text[:_LONGEST])
    return ": a decimal point, not a comma" if is_so else ""


def _plain(what: str) -> BeforeValidator:
    factors = _FACTORS[what]

    def read(text: object) -> Quantity:
        if isinstance(text, Quantity):
            return text
        number, unit = _split(text, what)
        if unit not in factors:
            raise ValueError(f"{unit!r} is not a unit of {what}{_such_as(what)}")
        return Quantity(number * factors[unit], f"{number} {unit}")

    return BeforeValidator(read)


def _level(analyte: Analyte) -> BeforeValidator:
    what = _ABBREVIATED.get(analyte, f"a {analyte} value")

    def read(text: object) -> Quantity:
        if isinstance(text, Quantity):
            return text
        number, written = _split(text, f"{what} ({CANONICAL[analyte]})")
        unit = SPELLINGS.get(written)
        value = None if unit is None else convert(analyte, number, unit)
        if value is None:
            raise ValueError(f"{written!r} is not a unit of {what}{_such_as(what)}")
        return Quantity(value, f"{number} {unit}")

    return BeforeValidator(read)


def _read_rate(text: object) -> Rate:
    if isinstance(text, Rate):
        return text
    number, unit = _split(text, "a rate (mg/min or g/h)")
    if unit == "mg/min":
        return Rate(number, Decimal(1), f"{number} {unit}")
    if unit == "g/h":
        return Rate(number * 1000, Decimal(60), f"{number} {unit}")
    what = "a rate (mg/min or g/h)"
    raise ValueError(f"{unit!r} is not a unit of {what}{_such_as(what)}")


def _read_number(text: object) -> Decimal:
    if isinstance(text, Decimal):
        return text
    if isinstance(text, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return Decimal(text)
    raise ValueError(f'write a plain number as text, such as "1.5"; found {text!r}{_comma(text)}')


Magnesium = Annotated[Quantity, _level(Analyte.MAGNESIUM)]
Potassium = Annotated[Quantity, _level(Analyte.POTASSIUM)]
Creatinine = Annotated[Quantity, _level(Analyte.CREATININE)]
Weight = Annotated[Quantity, _level(Analyte.WEIGHT)]
Filtration = Annotated[Quantity, _level(Analyte.EGFR)]
Interval = Annotated[Quantity, _level(Analyte.QTC)]
Dose = Annotated[Quantity, _plain("a dose (g or mg of magnesium sulfate)")]
Time = Annotated[Quantity, _plain("a time (min, h or d)")]
Age = Annotated[Quantity, _plain("an age (y)")]
Clearance = Annotated[Quantity, _plain("a clearance (mL/min)")]
InfusionRate = Annotated[Rate, BeforeValidator(_read_rate)]
Number = Annotated[Decimal, BeforeValidator(_read_number)]

Json = Any
