"""Units are read from a closed table and converted exactly (clinical 7, settled 11)."""

from decimal import Decimal
from typing import Any

import pytest

from hooks.chart.units import UnitProblem, read_number, read_unit
from tests.hooks.casefiles import cases, document
from tests.hooks.chartmaker import UCUM, result
from tests.hooks.reading import read, refused

TABLE = document("units.toml")
SPELLINGS = [(unit, text) for unit, texts in TABLE["spellings"].items() for text in texts]
REFUSED = TABLE["refused"]["spellings"]


@pytest.mark.parametrize(("unit", "text"), SPELLINGS)
@pytest.mark.parametrize(
    "where",
    [
        pytest.param(lambda text: {"code": text, "system": UCUM}, id="code"),
        pytest.param(lambda text: {"unit": text}, id="text"),
        pytest.param(lambda text: {"code": text, "unit": text, "system": UCUM}, id="both"),
        pytest.param(lambda text: {"unit": f"  {text} "}, id="spaces"),
    ],
)
def test_every_listed_spelling_is_accepted(unit: str, text: str, where: Any) -> None:
    reading = read_unit(where(text))
    assert reading.problem is None, f"clinical 7 lists {text!r} as {unit}"
    assert reading.unit is not None
    assert reading.unit.value == unit


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("member", ["code", "unit"])
def test_no_other_spelling_is_accepted(text: str, member: str) -> None:
    reading = read_unit({member: text, "system": UCUM})
    assert reading.unit is None, f"{text!r} is not in the table of clinical 7"
    assert reading.problem is UnitProblem.UNKNOWN


@pytest.mark.parametrize("nothing", [None, "", " ", 3, True, [], {}])
def test_nothing_is_no_unit(nothing: Any) -> None:
    reading = read_unit({"code": nothing, "unit": nothing, "system": UCUM})
    assert reading.unit is None
    assert reading.problem is UnitProblem.MISSING, "a unit that is not there is never guessed"


@pytest.mark.parametrize("case", cases("units.toml", "quantity"))
def test_code_and_text_are_weighed(case: dict[str, Any]) -> None:
    reading = read_unit(case["quantity"])
    if "read" in case:
        assert reading.unit is not None, f"settled 11: {reading.problem}"
        assert reading.unit.value == case["read"]
        assert reading.problem is None
    else:
        assert reading.unit is None, "settled 11: this must be refused"
        assert reading.problem is UnitProblem[case["problem"]]


@pytest.mark.parametrize("case", cases("units.toml", "conversion"))
def test_values_are_converted_exactly(case: dict[str, Any]) -> None:
    measured = read(case["analyte"], result(case["analyte"], case["reported"]))
    assert measured.value == Decimal(case["canonical"]), "compared exactly, unrounded"
    number, _, unit = case["reported"].partition(" ")
    assert measured.reported_value == Decimal(number), "the value as reported is kept"
    assert measured.reported_unit.value == {"[lb_av]": "lb"}.get(unit, unit)


@pytest.mark.parametrize("case", cases("units.toml", "foreign"))
def test_a_unit_of_another_analyte_is_refused(case: dict[str, Any]) -> None:
    assert "unit-foreign" in refused(case["analyte"], result(case["analyte"], case["reported"]))


@pytest.mark.parametrize(
    "value",
    [True, False, None, "1.2", [], {}, 1.2, Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400")],
)
def test_only_a_finite_json_number_is_a_number(value: Any) -> None:
    assert read_number(value) is None


@pytest.mark.parametrize(
    ("value", "number"), [(1, "1"), (Decimal("1.20"), "1.20"), (0, "0"), (Decimal("1.2E0"), "1.2")]
)
def test_a_number_keeps_its_digits(value: Any, number: str) -> None:
    assert str(read_number(value)) == number
