"""When the repeat level of a drafted dose is due: the cases of `cases/planned.toml`."""

from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.ordercases import answered


@pytest.mark.parametrize("case", cases("planned.toml"))
def test_the_repeat_level_is_due_when_its_case_says(case: dict[str, Any]) -> None:
    answer = answered(case, "due")
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
