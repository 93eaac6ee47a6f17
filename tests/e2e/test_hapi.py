"""Fetching from HAPI FHIR, which nobody here wrote, says what the prefetch says."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from service import fixture
from service.app import assemble
from service.demonstration import patients
from service.settings import Settings
from service.site import services as site_services
from tests.conformance.stage import encode
from tests.e2e import hapi

Json = dict[str, Any]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FILES = sorted(FIXTURES.glob("*.json"))
SEED = FIXTURES / "seed-mg-1.2.json"
ASSESSMENT = "org.magnesia.assessment"
#: What a decision is; the rest of an assessment names resources, which have other ids there.
DECISION = ("band", "rule", "row", "dose", "silence")
LONGEST_SECONDS = 2.0


def loaded_at(fhir: str) -> datetime:
    """The moment to which the times on the server were moved, told by the seed's result."""
    seed = fixture.load(SEED)
    answer = requests.get(f"{fhir}/Observation/fixture-seed-mg-1.2-magnesium-1", timeout=60)
    (entry,) = seed.request["prefetch"]["magnesium"]["entry"]
    before, after = (
        fixture.moment(result["effectiveDateTime"]) for result in (entry["resource"], answer.json())
    )
    assert seed.now is not None
    return seed.now + (after - before)


class Service:
    """The service, over HAPI's real connections, with time for a FHIR server that shares two busy
    cores with the tests: what comes is compared here, and tests/fhir holds it to its deadline. Its
    clock stands at the moment at which the patients were loaded."""

    def __init__(self, fhir: str) -> None:
        listed = Settings.from_environment(
            {"MAGNESIA_FHIR_SERVERS": fhir, "MAGNESIA_FHIR_OPEN": "1"}
        )
        patient = listed.model_copy(update={"fetch_deadline_ms": 60_000})
        self.now = loaded_at(fhir)
        app = assemble(patient, site_services(patient), lambda: self.now)
        self._client = app.test_client()

    @property
    def templates(self) -> dict[str, str]:
        """The advertised prefetch."""
        document: Json = self._client.get("/cds-services").get_json()
        templates: dict[str, str] = document["services"][0]["prefetch"]
        return templates

    def post(self, call: Json) -> TestResponse:
        return self._client.post(
            "/cds-services/magnesium-replacement",
            data=encode(call),
            content_type="application/json",
        )


@pytest.fixture(scope="module")
def site(hapi_url: str) -> Service:
    """A service that may read HAPI."""
    return Service(hapi_url)


def told(response: TestResponse) -> tuple[Json, list[Json]]:
    """The decision, and the words and orders of the cards without the ids that differ."""
    assert response.status_code == 200, response.get_data(as_text=True)
    document = response.get_json()
    assessment = document["extension"][ASSESSMENT]
    return (
        {key: assessment.get(key) for key in DECISION},
        [
            {
                "summary": card["summary"],
                "detail": card.get("detail"),
                "indicator": card["indicator"],
                "suggestions": [
                    (
                        suggestion["label"],
                        suggestion.get("isRecommended"),
                        [
                            (action["type"], action["description"])
                            for action in suggestion["actions"]
                        ],
                    )
                    for suggestion in card.get("suggestions", ())
                ],
            }
            for card in document["cards"]
        ],
    )


def call_of(file: Path, now: datetime) -> Json:
    """The file's call as of `now`, about the patient that was loaded for it."""
    request = fixture.load(file).freshened(now)
    request.pop("extension")
    own = request["context"]["patientId"]
    text = encode(request).decode()
    for before, after in (
        (f'"Patient/{own}"', f'"Patient/fixture-{file.stem}"'),
        (f'"{own}"', f'"fixture-{file.stem}"'),
    ):
        text = text.replace(before, after)
    document: Json = json.loads(text)
    return document


def without_prefetch(call: Json, fhir: str) -> Json:
    return {**call, "prefetch": {}, "fhirServer": fhir}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_fetched_decides_as_what_is_sent(site: Service, hapi_url: str, file: Path) -> None:
    call = call_of(file, site.now)
    # A key that was not sent would be fetched here too: the sandbox sends only four.
    sent = {**call, "fhirServer": "https://ehr.example.org/fhir"}
    sent["prefetch"] = {"medications": None, "labOrders": None, "conditions": None, "weight": None}
    sent["prefetch"] |= {"qtc": None, "egfr": None} | call["prefetch"]
    fetching = site.post(without_prefetch(call, hapi_url))
    sending = site.post(sent)
    if sending.status_code != 200:
        assert fetching.status_code == sending.status_code, fetching.get_data(as_text=True)
        assert fetching.get_json() == sending.get_json(), "a refusal depends on the way"
        return
    assert told(fetching) == told(sending), "the decision depends on where the data came from"


