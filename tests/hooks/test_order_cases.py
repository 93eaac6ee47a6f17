"""What is made of orders as they really come: the cases of `cases/orders.toml`."""

import re
from typing import Any

import pytest

from hooks.order_select import Answer
from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import asked, dose_read, orders_offered

PARTS = {"drafts", "recorded", "problems", "selected", "magnesium", "potassium", "creatinine"}


@pytest.mark.parametrize("case", cases("orders.toml"))
def test_order(case: dict[str, Any]) -> None:
    unknown = case.keys() - PARTS - {"name", "because", "expect"}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    answer = asked(**{name: case[name] for name in PARTS & case.keys()})
    for name, wanted in case["expect"].items():
        check(name, answer, wanted, f"{case['because']}: {name}")


def check(name: str, answer: Answer, wanted: Any, rule: str) -> None:
    found = {
        finding["id"]: finding.get("text", "") for finding in answer.assessment.get("findings", ())
    }
    text = "\n".join(f"{card['summary']}\n{card['detail']}" for card in answer.cards)
    match name:
        case "rule" | "band":
            assert answer.assessment[name] == wanted, rule
        case "found":
            assert set(wanted) <= found.keys(), rule
        case "lacks":
            assert not set(wanted) & found.keys(), rule
        case "counted":
            kinds = [finding["id"] for finding in answer.assessment.get("findings", ())]
            assert {kind: kinds.count(kind) for kind in wanted} == wanted, rule
        case "orders":
            assert orders_offered(answer) == wanted, rule
        case "dose":
            assert dose_read(answer) == wanted, rule
        case "says":
            for pattern in wanted:
                assert re.search(pattern, text), f"{rule}: {pattern!r} is not said in\n{text}"
        case "says_not":
            for pattern in wanted:
                assert not re.search(pattern, text), f"{rule}: {pattern!r} is said"
        case "card":
            assert len(answer.cards) == {"yes": 1, "no": 0}[wanted], rule
        case "indicator":
            assert answer.cards[0]["indicator"] == wanted, rule
        case _:
            raise AssertionError(f"the case file expects {name}, which nothing checks")
