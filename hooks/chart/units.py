"""Units of measurement: the closed table of spellings, and the factors between them.

A unit is read from what the result says and from nothing else: not from the LOINC code, not from
the size of the number, not from the country. UCUM libraries are of no use here: they take
`Mg/dl` for megagrams and one milliequivalent of magnesium for one millimole, while most sites
send `mEq/L`, which UCUM does not know. So every spelling that is accepted stands in this file.
"""

from collections.abc import Mapping
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any, Final

from hooks.chart.fact import Fact

UCUM: Final = "http://unitsofmeasure.org"


class Unit(StrEnum):
    """A unit in the spelling that this service writes."""

    MG_DL = "mg/dL"
    MMOL_L = "mmol/L"
    MEQ_L = "mEq/L"
    UMOL_L = "umol/L"
    KG = "kg"
    G = "g"
    LB = "lb"
    MS = "ms"
    GFR = "mL/min/1.73 m2"


class Property(StrEnum):
    """What kind of quantity a laboratory code announces."""

    MASS = "mass"
    MOLES = "moles"
    TIME = "time"
    CLEARANCE = "clearance"


class Analyte(StrEnum):
    """What was measured."""

    MAGNESIUM = "magnesium"
    POTASSIUM = "potassium"
    CREATININE = "creatinine"
    WEIGHT = "weight"
    QTC = "qtc"
    EGFR = "egfr"


SPELLINGS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("mg/dL", "mg/dl", "MG/DL", "Mg/dL", "mg/100mL", "mg%"), Unit.MG_DL),
    **dict.fromkeys(("mmol/L", "mmol/l", "MMOL/L"), Unit.MMOL_L),
    **dict.fromkeys(("meq/L", "mEq/L", "MEQ/L", "meq/l", "mEq/l"), Unit.MEQ_L),
    **dict.fromkeys(
        (
            "umol/L",
            "\N{MICRO SIGN}mol/L",
            "\N{GREEK SMALL LETTER MU}mol/L",
            "umol/l",
            "\N{MICRO SIGN}mol/l",
            "\N{GREEK SMALL LETTER MU}mol/l",
            "UMOL/L",
            "micromol/L",
            "mcmol/L",
        ),
        Unit.UMOL_L,
    ),
    **dict.fromkeys(("kg", "Kg", "KG"), Unit.KG),
    **dict.fromkeys(("g", "gm"), Unit.G),
    **dict.fromkeys(("[lb_av]", "lb", "lbs"), Unit.LB),
    **dict.fromkeys(("ms", "msec"), Unit.MS),
    **dict.fromkeys(
        (
            "mL/min/{1.73_m2}",
            "mL/min/1.73 m2",
            "mL/min/1.73m2",
            "mL/min/1.73_m2",
            "ml/min/1.73m2",
            "mL/min/1.73 m^2",
            "mL/min/1.73 m\N{SUPERSCRIPT TWO}",
        ),
        Unit.GFR,
    ),
}

#: mg/dL of magnesium in one mmol/L.
MAGNESIUM_MOLAR: Final = Decimal("2.4305")

#: Multiply a value in the unit by the factor to have it in the analyte's canonical unit.
#: Magnesium 24.305 g/mol with two charges, creatinine 113.12 g/mol, potassium one charge.
FACTORS: Final[Mapping[Analyte, Mapping[Unit, Decimal]]] = {
    Analyte.MAGNESIUM: {
        Unit.MG_DL: Decimal(1),
        Unit.MMOL_L: MAGNESIUM_MOLAR,
        Unit.MEQ_L: Decimal("1.21525"),
    },
    Analyte.POTASSIUM: {Unit.MMOL_L: Decimal(1), Unit.MEQ_L: Decimal(1)},
    Analyte.CREATININE: {Unit.MG_DL: Decimal(1), Unit.UMOL_L: Decimal("0.011312")},
    Analyte.WEIGHT: {
        Unit.KG: Decimal(1),
        Unit.G: Decimal("0.001"),
        Unit.LB: Decimal("0.45359237"),
    },
    Analyte.QTC: {Unit.MS: Decimal(1)},
    Analyte.EGFR: {Unit.GFR: Decimal(1)},
}

CANONICAL: Final[Mapping[Analyte, Unit]] = {
    Analyte.MAGNESIUM: Unit.MG_DL,
    Analyte.POTASSIUM: Unit.MMOL_L,
    Analyte.CREATININE: Unit.MG_DL,
    Analyte.WEIGHT: Unit.KG,
    Analyte.QTC: Unit.MS,
    Analyte.EGFR: Unit.GFR,
}

#: Milliequivalents count as moles: laboratories use the moles-per-volume codes for both.
PROPERTIES: Final[Mapping[Unit, Property]] = {
    Unit.MG_DL: Property.MASS,
    Unit.MMOL_L: Property.MOLES,
    Unit.MEQ_L: Property.MOLES,
    Unit.UMOL_L: Property.MOLES,
    Unit.KG: Property.MASS,
    Unit.G: Property.MASS,
    Unit.LB: Property.MASS,
    Unit.MS: Property.TIME,
    Unit.GFR: Property.CLEARANCE,
}

#: With digits enough that no product of a value and a factor is ever rounded.
multiply: Final = Context(prec=1000).multiply

#: A number beyond these powers of ten is no laboratory value; arithmetic on it is refused.
_LARGEST_EXPONENT: Final = 9
_MOST_DIGITS: Final = 400


class UnitProblem(StrEnum):
    """Why a quantity's unit could not be read."""

    MISSING = "unit missing"
    UNKNOWN = "unit not in the table of accepted spellings"
    CONFLICT = "unit code and unit text differ"


class UnitReading(Fact, frozen=True):
    """A quantity's unit, or why there is none, with the spelling that was sent (`written`)."""

    unit: Unit | None
    problem: UnitProblem | None
    written: str | None


def read_unit(quantity: Mapping[str, Any]) -> UnitReading:
    """Read the unit of a FHIR Quantity from `code` and `unit` (settled 11).

    Both in the table and different: refused. A code in the table beside any other text: the code
    counts. A UCUM code outside the table is what the sender says it is, so the text cannot mend
    it; a code of another system is only a name, so there the text counts.
    """
    code, text = _spelled(quantity.get("code")), _spelled(quantity.get("unit"))
    by_code = SPELLINGS.get(code) if code else None
    by_text = SPELLINGS.get(text) if text else None
    written = code or text
    if by_code and by_text and by_code is not by_text:
        return UnitReading(None, UnitProblem.CONFLICT, written)
    if by_code:
        return UnitReading(by_code, None, written)
    if code and quantity.get("system") in (UCUM, None):
        return UnitReading(None, UnitProblem.UNKNOWN, written)
    if by_text:
        return UnitReading(by_text, None, text)
    problem = UnitProblem.UNKNOWN if written else UnitProblem.MISSING
    return UnitReading(None, problem, text or code)


def convert(analyte: Analyte, value: Decimal, unit: Unit) -> Decimal | None:
    """The value in the analyte's canonical unit, exact; None if the analyte has no such unit."""
    factor = FACTORS[analyte].get(unit)
    return None if factor is None else multiply(value, factor)


def read_number(value: object) -> Decimal | None:
    """A JSON number as Decimal with the digits that were sent; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    if abs(value.adjusted()) > _LARGEST_EXPONENT or len(value.as_tuple().digits) > _MOST_DIGITS:
        return None
    return value


def _spelled(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value.strip() or None
