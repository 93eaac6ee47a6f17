"""Quantity: the unit of an amount or a time that an order states, as code and text agree on it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from hooks.chart.units import read_number

#: A year of minutes: beyond it a number is no duration, and no calendar could bear it.
LONGEST: Final = Decimal(525_600)

#: Minutes in a unit of time.
MINUTES: Final[Mapping[str, Decimal]] = {
    "s": Decimal(1) / 60,
    "min": Decimal(1),
    "h": Decimal(60),
    "d": Decimal(1440),
    "wk": Decimal(10_080),
}

_SYNONYMS: Final[Mapping[str, str]] = {
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hr": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "gm": "g",
    "gram": "g",
    "grams": "g",
    "milligram": "mg",
    "milligrams": "mg",
    "milliliter": "ml",
    "milliliters": "ml",
    "milliequivalent": "meq",
    "milliequivalents": "meq",
    "millimole": "mmol",
    "millimoles": "mmol",
    "mins": "min",
    "hrs": "h",
    "gms": "g",
    "gram(s)": "g",
    "gramme": "g",
    "grammes": "g",
    "milligramme": "mg",
    "milligrammes": "mg",
    "mls": "ml",
    "millilitre": "ml",
    "millilitres": "ml",
    "mmol mg2+": "mmol",
    "mmol mg++": "mmol",
}

_SNOMED: Final = "http://snomed.info/sct"
#: Units as the Dictionary of medicines and devices codes them: public code lists, read 2026-11-23.
_SNOMED_UNITS: Final[Mapping[str, str]] = {
    "258682000": "g",
    "258684004": "mg",
    "258718000": "mmol",
    "258773002": "ml",
}


def unit_of(quantity: Mapping[str, Any]) -> str | None:
    """The unit that code and text agree on, in lower case; None if they differ or are missing.

    Each side of a fraction is read for itself: `g/hr` and `g/h` are one unit.
    """
    code = quantity.get("code")
    if isinstance(code, str) and quantity.get("system") == _SNOMED:
        code = _SNOMED_UNITS.get(code.strip(), code)
    said = {text for text in (code, quantity.get("unit")) if isinstance(text, str) and text.strip()}
    known = {_folded(text) for text in said}
    return known.pop() if len(known) == 1 else None


def minutes_of(value: object, unit: object) -> Decimal | None:
    """A time in minutes; None for what is no time between nothing and a year."""
    number = read_number(value)
    factor = MINUTES.get(_folded(unit)) if isinstance(unit, str) else None
    if number is None or factor is None or not 0 < number * factor <= LONGEST:
        return None
    return number * factor


def _folded(text: str) -> str:
    whole = text.strip().lower()
    if "/" not in whole:
        return _SYNONYMS.get(whole, whole)
    sides = (side.strip() for side in whole.split("/"))
    return "/".join(_SYNONYMS.get(side, side) for side in sides)
