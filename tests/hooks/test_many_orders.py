"""A card stays short however many orders there are; what is decided counts them all."""

import re
from collections.abc import Mapping
from typing import Any, Final

from hooks.order_select import Answer
from tests.hooks.ordermaker import asked

_MANY: Final = 500


def _running(count: int, **said: Any) -> list[Mapping[str, Any]]:
    return [
        {
            "text": "magnesium sulfate",
            "dose": "2 g",
            "over": "20 min",
            "route": "IV",
            "status": "active",
            "authored": f"2026-11-23T09:{index // 60:02}:{index % 60:02}Z",
            **said,
        }
        for index in range(count)
    ]


def _kinds(answer: Answer) -> list[str]:
    return [finding["id"] for finding in answer.assessment["findings"]]


def test_five_of_many_running_orders_are_named_and_the_others_counted() -> None:
    answer = asked(drafts=[{"text": "acetaminophen"}], recorded=_running(_MANY))
    (card,) = answer.cards
    lines = card["detail"].splitlines()
    assert sum("already ordered**" in line for line in lines) == 5
    assert "- Further orders with the same finding: 495." in lines
    assert len(card["detail"]) < 2500, "a clinician reads it while ordering"
    assert _kinds(answer).count("already-ordered") == _MANY, "the account keeps every order"


def test_the_newest_of_like_orders_are_named() -> None:
    old, new = _running(30), [{**one, "authored": "2026-11-23T09:40:00Z"} for one in _running(2)]
    answer = asked(drafts=[{"text": "acetaminophen"}], recorded=[*old, *new, *old[:8]])
    detail = answer.cards[0]["detail"]
    named = re.findall(r"already ordered\*\* \(.*?(\d\d:\d\d)", detail)
    assert named.count("09:40") == 2, "the newest are among those that are named"
    assert len(named) == 5


def test_the_fastest_and_the_largest_of_many_orders_are_named() -> None:
    fast = [{**one, "over": "10 min"} for one in _running(1)]
    large = [{**one, "dose": "4 g", "over": "40 min"} for one in _running(1)]
    answer = asked(
        drafts=[{"text": "acetaminophen"}],
        recorded=[*_running(20), *large, *fast, *_running(20)],
    )
    detail = answer.cards[0]["detail"]
    assert "2 g over 10 minutes" in detail, "what runs too fast is not left out"
    assert "4 g over 40 minutes" in detail, "nor what is the most"


def test_as_many_orders_as_fit_are_all_named() -> None:
    answer = asked(drafts=[{"text": "acetaminophen"}], recorded=_running(5))
    detail = answer.cards[0]["detail"]
    assert detail.count("already ordered**") == 5
    assert "More orders" not in detail


def test_each_kind_of_finding_has_its_own_number() -> None:
    drafts = [
        {"text": "magnesium sulfate", "dose": "2 g", "over": "5 min", "route": "IV"}
        for _ in range(8)
    ]
    answer = asked(drafts=drafts, recorded=_running(7))
    detail = answer.cards[0]["detail"]
    assert _kinds(answer).count("rate-high") == 8
    assert _kinds(answer).count("duplicate") == 14, "7 that run and 7 beside the first draft"
    assert re.findall(r"Further orders with the same finding: (\d+)\.", detail) == ["3", "9"]
