"""What the buttons say: the cases of `cases/labels.toml`."""

from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.ordercases import PARTS
from tests.hooks.ordermaker import asked


@pytest.mark.parametrize("case", cases("labels.toml"))
def test_labels(case: dict[str, Any]) -> None:
    unknown = case.keys() - PARTS - {"name", "because", "labels"}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    answer = asked(**{name: case[name] for name in PARTS & case.keys()})
    told = [one["label"] for card in answer.cards for one in card["suggestions"]]
    assert told == case["labels"], case["because"]
