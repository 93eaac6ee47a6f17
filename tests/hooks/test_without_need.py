"""Magnesium that is ordered at a level without need: the cases of `cases/without_need.toml`."""

from typing import Any

import pytest

from tests.hooks import test_order_cases
from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import asked


@pytest.mark.parametrize("case", cases("without_need.toml"))
def test_order(case: dict[str, Any]) -> None:
    unknown = case.keys() - test_order_cases.PARTS - {"name", "because", "expect"}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    answer = asked(**{name: case[name] for name in test_order_cases.PARTS & case.keys()})
    expect = dict(case["expect"])
    recommended = expect.pop("recommended", None)
    for name, wanted in expect.items():
        test_order_cases.check(name, answer, wanted, f"{case['because']}: {name}")
    if recommended is not None:
        suggestions = [one for card in answer.cards for one in card.get("suggestions", ())]
        told = [one["label"] for one in suggestions if one.get("isRecommended")]
        assert told == recommended, case["because"]
