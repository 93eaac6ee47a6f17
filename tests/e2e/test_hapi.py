"""Fetching from HAPI FHIR, which nobody here wrote, says what the prefetch says."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import requests

from service import fixture
from service.clock import utc_now
from service.demonstration import patients
from tests.conformance.stage import encode
from tests.durability.site import Site
from tests.e2e import hapi

Json = dict[str, Any]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FILES = sorted(FIXTURES.glob("*.json"))
ASSESSMENT = "org.magnesia.assessment"
#: What a decision is; the rest of an assessment names resources, which have other ids there.
DECISION = ("band", "rule", "row", "dose", "silence")
LONGEST_SECONDS = 2.0


def serving(directory: Path, fhir: str) -> Site:
    return Site(
        directory,
        "sqlite:///magnesia.sqlite",
        1,
        MAGNESIA_FHIR_SERVERS=fhir,
        MAGNESIA_FHIR_OPEN="1",
        # The most that may be set: HAPI shares this machine with the tests.
        MAGNESIA_FETCH_DEADLINE_MS="1800",
    )


@pytest.fixture(scope="module")
def site(hapi_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service that may read HAPI."""
    with serving(tmp_path_factory.mktemp("site"), hapi_url) as site:
        yield site


def post(site: Site, call: Json) -> requests.Response:
    return requests.post(
        f"http://127.0.0.1:{site.port}/cds-services/magnesium-replacement",
        data=encode(call),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )


def told(response: requests.Response) -> tuple[Json, list[Json]]:
    """The decision, and the words and orders of the cards without the ids that differ."""
    assert response.status_code == 200, response.text
    document = response.json()
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


def call_of(file: Path) -> Json:
    """The file's call as of now, about the patient that was loaded for it."""
    request = fixture.load(file).freshened(utc_now())
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
def test_what_is_fetched_decides_as_what_is_sent(site: Site, hapi_url: str, file: Path) -> None:
    call = call_of(file)
    # A key that was not sent would be fetched here too: the sandbox sends only four.
    sent = {**call, "fhirServer": "https://ehr.example.org/fhir"}
    sent["prefetch"] = {"medications": None, "labOrders": None, "conditions": None, "weight": None}
    sent["prefetch"] |= {"qtc": None, "egfr": None} | call["prefetch"]
    fetching = post(site, without_prefetch(call, hapi_url))
    sending = post(site, sent)
    if sending.status_code != 200:
        assert fetching.status_code == sending.status_code, fetching.text
        assert fetching.json() == sending.json(), "a refusal depends on where the data came from"
        return
    assert told(fetching) == told(sending), "the decision depends on where the data came from"


def test_the_fixtures_that_decide_something_do_so_from_hapi(site: Site, hapi_url: str) -> None:
    """The comparison above would also hold for two empty answers."""
    rules = {}
    for name in ("seed-mg-1.2", "renal-reduced", "no-creatinine", "torsades", "normal"):
        call = without_prefetch(call_of(FIXTURES / f"{name}.json"), hapi_url)
        decision, cards = told(post(site, call))
        rules[name] = (decision["band"], decision["rule"], len(cards))
    assert rules == {
        "seed-mg-1.2": ("severe", "DT1", 1),
        "renal-reduced": ("severe", "DT2", 1),
        "no-creatinine": ("severe", "G9", 1),
        "torsades": ("not-applicable", "G3", 1),
        "normal": ("normal", "DT6", 0),
    }


def magnesium(patient: str, number: int, *, good: bool) -> Json:
    """The `number`th newest magnesium of a patient, two minutes older than the one before."""
    taken = utc_now() - timedelta(minutes=10 + 2 * number)
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


def with_history(fhir: str, patient: str, good: int) -> Json:
    """Put a patient on the server with 120 magnesium results, written oldest first, of which only
    one counts: the `good`th newest, 1.1 mg/dL. The seed call about this patient."""
    seed = "fixture-seed-mg-1.2"
    made = next(made for made in patients.read(FIXTURES, utc_now()) if made.id == seed)
    text = encode(list(made.resources)).decode().replace(seed, patient)
    rest = [each for each in json.loads(text) if "-magnesium-" not in each["id"]]
    values = [magnesium(patient, number, good=number == good) for number in reversed(range(120))]
    put(fhir, [*rest, *values])
    call = encode(call_of(FIXTURES / "seed-mg-1.2.json")).decode().replace(seed, patient)
    return without_prefetch(json.loads(call), fhir)


def test_count_and_sort_bring_the_newest_first(site: Site, hapi_url: str) -> None:
    with_history(hapi_url, "counted", good=0)
    services = requests.get(f"http://127.0.0.1:{site.port}/cds-services", timeout=30).json()
    template = services["services"][0]["prefetch"]["magnesium"]
    query = template.replace("{{context.patientId}}", "counted")
    answer = requests.get(f"{hapi_url}/{query}", timeout=60)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert [entry["resource"]["id"] for entry in page["entry"]] == [
        f"counted-{number}" for number in range(20)
    ], "HAPI does not understand the advertised _sort and _count"
    assert any(link["relation"] == "next" for link in page["link"]), "there is no next page to test"


@pytest.mark.parametrize("good", [19, 20, 99], ids=lambda good: f"result {good + 1}")
def test_pages_are_followed_to_the_result_that_counts(site: Site, hapi_url: str, good: int) -> None:
    """Five pages of twenty, by the `next` links of HAPI."""
    decision, cards = told(post(site, with_history(hapi_url, f"paged-{good}", good)))
    assert (decision["band"], decision["rule"]) == ("severe", "DT1"), "a page was not read"
    assert cards[0]["summary"].startswith("Magnesium 1.1 mg/dL")


def test_what_is_beyond_the_fifth_page_is_not_taken_for_nothing(site: Site, hapi_url: str) -> None:
    decision, cards = told(post(site, with_history(hapi_url, "beyond", good=100)))
    assert (decision["band"], decision["rule"]) == ("indeterminate", "G4")
    assert "More magnesium results exist" in cards[0]["detail"], "the card hides what was not read"


def test_a_server_that_goes_away_is_said_quickly(hapi_build: hapi.Build, tmp_path: Path) -> None:
    seed = FIXTURES / "seed-mg-1.2.json"
    with hapi.running(hapi_build) as server, serving(tmp_path, server.url) as site:
        server.load_fixtures()
        call = without_prefetch(call_of(seed), server.url)
        assert post(site, call).status_code == 200
        server.stop()
        began = perf_counter()
        refused = post(site, call)
        took = perf_counter() - began
        assert refused.status_code == 412
        needed = {issue["diagnostics"] for issue in refused.json()["issue"]}
        assert needed == {"patient", "magnesium"}, "the answer must name what is missing"
        assert took < LONGEST_SECONDS, f"it took {took:.1f} s to say so"
        # What came along is enough to decide; the card says what could not be looked at.
        kept = call_of(seed)
        del kept["prefetch"]["potassium"]
        decision, cards = told(post(site, {**kept, "fhirServer": server.url}))
        assert decision["rule"] == "DT1"
        assert "Potassium unknown" in cards[0]["detail"]
