"""Calls over HTTP, with a hook that knows only tea: statuses, their order, and what is answered."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import fhirkit
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import assemble
from service.settings import Settings
from tests.service.tea import TeaHook

TEA = "/cds-services/tea"

# The codes that R4 allows.
ISSUE_TYPES = {
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
}


def issue_of(answer: TestResponse, status: int) -> dict[str, Any]:
    """The first issue of a refusal with `status`, after checking that it is a sound one."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/fhir+json"
    assert fhirkit.validate(answer.data) == []
    issue: dict[str, Any] = json.loads(answer.data)["issue"][0]
    assert issue["severity"] == "error"
    assert issue["code"] in ISSUE_TYPES
    assert issue["details"]["text"].endswith(".")
    return issue


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the service logs during a test."""
    written: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.getMessage())

    handler, logger = Lines(), logging.getLogger("magnesia")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield written
    logger.setLevel(level)
    logger.removeHandler(handler)


class TestDiscovery:
    @pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
    def test_the_services_are_listed(self, client: FlaskClient, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        assert answer.get_json() == {"services": [TeaHook().discovery()]}

    def test_head_is_answered(self, client: FlaskClient) -> None:
        answer = client.head("/cds-services")
        assert answer.status_code == 200
        assert answer.data == b""

    def test_a_service_without_hooks_lists_none(self) -> None:
        app = assemble(Settings(), [], lambda: datetime.now(UTC))
        assert app.test_client().get("/cds-services").get_json() == {"services": []}


class TestAnswers:
    def test_a_call_is_answered_with_cards(self, client: FlaskClient, call: dict[str, Any]) -> None:
        answer = client.post(TEA, json=call)
        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        body = answer.get_json()
        assert set(body) == {"cards", "extension"}
        assert body["cards"] == [
            {"summary": "Tea at 10:00", "indicator": "info", "source": {"label": "The tea house"}}
        ]
        assert body["extension"]["org.magnesia.assessment"]["rule"] == "T1"

    def test_nothing_to_say_is_an_empty_list_and_needs_no_prefetch(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        call["context"]["mood"] = "indifferent"
        del call["prefetch"]
        answer = client.post(TEA, json=call)
        assert answer.status_code == 200
        assert answer.get_json()["cards"] == []

    def test_the_double_slash_of_the_sandbox_is_served(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        assert client.post("/cds-services//tea", json=call).status_code == 200

    def test_the_digits_of_a_number_come_back(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        text = json.dumps(call).replace('"patientId"', '"strength": 1.20, "patientId"')
        answer = client.post(TEA, data=text, content_type="application/json")
        assert b'"strength":1.20' in answer.data

    def test_keys_that_were_not_advertised_are_not_passed_on(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        call["prefetch"]["coffee"] = {"resourceType": "Bundle"}
        call["prefetch"]["milk"] = {"resourceType": "OperationOutcome"}
        extension = client.post(TEA, json=call).get_json()["extension"]
        assert extension["org.magnesia.assessment"]["received"] == ["leaves", "patient"]

    @pytest.mark.parametrize(
        "media_type",
        [
            "application/json",
            "application/json; charset=UTF-8",
            "APPLICATION/JSON;charset=utf8",
            "application/fhir+json",
            'application/json; charset="utf-8"; q=1',
        ],
    )
    def test_media_types_that_are_json(
        self, client: FlaskClient, call: dict[str, Any], media_type: str
    ) -> None:
        answer = client.post(TEA, data=json.dumps(call), content_type=media_type)
        assert answer.status_code == 200

    def test_identity_is_no_compression(self, client: FlaskClient, call: dict[str, Any]) -> None:
        answer = client.post(TEA, json=call, headers={"Content-Encoding": "identity"})
        assert answer.status_code == 200


class TestRefusals:
    @pytest.mark.parametrize("body", [b"", b"[]", b'{"hook":1,}', b"\xff", b'"text"'])
    def test_a_body_that_is_no_json_object(self, client: FlaskClient, body: bytes) -> None:
        answer = client.post(TEA, data=body, content_type="application/json")
        assert issue_of(answer, 400)["code"] == "structure"

    @pytest.mark.parametrize(
        "media_type", [None, "text/plain", "application/xml", "json", "text/json"]
    )
    def test_a_body_of_another_media_type(
        self, client: FlaskClient, call: dict[str, Any], media_type: str | None
    ) -> None:
        answer = client.post(TEA, data=json.dumps(call), content_type=media_type)
        assert issue_of(answer, 415)["expression"] == ["http.Content-Type"]

    def test_a_body_in_another_encoding(self, client: FlaskClient, call: dict[str, Any]) -> None:
        latin = "application/json; charset=iso-8859-1"
        answer = client.post(TEA, data=json.dumps(call), content_type=latin)
        assert issue_of(answer, 415)["expression"] == ["http.Content-Type"]

    def test_a_compressed_body(self, client: FlaskClient, call: dict[str, Any]) -> None:
        answer = client.post(TEA, json=call, headers={"Content-Encoding": "gzip"})
        assert issue_of(answer, 415)["expression"] == ["http.Content-Encoding"]

    def test_another_hook(self, client: FlaskClient, call: dict[str, Any]) -> None:
        issue = issue_of(client.post(TEA, json={**call, "hook": "patient-view"}), 400)
        assert issue["expression"] == ["hook"]
        assert "patient-view" not in issue["details"]["text"]

    def test_a_wrong_envelope(self, client: FlaskClient, call: dict[str, Any]) -> None:
        answer = client.post(TEA, json={**call, "hookInstance": "1"})
        assert issue_of(answer, 400)["expression"] == ["hookInstance"]

    def test_a_context_that_breaks_the_hooks_contract(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        answer = client.post(TEA, json={**call, "context": {}})
        assert issue_of(answer, 400)["expression"] == ["context.patientId"]

    def test_a_context_that_cannot_be_evaluated(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        call["context"]["mood"] = "coffee"
        assert issue_of(client.post(TEA, json=call), 422)["expression"] == ["context.mood"]

    @pytest.mark.parametrize("key", ["patient", "leaves"])
    def test_required_data_that_did_not_come(
        self, client: FlaskClient, call: dict[str, Any], key: str
    ) -> None:
        del call["prefetch"][key]
        issue = issue_of(client.post(TEA, json=call), 412)
        assert issue["expression"] == [f"prefetch.{key}"]
        assert issue["diagnostics"] == key

    def test_required_data_that_the_hook_misses(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        call["context"]["mood"] = "picky"
        issue = issue_of(client.post(TEA, json=call), 412)
        assert issue["expression"] == ["prefetch.leaves"]
        assert issue["diagnostics"] == "leaves"

    def test_an_unknown_service(self, client: FlaskClient, call: dict[str, Any]) -> None:
        assert issue_of(client.post("/cds-services/cocoa", json=call), 404)["code"] == "not-found"

    def test_an_unknown_service_is_unknown_whatever_the_body(self, client: FlaskClient) -> None:
        answer = client.post("/cds-services/cocoa", data="{", content_type="application/json")
        assert answer.status_code == 404

    def test_an_unknown_address(self, client: FlaskClient) -> None:
        assert issue_of(client.get("/tea"), 404)["code"] == "not-found"

    def test_feedback_is_not_taken(self, client: FlaskClient) -> None:
        assert issue_of(client.post(f"{TEA}/feedback", json={"feedback": []}), 404)

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "/cds-services", {"GET", "HEAD", "OPTIONS"}),
            ("GET", TEA, {"POST", "OPTIONS"}),
            ("DELETE", TEA, {"POST", "OPTIONS"}),
            ("POST", "/health/live", {"GET", "HEAD", "OPTIONS"}),
        ],
    )
    def test_another_method(
        self, client: FlaskClient, method: str, path: str, allowed: set[str]
    ) -> None:
        answer = client.open(path, method=method, json={})
        assert issue_of(answer, 405)["code"] == "not-supported"
        assert set(answer.headers["Allow"].split(", ")) == allowed


class TestSize:
    @pytest.fixture
    def client(self) -> FlaskClient:
        settings = Settings(max_body_bytes=1024)
        return assemble(settings, [TeaHook()], lambda: datetime.now(UTC)).test_client()

    def test_a_body_of_the_largest_size_is_read(
        self, client: FlaskClient, call: dict[str, Any]
    ) -> None:
        body = json.dumps(call).ljust(1024)
        assert client.post(TEA, data=body, content_type="application/json").status_code == 200

    def test_one_byte_more_is_refused(self, client: FlaskClient, call: dict[str, Any]) -> None:
        body = json.dumps(call).ljust(1025)
        answer = client.post(TEA, data=body, content_type="application/json")
        assert issue_of(answer, 413)["code"] == "too-long"

    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/cds-services/cocoa"), ("PUT", TEA), ("POST", "/cds-services"), ("POST", "/")],
    )
    def test_the_size_is_judged_before_method_and_address(
        self, client: FlaskClient, method: str, path: str
    ) -> None:
        answer = client.open(path, method=method, data=b" " * 1025, content_type="text/plain")
        assert answer.status_code == 413


def test_the_media_type_is_judged_before_service_and_body(client: FlaskClient) -> None:
    assert client.post("/cds-services/cocoa", data="{").status_code == 415


def test_the_hook_is_judged_before_the_context(client: FlaskClient, call: dict[str, Any]) -> None:
    answer = client.post(TEA, json={**call, "hook": "order-sign", "context": {}})
    assert issue_of(answer, 400)["expression"] == ["hook"]


class TestFailures:
    """What the service does when it is at fault itself."""

    @pytest.fixture
    def answer(self, client: FlaskClient, call: dict[str, Any]) -> TestResponse:
        call["context"] |= {"mood": "broken", "patientId": "Jane-Doe-42"}
        return client.post(TEA, json=call)

    def test_the_answer_is_a_plain_outcome(self, answer: TestResponse) -> None:
        issue = issue_of(answer, 500)
        assert issue["code"] == "exception"
        for secret in ("Jane-Doe-42", "Traceback", "ValueError", ".py", "spilled"):
            assert secret not in answer.text

    def test_the_log_says_where_but_not_what(self, lines: list[str], answer: TestResponse) -> None:
        assert answer.status_code == 500
        log = "\n".join(lines)
        assert "ValueError" in log
        assert "tea.py" in log
        assert "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea" in log
        assert "Jane-Doe-42" not in log


class TestLog:
    def test_a_call_makes_one_line(
        self, client: FlaskClient, call: dict[str, Any], lines: list[str]
    ) -> None:
        client.post(TEA, json=call)
        (line,) = lines
        for said in (
            "'service': 'tea', 'hook': 'order-select'",
            "'hookInstance': 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea'",
            "'status': 200, 'rule': 'T1', 'cards': 1",
        ):
            assert said in line

    def test_a_refusal_makes_one_line_without_what_was_not_checked(
        self, client: FlaskClient, call: dict[str, Any], lines: list[str]
    ) -> None:
        client.post(TEA, json={**call, "hook": "made\nup", "hookInstance": "up"})
        (line,) = lines
        assert "'service': 'tea', 'hook': None, 'hookInstance': None" in line
        assert "'status': 400, 'rule': None, 'cards': 0" in line
        assert "made" not in line

    def test_discovery_makes_none(self, client: FlaskClient, lines: list[str]) -> None:
        client.get("/cds-services")
        client.get("/health/live")
        assert lines == []


class TestHealth:
    @pytest.mark.parametrize("state", ["live", "ready"])
    def test_a_process_that_runs(self, client: FlaskClient, state: str) -> None:
        answer = client.get(f"/health/{state}")
        assert answer.status_code == 200
        assert answer.get_json() == {"status": state}


def test_a_client_that_asks_for_options_is_told_the_methods(app: Flask) -> None:
    answer = app.test_client().options(TEA)
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
