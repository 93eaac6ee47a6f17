"""What is corrected in a drafted order and what is only said: the cases of `corrections.toml`."""

import json
from typing import Any

import pytest

from tests.hooks import test_order_cases, validity
from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import asked


@pytest.mark.parametrize("case", cases("corrections.toml"))
def test_correction(case: dict[str, Any]) -> None:
    test_order_cases.test_order(case)


@pytest.mark.parametrize("case", cases("corrections.toml", "sent"))
def test_what_is_sent(case: dict[str, Any]) -> None:
    """The update of a draft, as it leaves: valid, with what stays and without what must not."""
    (card,) = asked(case["drafts"]).cards
    (update,) = (
        action["resource"]
        for suggestion in card["suggestions"]
        for action in suggestion["actions"]
        if action["type"] == "update"
    )
    assert validity.of_cards([card]) == [], case["because"]
    text = json.dumps(update, default=str)
    for word in case["stays"]:
        assert word in text, f"{case['because']}: {word} stays"
    for word in case["goes"]:
        assert word not in text, f"{case['because']}: {word} goes"
