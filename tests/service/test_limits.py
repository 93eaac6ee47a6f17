"""What is too much for one call: refused by the length of a list, naming the member."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import assemble
from service.body import MAX_CONTAINERS, decode
from service.outcomes import Refusal
from service.settings import Settings
from tests.fhir.script import Script, answer, serving
from tests.service.conftest import NOW
from tests.service.tea import TeaHook
from tests.service.test_invocation import TEA, issue_of


@pytest.fixture
def client() -> FlaskClient:
    settings = Settings(max_entries=3, max_drafts=2)
    return assemble(settings, [TeaHook()], lambda: NOW).test_client()


def bundle(entries: int) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": {}}] * entries}


@pytest.mark.parametrize(
    ("part", "key", "most"),
    [("context", "draftOrders", 2), ("prefetch", "leaves", 3), ("prefetch", "milk", 3)],
)
def test_a_bundle_of_too_many_entries_is_refused_by_its_name(
    client: FlaskClient, call: dict[str, Any], part: str, key: str, most: int
) -> None:
    call[part][key] = bundle(most)
    assert client.post(TEA, json=call).status_code == 200
    call[part][key] = bundle(most + 1)
    issue = issue_of(client.post(TEA, json=call), 413)
    assert issue["code"] == "too-costly"
    assert issue["expression"] == [f"{part}.{key}"]
    assert str(most) in issue["details"]["text"]


def test_a_key_that_nobody_asked_for_is_not_counted(
    client: FlaskClient, call: dict[str, Any]
) -> None:
    call["prefetch"]["sugar"] = bundle(100)
    assert client.post(TEA, json=call).status_code == 200


def test_a_fetched_bundle_of_too_many_entries_is_not_available(call: dict[str, Any]) -> None:
    leaf = {"resource": {"resourceType": "Observation", "status": "final"}}
    many = {"resourceType": "Bundle", "type": "searchset", "entry": [leaf] * 4}
    hook = TeaHook()
    script = Script(dict(hook.prefetch), "guest-1", {"leaves": answer(many)}, answer(many))
    del call["prefetch"]["leaves"]
    with serving(script) as fhir:
        listed = Settings.model_validate({"fhir_servers": fhir.base, "fhir_open": "1"})
        settings = listed.model_copy(update={"max_entries": 3})
        app = assemble(settings, [hook], lambda: NOW)
        refused = app.test_client().post(TEA, json={**call, "fhirServer": fhir.base})
    issue = issue_of(refused, 412)
    assert issue["diagnostics"] == "leaves"
    assert "too many entries" in issue["details"]["text"]


@pytest.mark.parametrize("one", ["{}", "[]", '{"a":[]}'])
def test_a_body_of_too_many_objects_and_lists_is_refused(one: str) -> None:
    count = MAX_CONTAINERS // one.count("[" if "[" in one else "{")
    with pytest.raises(Refusal) as refusal:
        decode(f'{{"a":[{",".join([one] * count)}]}}'.encode())
    assert refusal.value.status == 413
    assert refusal.value.issues[0].code == "too-costly"
    half = count // 2 - 2
    assert len(decode(f'{{"a":[{",".join([one] * half)}]}}'.encode())["a"]) == half


def test_a_long_text_is_not_taken_for_many_objects() -> None:
    text = "x" * (4 * MAX_CONTAINERS)
    assert decode(json.dumps({"a": text}).encode()) == {"a": text}
