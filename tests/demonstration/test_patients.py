"""Request files as the resources of a FHIR server."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.demonstration.patients import MadeUpPatient, NotLoadableError, read
from tests.conformance.stage import encode
from tests.documents.pages import ROOT
from tests.hooks import validity

FIXTURES = ROOT / "fixtures"
LATER = datetime(2027, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded() -> dict[str, MadeUpPatient]:
    return {patient.id: patient for patient in read(FIXTURES, LATER)}


def observations(patient: MadeUpPatient) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in patient.resources if each["resourceType"] == "Observation"}


def test_every_file_becomes_a_patient_named_for_it(loaded: dict[str, MadeUpPatient]) -> None:
    assert set(loaded) == {f"fixture-{file.stem}" for file in FIXTURES.glob("*.json")}


def test_no_two_files_meet_on_one_id(loaded: dict[str, MadeUpPatient]) -> None:
    """Five files of the sandbox are about one patient id, with different results."""
    ids = [
        (each["resourceType"], each["id"])
        for patient in loaded.values()
        for each in patient.resources
    ]
    assert len(ids) == len(set(ids)), "one file would overwrite what another wrote"


def test_every_resource_is_valid_r4(loaded: dict[str, MadeUpPatient]) -> None:
    complaints = [
        (each["id"], complaint)
        for patient in loaded.values()
        for each in patient.resources
        for complaint in validity.by_machine(json.loads(encode(each)))
    ]
    assert not complaints


def test_every_resource_belongs_to_its_patient_and_is_test_data(
    loaded: dict[str, MadeUpPatient],
) -> None:
    for patient in loaded.values():
        for each in patient.resources:
            assert each["meta"]["security"][0]["code"] == "HTEST", "it could pass for a real one"
            if each["resourceType"] != "Patient":
                assert each["subject"] == {"reference": f"Patient/{patient.id}"}, each["id"]


def test_the_times_are_moved_to_now(loaded: dict[str, MadeUpPatient]) -> None:
    """The file says 09:00 and 01:00 where now is 10:00, and 02:00 for the order."""
    patient = loaded["fixture-after-dose"]
    found = observations(patient)
    newest, older = (found[f"fixture-after-dose-magnesium-{at}"] for at in (1, 2))
    assert newest["effectiveDateTime"] == "2027-01-05T11:00:00Z"
    assert older["effectiveDateTime"] == "2027-01-05T03:00:00Z"
    (order,) = (each for each in patient.resources if each["resourceType"] == "MedicationRequest")
    assert order["authoredOn"] == "2027-01-05T04:00:00Z"
    assert order["id"] == "fixture-after-dose-medication-1"


def request(**prefetch: Any) -> dict[str, Any]:
    return {"hook": "order-select", "context": {}, "prefetch": prefetch}


def person(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", **more}


def result(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "Magnesium"},
        "subject": {"reference": "Patient/p"},
        **more,
    }


def searchset(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def test_references_between_resources_lead_to_the_new_ids(tmp_path: Path) -> None:
    derived = result(id="d", derivedFrom=[{"reference": "Observation/o", "display": "the first"}])
    foreign = result(id="f", performer=[{"reference": "Practitioner/dr"}])
    (tmp_path / "two.json").write_text(
        json.dumps(request(patient=person(), magnesium=searchset(result(), derived, foreign)))
    )
    (patient,) = read(tmp_path, LATER)
    found = observations(patient)
    assert found["fixture-two-d"]["derivedFrom"] == [
        {"reference": "Observation/fixture-two-o", "display": "the first"}
    ]
    assert found["fixture-two-f"]["performer"] == [{"reference": "Practitioner/dr"}]


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a", "{", "is not JSON"),
        ("a", request(), "does not hold one Patient"),
        ("a", request(patient=None), "does not hold one Patient"),
        (
            "a",
            request(patient=person(), magnesium=searchset(result(), result())),
            "two resources of one type and id",
        ),
        ("a b", request(patient=person()), "fixture-a b is not an id that FHIR allows"),
        ("a", request(patient=person(birthDate="soon")), "Patient/fixture-a is not valid FHIR R4"),
        (
            "a",
            request(patient=person(), magnesium=searchset(result(status=None))),
            "Observation/fixture-a-o is not valid FHIR R4",
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_cannot_be_loaded_is_named(tmp_path: Path, name: str, body: Any, said: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    (tmp_path / f"{name}.json").write_text(text)
    with pytest.raises(NotLoadableError) as caught:
        read(tmp_path, LATER)
    assert said in str(caught.value)
    assert f"{name}.json" in str(caught.value)


def test_an_empty_folder_is_not_a_success(tmp_path: Path) -> None:
    with pytest.raises(NotLoadableError, match="holds no request files"):
        read(tmp_path, LATER)
