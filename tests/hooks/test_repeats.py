"""Which texts of an instruction say that its dose is given again: `cases/repeats.toml` and
`cases/goes_on.toml`."""

from typing import Any

import pytest

from hooks.chart.timing import read_timing
from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import over_the_wire
from tests.hooks.ordermaker import asked
from tests.hooks.test_order_cases import PARTS, check


def instruction(case: dict[str, Any], text: str) -> Any:
    """An instruction of a text, with the dose and the time that the case codes beside it."""
    made: dict[str, Any] = {"text": text}
    if "dose" in case:
        value, unit = case["dose"].split()
        made["doseAndRate"] = [{"doseQuantity": {"value": int(value), "unit": unit}}]
    if "over" in case:
        value, unit = case["over"].split()
        made["timing"] = {"repeat": {"count": 1, "duration": int(value), "durationUnit": unit}}
    return over_the_wire(made)


@pytest.mark.parametrize("case", [*cases("repeats.toml"), *cases("goes_on.toml")])
def test_texts(case: dict[str, Any]) -> None:
    assert not case.keys() - {"name", "repeats", "once", "dose", "over"}
    assert case["repeats"], "a case has texts of both kinds"
    assert case["once"], "a case has texts of both kinds"
    found = {
        said: read_timing(instruction(case, said)).recurring
        for said in (*case["repeats"], *case["once"])
    }
    missed = [said for said in case["repeats"] if not found[said]]
    assert not missed, "settled 6, 7: when in doubt a text is one of repeats"
    heard = [said for said in case["once"] if found[said]]
    assert not heard, "settled 6: one dose that is low is corrected; settled 7: it has ended"


@pytest.mark.parametrize("case", [*cases("repeats.toml", "order"), *cases("goes_on.toml", "order")])
def test_order(case: dict[str, Any]) -> None:
    assert not case.keys() - PARTS - {"name", "because", "expect"}
    answer = asked(**{name: case[name] for name in PARTS & case.keys()})
    for name, wanted in case["expect"].items():
        check(name, answer, wanted, f"{case['because']}: {name}")