def test_the_fixtures_that_decide_something_do_so_from_hapi(site: Service, hapi_url: str) -> None:
    """The comparison above would also hold for two empty answers."""
    rules = {}
    for name in ("seed-mg-1.2", "renal-reduced", "no-creatinine", "torsades", "normal"):
        call = without_prefetch(call_of(FIXTURES / f"{name}.json", site.now), hapi_url)
        decision, cards = told(site.post(call))
        rules[name] = (decision["band"], decision["rule"], len(cards))
    assert rules == {
        "seed-mg-1.2": ("severe", "DT1", 1),
        "renal-reduced": ("severe", "DT2", 1),
        "no-creatinine": ("severe", "G9", 1),
        "torsades": ("not-applicable", "G3", 1),
        "normal": ("normal", "DT6", 0),
    }


def magnesium(patient: str, number: int, now: datetime, *, good: bool) -> Json:
    """The `number`th newest magnesium of a patient, two minutes older than the one before."""
    taken = now - timedelta(minutes=10 + 2 * number)
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{number}",
        "status": "final" if good else "cancelled",
        "code": {"coding": [{"system": "http://loinc.org", "code": "19123-9"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": taken.isoformat(timespec="seconds"),
        "valueQuantity": {
            "value": 1.1 if good else 2.0,
            "unit": "mg/dL",
            "system": "http://unitsofmeasure.org",
            "code": "mg/dL",
        },
    }


def put(fhir: str, resources: list[Json]) -> None:
    entries = [
        {"resource": each, "request": {"method": "PUT", "url": address}}
        for each in resources
        if (address := f"{each['resourceType']}/{each['id']}")
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = requests.post(fhir, json=bundle, timeout=120)
    assert answer.status_code == 200, answer.text


def with_history(fhir: str, now: datetime, patient: str, good: int) -> Json:
    """Put a patient on the server with 120 magnesium results, written oldest first, of which only
    one counts: the `good`th newest, 1.1 mg/dL. The seed call about this patient."""
    seed = "fixture-seed-mg-1.2"
    made = next(made for made in patients.read(FIXTURES, now) if made.id == seed)
    text = encode(list(made.resources)).decode().replace(seed, patient)
    rest = [each for each in json.loads(text) if "-magnesium-" not in each["id"]]
    values = [
        magnesium(patient, number, now, good=number == good) for number in reversed(range(120))
    ]
    put(fhir, [*rest, *values])
    call = encode(call_of(SEED, now)).decode().replace(seed, patient)
    return without_prefetch(json.loads(call), fhir)


def test_count_and_sort_bring_the_newest_first(site: Service, hapi_url: str) -> None:
    with_history(hapi_url, site.now, "counted", good=0)
    query = site.templates["magnesium"].replace("{{context.patientId}}", "counted")
    answer = requests.get(f"{hapi_url}/{query}", timeout=60)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert [entry["resource"]["id"] for entry in page["entry"]] == [
        f"counted-{number}" for number in range(20)
    ], "HAPI does not understand the advertised _sort and _count"
    assert any(link["relation"] == "next" for link in page["link"]), "there is no next page to test"


@pytest.mark.parametrize("good", [19, 20, 99], ids=lambda good: f"result {good + 1}")
def test_pages_are_followed_to_the_result_that_counts(
    site: Service, hapi_url: str, good: int
) -> None:
    """Five pages of twenty, by the `next` links of HAPI."""
    decision, cards = told(site.post(with_history(hapi_url, site.now, f"paged-{good}", good)))
    assert (decision["band"], decision["rule"]) == ("severe", "DT1"), "a page was not read"
    assert cards[0]["summary"].startswith("Magnesium 1.1 mg/dL")


def test_what_is_beyond_the_fifth_page_is_not_nothing(site: Service, hapi_url: str) -> None:
    decision, cards = told(site.post(with_history(hapi_url, site.now, "beyond", good=100)))
    assert (decision["band"], decision["rule"]) == ("indeterminate", "G4")
    assert "More magnesium results exist" in cards[0]["detail"], "the card hides what was not read"


def test_a_server_that_goes_away_is_said_quickly(hapi_build: hapi.Build) -> None:
    with hapi.running(hapi_build) as server:
        server.load_fixtures()
        site = Service(server.url)
        call = without_prefetch(call_of(SEED, site.now), server.url)
        assert site.post(call).status_code == 200
        server.stop()
        began = perf_counter()
        refused = site.post(call)
        took = perf_counter() - began
        assert refused.status_code == 412
        needed = {issue["diagnostics"] for issue in refused.get_json()["issue"]}
        assert needed == {"patient", "magnesium"}, "the answer must name what is missing"
        assert took < LONGEST_SECONDS, f"it took {took:.1f} s to say so"
        # What came along is enough to decide; the card says what could not be looked at.
        kept = call_of(SEED, site.now)
        del kept["prefetch"]["potassium"]
        decision, cards = told(site.post({**kept, "fhirServer": server.url}))
        assert decision["rule"] == "DT1"
        assert "Potassium unknown" in cards[0]["detail"]
