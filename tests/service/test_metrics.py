"""The counts: what they count, with which labels, and who may read them."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from prometheus_client import Counter, Gauge, Histogram

from service import invocation
from service.app import assemble
from service.observability import Call, FeedbackCall
from service.observability.metrics import Metrics
from service.record import LOSSES
from service.settings import Settings
from tests.documents.pages import ROOT
from tests.fhir.script import Script, answer, hang, serving
from tests.service.conftest import NOW
from tests.service.tea import TeaHook
from tests.service.test_invocation import TEA, issue_of

TOKEN = "a-scrape-token"
LOCKED = hashlib.sha256(TOKEN.encode()).hexdigest()


def counted(client: FlaskClient) -> dict[str, float]:
    """Every sample by its name and labels."""
    page = client.get("/metrics")
    assert page.status_code == 200
    assert page.content_type.startswith("text/plain")
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in page.text.splitlines()
        if not line.startswith("#")
    }


def test_calls_are_counted_by_what_came_of_them(client: FlaskClient, call: dict[str, Any]) -> None:
    for mood, times in (("thirsty", 3), ("indifferent", 2), ("coffee", 1), ("broken", 1)):
        for _ in range(times):
            client.post(TEA, json={**call, "context": {**call["context"], "mood": mood}})
    samples = counted(client)
    calls = {name: value for name, value in samples.items() if name.startswith("magnesia_calls_")}
    assert calls == {
        'magnesia_calls_total{alert="card",rule="T1",service="tea",status="200"}': 3,
        'magnesia_calls_total{alert="none",rule="T0",service="tea",status="200"}': 2,
        'magnesia_calls_total{alert="-",rule="-",service="tea",status="422"}': 1,
        'magnesia_calls_total{alert="-",rule="-",service="tea",status="500"}': 1,
    }
    assert samples['magnesia_call_duration_seconds_count{service="tea"}'] == 7
    assert samples['magnesia_call_duration_seconds_bucket{le="2.0",service="tea"}'] == 7
    assert samples['magnesia_call_stage_seconds_count{stage="hook"}'] == 6
    assert samples['magnesia_call_stage_seconds_count{stage="response"}'] == 5


def test_a_card_that_is_withheld_is_silent(call: dict[str, Any]) -> None:
    client = assemble(Settings(mode="silent"), [TeaHook()], lambda: NOW).test_client()
    client.post(TEA, json=call)
    name = 'magnesia_calls_total{alert="silent",rule="T1",service="tea",status="200"}'
    assert counted(client)[name] == 1


def test_refusals_are_counted_wherever_they_come_from(
    client: FlaskClient, call: dict[str, Any]
) -> None:
    client.post("/cds-services/x", data="{}", content_type="application/json")
    client.get("/nowhere")
    client.post(TEA, data="x", content_type="text/plain")
    del call["prefetch"]["leaves"]
    client.post(TEA, json=call)
    client.post(TEA, json={**call, "context": {**call["context"], "mood": "picky"}})
    samples = counted(client)
    assert samples['magnesia_refusals_total{status="404"}'] == 2
    assert samples['magnesia_refusals_total{status="415"}'] == 1
    assert samples['magnesia_refusals_total{status="412"}'] == 2
    assert samples['magnesia_missing_prefetch_total{key="leaves"}'] == 2


def test_a_required_key_of_somebody_else_is_missing_too(
    client: FlaskClient, call: dict[str, Any]
) -> None:
    client.post(TEA, json={**call, "context": {**call["context"], "mood": "picky"}})
    assert counted(client)['magnesia_missing_prefetch_total{key="leaves"}'] == 1


def test_no_label_is_made_up_by_a_caller(client: FlaskClient, call: dict[str, Any]) -> None:
    mark = "Jane-Doe-42"
    client.post(f"/cds-services/{mark}", json=call)
    client.post(f"/{mark}", json=call)
    for changed in (
        {"hook": mark},
        {"hookInstance": mark},
        {"fhirServer": f"https://{mark}.example", "prefetch": {mark: None}},
        {"context": {"patientId": mark, "userId": mark, "mood": mark}},
    ):
        client.post(TEA, json=call | changed)
    samples = counted(client)
    assert not [name for name in samples if mark.lower() in name.lower()]
    before = len(samples)
    for number in range(20):
        client.post(f"/cds-services/{number}", json=call | {"hook": str(number)})
    assert len(counted(client)) == before, "twenty odd calls add no series"


def test_reads_are_counted_by_the_place_of_their_server(call: dict[str, Any]) -> None:
    hook = TeaHook()
    leaves = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    plays = {"leaves": answer(leaves), "milk": hang}
    script = Script(dict(hook.prefetch), "guest-1", plays, answer(leaves))
    del call["prefetch"]["leaves"]
    with serving(script) as fhir:
        settings = Settings.model_validate(
            {
                "fhir_servers": f"https://other.example/fhir,{fhir.base}",
                "fhir_open": "1",
                "fetch_deadline_ms": 200,
            }
        )
        client = assemble(settings, [hook], lambda: NOW).test_client()
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        headers = {"traceparent": parent, "tracestate": "a=1", "X-Forwarded-For": "192.0.2.7"}
        answered = client.post(TEA, json={**call, "fhirServer": fhir.base}, headers=headers)
        assert answered.status_code == 200
        client.post(TEA, json={**call, "fhirServer": "https://unknown.example/fhir"})
        samples = counted(client)
        seen = list(script.seen)
    for labels, count in {
        'key="leaves",outcome="read",server="2"': 1,
        'key="milk",outcome="late",server="2"': 1,
        'key="leaves",outcome="not-listed",server="none"': 1,
    }.items():
        assert samples[f"magnesia_fetches_total{{{labels}}}"] == count
    assert samples['magnesia_fetch_duration_seconds_count{server="2"}'] >= 1
    assert samples['magnesia_fhir_server_resting{server="2"}'] == 0
    assert not [name for name in samples if "example" in name]
    spans = {request.headers["traceparent"] for request in seen}
    assert len(spans) == len(seen) == 2, "each read is a span of its own"
    assert all(span.startswith(parent[:36]) and span != parent for span in spans)
    assert {request.headers["tracestate"] for request in seen} == {"a=1"}
    assert not [request for request in seen if "X-Forwarded-For" in request.headers]


def test_a_call_without_a_trace_begins_one_for_its_reads(
    call: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    hook = TeaHook()
    leaves = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    script = Script(dict(hook.prefetch), "guest-1", {"leaves": answer(leaves)}, answer(leaves))
    del call["prefetch"]["leaves"]
    with serving(script) as fhir, caplog.at_level("INFO", "magnesia.call"):
        settings = Settings.model_validate({"fhir_servers": fhir.base, "fhir_open": "1"})
        client = assemble(settings, [hook], lambda: NOW).test_client()
        client.post(TEA, json={**call, "fhirServer": fhir.base}, headers={"traceparent": "00-x"})
        (parent,) = {request.headers["traceparent"][:36] for request in script.seen}
    event: Any = caplog.records[0].msg
    assert re.fullmatch(rf"00-{event['trace']}-", parent)
    assert event["trace"] != "0" * 32


def test_the_protocol_and_the_version_are_told() -> None:
    protocol = {"id": "tea", "version": "7", "status": "draft"}
    app = assemble(Settings(), [TeaHook()], lambda: NOW, protocol=protocol)
    samples = counted(app.test_client())
    assert samples['magnesia_protocol_info{id="tea",status="draft",version="7"}'] == 1
    assert samples["magnesia_ready"] == 1
    assert any(name.startswith("magnesia_build_info{version=") for name in samples)


def test_the_record_is_told() -> None:
    metrics = Metrics()
    metrics.written(5)
    metrics.lost(2, "queue full")
    metrics.waits(3, 4, 1.5)
    lines = metrics.text().decode().splitlines()
    for line in (
        "magnesia_record_written_total 5.0",
        'magnesia_record_lost_total{reason="queue full"} 2.0',
        "magnesia_record_queued 3.0",
        "magnesia_record_spooled 4.0",
        "magnesia_record_down_seconds 1.5",
    ):
        assert line in lines


#: Each way of counting, as its callers use it.
COUNTING: dict[str, Callable[[Metrics], None]] = {
    "called": lambda metrics: metrics.called(Call("tea", NOW), 200, 0.1),
    "turned_away": lambda metrics: metrics.turned_away("-", "iss"),
    "reported": lambda metrics: metrics.reported(FeedbackCall("tea", outcomes=("accepted",))),
    "answered": lambda metrics: void(metrics.answered(Response(status=404))),
    "failed": Metrics.failed,
    "missed": lambda metrics: metrics.missed(["leaves"]),
    "fetched": lambda metrics: metrics.fetched("1", "leaves", "read"),
    "fetch_took": lambda metrics: metrics.fetch_took("1", 0.1),
    "rests": lambda metrics: metrics.rests("1", resting=True),
    "written": lambda metrics: metrics.written(1),
    "lost": lambda metrics: metrics.lost(1, "queue full"),
    "waits": lambda metrics: metrics.waits(1, 1, 1.0),
    "unwritten": lambda metrics: metrics.unwritten(1),
}


def void(_: object) -> None:
    """For what answers something."""


def test_every_way_of_counting_is_tried() -> None:
    others = {"tell", "text"}
    public = {name for name in vars(Metrics) if not name.startswith("_")}
    assert public - others == COUNTING.keys()


@pytest.mark.parametrize("name", COUNTING)
def test_counting_that_fails_is_logged_and_stops_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics(services=["tea"])

    def full(*_: object) -> NoReturn:
        raise OSError("no space left on device")

    for kind, way in ((Counter, "inc"), (Gauge, "set"), (Histogram, "observe")):
        monkeypatch.setattr(kind, way, full)
    COUNTING[name](metrics)
    (said,) = caplog.records
    event: Any = said.msg
    assert (event["doing"], event["errors"]) == ("counting", ["OSError"])


def test_what_an_alert_watches_is_there_before_its_first_event(client: FlaskClient) -> None:
    """Of a series that is born at 1, `increase()` sees nothing."""
    samples = counted(client)
    for name in (
        "magnesia_failures_total",
        "magnesia_tokens_unwritten_total",
        'magnesia_call_duration_seconds_count{service="tea"}',
        *(f'magnesia_record_lost_total{{reason="{reason}"}}' for reason in LOSSES),
    ):
        assert samples[name] == 0, name


def test_an_alert_sees_its_first_event() -> None:
    """The metrics under `increase(...)` in docs/observe.md have every series from the start, or
    the alert sums over one that has."""
    page = (ROOT / "docs" / "observe.md").read_text()
    watched = set(re.findall(r"increase\((\w+)(?:\{[^}]*\})?\[", page))
    assert len(watched) >= 4, "the page still names alerts"
    samples = Metrics(services=["tea"]).text().decode().splitlines()
    born = {re.split(r"[{ ]", line)[0] for line in samples if not line.startswith("#")}
    assert watched <= born, f"begin with their first event: {watched - born}"


def test_a_failure_is_counted_wherever_it_happens(
    client: FlaskClient, call: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(TEA, json={**call, "context": {**call["context"], "mood": "broken"}})
    assert counted(client)["magnesia_failures_total"] == 1

    def broken(*_: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(invocation, "encode", broken)
    client.post(TEA, json=call)
    assert counted(client)["magnesia_failures_total"] == 2, "behind the rule, too"
    monkeypatch.setitem(client.application.view_functions, "discovery.discover", broken)
    assert client.get("/cds-services").status_code == 500
    assert counted(client)["magnesia_failures_total"] == 3, "no call at all"


class TestDoor:
    def app(self, **settings: Any) -> Flask:
        return assemble(Settings(**settings), [TeaHook()], lambda: NOW)

    def test_it_is_open_on_a_loopback_address(self) -> None:
        assert self.app().test_client().get("/metrics").status_code == 200

    @pytest.mark.parametrize(
        "settings",
        [{"host": "0.0.0.0", "auth": "off"}, {"base_url": "https://cds.example.org"}],
        ids=["public", "behind a proxy"],
    )
    def test_elsewhere_it_does_not_exist_without_a_token(self, settings: dict[str, str]) -> None:
        answered = self.app(**settings).test_client().get("/metrics")
        assert issue_of(answered, 404)["code"] == "not-found"

    def test_a_page_under_another_name_does_not_see_it(self) -> None:
        client = self.app().test_client()
        assert client.get("/metrics", headers={"Host": "evil.example"}).status_code == 404

    def test_no_page_of_another_origin_may_read_it(self) -> None:
        client = self.app(cors_origins=("*",)).test_client()
        answered = client.get("/metrics", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in answered.headers

    @pytest.mark.parametrize("shown", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer"])
    def test_with_a_token_no_other_opens_it(self, shown: str | None) -> None:
        client = self.app(host="0.0.0.0", auth="off", metrics_token_sha256=LOCKED).test_client()
        headers = {} if shown is None else {"Authorization": shown}
        answered = client.get("/metrics", headers=headers)
        assert issue_of(answered, 401)["code"] == "login"
        assert answered.headers["WWW-Authenticate"] == "Bearer"

    def test_the_token_opens_it(self) -> None:
        client = self.app(host="0.0.0.0", auth="off", metrics_token_sha256=LOCKED).test_client()
        answered = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answered.status_code == 200
