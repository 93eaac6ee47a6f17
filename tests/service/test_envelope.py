"""The envelope of a call: what CDS Hooks demands of every request."""

from typing import Any

import pytest

from service.envelope import read
from service.outcomes import Refusal

AUTHORIZATION = {
    "access_token": "opaque-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Observation.rs",
    "subject": "tea-cds",
}


def members_at_fault(body: dict[str, Any]) -> list[str | None]:
    with pytest.raises(Refusal) as error:
        read(body)
    assert error.value.status == 400
    return [issue.member for issue in error.value.issues]


def test_a_whole_envelope_is_read(call: dict[str, Any]) -> None:
    envelope = read(
        {**call, "fhirServer": "https://fhir.example/r4", "fhirAuthorization": AUTHORIZATION}
    )
    assert envelope.hook == "order-select"
    assert envelope.hook_instance == "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    assert envelope.context["patientId"] == "guest-1"
    assert envelope.fhir_authorization is not None
    assert envelope.fhir_authorization.expires_in == 300


@pytest.mark.parametrize("member", ["hook", "hookInstance", "context"])
def test_what_is_required(call: dict[str, Any], member: str) -> None:
    del call[member]
    assert members_at_fault(call) == [member]


def test_every_fault_is_named_at_once() -> None:
    assert members_at_fault({}) == ["hook", "hookInstance", "context"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("hook", 1),
        ("hook", None),
        ("hookInstance", "not-a-uuid"),
        ("hookInstance", "d1577c69dfbe44adba6d3e05e953b2ea"),
        ("hookInstance", "{d1577c69-dfbe-44ad-ba6d-3e05e953b2ea}"),
        ("hookInstance", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n"),
        ("hookInstance", None),
        ("context", []),
        ("context", "guest-1"),
        ("context", None),
        ("prefetch", []),
        ("prefetch", "none"),
        ("fhirServer", 5),
        ("fhirServer", {}),
    ],
)
def test_what_has_another_type_is_refused(call: dict[str, Any], member: str, value: Any) -> None:
    assert members_at_fault({**call, member: value}) == [member]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("access_token", None),
        ("access_token", 1),
        ("token_type", "bearer-x"),
        ("token_type", "bearer"),
        ("expires_in", "300"),
        ("expires_in", True),
        ("expires_in", None),
    ],
)
def test_a_wrong_authorization_is_refused(call: dict[str, Any], member: str, value: Any) -> None:
    body = {
        **call,
        "fhirServer": "https://fhir.example/r4",
        "fhirAuthorization": {**AUTHORIZATION, member: value},
    }
    assert members_at_fault(body) == [f"fhirAuthorization.{member}"]


@pytest.mark.parametrize("member", ["access_token", "token_type", "expires_in"])
def test_an_authorization_without_a_part_is_refused(call: dict[str, Any], member: str) -> None:
    authorization = {name: value for name, value in AUTHORIZATION.items() if name != member}
    body = {**call, "fhirServer": "https://f.example", "fhirAuthorization": authorization}
    assert members_at_fault(body) == [f"fhirAuthorization.{member}"]


def test_an_authorization_needs_a_server(call: dict[str, Any]) -> None:
    assert members_at_fault({**call, "fhirAuthorization": AUTHORIZATION}) == ["fhirServer"]


@pytest.mark.parametrize(
    "change",
    [
        {"hookInstance": "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA"},
        {"prefetch": None},
        {"fhirAuthorization": None},
        {"fhirServer": "https://fhir.example/r4"},
        {"user": "Practitioner/host", "extension": {"a": 1}, "applyCql": True},
        {
            "fhirServer": "https://fhir.example/r4",
            "fhirAuthorization": {**AUTHORIZATION, "scope": None, "subject": 3, "patient": "x"},
        },
    ],
)
def test_what_is_tolerated(call: dict[str, Any], change: dict[str, Any]) -> None:
    assert read({**call, **change}).hook == "order-select"


def test_a_call_without_prefetch_is_read(call: dict[str, Any]) -> None:
    del call["prefetch"]
    assert read(call).prefetch is None


def test_a_refusal_repeats_nothing_of_the_request(call: dict[str, Any]) -> None:
    body = {
        **call,
        "hookInstance": "secret-instance",
        "fhirServer": 42424242,
        "fhirAuthorization": {**AUTHORIZATION, "token_type": "secret-type", "expires_in": "77"},
    }
    with pytest.raises(Refusal) as error:
        read(body)
    said = " ".join(f"{issue.text} {issue.diagnostics}" for issue in error.value.issues)
    for secret in ("secret", "42424242", "77", "opaque-token"):
        assert secret not in said


def test_the_token_is_not_in_the_representation(call: dict[str, Any]) -> None:
    body = {**call, "fhirServer": "https://f.example", "fhirAuthorization": AUTHORIZATION}
    assert "opaque-token" not in repr(read(body))
    assert "guest-1" not in repr(read(body))
