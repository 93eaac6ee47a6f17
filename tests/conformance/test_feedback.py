"""Feedback: assertions 84 to 88, and what the public sandbox and Epic really send."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.assertions import demand
from tests.conformance.exchange import DISCOVERY, SERVICE, answered
from tests.conformance.request import order_select
from tests.conformance.test_refusals import assert_outcome

FEEDBACK = f"{SERVICE}/feedback"
MOMENT = "2026-11-23T03:43:38.188Z"
REASON = {"code": "reason-1", "system": "http://example.org/override", "display": "Not now"}


def item(**changes: Any) -> dict[str, Any]:
    """An override without a reason, changed; a member that is changed to None is left out."""
    whole = {
        "card": str(uuid4()),
        "outcome": "overridden",
        "outcomeTimestamp": MOMENT,
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def accepted(**changes: Any) -> dict[str, Any]:
    return item(outcome="accepted", acceptedSuggestions=[{"id": str(uuid4())}], **changes)


def report(client: FlaskClient, body: Any, path: str = FEEDBACK) -> TestResponse:
    return client.post(
        path, data=msgspec.json.encode(body), headers={"Content-Type": "application/json"}
    )


def assert_taken(number: int, response: TestResponse, about: object) -> None:
    assert response.status_code == 200, demand(number, f"{about}: {response.text}")
    assert response.get_json() == {}, demand(number, f"{about}: a body of {response.text!r}")


REASONS: dict[str, Any] = {
    "none": None,
    "a reason": {"reason": REASON},
    "a comment": {"userComment": "The patient is on dialysis."},
    "both": {"reason": REASON, "userComment": "The patient is on dialysis."},
}


@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_a84_an_override_is_taken(client: FlaskClient, reason: Any) -> None:
    body = {"feedback": [item(overrideReason=reason)]}
    assert_taken(84, report(client, body), "overridden")


def test_a84_an_acceptance_is_taken(client: FlaskClient) -> None:
    card = answered(client, order_select())["cards"][0]
    suggestions = [{"id": suggestion["uuid"]} for suggestion in card["suggestions"][:1]]
    body = {
        "feedback": [
            item(card=card["uuid"], outcome="accepted", acceptedSuggestions=suggestions),
        ]
    }
    assert_taken(84, report(client, body), "accepted")


def test_a84_the_address_with_two_slashes_is_taken(client: FlaskClient) -> None:
    path = FEEDBACK.replace("/cds-services/", "/cds-services//")
    assert_taken(84, report(client, {"feedback": [item()]}, path), "with two slashes")


def test_a85_batches_and_repeats_are_taken(client: FlaskClient) -> None:
    first, second = accepted(), item(overrideReason={"reason": REASON})
    contradiction = item(card=first["card"])
    body = {"feedback": [first, second, first, contradiction]}
    assert_taken(85, report(client, body), "a batch")
    assert_taken(85, report(client, body), "the same batch again")


MALFORMED: dict[str, Any] = {
    "feedback missing": {},
    "feedback an object": {"feedback": item()},
    "feedback null": {"feedback": None},
    "feedback empty": {"feedback": []},
    "an item that is a string": {"feedback": ["accepted"]},
    "an item that is null": {"feedback": [None]},
    "no card": {"feedback": [item(card=None)]},
    "a card that is a number": {"feedback": [item(card=7)]},
    "a card that is blank": {"feedback": [item(card=" ")]},
    "a card that is a novel": {"feedback": [item(card="x" * 65)]},
    "no outcome": {"feedback": [item(outcome=None)]},
    "another outcome": {"feedback": [item(outcome="ignored")]},
    "an outcome in capitals": {"feedback": [item(outcome="Overridden")]},
    "an outcome that is a list": {"feedback": [item(outcome=["accepted"])]},
    "accepted without suggestions": {"feedback": [item(outcome="accepted")]},
    "accepted with no suggestion": {"feedback": [item(outcome="accepted", acceptedSuggestions=[])]},
    "accepted with a bare uuid": {
        "feedback": [item(outcome="accepted", acceptedSuggestions=[str(uuid4())])]
    },
    "accepted with an empty object": {
        "feedback": [item(outcome="accepted", acceptedSuggestions=[{}])]
    },
    "no outcomeTimestamp": {"feedback": [item(outcomeTimestamp=None)]},
    "an outcomeTimestamp without offset": {
        "feedback": [item(outcomeTimestamp="2026-11-23T03:43:38")]
    },
    "an outcomeTimestamp that is a date": {"feedback": [item(outcomeTimestamp="2026-11-23")]},
    "an outcomeTimestamp that is no date": {
        "feedback": [item(outcomeTimestamp="2026-02-30T03:43:38Z")]
    },
    "an outcomeTimestamp before all time": {
        "feedback": [item(outcomeTimestamp="0001-01-01T00:00:00+14:00")]
    },
    "an outcomeTimestamp in seconds": {"feedback": [item(outcomeTimestamp=1795405418)]},
    "an empty overrideReason": {"feedback": [item(overrideReason={})]},
    "an overrideReason that is a string": {"feedback": [item(overrideReason="no")]},
    "an empty reason": {"feedback": [item(overrideReason={"reason": {}})]},
    "a reason that is a string": {"feedback": [item(overrideReason={"reason": "no"})]},
    "a reason whose code is a number": {"feedback": [item(overrideReason={"reason": {"code": 1}})]},
    "a blank comment and nothing else": {"feedback": [item(overrideReason={"userComment": ""})]},
    "a comment that is an object": {"feedback": [item(overrideReason={"userComment": {}})]},
    "one bad item among good ones": {"feedback": [item(), item(outcome="ignored"), item()]},
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a86_what_breaks_the_shape_is_refused(client: FlaskClient, body: Any) -> None:
    response = report(client, body)
    assert response.status_code == 400, demand(86, response.status)
    assert_outcome(response, "malformed feedback")
    for issue in response.get_json(force=True)["issue"]:
        assert issue["expression"][0].startswith("feedback"), demand(82, issue)


@pytest.mark.parametrize("body", [[], "feedback", None, 1], ids=str)
def test_a86_a_root_that_is_no_object_is_refused(client: FlaskClient, body: Any) -> None:
    assert report(client, body).status_code == 400, demand(86)


def test_a86_every_item_at_fault_is_named(client: FlaskClient) -> None:
    response = report(client, {"feedback": [item(), item(outcome="no"), item(card=None)]})
    named = [issue["expression"] for issue in response.get_json(force=True)["issue"]]
    assert named == [["feedback[1].outcome"], ["feedback[2].card"]], demand(82, named)


def test_a86_another_media_type_is_refused(client: FlaskClient) -> None:
    response = client.post(FEEDBACK, data=b"{}", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415, demand(86, response.status)


def test_a87_unknown_services_cards_and_methods(client: FlaskClient) -> None:
    unknown = report(client, {"feedback": [item()]}, f"{DISCOVERY}/no-such-service/feedback")
    assert unknown.status_code == 404, demand(87, unknown.status)
    assert_outcome(unknown, "an unknown service")
    assert_taken(87, report(client, {"feedback": [item(card="123456")]}), "an unknown card")
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        response = client.open(FEEDBACK, method=method)
        assert response.status_code == 405, demand(87, f"{method}: {response.status}")
        assert "POST" in response.headers["Allow"], demand(87, f"{method} without Allow")
    assert client.options(FEEDBACK).status_code == 200, demand(87, "OPTIONS")


@pytest.mark.parametrize(
    "reason",
    [
        {"code": "reason-1", "system": "http://example.org/override"},
        {"code": "reason-1"},
        {"display": "Not now"},
        {"code": "reason-1", "system": None, "display": ""},
    ],
    ids=["no display", "no system", "no code", "empty members"],
)
def test_a88_an_incomplete_coding_is_taken(client: FlaskClient, reason: Any) -> None:
    body = {"feedback": [item(overrideReason={"reason": reason})]}
    assert_taken(88, report(client, body), reason)


EPIC: dict[str, Any] = {
    "a reason": {"reason": REASON, "userComment": "Free text"},
    "an extension": {
        "extension": {
            "com.epic.cdshooks.feedback.overrideReason.reasonCategory": "45",
            "com.epic.cdshooks.feedback.overrideReason.reasonDisplay": "Does not meet criteria",
            "com.epic.cdshooks.feedback.overrideReason.reasonTitle": "Does not meet criteria",
        },
    },
    "a list": [{"reason": REASON}],
}


@pytest.mark.parametrize("reasons", EPIC.values(), ids=EPIC)
def test_a84_epics_plural_is_understood(client: FlaskClient, reasons: Any) -> None:
    body = {"feedback": [item(card="123456", overrideReasons=reasons)]}
    assert_taken(84, report(client, body), reasons)


@pytest.mark.parametrize(
    "moment",
    [
        "1985-04-12T23:20:50.52Z",
        "2026-11-23T03:43:38Z",
        "2026-11-23t03:43:38z",
        "2026-11-23T04:43:38.123456789+01:00",
        "2016-12-31T23:59:60Z",
    ],
)
def test_a84_every_moment_of_rfc_3339_is_taken(client: FlaskClient, moment: str) -> None:
    body = {"feedback": [item(outcomeTimestamp=moment)]}
    assert_taken(84, report(client, body), moment)


def test_a84_the_requests_of_the_public_sandbox_are_taken(
    client: FlaskClient, shared: Path
) -> None:
    captured = msgspec.json.decode((shared / "captured/feedback-accepted.json").read_bytes())
    dismissed = msgspec.json.decode((shared / "captured/feedback-dismissed.json").read_bytes())
    for body in (captured["body"], *dismissed):
        assert_taken(84, report(client, body), body)
