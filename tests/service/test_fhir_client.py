"""Reads of a FHIR server: what is asked, what counts as an answer, and what is said of the rest."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
import urllib3
from responses.matchers import header_matcher, query_param_matcher

from service import limits
from service.envelope import Envelope
from service.fhir.breaker import FAILURES
from service.fhir.client import FhirClient
from service.fhir.reader import MAX_RESPONSE_BYTES
from service.observability.metrics import Metrics
from service.prefetch import Prefetched, query, sort
from service.settings import Settings

BASE = "https://ehr.example/fhir"
TOKEN = "opaque-tea-access"
TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "leaves": "Observation?patient={{context.patientId}}&code=http://tea.example|leaf&_count=5",
    "milk": "Observation?patient={{context.patientId}}&code=http://tea.example|milk",
}
PATIENT = {"resourceType": "Patient", "id": "guest-1"}
AUTHORIZATION = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300}


def bundle(*ids: str, following: str | None = None) -> dict[str, Any]:
    page: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "self", "url": f"{BASE}/Observation"}],
        "entry": [{"resource": {"resourceType": "Observation", "id": one}} for one in ids],
    }
    if following is not None:
        page["link"].append({"relation": "next", "url": following})
    return page


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> FhirClient:
    return FhirClient(Settings.from_environment({"MAGNESIA_FHIR_SERVERS": BASE}))


def complete(
    client: FhirClient, sent: Mapping[str, Any] | None = None, **members: Any
) -> Prefetched:
    """What becomes of a prefetch in a call with access to the FHIR server."""
    call = {
        "hook": "order-select",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": "guest-1"},
        "fhirServer": BASE,
        "fhirAuthorization": AUTHORIZATION,
    } | members
    received = Envelope.model_validate(
        {name: value for name, value in call.items() if value is not None}
    )
    return client.complete(TEMPLATES, sort(TEMPLATES, sent), received)


def test_every_missing_key_is_asked_for(http: responses.RequestsMock, client: FhirClient) -> None:
    leave = header_matcher({"Authorization": f"Bearer {TOKEN}", "Accept": "application/fhir+json"})
    http.get(f"{BASE}/Patient/guest-1", json=PATIENT, match=[leave])
    for key in ("leaf", "milk"):
        wanted = {"patient": "guest-1", "code": f"http://tea.example|{key}"}
        if key == "leaf":
            wanted["_count"] = "5"
        http.get(
            f"{BASE}/Observation", json=bundle(key), match=[query_param_matcher(wanted), leave]
        )
    found = complete(client)
    assert found.unavailable == {}
    assert found.data == {"patient": PATIENT, "leaves": bundle("leaf"), "milk": bundle("milk")}


def test_what_was_sent_is_not_asked_for(http: responses.RequestsMock, client: FhirClient) -> None:
    http.get(f"{BASE}/Observation", json=bundle("milk"))
    sent = {"patient": PATIENT, "leaves": None}
    assert complete(client, sent).data == {**sent, "milk": bundle("milk")}
    assert len(http.calls) == 1


def test_numbers_keep_their_digits(http: responses.RequestsMock, client: FhirClient) -> None:
    http.get(f"{BASE}/Patient/guest-1", body='{"resourceType":"Patient","x":1.20}')
    patient = complete(client, {"leaves": None, "milk": None}).data["patient"]
    assert patient is not None
    assert patient["x"] == Decimal("1.20")
    assert str(patient["x"]) == "1.20"


STATUSES = {
    401: "refused it with status 401",
    403: "refused it with status 403",
    404: "does not have it",
    410: "does not have it",
    301: "refused it with status 301",
    422: "refused it with status 422",
    429: "failed with status 429",
    500: "failed with status 500",
    504: "failed with status 504",
}


@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_that_is_not_ok(
    http: responses.RequestsMock, client: FhirClient, status: int
) -> None:
    http.get(f"{BASE}/Patient/guest-1", json=PATIENT, status=status)
    found = complete(client, {"leaves": None, "milk": None})
    assert found.data == {"leaves": None, "milk": None}
    reason = found.unavailable["patient"]
    assert reason == f"was not sent, and the FHIR server {STATUSES[status]}"
    assert len(http.calls) == 1, "it is not asked again"


EXCEPTIONS = {
    "a timeout on connecting": (requests.ConnectTimeout(), "in time"),
    "a timeout on reading": (requests.ReadTimeout(), "in time"),
    "a timeout within the body": (
        urllib3.exceptions.ReadTimeoutError(urllib3.HTTPSConnectionPool("a"), "/", "timed out"),
        "in time",
    ),
    "no connection": (requests.ConnectionError(), "could not be read"),
    "a bad certificate": (requests.exceptions.SSLError(), "could not be read"),
    "a proxy that refuses": (requests.exceptions.ProxyError(), "could not be read"),
    "a body that breaks off": (urllib3.exceptions.ProtocolError(), "could not be read"),
    "a chunk of negative size": (ValueError("negative"), "could not be read"),
    "a body that cannot be unpacked": (urllib3.exceptions.DecodeError(), "could not be read"),
}


@pytest.mark.parametrize("what", EXCEPTIONS)
def test_a_read_that_breaks(http: responses.RequestsMock, client: FhirClient, what: str) -> None:
    error, reason = EXCEPTIONS[what]
    http.get(f"{BASE}/Patient/guest-1", body=error)
    found = complete(client, {"leaves": None, "milk": None})
    assert reason in found.unavailable["patient"]
    assert "guest-1" not in found.unavailable["patient"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not usable JSON"),
        (b"<html></html>", "not usable JSON"),
        (b"[]", "not usable JSON"),
        (b"null", "not usable JSON"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "not usable JSON"),
        (b'{"resourceType":"Patient","x":1e99999}', "not usable JSON"),
        (b'{"resourceType":"Patient","x":"\xff"}', "not usable JSON"),
        (b'{"resourceType":"Bundle"}', "is not a Patient"),
        (b'{"resourceType":"OperationOutcome"}', "came as an OperationOutcome"),
        (b'{"resourceType":"Patient"}' + b" " * MAX_RESPONSE_BYTES, "too large"),
    ],
)
def test_an_answer_of_no_use(
    http: responses.RequestsMock, client: FhirClient, content: bytes, reason: str
) -> None:
    http.get(f"{BASE}/Patient/guest-1", body=content)
    found = complete(client, {"leaves": None, "milk": None})
    assert "patient" not in found.data
    assert reason in found.unavailable["patient"]


def test_the_largest_answer_is_taken(http: responses.RequestsMock, client: FhirClient) -> None:
    content = b'{"resourceType":"Patient"}'
    http.get(f"{BASE}/Patient/guest-1", body=content.ljust(MAX_RESPONSE_BYTES))
    assert complete(client).data["patient"] == {"resourceType": "Patient"}


def test_one_key_that_fails_does_not_spoil_the_others(
    http: responses.RequestsMock, client: FhirClient
) -> None:
    http.get(f"{BASE}/Patient/guest-1", json=PATIENT)
    http.get(f"{BASE}/Observation", status=500)
    found = complete(client)
    assert found.data == {"patient": PATIENT}
    assert set(found.unavailable) == {"leaves", "milk"}


def test_a_fault_of_our_own_in_one_key_is_said_and_spoils_no_other(
    http: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()
    client = FhirClient(Settings.from_environment({"MAGNESIA_FHIR_SERVERS": BASE}), metrics)
    http.get(f"{BASE}/Patient/guest-1", json=PATIENT)
    http.get(f"{BASE}/Observation", json=bundle("1"))
    judge = limits.entries

    def broken(answer: Any) -> int:
        if answer.get("resourceType") == "Patient":
            raise ZeroDivisionError("guest-1")
        return judge(answer)

    monkeypatch.setattr(limits, "entries", broken)
    found = complete(client)
    assert set(found.data) == {"leaves", "milk"}
    assert found.unavailable["patient"].endswith("failed for a fault of this service")
    counted = metrics.text().decode()
    assert counted.count('outcome="read"') == 2, "the others are counted"
    assert 'key="patient",outcome="defect"' in counted
    assert "magnesia_failures_total 1.0" in counted
    assert "ZeroDivisionError" in caplog.text
    assert "guest-1" not in caplog.text, "the message of an error may repeat what it was about"


class TestPages:
    def test_they_are_one_bundle(self, http: responses.RequestsMock, client: FhirClient) -> None:
        def give(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            number = int(parse_qs(urlsplit(request.url or "").query).get("page", ["1"])[0])
            following = f"{BASE}/Observation?page={number + 1}" if number < 3 else None
            return 200, {}, json.dumps(bundle(f"{number}", following=following))

        http.add_callback("GET", f"{BASE}/Observation", give)
        found = complete(client, {"patient": PATIENT, "milk": None}).data["leaves"]
        assert found == bundle("1", "2", "3")
        assert len(http.calls) == 3

    def test_no_more_than_five_are_read(
        self, http: responses.RequestsMock, client: FhirClient
    ) -> None:
        def give(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            number = int(parse_qs(urlsplit(request.url or "").query).get("page", ["1"])[0])
            page = bundle(f"{number}", following=f"{BASE}/Observation?page={number + 1}")
            return 200, {}, json.dumps(page)

        http.add_callback("GET", f"{BASE}/Observation", give)
        found = complete(client, {"patient": PATIENT, "milk": None}).data["leaves"]
        assert found == bundle("1", "2", "3", "4", "5", following=f"{BASE}/Observation?page=6")
        assert len(http.calls) == 5

    @pytest.mark.parametrize(
        "following",
        [
            7,
            {},
            "",
            "https://ehr.example/other",
            f"{BASE}/a\tb",
            "http://[",
            "//[",
            "http://[::1]:99999999/",
            f"{BASE}:x/Observation",
        ],
    )
    def test_a_next_that_is_not_this_servers_stays(
        self, http: responses.RequestsMock, client: FhirClient, following: Any
    ) -> None:
        http.get(f"{BASE}/Observation", json=bundle("1", following=following))
        found = complete(client, {"patient": PATIENT, "milk": None}).data["leaves"]
        assert found == bundle("1", following=following)
        assert len(http.calls) == 1

    def test_a_read_has_none(self, http: responses.RequestsMock, client: FhirClient) -> None:
        odd = PATIENT | {"link": [{"relation": "next", "url": f"{BASE}/Patient/2"}]}
        http.get(f"{BASE}/Patient/guest-1", json=odd)
        assert complete(client, {"leaves": None, "milk": None}).data["patient"] == odd
        assert len(http.calls) == 1


class TestLeave:
    """Whether anything may be asked at all; `http` has no answer, so a request would show."""

    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"fhirServer": None, "fhirAuthorization": None}, "was not sent"),
            ({"fhirAuthorization": None}, "was not sent, and no access token came"),
            ({"fhirServer": "https://evil.example/fhir"}, "was not sent, and `fhirServer` is not"),
            ({"fhirServer": "file:///etc"}, "was not sent, and `fhirServer` is not"),
            (
                {"fhirAuthorization": AUTHORIZATION | {"access_token": "a b"}},
                "was not sent, and no access token came",
            ),
            ({"context": {"patientId": ".."}}, "was not sent, and the FHIR server cannot be asked"),
            ({"context": {}}, "was not sent, and the FHIR server cannot be asked"),
        ],
    )
    def test_nothing_is_asked(
        self,
        http: responses.RequestsMock,
        client: FhirClient,
        members: dict[str, Any],
        reason: str,
    ) -> None:
        found = complete(client, **members)
        assert set(found.unavailable) == set(TEMPLATES)
        for text in found.unavailable.values():
            assert text.startswith(reason)
        assert len(http.calls) == 0


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "was not sent, and this service is set to read no `fhirServer`"),
        (
            {"fhirServer": "file:///etc"},
            "was not sent, and this service is set to read no `fhirServer`",
        ),
        ({"fhirServer": None, "fhirAuthorization": None}, "was not sent"),
    ],
)
def test_a_site_that_lists_no_server_says_so_to_a_call_that_names_one(
    http: responses.RequestsMock, members: dict[str, Any], reason: str
) -> None:
    found = complete(FhirClient(Settings()), **members)
    assert found.unavailable == dict.fromkeys(TEMPLATES, reason)
    assert len(http.calls) == 0


def test_a_server_that_fails_repeatedly_is_left_alone(
    http: responses.RequestsMock, client: FhirClient
) -> None:
    http.get(f"{BASE}/Patient/guest-1", status=503)
    sent = {"leaves": None, "milk": None}
    for _ in range(FAILURES):
        assert "503" in complete(client, sent).unavailable["patient"]
    for _ in range(3):
        assert "left alone" in complete(client, sent).unavailable["patient"]
    assert len(http.calls) == FAILURES


def test_a_question_that_was_never_sent_says_nothing_of_the_server(
    http: responses.RequestsMock, client: FhirClient
) -> None:
    """`..;x` is no address to ask at: the reader finds that out, and the server never hears it."""
    http.get(f"{BASE}/Patient/guest-1", status=503)
    sent = {"leaves": None, "milk": None}
    for _ in range(FAILURES - 1):
        complete(client, sent)
    odd = complete(client, sent, context={"patientId": "..;x"})
    assert "cannot be asked" in odd.unavailable["patient"]
    complete(client, sent)
    assert "left alone" in complete(client, sent).unavailable["patient"]
    assert len(http.calls) == FAILURES


def test_a_server_that_refuses_is_not_in_trouble(
    http: responses.RequestsMock, client: FhirClient
) -> None:
    http.get(f"{BASE}/Patient/guest-1", status=403)
    for _ in range(FAILURES + 3):
        assert "403" in complete(client, {"leaves": None, "milk": None}).unavailable["patient"]


class TestQueries:
    @pytest.mark.parametrize(
        ("patient_id", "path"),
        [
            ("guest-1", "Patient/guest-1"),
            ("Patient/guest-1", "Patient/guest-1"),
            ("a/b", "Patient/a%2Fb"),
            ("a?b=c&d#e", "Patient/a%3Fb%3Dc%26d%23e"),
            ("../x", "Patient/..%2Fx"),
            ("é|,", "Patient/%C3%A9%7C%2C"),
            ("%2e", "Patient/%252e"),
            ("a\r\nb", "Patient/a%0D%0Ab"),
        ],
    )
    def test_what_is_filled_in_is_percent_encoded(self, patient_id: str, path: str) -> None:
        assert query(TEMPLATES["patient"], {"patientId": patient_id}) == path

    @pytest.mark.parametrize("patient_id", ["", ".", "..", "Patient/", "Patient/..", 7, None, {}])
    def test_what_is_no_id_is_not_asked_for(self, patient_id: Any) -> None:
        assert query(TEMPLATES["patient"], {"patientId": patient_id}) is None

    def test_an_encounter_may_be_named(self) -> None:
        template = "Observation?encounter={{context.encounterId}}"
        assert query(template, {"encounterId": "Encounter/1"}) == "Observation?encounter=1"
        assert query(template, {}) is None

    @pytest.mark.parametrize("token", ["context.userId", "userPractitionerId", "today()", ""])
    def test_other_placeholders_are_not_filled(self, token: str) -> None:
        assert query(f"Observation?x={{{{{token}}}}}", {"userId": "Practitioner/1"}) is None

    def test_what_has_no_placeholder_is_asked_as_it_is(self) -> None:
        assert query("Observation?code=1", {}) == "Observation?code=1"
