"""The cases about orders: each asks for a patient's orders, and expects so much of the answer."""

import re
from collections.abc import Mapping
from typing import Any, Final

from hooks.order_select import Answer
from tests.hooks.ordermaker import asked, dose_read, orders_offered

PARTS: Final = frozenset(
    {"drafts", "recorded", "problems", "selected", "magnesium", "potassium", "creatinine"}
)


def answered(case: Mapping[str, Any], expects: str = "expect") -> Answer:
    """The answer to the orders of a case, which says under `expects` what it has to be."""
    unknown = case.keys() - PARTS - {"name", "because", expects}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    return asked(**{name: case[name] for name in PARTS & case.keys()})


def check_order(case: Mapping[str, Any]) -> None:
    """Ask for the orders of a case, and check all that it expects."""
    answer = answered(case)
    for name, wanted in case["expect"].items():
        check(name, answer, wanted, f"{case['because']}: {name}")


def check(name: str, answer: Answer, wanted: Any, rule: str) -> None:
    """Check one line that a case expects; `rule` is what it breaks if it does not hold."""
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
        case "recommended":
            suggestions = [one for card in answer.cards for one in card.get("suggestions", ())]
            labels = [one["label"] for one in suggestions if one.get("isRecommended")]
            assert labels == wanted, rule
        case "card":
            assert len(answer.cards) == {"yes": 1, "no": 0}[wanted], rule
        case "indicator":
            assert answer.cards[0]["indicator"] == wanted, rule
        case _:
            raise AssertionError(f"the case file expects {name}, which nothing checks")
