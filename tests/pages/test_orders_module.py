"""The page's own logic, run by Node: what it does with draft orders and suggestions."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from flask.testing import FlaskClient

from service.pages import order_entry

HERE = Path(__file__).parent
SERVICE = "/cds-services/magnesium-replacement"


@pytest.fixture
def node() -> str:
    path = shutil.which("node")
    if path is None:
        pytest.skip("Node is not installed: the page's JavaScript is not tested here")
    return path


def test_the_functions_of_the_page(node: str) -> None:
    ran = subprocess.run(
        [node, "--test", str(HERE / "orders_test.mjs")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def apply(node: str, drafts: list[Any], suggestion: dict[str, Any]) -> dict[str, Any]:
    ran = subprocess.run(
        [node, str(HERE / "apply.mjs")],
        input=json.dumps({"drafts": drafts, "suggestion": suggestion}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(ran.stdout))


def fire(
    client: FlaskClient, request: dict[str, Any], drafts: list[Any], selections: list[str]
) -> Any:
    request["context"]["draftOrders"]["entry"] = [{"resource": draft} for draft in drafts]
    request["context"]["selections"] = selections
    answer = client.post(SERVICE, json=request)
    assert answer.status_code == 200
    return answer.json


def seed(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/order-entry/patients/seed-mg-1.2").json
    assert answer is not None
    return dict(answer["request"])


def chosen(name: str) -> dict[str, Any]:
    order = next(order for order in order_entry.catalogue() if order["id"] == name)
    subject = {"reference": "Patient/fixture-seed"}
    return {**order["resource"], "id": "draft-1", "subject": subject}


@pytest.mark.parametrize("number", [0, 1])
def test_an_accepted_dose_brings_two_drafts_and_no_repeated_card(
    client: FlaskClient, node: str, number: int
) -> None:
    request = seed(client)
    drafts = [chosen("furosemide")]
    (card,) = fire(client, request, drafts, ["MedicationRequest/draft-1"])["cards"]
    after = apply(node, drafts, card["suggestions"][number])
    assert after["problems"] == []
    kinds = [draft["resourceType"] for draft in after["drafts"]]
    assert kinds == ["MedicationRequest", "MedicationRequest", "ServiceRequest"]
    again = fire(client, request, after["drafts"], after["selections"])
    assert again["cards"] == []


def test_a_draft_that_runs_too_fast_is_changed_in_place(client: FlaskClient, node: str) -> None:
    request = seed(client)
    draft = chosen("magnesium-sulfate")
    draft["dosageInstruction"][0]["text"] = "2 g IV over 10 minutes"
    draft["dosageInstruction"][0]["timing"]["repeat"]["duration"] = 10
    draft["dosageInstruction"][0]["doseAndRate"][0]["rateRatio"]["denominator"]["value"] = 10
    (card,) = fire(client, request, [draft], ["MedicationRequest/draft-1"])["cards"]
    after = apply(node, [draft], card["suggestions"][0])
    changed = after["drafts"][0]
    MedicationRequest.model_validate(changed)
    assert changed["id"] == "draft-1"
    assert changed["dosageInstruction"][0]["timing"]["repeat"]["duration"] == 20
    assert fire(client, request, after["drafts"], after["selections"])["cards"] == []
