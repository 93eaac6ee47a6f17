"""`magnesia fixtures load`: what it writes, and the servers on which it writes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from click.testing import CliRunner, Result

from service import cli
from tests.documents.pages import ROOT

BASE = "https://fhir.example.org/r4"
FILES = len(list((ROOT / "fixtures").glob("*.json")))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["fixtures", "load", *arguments])


class Server:
    """A FHIR server of which only the answers are there."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self._mock = mock

    def speaks(self, version: str = "4.0.1") -> None:
        statement = {"resourceType": "CapabilityStatement", "fhirVersion": version}
        self._mock.get(f"{BASE}/metadata", json=statement)

    def holds(self, *ids: str, url: str = f"{BASE}/Patient", following: str | None = None) -> None:
        links = [] if following is None else [{"relation": "next", "url": following}]
        entries = [{"resource": {"resourceType": "Patient", "id": each}} for each in ids]
        page = {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links}
        self._mock.get(url, json=page)

    def takes(self, status: int = 200) -> None:
        self._mock.post(BASE, json={"resourceType": "Bundle"}, status=status)

    @property
    def written(self) -> list[dict[str, Any]]:
        """The transactions that it was sent."""
        return [
            json.loads(call.request.body or b"")
            for call in self._mock.calls
            if call.request.method == "POST"
        ]


@pytest.fixture
def server() -> Iterator[Server]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Server(mock)


def test_an_empty_server_gets_every_patient_in_one_transaction(server: Server) -> None:
    server.speaks()
    server.holds()
    server.takes()
    result = run(f"{BASE}/")
    assert result.exit_code == 0, result.output
    (bundle,) = server.written
    assert bundle["type"] == "transaction", "a batch could be written in part"
    urls = [entry["request"]["url"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    for entry in bundle["entry"]:
        address = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        assert entry["request"] == {"method": "PUT", "url": address}
        assert entry["fullUrl"] == f"{BASE}/{address}"
    assert sum(url.startswith("Patient/") for url in urls) == FILES
    lines = result.stdout.splitlines()
    assert lines[-1] == f"{FILES} patients, {len(urls)} resources, written to {BASE}/."
    (seed,) = (line for line in lines if line.startswith("Patient/fixture-seed-mg-1.2 "))
    assert seed.endswith("Severe: magnesium 1.2 mg/dL")


def test_loading_again_replaces(server: Server) -> None:
    server.speaks()
    server.holds("fixture-seed-mg-1.2", "fixture-mild")
    server.takes()
    assert run(BASE).exit_code == 0
    assert len(server.written) == 1


def test_a_server_with_another_patient_is_left_alone(server: Server) -> None:
    server.speaks()
    server.holds("fixture-mild", "10345")
    server.takes()
    result = run(BASE)
    assert result.exit_code == 1
    assert result.stderr == (
        f"magnesia: {BASE} holds other patients already; nothing was written. If it is a server "
        "for demonstrations, say --into-existing.\n"
    )
    assert server.written == []


def test_another_patient_on_a_later_page_counts_too(server: Server) -> None:
    server.speaks()
    server.holds("fixture-mild", following=f"{BASE}?_getpages=2")
    server.holds("10345", url=f"{BASE}?_getpages=2")
    server.takes()
    assert run(BASE).exit_code == 1
    assert server.written == []


def test_who_says_so_writes_beside_other_patients(server: Server) -> None:
    server.speaks()
    server.holds("10345")
    server.takes()
    assert run(BASE, "--into-existing").exit_code == 0
    assert len(server.written) == 1


@pytest.mark.parametrize(
    ("following", "said"),
    [
        ("https://elsewhere.example.org/r4?page=2", "leads to another server"),
        (f"{BASE}/Patient?_count=100", "does not come to an end of its patients"),
    ],
)
def test_a_server_that_does_not_list_its_patients_is_left_alone(
    server: Server, following: str, said: str
) -> None:
    server.speaks()
    server.holds("fixture-mild", following=following)
    server.takes()
    result = run(BASE)
    assert result.exit_code == 1
    assert said in result.stderr
    assert server.written == []


@pytest.mark.parametrize("version", ["1.0.2", "3.0.2", "4.3.0", "5.0.0"])
def test_a_server_of_another_version_is_left_alone(server: Server, version: str) -> None:
    server.speaks(version)
    server.holds()
    server.takes()
    result = run(BASE, "--into-existing")
    assert result.exit_code == 1
    assert "does not speak FHIR R4" in result.stderr
    assert server.written == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 401}, "answered 401"),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example.org"}}, "answered 302"),
        ({"body": "<html>"}, "is not a FHIR server"),
        ({"json": ["a list"]}, "is not a FHIR server"),
        ({"json": {"resourceType": "OperationOutcome"}}, "is not a FHIR server"),
        ({"body": requests.ConnectionError()}, "No FHIR server answers"),
    ],
    ids=["401", "redirect", "page", "list", "outcome", "nobody"],
)
@pytest.mark.parametrize("asked", ["metadata", "Patient"])
def test_a_server_that_cannot_be_asked_is_left_alone(
    asked: str, answer: dict[str, Any], said: str
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        server = Server(mock)
        if asked == "Patient":
            server.speaks()
        mock.get(f"{BASE}/{asked}", **answer)
        server.takes()
        result = run(BASE)
        assert result.exit_code == 1
        assert said in result.stderr
        assert server.written == []


def test_a_refused_transaction_is_a_failure(server: Server) -> None:
    server.speaks()
    server.holds()
    server.takes(status=422)
    result = run(BASE)
    assert result.exit_code == 1
    assert "refused the transaction with status 422" in result.stderr
    assert "written to" not in result.stdout


@pytest.mark.parametrize(
    "url",
    [
        "fhir.example.org/r4",
        "ftp://fhir.example.org",
        "https://",
        "https://user:secret@fhir.example.org/r4",
        "https://fhir.example.org/r4?a=b",
        "https://fhir.example.org/r4#here",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    result = run(url)
    assert result.exit_code == 2
    assert result.stderr.startswith("magnesia: ")
    assert "secret" not in result.stderr


def test_no_server_is_taken_for_granted() -> None:
    result = CliRunner(env={"MAGNESIA_FHIR_SERVERS": BASE}).invoke(cli.main, ["fixtures", "load"])
    assert result.exit_code == 2
    assert "Missing argument 'URL'" in result.stderr


def test_it_waits_for_a_server_that_is_not_there_yet() -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{BASE}/metadata", body=requests.ConnectionError())
        late = Server(mock)
        late.speaks()
        late.holds()
        late.takes()
        result = run(BASE, "--wait", "30")
        assert result.exit_code == 0, result.stderr
        assert len(late.written) == 1
