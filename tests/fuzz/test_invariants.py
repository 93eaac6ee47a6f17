"""That each rule can be broken: answers that no service may give, and what is said of them."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.conformance.exchange import DISCOVERY
from tests.conformance.request import magnesium_sulfate, order_select
from tests.fuzz import invariants
from tests.fuzz.attack import FEEDBACK, Attack
from tests.fuzz.hostile import MARK
from tests.fuzz.shrink import smallest
from tests.fuzz.target import LIMIT, Outcome, running

_encode = msgspec.json.Encoder(decimal_format="number").encode
CALL = Attack(_encode(order_select()))
TOO_LARGE = (
    "a body is refused with 413 if it or a list of feedback is over the limit, and only then"
)


def refusal(text: str, status: int = 400, media_type: str = "application/fhir+json") -> Outcome:
    issue = {"severity": "error", "code": "invalid", "details": {"text": text}}
    document = {"resourceType": "OperationOutcome", "issue": [issue]}
    return Outcome(status, media_type, _encode(document), 0.01, "")


def rules(outcome: Outcome, attack: Attack = CALL) -> list[str]:
    return [breach.rule for breach in invariants.breaches(attack, outcome)]


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A true answer, with a dose."""
    with running(tmp_path_factory.mktemp("invariants")) as service:
        return service.take(CALL)


def changed(answer: Outcome, **members: Any) -> Outcome:
    """The answer with its card changed."""
    document = msgspec.json.decode(answer.body)
    document["cards"][0] |= members
    return replace(answer, body=_encode(document))


def with_dose(answer: Outcome, grams: float, minutes: float, **order: Any) -> Outcome:
    """The answer with another dose in its first suggestion."""
    document = msgspec.json.decode(answer.body)
    resource = document["cards"][0]["suggestions"][0]["actions"][0]["resource"]
    (dosage,) = resource["dosageInstruction"]
    (told,) = dosage["doseAndRate"]
    told["rateRatio"]["denominator"]["value"] = minutes
    told["rateRatio"]["numerator"]["value"] = told["doseQuantity"]["value"] = grams
    resource |= order
    return replace(answer, body=_encode(document))


def test_a_good_answer_and_a_good_refusal_break_no_rule(answer: Outcome) -> None:
    assert rules(answer) == []
    assert rules(refusal("The body is not JSON.")) == []


@pytest.mark.parametrize("status", [500, 503, 302, 409])
def test_an_undocumented_status_is_found(status: int) -> None:
    assert "the status is one of those documented" in rules(refusal("x", status))


def test_a_late_answer_is_found() -> None:
    assert rules(replace(refusal("x"), seconds=2.1)) == ["every answer comes within 2 s"]


def test_a_log_that_repeats_the_request_is_found() -> None:
    assert rules(replace(refusal("x"), log=f"id {MARK}")) == ["nothing of a request is in the log"]


def test_a_body_over_the_limit_must_be_refused() -> None:
    large = CALL.with_body(b" " * (LIMIT + 1))
    assert rules(refusal("x"), large) == [TOO_LARGE]
    assert rules(refusal("x", 413), large) == []
    assert rules(refusal("x", 413)) == [TOO_LARGE]


@pytest.mark.parametrize(
    ("items", "suggestions", "expected"),
    [(1, 20, [TOO_LARGE]), (1, 21, []), (1000, 0, [TOO_LARGE]), (1001, 0, [])],
)
def test_a_long_list_of_feedback_may_be_refused_as_too_large(
    items: int, suggestions: int, expected: list[str]
) -> None:
    body = msgspec.json.encode({"feedback": [{"acceptedSuggestions": [{}] * suggestions}] * items})
    report = replace(CALL, target=FEEDBACK, body=body)
    assert rules(refusal("x", 413), report) == expected


@pytest.mark.parametrize("text", [MARK, f"the id {MARK}", "pat-7731"])
def test_a_refusal_that_repeats_the_request_is_found(text: str) -> None:
    assert rules(refusal(text)) == ["a refusal repeats nothing of the request"]


