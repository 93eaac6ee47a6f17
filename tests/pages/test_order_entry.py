"""Order entry, as far as the service serves it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from service.pages import order_entry, patients
from service.settings import Settings
from tests.conftest import NOW
from tests.pages.markup import named, read

SERVICE = "/cds-services/magnesium-replacement"
FIXTURES = sorted(path.stem for path in patients.FOLDER.glob("*.json"))
HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def chart(client: FlaskClient, patient: str) -> dict[str, Any]:
    answer = client.get(f"/order-entry/patients/{patient}")
    assert answer.status_code == 200
    assert isinstance(answer.json, dict)
    return answer.json


def test_every_request_file_is_a_patient_and_the_seed_comes_first(client: FlaskClient) -> None:
    elements = read(client.get("/").text)
    offered = [
        button.attributes["data-patient"]
        for button in named(elements, "button")
        if "data-patient" in button.attributes
    ]
    assert sorted(filter(None, offered)) == FIXTURES
    assert offered[0] == "seed-mg-1.2"


@pytest.mark.parametrize("name", FIXTURES)
def test_every_patient_has_a_title_a_story_and_a_moment(name: str) -> None:
    patient = patients.load(patients.FOLDER)[name]
    assert patient.title
    assert patient.story
    assert patient.fixture.now is not None


def test_the_seed_patient_as_an_ehr_shows_her(client: FlaskClient) -> None:
    seed = chart(client, "seed-mg-1.2")
    assert seed["facts"] == [["Age", "62 years"], ["Sex", "female"], ["Weight", "70 kg"]]
    assert seed["results"][0] == {
        "reference": "Observation/magnesium-1",
        "name": "Magnesium",
        "value": "1.2",
        "unit": "mg/dL",
        "status": "final",
        "time": "23 Nov 09:00",
        "ago": "1 h ago",
    }


def test_times_are_moved_to_the_present() -> None:
    now = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
    patient = patients.load(patients.FOLDER)["seed-mg-1.2"]
    results = patients.chart(patient, now)["results"]
    assert {result["ago"] for result in results} == {"1 h ago"}
    assert results[0]["time"] == "04 May 11:00", "the column's heading says the zone"


def test_a_unit_that_is_missing_is_not_made_up(client: FlaskClient) -> None:
    assert chart(client, "unit-missing")["results"][0]["unit"] == ""


def test_an_unknown_patient_is_a_404(client: FlaskClient) -> None:
    answer = client.get("/order-entry/patients/nobody")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("name", "rule", "cards"),
    [
        ("obstetric", "G2", 1),
        ("torsades", "G3", 1),
        ("after-dose", "DT3", 1),
        ("mild-qt-drug", "DT5", 1),
    ],
)
def test_the_patients_of_the_page_are_at_an_interesting_point(
    client: FlaskClient, name: str, rule: str, cards: int
) -> None:
    answer = client.post(SERVICE, json=chart(client, name)["request"]).json
    assert answer is not None
    assert answer["extension"]["org.magnesia.assessment"]["rule"] == rule
    assert len(answer["cards"]) == cards


def test_after_a_dose_the_card_speaks_of_an_additional_one(client: FlaskClient) -> None:
    answer = client.post(SERVICE, json=chart(client, "after-dose")["request"]).json
    assert answer is not None
    assert "additional dose may be considered" in answer["cards"][0]["detail"]


@pytest.mark.parametrize("name", ["obstetric", "torsades"])
def test_no_order_is_suggested_where_the_protocol_does_not_apply(
    client: FlaskClient, name: str
) -> None:
    answer = client.post(SERVICE, json=chart(client, name)["request"]).json
    assert answer is not None
    assert "suggestions" not in answer["cards"][0]


# ------------------------------------------------------------------------------ the orders


def test_the_orders_of_the_issue_can_be_chosen() -> None:
    assert {order["id"] for order in order_entry.catalogue()} == {
        "furosemide",
        "potassium-chloride",
        "ondansetron",
        "haloperidol",
        "digoxin",
        "magnesium-sulfate",
        "magnesium-oxide",
        "omeprazole",
        "acetaminophen",
    }


@pytest.mark.parametrize("order", order_entry.catalogue(), ids=lambda order: order["id"])
def test_an_order_to_choose_is_valid_r4_once_it_has_a_patient(order: dict[str, Any]) -> None:
    resource = {**order["resource"], "id": "draft-1", "subject": {"reference": "Patient/p1"}}
    MedicationRequest.model_validate(resource)
    assert resource["status"] == "draft"
    assert resource["dosageInstruction"][0]["text"]


def test_only_magnesium_sulfate_has_a_dose_to_edit() -> None:
    edited = {order["id"]: order.get("dose") for order in order_entry.catalogue()}
    assert edited.pop("magnesium-sulfate") == {"grams": 2, "minutes": 20}
    assert set(edited.values()) == {None}


# ------------------------------------------------------------------------------ Markdown


def markdown(client: FlaskClient, text: str) -> str:
    answer = client.post("/order-entry/markdown", json={"text": text})
    assert answer.status_code == 200
    assert answer.json is not None
    return str(answer.json["html"])


def test_the_markdown_of_cards_is_rendered(client: FlaskClient) -> None:
    html = markdown(client, "**Magnesium** low\n\n- one\n- two")
    assert html == (
        "<p><strong>Magnesium</strong> low</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "[click](https://elsewhere.example)",
        "![picture](https://elsewhere.example/x.png)",
        "<https://elsewhere.example>",
        "[r]: https://elsewhere.example\n\n[r]",
        "<div onclick=alert(1)>\n\nx</div>",
    ],
)
def test_nothing_in_a_card_can_run_load_or_lead_away(client: FlaskClient, text: str) -> None:
    names = {element.name for element in read(markdown(client, text))}
    assert names <= {"p"}, f"{text} became {names}"


def test_what_looks_like_a_tag_stays_readable(client: FlaskClient) -> None:
    assert "&lt;LOD&gt;" in markdown(client, "Mg &lt;LOD&gt; and <LOD>")


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": None}])
def test_markdown_wants_text(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.post("/order-entry/markdown", json=body).status_code == 400


def test_markdown_beyond_any_card_is_refused_at_once(client: FlaskClient) -> None:
    assert "<p>" in markdown(client, "a* " * 20_000)
    began = process_time()
    answer = client.post("/order-entry/markdown", json={"text": "a*" * 1_900_000})
    assert answer.status_code == 413
    assert answer.get_json(force=True)["issue"][0]["expression"] == ["text"]
    assert process_time() - began < 5, "it is not rendered first"


# ------------------------------------------------------------------------------ the explanation


def test_the_explanation_shows_every_gate_and_the_row_that_decided(client: FlaskClient) -> None:
    request = chart(client, "seed-mg-1.2")["request"]
    explained = client.post("/order-entry/explain", json=request).json
    assert explained is not None
    assert (explained["band"], explained["rule"]) == ("severe", "DT1")
    steps = {step["id"]: step["outcome"] for step in explained["steps"]}
    assert steps == {
        **dict.fromkeys(("G1", "G2", "G3", "G4", "G5", "G7", "G8", "G9", "G6"), "passed"),
        "DT1": "decided",
    }
    assert all(step["asks"] and step["because"] for step in explained["steps"])


@pytest.mark.parametrize("name", FIXTURES)
def test_the_explanation_agrees_with_the_service(client: FlaskClient, name: str) -> None:
    request = chart(client, name)["request"]
    answer = client.post(SERVICE, json=request)
    explained = client.post("/order-entry/explain", json=request)
    assert explained.status_code == answer.status_code
    if answer.status_code == 200 and answer.json is not None and explained.json is not None:
        assessment = answer.json["extension"]["org.magnesia.assessment"]
        assert explained.json["rule"] == assessment.get("rule")
        decided = [step["id"] for step in explained.json["steps"] if step["outcome"] == "decided"]
        assert decided == ([assessment["rule"]] if explained.json["steps"] else [])


def test_a_request_for_another_hook_is_not_explained(client: FlaskClient) -> None:
    request = {**chart(client, "seed-mg-1.2")["request"], "hook": "patient-view"}
    assert client.post("/order-entry/explain", json=request).status_code == 400


# ------------------------------------------------------------------------------ hostile files, none


def page_of(folder: Path) -> FlaskClient:
    app = Flask("pages", root_path=str(Path(order_entry.__file__).parent))
    blueprint = Blueprint("pages", "service.pages", template_folder="templates")
    order_entry.add(blueprint, (), lambda: NOW, Settings(), folder)
    app.register_blueprint(blueprint)
    return app.test_client()


def test_a_hostile_title_stays_text(tmp_path: Path) -> None:
    request = json.loads((patients.FOLDER / "seed-mg-1.2.json").read_text())
    request["extension"]["org.magnesia.fixture"] |= {"title": HOSTILE, "story": HOSTILE}
    request["prefetch"]["patient"]["name"] = [{"family": HOSTILE, "given": []}]
    (tmp_path / "hostile.json").write_text(json.dumps(request))
    client = page_of(tmp_path)
    html = client.get("/").text
    elements = read(html)
    assert not named(elements, "img")[1:], "a picture came out of a title"
    assert len(named(elements, "script")) == 1, "a script came out of a title"
    (button,) = [item for item in named(elements, "button") if "data-patient" in item.attributes]
    assert button.text == HOSTILE
    assert button.attributes["title"] == HOSTILE
    answer = client.get("/order-entry/patients/hostile")
    assert answer.content_type == "application/json"
    assert answer.json is not None
    assert answer.json["name"] == HOSTILE


def test_without_request_files_the_page_says_so(tmp_path: Path) -> None:
    html = page_of(tmp_path / "nothing").get("/").text
    assert "holds no made-up patients" in html
