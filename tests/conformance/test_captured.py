"""What the public sandbox really sends, played to the service as it is."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conformance import shape
from tests.conformance.assertions import demand
from tests.conformance.exchange import answer_of, fire

# What the service answers to each; `None`: a refusal has no cards.
CAPTURED = [
    ("order-select", 18, 200, 1),
    ("order-select-with-reason-dose-start-date", 18, 200, 1),
    ("order-select-blank-draft", 48, 200, 0),
    ("order-select-pama-empty", 48, 200, 0),
    ("order-select-tab-clicked-again-no-draft", 74, 400, None),
    ("order-sign", 72, 400, None),
    ("order-select-dstu2-server", 80, 422, None),
]


@pytest.mark.parametrize(
    ("name", "assertion", "status", "cards"),
    CAPTURED,
    ids=[f"a{assertion}-{name}" for name, assertion, _, _ in CAPTURED],
)
def test_a_captured_call_is_answered(
    client: FlaskClient, shared: Path, name: str, assertion: int, status: int, cards: int | None
) -> None:
    call: Any = json.loads((shared / "captured" / f"{name}.json").read_text("utf-8"))
    response = fire(client, call)
    assert response.status_code == status, demand(assertion, f"{response.status} {response.text}")
    answer = answer_of(response)
    if cards is None:
        assert answer["resourceType"] == "OperationOutcome", demand(82, answer)
        return
    assert len(answer["cards"]) == cards, demand(assertion, answer["cards"])
    assert [str(problem) for problem in shape.problems(answer, call)] == []
