"""Patients of FHIR servers in order entry, as far as the service serves them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app, fixture
from service.pages import patients
from service.settings import Settings
from tests.conformance.stage import encode
from tests.conftest import NOW, record_of
from tests.fhir.script import FhirServer, Script, answer, drop, serving

SEED = fixture.load(patients.FOLDER / "seed-mg-1.2.json").freshened(NOW)
ID = SEED["context"]["patientId"]
LIST = "/order-entry/servers/0/patients"
NEWEST = "/Patient?_sort=-_lastUpdated&_count=6"
SERVICE = "/cds-services/magnesium-replacement"


@dataclass
class Ward:
    """The service, and the FHIR server that its settings list."""

    client: FlaskClient
    fhir: FhirServer

    @property
    def script(self) -> Script:
        return self.fhir.script

    def get(self, path: str = LIST, **how: Any) -> TestResponse:
        return self.client.get(path, **how)

    def refusal(self, path: str = LIST) -> tuple[int, str]:
        refused = self.get(path)
        assert refused.json is not None
        assert refused.json["resourceType"] == "OperationOutcome"
        return refused.status_code, refused.json["issue"][0]["details"]["text"]


@pytest.fixture
def ward() -> Iterator[Ward]:
    """With everything that the seed patient has, and nothing else."""
    with serving(Script({}, ID, {}, answer({}, 404))) as fhir:
        yield from opened(fhir, fhir_open=True)


@pytest.fixture
def shared_with_pages() -> Iterator[Ward]:
    """The same, where the site lets every web page call."""
    with serving(Script({}, ID, {}, answer({}, 404))) as fhir:
        yield from opened(fhir, fhir_open=True, cors_origins=("*",))


@pytest.fixture
def closed() -> Iterator[Ward]:
    """The same server, but the settings want a token for it."""
    with serving(Script({}, ID, {}, answer({}, 404))) as fhir:
        yield from opened(fhir, fhir_open=False)


def opened(fhir: FhirServer, **changes: Any) -> Iterator[Ward]:
    settings = Settings.from_environment({"MAGNESIA_FHIR_SERVERS": fhir.base})
    app = create_app(settings.model_copy(update=changes), clock=lambda: NOW)
    client = app.test_client()
    services = client.get("/cds-services").json
    assert services is not None
    fhir.script.templates = services["services"][0]["prefetch"]
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    for key in fhir.script.templates:
        fhir.script.plays[key] = answer(encode(SEED["prefetch"].get(key, empty)))
    yield Ward(client, fhir)
    record_of(app).stop()


@pytest.fixture
def named() -> Iterator[Ward]:
    """With a proxy before it, by whose name it is known."""
    with serving(Script({}, ID, {}, answer({}, 404))) as fhir:
        yield from opened(fhir, fhir_open=True, base_url="https://m.example/magnesia")


def call_without_prefetch(ward: Ward) -> dict[str, Any]:
    chart = ward.get("/order-entry/patients/seed-mg-1.2").json
    assert chart is not None
    call = {**chart["request"], "fhirServer": ward.fhir.base}
    del call["prefetch"]
    return call


def bundle(*resources: Any, **members: Any) -> Any:
    entries = [{"resource": resource} for resource in resources]
    return answer({"resourceType": "Bundle", "type": "searchset", "entry": entries, **members})


def person(identity: Any = "p1", **members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identity, **members}


class TestTheList:
    def test_the_patients_changed_last(self, ward: Ward) -> None:
        name = [{"family": "Doe", "given": ["Jane", "Q."]}]
        ward.script.plays[NEWEST] = bundle(person(name=name, gender="female", birthDate="1961-02"))
        found = ward.get()
        assert found.json == {
            "patients": [{"id": "p1", "name": "Doe, Jane Q.", "about": "1961-02, female"}]
        }

    def test_a_next_page_is_not_read(self, ward: Ward) -> None:
        more = [{"relation": "next", "url": f"{ward.fhir.base}/Patient?page=2"}]
        ward.script.plays[NEWEST] = bundle(person(), link=more)
        assert ward.get().status_code == 200
        assert len(ward.script.seen) == 1

    def test_no_more_than_asked_for(self, ward: Ward) -> None:
        ward.script.plays[NEWEST] = bundle(*(person(f"p{number}") for number in range(50)))
        found = ward.get().json
        assert found is not None
        assert len(found["patients"]) == 6

    def test_what_is_no_patient_to_open_is_left_out(self, ward: Ward) -> None:
        warning = {"resourceType": "OperationOutcome", "issue": []}
        odd = [person(bad) for bad in (None, "", "..", "a/b", "x" * 65, 7)]
        ward.script.plays[NEWEST] = bundle(warning, *odd, person("good"))
        found = ward.get().json
        assert found is not None
        assert [one["id"] for one in found["patients"]] == ["good"]

    @pytest.mark.parametrize(
        ("name", "query"),
        [
            ("Doe", "name=Doe"),
            ("  Doe   Jane ", "name=Doe&name=Jane"),
            ("O'Neill", "name=O%27Neill"),
            ("a,b", "name=a%5C%2Cb"),
            ("a|b$c\\d", "name=a%5C%7Cb%5C%24c%5C%5Cd"),
            ("x&_count=9999", "name=x%26_count%3D9999"),
            ("../../admin#", "name=..%2F..%2Fadmin%23"),
            ("Müller", "name=M%C3%BCller"),
            ("a b c d e f g", "name=a&name=b&name=c&name=d&name=e"),
        ],
    )
    def test_a_name_is_searched_for_and_nothing_else(
        self, ward: Ward, name: str, query: str
    ) -> None:
        ward.script.plays[f"/Patient?{query}&_count=20"] = bundle(person())
        found = ward.get(query_string={"name": name})
        assert found.status_code == 200, ward.script.strays
        assert ward.script.strays == []

    def test_a_server_that_does_not_answer_is_a_502(self, ward: Ward) -> None:
        ward.script.plays[NEWEST] = drop
        assert ward.refusal() == (502, "The FHIR server could not be read.")

    @pytest.mark.parametrize("status", [401, 403, 500, 503])
    def test_a_server_that_refuses_or_fails_is_a_502(self, ward: Ward, status: int) -> None:
        ward.script.plays[NEWEST] = answer({}, status)
        code, text = ward.refusal()
        assert code == 502
        assert f"status {status}" in text

    def test_what_is_no_bundle_is_a_502(self, ward: Ward) -> None:
        ward.script.plays[NEWEST] = answer(person())
        assert ward.refusal() == (502, "What the FHIR server answered is not a Bundle.")


class TestAPatient:
    def test_the_chart_and_the_request_are_those_of_the_fixture(self, ward: Ward) -> None:
        chart = ward.get(f"{LIST}/{ID}").json
        made_up = ward.get("/order-entry/patients/seed-mg-1.2").json
        assert chart is not None
        assert made_up is not None
        for part in ("name", "facts", "results", "problems", "orders", "unread"):
            assert chart[part] == made_up[part]
        assert chart["request"]["fhirServer"] == ward.fhir.base
        assert chart["request"]["context"]["patientId"] == ID
        for key in ("patient", "magnesium", "potassium", "creatinine"):
            assert chart["request"]["prefetch"][key] == made_up["request"]["prefetch"][key]

    def test_a_value_keeps_its_digits(self, ward: Ward) -> None:
        sent = encode(SEED["prefetch"]["magnesium"]).replace(b'"value":1.2', b'"value":1.20')
        ward.script.plays["magnesium"] = answer(sent)
        found = ward.get(f"{LIST}/{ID}")
        assert b'"value":1.20' in found.data
        assert found.json is not None
        assert found.json["results"][0]["value"] == "1.20"

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-14:00"])
    def test_a_time_at_the_edge_of_the_calendar_is_shown_as_it_came(
        self, ward: Ward, moment: str
    ) -> None:
        taken = SEED["prefetch"]["magnesium"]["entry"][0]["resource"]["effectiveDateTime"]
        sent = encode(SEED["prefetch"]["magnesium"]).replace(taken.encode(), moment.encode())
        ward.script.plays["magnesium"] = answer(sent)
        found = ward.get(f"{LIST}/{ID}").json
        assert found is not None
        assert moment in [result["time"] for result in found["results"]]

    def test_a_key_that_cannot_be_read_is_left_out_and_said(self, ward: Ward) -> None:
        ward.script.plays["potassium"] = answer({}, 500)
        chart = ward.get(f"{LIST}/{ID}").json
        assert chart is not None
        assert "potassium" not in chart["request"]["prefetch"]
        assert chart["unread"] == {"potassium": "the FHIR server failed with status 500"}

    def test_without_the_patient_there_is_no_chart(self, ward: Ward) -> None:
        assert ward.refusal(f"{LIST}/somebody-else") == (
            502,
            "The FHIR server does not have it.",
        )

    def test_no_token_is_sent(self, ward: Ward) -> None:
        ward.get(f"{LIST}/{ID}", headers={"Authorization": "Bearer secret", "Cookie": "a=b"})
        assert ward.script.seen
        for one in ward.script.seen:
            assert not {"Authorization", "Cookie"} & one.headers.keys()

    def test_the_explanation_reads_what_the_request_leaves_out(self, ward: Ward) -> None:
        request = ward.get("/order-entry/patients/seed-mg-1.2").json
        assert request is not None
        call = {**request["request"], "fhirServer": ward.fhir.base}
        del call["prefetch"]
        explained = ward.client.post("/order-entry/explain", json=call)
        answered = ward.client.post(SERVICE, json=call)
        assert explained.json is not None
        assert answered.json is not None
        assert explained.json["rule"] == "DT1"
        assert answered.json["extension"]["org.magnesia.assessment"]["rule"] == "DT1"

    def test_what_the_service_refuses_as_too_much_is_not_explained(self, ward: Ward) -> None:
        chart = ward.get("/order-entry/patients/seed-mg-1.2").json
        assert chart is not None
        call = chart["request"]
        call["prefetch"]["magnesium"]["entry"] *= 6000
        answered = ward.client.post(SERVICE, json=call)
        explained = ward.client.post("/order-entry/explain", json=call)
        assert (answered.status_code, explained.status_code) == (413, 413)
        assert explained.json == answered.json


class TestWhoMayKeep:
    def test_nobody_keeps_what_tells_of_a_patient(self, ward: Ward) -> None:
        ward.script.plays[NEWEST] = bundle(person())
        call = call_without_prefetch(ward)
        for told in (
            ward.get(),
            ward.get(f"{LIST}/{ID}"),
            ward.get("/order-entry/patients/seed-mg-1.2"),
            ward.client.post("/order-entry/explain", json=call),
        ):
            assert told.status_code == 200
            assert told.headers["Cache-Control"] == "no-store", told.request.path

    def test_the_page_and_the_protocol_may_be_asked_for_again(self, ward: Ward) -> None:
        for path in ("/", "/protocol.json", "/assets/order_entry.js"):
            assert ward.get(path, buffered=True).headers["Cache-Control"] == "no-cache", path


class TestWhoMayAsk:
    def test_without_leave_to_read_there_are_no_patients(self, closed: Ward) -> None:
        assert closed.get().status_code == 404
        assert closed.get(f"{LIST}/{ID}").status_code == 404
        assert "census" not in closed.get("/").text
        assert closed.script.seen == []

    @pytest.mark.parametrize(
        "path",
        [
            "/order-entry/servers/1/patients",
            "/order-entry/servers/-1/patients",
            "/order-entry/servers/http:%2F%2Felsewhere.example/patients",
            f"{LIST}/a%2F..%2Fb",
            f"{LIST}/..",
            f"{LIST}/{'x' * 65}",
        ],
    )
    def test_no_other_address_can_be_asked_for(self, ward: Ward, path: str) -> None:
        assert ward.get(path).status_code == 404
        assert ward.script.seen == []

    def test_not_under_another_name(self, ward: Ward) -> None:
        ward.script.plays[NEWEST] = bundle(person())
        assert ward.get(headers={"Host": "localhost:8000"}).status_code == 200
        refused = ward.get(headers={"Host": "evil.example"})
        assert refused.status_code == 404, "a page elsewhere could read it by DNS rebinding"

    @pytest.mark.parametrize("path", [SERVICE, "/order-entry/explain"])
    @pytest.mark.parametrize("token", [None, "made-up"])
    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "10.0.0.7", "[", ""])
    def test_a_call_under_another_name_has_nothing_read(
        self, ward: Ward, path: str, token: str | None, host: str
    ) -> None:
        call = call_without_prefetch(ward)
        if token is not None:
            call["fhirAuthorization"] = {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": 300,
            }
        refused = ward.client.post(path, json=call, headers={"Host": host})
        assert refused.status_code in {400, 412}, "a page elsewhere could read it by DNS rebinding"
        assert ward.script.seen == []

    @pytest.mark.parametrize("path", [SERVICE, "/order-entry/explain"])
    @pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "m.example"])
    def test_a_call_under_its_own_name_has_it_read(self, named: Ward, path: str, host: str) -> None:
        call = call_without_prefetch(named)
        answered = named.client.post(path, json=call, headers={"Host": host})
        assert answered.status_code == 200
        assert named.script.seen

    @pytest.mark.parametrize("path", [SERVICE, "/order-entry/explain"])
    def test_a_call_under_another_name_that_sends_its_prefetch_is_answered(
        self, ward: Ward, path: str
    ) -> None:
        chart = ward.get("/order-entry/patients/seed-mg-1.2").json
        assert chart is not None
        call = {**chart["request"], "fhirServer": ward.fhir.base}
        answered = ward.client.post(path, json=call, headers={"Host": "proxy.example"})
        assert answered.status_code == 200
        if path == SERVICE:
            assert answered.json is not None
            assert answered.json["cards"], "a severe magnesium gets its card"
        assert ward.script.seen == []

    def test_a_service_in_a_container_goes_by_its_base_url(self) -> None:
        """As in docker-compose.yml: it listens on every address, and is meant for this machine."""
        container = {"host": "0.0.0.0", "auth": "off", "fhir_open": True}
        with serving(Script({}, ID, {}, answer({}, 404))) as fhir:
            for ward in opened(fhir, **container, base_url="http://localhost:8000"):
                call = call_without_prefetch(ward)
                for host, status in (("evil.example", 412), ("localhost:8000", 200)):
                    answered = ward.client.post(SERVICE, json=call, headers={"Host": host})
                    assert answered.status_code == status, host

    def test_no_other_page_may_have_it_read_by_a_call(self, ward: Ward, closed: Ward) -> None:
        origin = {"Origin": "https://evil.example"}
        allowed = "Access-Control-Allow-Origin"
        for path in ("/cds-services", "/cds-services/magnesium-replacement"):
            assert allowed not in ward.get(path, headers=origin).headers
        assert allowed in closed.get("/cds-services", headers=origin).headers, "it needs a token"

    def test_no_other_page_may_read_it(self, shared_with_pages: Ward) -> None:
        ward = shared_with_pages
        ward.script.plays[NEWEST] = bundle(person())
        origin = {"Origin": "https://evil.example"}
        allowed = "Access-Control-Allow-Origin"
        assert allowed in ward.get("/cds-services", headers=origin).headers
        for path in (LIST, f"{LIST}/{ID}", "/order-entry/patients/seed-mg-1.2"):
            assert allowed not in ward.get(path, headers=origin).headers
