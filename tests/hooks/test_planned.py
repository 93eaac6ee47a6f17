"""When the repeat level of a drafted dose is due: the cases of `cases/planned.toml`."""

from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import asked
from tests.hooks.test_order_cases import PARTS


@pytest.mark.parametrize("case", cases("planned.toml"))
def test_repeat_level(case: dict[str, Any]) -> None:
    assert not case.keys() - PARTS - {"name", "because", "due"}
    answer = asked(**{name: case[name] for name in PARTS & case.keys()})
    recheck = answer.assessment["recheck"]
    assert f"{recheck['start']} to {recheck['end']}" == case["due"], case["because"]
    offered = [
        action["resource"]["occurrencePeriod"]
        for card in answer.cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if "occurrencePeriod" in action.get("resource", {})
    ]
    assert offered, f"{case['because']}: no level is offered"
    wanted = dict(zip(("start", "end"), case["due"].split(" to "), strict=True))
    assert all(period == wanted for period in offered), case["because"]
