"""Assertions 70 to 82: what the service refuses, and with which words.

Each refusal is in the table REFUSALS; its own assertion and assertion 82 are asked of every one.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service import create_app
from service.settings import Settings
from tests.conformance import shape
from tests.conformance.assertions import demand
from tests.conformance.exchange import DISCOVERY, SERVICE, answer_of, answered, fire, read
from tests.conformance.request import (
    FAMILY_NAME,
    GIVEN_NAME,
    PATIENT_ID,
    RECORD_NUMBER,
    Json,
    furosemide,
    order_select,
    result,
    searchset,
)
from tests.conftest import NOW

JSON_TYPE = {"Content-Type": "application/json"}
TOKEN = "opaque-5f1e77-access"
JWT = "eyJhbGciOiJFUzM4NCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSJ9.c2lnbmF0dXJl"
AUTHORIZATION: Json = {
    "access_token": TOKEN,
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Observation.read",
    "subject": "magnesia",
}
SEVERITIES = {"fatal", "error", "warning", "information"}
ISSUE_CODES = {
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown",
    "expired", "forbidden", "suppressed", "processing", "not-supported", "duplicate",
    "multiple-matches", "not-found", "deleted", "too-long", "code-invalid", "extension",
    "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store",
    "exception", "timeout", "incomplete", "throttled", "informational",
}  # fmt: skip
PROJECT = Path(__file__).resolve().parents[2]
WAYS_OF_THE_HOUSE = re.compile(
    rf"Traceback|site-packages|\.py\b|\bline \d+, in\b|[A-Z]\w+Error\b|{re.escape(str(PROJECT))}"
)


@dataclass(frozen=True)
class Refusal:
    """A request that is refused: under which assertion, and with which status."""

    assertion: int
    name: str
    status: int
    body: bytes = b""
    method: str = "POST"
    path: str = SERVICE
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON_TYPE))

    def sent(self, client: FlaskClient) -> TestResponse:
        """The answer to it."""
        headers = {"Authorization": f"Bearer {JWT}", **self.headers}
        return client.open(self.path, method=self.method, data=self.body, headers=headers)


def encoded(call: Any) -> bytes:
    return msgspec.json.encode(call)


def without(path: str) -> bytes:
    """The seed call, less the member at the path."""
    call = order_select()
    *holders, name = path.split(".")
    holder: Any = call
    for step in holders:
        holder = holder[step]
    del holder[name]
    return encoded(call)


def instead(path: str, value: Any) -> bytes:
    """The seed call with this value at the path."""
    return encoded(replaced(order_select(), tuple(path.split(".")), value))


def replaced(call: Json, path: tuple[str | int, ...], value: Any) -> Json:
    """The call with this value at the path."""
    holder: Any = call
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return call


def authorized(**members: Any) -> bytes:
    """The seed call with a FHIR server and these members in its authorization."""
    call = order_select()
    call["fhirServer"] = "https://ehr.example/fhir"
    call["fhirAuthorization"] = AUTHORIZATION | members
    return encoded(call)


def lacking(key: str) -> bytes:
    """The seed call without one key of its prefetch."""
    call = order_select()
    del call["prefetch"][key]
    return encoded(call)


def unresolved() -> bytes:
    call = order_select()
    call["context"]["selections"] = ["MedicationRequest/nowhere"]
    return encoded(call)


def for_another_patient() -> bytes:
    order = furosemide()
    order["subject"]["reference"] = "Patient/another"
    return encoded(order_select(order))


def dstu2() -> Json:
    order = furosemide("order-123") | {"resourceType": "MedicationOrder"}
    order["patient"] = order.pop("subject")
    return order


def nested(levels: int) -> bytes:
    """The seed call with a tower of arrays in an extension, which may hold anything."""
    call = order_select()
    call["extension"] = {"com.example.tower": "TOWER"}
    return encoded(call).replace(b'"TOWER"', b"[" * levels + b"]" * levels)


GOOD = encoded(order_select())
OBJECTLESS = {
    "an empty body": b"",
    "an array": b"[]",
    "a string": b'"order-select"',
    "null": b"null",
    "a number": b"7",
    "half an object": GOOD[: len(GOOD) // 2],
    "a trailing comma": GOOD[:-1] + b",}",
    "a comment": b"// call\n" + GOOD,
    "two objects": GOOD + GOOD,
    "no UTF-8": GOOD.replace(b"Quillfeather", b"\xff\xfe"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "NaN": GOOD.replace(b"1.2", b"NaN"),
    "a form": b"hook=order-select",
}
NO_UUID = {
    "a word": "first",
    "empty": "",
    "null": None,
    "a number": 7,
    "too short": "d1577c69-dfbe-44ad-ba6d-3e05e953b2e",
    "no hyphens": "d1577c69dfbe44adba6d3e05e953b2ea",
    "not hexadecimal": "z1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "a newline after it": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n",
    "in braces": "{d1577c69-dfbe-44ad-ba6d-3e05e953b2ea}",
}
NO_ID = {
    "a path": "a/b",
    "a path behind the type": "Patient/a/b",
    "a dot": ".",
    "two dots": "..",
    "two dots behind the type": "Patient/..",
    "the type alone": "Patient/",
    "a newline": "pat\n7731",
    "a NUL": "pat\x007731",
    "a delete character": "pat\x7f7731",
    "a comma": "pat-7731,pat-7732",
    "empty": "",
    "blank": " ",
    "null": None,
    "a number": 7731,
}


def _refusals() -> Iterator[Refusal]:
    for name, body in OBJECTLESS.items():
        yield Refusal(70, name, 400, body)
    for content_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded", ""):
        yield Refusal(71, content_type or "none", 415, GOOD, headers={"Content-Type": content_type})
    yield Refusal(72, "missing", 400, without("hook"))
    for hook in ("patient-view", "order-sign", "no-such-hook", "Order-Select", "", None, 7):
        yield Refusal(72, repr(hook), 400, instead("hook", hook))
    yield Refusal(73, "missing", 400, without("hookInstance"))
    for name, uuid in NO_UUID.items():
        yield Refusal(73, name, 400, instead("hookInstance", uuid))
    yield from _contexts()
    for members in ({"token_type": "bearer-x"}, {"expires_in": "300"}, {"access_token": None}):
        yield Refusal(77, f"{members}", 400, authorized(**members))
    yield Refusal(77, "no fhirServer", 400, instead("fhirAuthorization", AUTHORIZATION))
    for name, patient_id in NO_ID.items():
        yield Refusal(78, name, 400, instead("context.patientId", patient_id))
    yield from _paths()
    yield Refusal(80, "MedicationOrder", 422, encoded(order_select(dstu2())))
    for levels in (100, 1_000, 100_000):
        yield Refusal(81, f"nested {levels} levels", 400, nested(levels))
    yield Refusal(82, "no selection resolves", 422, unresolved())
    yield Refusal(82, "orders for another patient", 422, for_another_patient())
    for key in ("patient", "magnesium"):
        yield Refusal(82, f"no {key}", 412, lacking(key))
    yield Refusal(82, "no prefetch", 412, without("prefetch"))


def _contexts() -> Iterator[Refusal]:
    yield Refusal(74, "no context", 400, without("context"))
    no_objects: list[Any] = ["x", [], None, 7]
    for value in no_objects:
        yield Refusal(74, f"context {value!r}", 400, instead("context", value))
    for name in ("patientId", "userId", "selections", "draftOrders"):
        yield Refusal(74, f"no {name}", 400, without(f"context.{name}"))
        yield Refusal(74, f"{name} null", 400, instead(f"context.{name}", None))
        yield Refusal(74, f"{name} a number", 400, instead(f"context.{name}", 7))
    for selections in ("MedicationRequest/request-123", {"0": "x"}):
        yield Refusal(
            75, f"selections {selections!r}", 400, instead("context.selections", selections)
        )
    for name, drafts in {
        "an array": [furosemide()],
        "an order": furosemide(),
        "a string": json.dumps(furosemide()),
        "of no type": {"entry": []},
    }.items():
        yield Refusal(75, f"draftOrders {name}", 400, instead("context.draftOrders", drafts))


def _paths() -> Iterator[Refusal]:
    for path in ("no-such-service", "magnesium-replacement/x", "..", "%2e%2e%2fetc", "%00"):
        yield Refusal(79, f"unknown service {path}", 404, GOOD, path=f"{DISCOVERY}/{path}")
    yield Refusal(79, "POST to discovery", 405, GOOD, path=DISCOVERY)
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        yield Refusal(79, f"{method} on a service", 405, GOOD, method=method)
    for method in ("PUT", "DELETE"):
        yield Refusal(79, f"{method} on discovery", 405, GOOD, method=method, path=DISCOVERY)


REFUSALS = list(_refusals())


def refusals(assertion: int | None = None) -> pytest.MarkDecorator:
    """Parametrize over the refusals under one assertion, or over all."""
    chosen = [one for one in REFUSALS if assertion in (None, one.assertion)]
    return pytest.mark.parametrize(
        "refusal", chosen, ids=[f"a{one.assertion}-{one.name}" for one in chosen]
    )


def assert_refused(response: TestResponse, refusal: Refusal) -> None:
    """Assert the status that the refusal is due."""
    assert response.status_code == refusal.status, demand(
        refusal.assertion,
        f"{refusal.name}: {response.status} instead of {refusal.status}; {response.text[:300]}",
    )


def assert_outcome(response: TestResponse, name: str) -> None:
    """Assert an OperationOutcome that gives nothing away."""
    assert response.mimetype in ("application/json", "application/fhir+json"), demand(
        82, f"{name}: {response.mimetype}; {response.text[:200]}"
    )
    outcome = read(response.get_data())
    assert outcome.get("resourceType") == "OperationOutcome", demand(82, f"{name}: {outcome}")
    assert outcome.get("issue"), demand(82, f"{name}: no issue")
    for issue in outcome["issue"]:
        assert issue.get("severity") in SEVERITIES, demand(82, f"{name}: {issue}")
        assert issue.get("code") in ISSUE_CODES, demand(82, f"{name}: {issue}")
        words = issue.get("diagnostics") or issue.get("details", {}).get("text")
        assert words, demand(82, f"{name}: no words in {issue}")
    assert "cards" not in outcome, demand(82, f"{name}: cards")
    text = response.text + str(response.headers)
    for secret in (PATIENT_ID, GIVEN_NAME, FAMILY_NAME, RECORD_NUMBER, TOKEN, JWT):
        assert secret not in text, demand(82, f"{name}: {secret} in {text}")
    house = WAYS_OF_THE_HOUSE.search(text)
    assert house is None, demand(82, f"{name}: {house} in {text}")


@refusals(70)
def test_a70_a_body_that_is_no_object_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    response = refusal.sent(client)
    assert_refused(response, refusal)
    assert_outcome(response, refusal.name)


@refusals(71)
def test_a71_another_media_type_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    assert_refused(refusal.sent(client), refusal)


@refusals(72)
def test_a72_another_hook_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    response = refusal.sent(client)
    assert_refused(response, refusal)
    assert '"cards"' not in response.text, demand(72, response.text)


@refusals(73)
def test_a73_a_hook_instance_that_is_no_uuid_is_refused(
    client: FlaskClient, refusal: Refusal
) -> None:
    assert_refused(refusal.sent(client), refusal)


def test_a73_an_upper_case_uuid_is_one(client: FlaskClient) -> None:
    call = order_select()
    call["hookInstance"] = call["hookInstance"].upper()
    assert answered(client, call)["cards"], demand(73, "an upper-case UUID is refused")


@refusals(74)
def test_a74_a_missing_or_mistyped_context_is_refused(
    client: FlaskClient, refusal: Refusal
) -> None:
    assert_refused(refusal.sent(client), refusal)


@refusals(75)
def test_a75_mistyped_selections_or_drafts_are_refused(
    client: FlaskClient, refusal: Refusal
) -> None:
    assert_refused(refusal.sent(client), refusal)


@pytest.mark.parametrize("selections", [[7], [None], [["x"]], [{"reference": "x"}]])
def test_a75_a_selection_that_cannot_be_read_is_not_passed_over(
    client: FlaskClient, selections: list[Any]
) -> None:
    """An answer without cards would read as: looked at, and all is well."""
    response = client.post(
        SERVICE, data=instead("context.selections", selections), headers=JSON_TYPE
    )
    assert response.status_code in (400, 422), demand(75, f"{response.status} for {selections}")
    assert_outcome(response, f"selections {selections}")


@pytest.mark.parametrize("entries", [{"resource": furosemide()}, "x", 7, [7], [["x"]], [None]])
def test_a75_drafts_that_cannot_be_read_are_not_passed_over(
    client: FlaskClient, entries: Any
) -> None:
    """The selected order is among them, so nothing can be said about it."""
    drafts = {"resourceType": "Bundle", "entry": entries}
    response = client.post(SERVICE, data=instead("context.draftOrders", drafts), headers=JSON_TYPE)
    assert response.status_code in (400, 422), demand(75, f"{response.status} for {entries}")
    assert_outcome(response, f"entries {entries}")


@pytest.mark.parametrize("user_id", ["abc", "Practitioner/", "/abc", "Practitioner/a/b"])
def test_a76_a_user_without_a_type_is_refused_or_tolerated(
    client: FlaskClient, user_id: str
) -> None:
    call = order_select()
    call["context"]["userId"] = user_id
    response = fire(client, call)
    assert response.status_code in (200, 400), demand(76, response.status)
    if response.status_code == 200:
        found = shape.problems(answer_of(response), call)
        assert [str(problem) for problem in found] == [], f"with the userId {user_id!r}"
    else:
        assert_outcome(response, user_id)


@refusals(77)
def test_a77_an_unlawful_authorization_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    assert_refused(refusal.sent(client), refusal)


@refusals(78)
def test_a78_a_patient_id_that_is_none_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    assert_refused(refusal.sent(client), refusal)


def test_a78_the_type_before_a_patient_id_is_dropped(client: FlaskClient) -> None:
    call = order_select()
    call["context"]["patientId"] = f"Patient/{PATIENT_ID}"
    answer = answered(client, call)
    assert len(answer["cards"]) == 1, demand(78, answer["cards"])
    assert [str(problem) for problem in shape.problems(answer, call)] == []


@refusals(79)
def test_a79_unknown_paths_and_methods_are_refused(client: FlaskClient, refusal: Refusal) -> None:
    response = refusal.sent(client)
    assert_refused(response, refusal)
    if refusal.status == 405:
        allowed = response.headers.get("Allow", "")
        assert refusal.method not in allowed.split(", "), demand(79, f"Allow: {allowed}")
        due = "GET" if refusal.path == DISCOVERY else "POST"
        assert due in allowed.split(", "), demand(79, f"Allow: {allowed}")


@refusals(80)
def test_a80_a_selected_dstu2_order_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    assert_refused(refusal.sent(client), refusal)


def test_a80_a_dstu2_order_that_is_not_selected_is_borne(client: FlaskClient) -> None:
    call = order_select(furosemide(), dstu2())
    call["context"]["selections"] = ["MedicationRequest/request-123"]
    assert len(answered(client, call)["cards"]) == 1, demand(80, "the seed card is lost")


@refusals(81)
def test_a81_a_deeply_nested_body_is_refused(client: FlaskClient, refusal: Refusal) -> None:
    assert_refused(refusal.sent(client), refusal)


def test_a81_ordinary_nesting_is_borne(client: FlaskClient) -> None:
    response = client.post(SERVICE, data=nested(20), headers=JSON_TYPE)
    assert response.status_code == 200, demand(81, f"20 levels: {response.status}")


@pytest.fixture
def small() -> FlaskClient:
    """A service that takes 20,000 bytes."""
    return create_app(Settings(max_body_bytes=20_000), clock=lambda: NOW).test_client()


def padded(size: int) -> bytes:
    """The seed call in exactly so many bytes."""
    return GOOD + b" " * (size - len(GOOD))


@pytest.mark.parametrize("path", [SERVICE, f"{DISCOVERY}/no-such-service"])
def test_a81_a_body_over_the_limit_is_refused(small: FlaskClient, path: str) -> None:
    response = small.post(path, data=padded(20_001), headers=JSON_TYPE)
    assert response.status_code == 413, demand(81, response.status)
    assert_outcome(response, "a body over the limit")


def test_a81_a_body_at_the_limit_is_read(small: FlaskClient) -> None:
    response = small.post(SERVICE, data=padded(20_000), headers=JSON_TYPE)
    assert response.status_code == 200, demand(81, response.status)


def test_a81_the_default_limit_takes_a_large_chart(client: FlaskClient) -> None:
    """The largest three-analyte answer that is known holds 700 results."""
    call = order_select()
    for analyte, value in (("magnesium", 1.2), ("potassium", 4.1), ("creatinine", 0.8)):
        many = [
            result(analyte, value, hours_ago=hours) | {"id": f"{analyte}-{hours}"}
            for hours in range(1, 234)
        ]
        call["prefetch"][analyte] = searchset(*many)
    assert len(answered(client, call)["cards"]) == 1, demand(81, "no card for a large chart")


@refusals()
def test_a82_every_refusal_is_an_outcome_that_gives_nothing_away(
    client: FlaskClient, refusal: Refusal
) -> None:
    response = refusal.sent(client)
    assert_refused(response, refusal)
    assert_outcome(response, refusal.name)


def test_a82_a_missing_key_is_named(client: FlaskClient) -> None:
    response = client.post(SERVICE, data=lacking("magnesium"), headers=JSON_TYPE)
    assert response.status_code == 412, demand(82, response.status)
    assert "magnesium" in response.text, demand(82, response.text)


def test_a82_a_defect_of_our_own_gives_nothing_away() -> None:
    """The clock stands for anything of ours that may break."""

    def broken() -> datetime:
        raise RuntimeError(f"no time for {PATIENT_ID}")

    client = create_app(Settings(), clock=broken).test_client()
    response = client.post(SERVICE, data=GOOD, headers=JSON_TYPE)
    assert response.status_code == 500, demand(82, response.status)
    assert_outcome(response, "a defect of our own")


def test_a82_a_patient_known_absent_is_no_refusal(client: FlaskClient) -> None:
    call = order_select()
    call["prefetch"]["patient"] = None
    assert answered(client, call)["cards"] == [], demand(82, "cards for nobody")


# Junk wherever it may be: never a server error, and what is answered has the right shape

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from(["Patient/1", "2026-11-23", "order-select", "Bundle", "MedicationRequest"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "id", "entry", "resource", "coding", "value", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in the value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in inner:
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from paths(member, (*path, key))


PATHS = list(paths(order_select()))
MISTYPED: list[Any] = [
    None, True, 0, -1.5, 10**30, "", "x", "\x00", [], {}, [[]], [{}], [None], {"x": 1},
]  # fmt: skip


def assert_borne(response: TestResponse, call: Any) -> None:
    """Assert an answer of the right shape, or a refusal of the right shape."""
    if response.status_code != 200:
        assert response.status_code in (400, 412, 422), demand(82, f"{response.status}: {call}")
        outcome = read(response.get_data())
        assert outcome["resourceType"] == "OperationOutcome", demand(82, outcome)
        return
    breaches = shape.problems(answer_of(response), call)
    assert [str(problem) for problem in breaches] == []


@pytest.mark.parametrize("path", PATHS, ids=[".".join(map(str, path)) for path in PATHS])
def test_a82_no_mistyped_member_is_a_server_error(
    client: FlaskClient, path: tuple[str | int, ...]
) -> None:
    for junk in MISTYPED:
        call = replaced(order_select(), path, junk)
        assert_borne(fire(client, call), call)


@given(JUNK)
def test_a70_no_body_is_a_server_error(client: FlaskClient, junk: Any) -> None:
    response = fire(client, junk)
    assert response.status_code == 400, demand(70, f"{response.status} for {junk!r}")


@given(st.binary(max_size=200))
def test_a70_no_bytes_are_a_server_error(client: FlaskClient, body: bytes) -> None:
    response = client.post(SERVICE, data=body, headers=JSON_TYPE)
    assert response.status_code == 400, demand(70, f"{response.status} for {body!r}")


@given(st.sampled_from(PATHS), JUNK)
def test_a82_no_member_replaced_by_junk_is_a_server_error(
    client: FlaskClient, path: tuple[str | int, ...], junk: Any
) -> None:
    call = replaced(order_select(), path, junk)
    assert_borne(fire(client, call), call)


@given(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4))
def test_a82_no_missing_member_is_a_server_error(
    client: FlaskClient, removed: list[tuple[str | int, ...]]
) -> None:
    call = order_select()
    for path in removed:
        holder: Any = call
        for step in path[:-1]:
            present = isinstance(holder, dict) and step in holder
            present |= isinstance(holder, list) and isinstance(step, int) and step < len(holder)
            holder = holder[step] if present else None
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
    assert_borne(fire(client, call), call)