def test_a_refusal_of_another_shape_is_found() -> None:
    assert rules(refusal("x", media_type="text/html")) == ["a refusal is application/fhir+json"]
    for body in (b"<html>", b"{}", b'{"resourceType":"OperationOutcome","issue":[{"x":1}]}'):
        found = rules(replace(refusal("x"), body=body))
        assert set(found) == {"a refusal is a valid OperationOutcome"}, body


@pytest.mark.parametrize(
    "members",
    [
        {"summary": "x" * 140},
        {"indicator": "danger"},
        {"detail": ""},
        {"source": {"label": " "}},
        {"uuid": "1"},
    ],
)
def test_a_card_of_another_shape_is_found(answer: Outcome, members: dict[str, Any]) -> None:
    assert "an answer passes the checks of conformance" in rules(changed(answer, **members))


@pytest.mark.parametrize("place", ["summary", "detail"])
def test_html_in_a_card_is_found(answer: Outcome, place: str) -> None:
    found = rules(changed(answer, **{place: f"<img src={MARK}>"}))
    assert "no text of a card holds HTML" in found


def test_a_link_from_the_request_is_found(answer: Outcome) -> None:
    found = rules(changed(answer, detail=f"[x](https://{MARK}.example)"))
    assert found == ["text from a request does nothing in a card"]


@pytest.mark.parametrize(
    ("grams", "minutes", "rule"),
    [
        (4, 240, "no dose is above 2 g"),
        (0, 20, "no dose is above 2 g"),
        (2, 10, "no rate is above 150 mg/min"),
        (2, 60, "only the rows of the decision table are created"),
    ],
)
def test_a_dose_beyond_the_protocol_is_found(
    answer: Outcome, grams: float, minutes: float, rule: str
) -> None:
    assert rules(with_dose(answer, grams, minutes)) == [rule]


def test_an_order_for_somebody_else_is_found(answer: Outcome) -> None:
    other = with_dose(answer, 2, 20, subject={"reference": "Patient/pat-other"})
    assert set(rules(other)) == {"an answer passes the checks of conformance"}


def test_an_order_that_is_not_valid_is_found(answer: Outcome) -> None:
    assert set(rules(with_dose(answer, 2, 20, status=7))) == {
        "an answer passes the checks of conformance"
    }


def test_an_answer_without_an_explanation_is_found(answer: Outcome) -> None:
    bare = replace(answer, body=b'{"cards":[]}')
    assert rules(bare) == ["an answer explains itself"]
    silent = b'{"cards":[],"extension":{"org.magnesia.assessment":{"band":"mild"}}}'
    assert rules(replace(answer, body=silent)) == [
        "an answer has a card or a reason for silence, never both or neither"
    ]


def test_other_addresses_have_their_own_answers(answer: Outcome) -> None:
    feedback = Attack(b"{}", target=FEEDBACK)
    assert rules(answer, feedback) == ["feedback is acknowledged with {}"]
    assert rules(replace(answer, body=b'{"services":{}}'), Attack(b"", "GET", DISCOVERY)) == [
        "the discovery document keeps its shape"
    ]
    assert rules(answer, Attack(b"", "GET", f"{DISCOVERY}/x")) == [
        "nothing else is answered with 200"
    ]
    page = Attack(b"", "GET", "/")
    hostile = replace(answer, body=f"<p><img src=x onerror={MARK}>".encode())
    assert rules(hostile, page) == ["markup of a request does nothing in a page"]
    escaped = replace(answer, body=f"<p>&lt;img src={MARK}&gt;".encode())
    assert rules(escaped, page) == []


def test_what_breaks_a_rule_is_made_small() -> None:
    large = Attack(_encode(order_select(magnesium_sulfate(2, 5))), headers=())
    small = smallest(large, lambda attack: b"doseQuantity" in attack.body)
    assert b"doseQuantity" in small.body
    assert len(small.body) < len(large.body) / 20
