"""What came under a prefetch key: data, the knowledge that there is none, or nothing at all."""

from typing import Any

import pytest

from service.outcomes import Refusal
from service.prefetch import sort

TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "leaves": "Observation?patient={{context.patientId}}&code=http://tea.example|leaf",
}

PATIENT = {"resourceType": "Patient", "id": "guest-1"}
OBSERVATION = {"resourceType": "Observation", "id": "leaf-1"}


def outcome(*severities: str) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": "processing"} for severity in severities],
    }


def bundle(*resources: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for resource in resources],
    }


AVAILABLE = {
    "a Bundle with matches": bundle(OBSERVATION),
    "a Bundle without type or total": {
        "resourceType": "Bundle",
        "entry": [{"resource": OBSERVATION}],
    },
    "a Bundle without entries": {"resourceType": "Bundle", "total": 0},
    "a Bundle with an empty list of entries": bundle(),
    "a Bundle whose entries are null": {"resourceType": "Bundle", "entry": None},
    "a Bundle with only an information": bundle(outcome("information")),
    "a Bundle with only a warning": bundle(outcome("warning")),
    "a Bundle with a match and an information": bundle(OBSERVATION, outcome("information")),
    "a Bundle with a match and an error": bundle(outcome("error"), OBSERVATION),
    "a Bundle with a match and an odd entry": {
        "resourceType": "Bundle",
        "entry": ["odd", {}, {"resource": OBSERVATION}],
    },
    "a Bundle with a next page": {
        **bundle(OBSERVATION),
        "link": [{"relation": "next", "url": "https://fhir.example/Observation?page=2"}],
    },
}

UNAVAILABLE = {
    "an OperationOutcome": outcome("information"),
    "a Bundle with only an error": bundle(outcome("error")),
    "a Bundle with only something fatal": bundle(outcome("fatal")),
    "a Bundle with a warning and an error": bundle(outcome("warning"), outcome("error")),
    "a Bundle with an outcome of no severity": bundle({"resourceType": "OperationOutcome"}),
    "a bare resource": OBSERVATION,
    "a Patient": PATIENT,
    "a string": "Observation/leaf-1",
    "an HTML page": "<html></html>",
    "a list": [OBSERVATION],
    "a number": 1,
    "true": True,
    "an empty object": {},
    "a wrapper": {"response": {"status": "200 OK"}, "resource": bundle(OBSERVATION)},
    "a Bundle whose entries are an object": {"resourceType": "Bundle", "entry": {}},
    "a Bundle whose entries are a string": {"resourceType": "Bundle", "entry": ""},
    "a Bundle whose entries hold nothing": {"resourceType": "Bundle", "entry": [{}, "odd"]},
    "a placeholder": "{{context.patientId}}",
    "an answer to a query with its placeholders": {
        **bundle(),
        "link": [{"relation": "self", "url": "https://f.example/Observation?code={{leaf}}"}],
    },
    "an answer to a query with encoded placeholders": {
        **bundle(),
        "link": [{"relation": "self", "url": "https://f.example/Observation?code=%7B%7Bx%7D%7D"}],
    },
}


@pytest.mark.parametrize("what", AVAILABLE)
def test_what_answers_a_search(what: str) -> None:
    value = AVAILABLE[what]
    prefetched = sort(TEMPLATES, {"leaves": value})
    assert prefetched.data["leaves"] is value, f"{what} must be passed on as it came"
    assert "leaves" not in prefetched.unavailable


@pytest.mark.parametrize("what", UNAVAILABLE)
def test_what_does_not_answer_a_search(what: str) -> None:
    prefetched = sort(TEMPLATES, {"leaves": UNAVAILABLE[what]})
    assert "leaves" not in prefetched.data, f"{what} must not be taken for data"
    assert prefetched.unavailable["leaves"]


@pytest.mark.parametrize(
    "value",
    [
        bundle(PATIENT),
        outcome("error"),
        {"resourceType": "Person", "id": "guest-1"},
        {"resourceType": "Patient", "id": "{{context.patientId}}"},
        "123",
        {"response": {"status": "200 OK"}, "resource": PATIENT},
    ],
    ids=["a Bundle", "an OperationOutcome", "another type", "a placeholder", "a string", "wrapper"],
)
def test_what_does_not_answer_a_read(value: Any) -> None:
    prefetched = sort(TEMPLATES, {"patient": value})
    assert "patient" not in prefetched.data
    assert prefetched.unavailable["patient"]


def test_a_read_is_answered_by_its_resource() -> None:
    assert sort(TEMPLATES, {"patient": PATIENT}).data == {"patient": PATIENT}


def test_null_says_that_there_is_nothing() -> None:
    prefetched = sort(TEMPLATES, {"patient": None, "leaves": None})
    assert prefetched.data == {"patient": None, "leaves": None}
    assert prefetched.unavailable == {}


@pytest.mark.parametrize("sent", [None, {}, {"coffee": bundle(OBSERVATION)}])
def test_a_key_that_was_not_sent_is_not_available(sent: dict[str, Any] | None) -> None:
    prefetched = sort(TEMPLATES, sent)
    assert prefetched.data == {}
    assert set(prefetched.unavailable) == {"patient", "leaves"}


def test_each_key_is_judged_by_itself() -> None:
    prefetched = sort(TEMPLATES, {"patient": PATIENT, "leaves": outcome("error")})
    assert prefetched.data == {"patient": PATIENT}
    assert set(prefetched.unavailable) == {"leaves"}


def test_every_missing_required_key_is_named() -> None:
    prefetched = sort(TEMPLATES, {"leaves": "odd"})
    with pytest.raises(Refusal) as error:
        prefetched.demand(frozenset(TEMPLATES))
    assert error.value.status == 412
    assert [issue.diagnostics for issue in error.value.issues] == ["leaves", "patient"]
    assert [issue.member for issue in error.value.issues] == ["prefetch.leaves", "prefetch.patient"]


def test_known_absence_is_not_missing_data() -> None:
    prefetched = sort(TEMPLATES, {"patient": None, "leaves": None})
    prefetched.demand(frozenset(TEMPLATES))
    assert prefetched.data == {"patient": None, "leaves": None}
