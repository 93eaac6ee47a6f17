"""How long orders run, how often and how fast: the cases of `cases/courses.toml`."""

from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import asked
from tests.hooks.test_order_cases import PARTS, check


@pytest.mark.parametrize("case", cases("courses.toml"))
def test_course(case: dict[str, Any]) -> None:
    unknown = case.keys() - PARTS - {"name", "because", "expect"}
    assert not unknown, f"the case file says {unknown} of an order, which nothing reads"
    answer = asked(**{name: case[name] for name in PARTS & case.keys()})
    for name, wanted in case["expect"].items():
        check(name, answer, wanted, f"{case['because']}: {name}")
