"""The entrance: what needs a token, in which order things are refused, what is said and logged."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from service import create_app
from service.record.tables import Decision
from service.settings import Settings
from service.trust import entrance
from service.trust.clients import ClientsError
from tests.conformance.exchange import DISCOVERY, SERVICE, fire
from tests.conformance.request import FAMILY_NAME, PATIENT_ID, order_select
from tests.conftest import NOW, record_of
from tests.trust.forgeries import BASE_URL, SECONDS, World, good
from tests.trust.issuer import Issuer, write_clients

Open = Callable[..., FlaskClient]
ISSUE = {"severity": "error", "code": "security"}


def headers(issuer: Issuer, path: str = SERVICE, **changes: Any) -> dict[str, str]:
    token = good(issuer, BASE_URL + path, **changes)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Makes a service that trusts the issuers given, with settings."""
    apps: list[Flask] = []

    def make(*issuers: Issuer, **settings: Any) -> FlaskClient:
        directory = tmp_path / str(len(apps))
        whole = {
            "auth": "required",
            "base_url": BASE_URL,
            "clients": write_clients(directory, *issuers),
            "database_url": f"sqlite:///{directory / 'magnesia.sqlite'}",
        }
        apps.append(create_app(Settings.model_validate(whole | settings), clock=lambda: NOW))
        return apps[-1].test_client()

    yield make
    for app in apps:
        record_of(app).stop()


def assert_turned_away(response: TestResponse, status: int = 401) -> None:
    assert response.status_code == status
    assert response.content_type == "application/fhir+json"
    (issue,) = response.get_json(force=True)["issue"]
    assert issue.items() >= ISSUE.items()
    assert "expression" not in issue
    if status == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"


OPEN = {
    "/",
    "/protocol",
    "/protocol.json",
    "/protocol-print.css",
    "/health/live",
    "/health/ready",
    "/assets/<path:filename>",
    "/insight",
    "/insight/static/<path:filename>",
    "/insight/enter",
    "/insight/leave",
    "/metrics",
}


def test_every_address_needs_a_token_or_is_known_to_be_open(guarded: Flask) -> None:
    client = guarded.test_client()
    for rule in guarded.url_map.iter_rules():
        if rule.rule in OPEN:
            continue
        path = re.sub("<[^>]+>", "magnesium-replacement", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(path, method=method)
            assert answer.status_code == 401, f"{method} {path} is open"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/protocol", "/protocol.json"])
def test_what_holds_no_patient_is_open(gate: FlaskClient, path: str) -> None:
    assert gate.get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/order-entry/catalogue"),
        ("GET", "/order-entry/patients/seed-mg-1.2"),
        ("POST", "/order-entry/explain"),
        ("POST", "/order-entry/markdown"),
    ],
)
def test_there_is_no_order_entry(gate: FlaskClient, method: str, path: str) -> None:
    assert gate.open(path, method=method, json=order_select()).status_code == 404


def test_a_page_says_why_there_is_no_order_entry(gate: FlaskClient) -> None:
    page = gate.get("/")
    assert page.status_code == 404
    assert "There is no order entry here" in page.text
    assert "Order entry</a>" not in page.text
    assert "Order entry</a>" not in gate.get("/protocol").text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/cds-services", "/cds-services/", SERVICE, f"{SERVICE}/feedback"]
)
def test_every_endpoint_takes_a_token_for_itself(
    gate: FlaskClient, world: World, path: str
) -> None:
    method = "GET" if path.rstrip("/") == DISCOVERY else "POST"
    body = {"feedback": []} if path.endswith("feedback") else order_select()
    more = {} if method == "GET" else {"json": json.loads(json.dumps(body, default=float))}
    answer = gate.open(path, method=method, headers=headers(world.ehr, path), **more)
    assert answer.status_code == (400 if path.endswith("feedback") else 200)
    assert_turned_away(gate.open(path, method=method, **more))


def test_feedback_takes_a_token_for_its_service_and_not_the_reverse(
    gate: FlaskClient, world: World
) -> None:
    feedback = f"{SERVICE}/feedback"
    answer = gate.post(feedback, json={"feedback": []}, headers=headers(world.ehr, SERVICE))
    assert answer.status_code == 400, "read, and found empty"
    assert_turned_away(gate.post(feedback, json={}, headers=headers(world.ehr, DISCOVERY)))
    assert_turned_away(fire(gate, order_select(), headers(world.ehr, feedback)))
    odd = "/cds-services/feedback"
    assert_turned_away(gate.post(odd, json={}, headers=headers(world.ehr, DISCOVERY)))


def test_a_doubled_slash_may_stand_in_the_token_too(gate: FlaskClient, world: World) -> None:
    doubled = "/cds-services//magnesium-replacement"
    for audience in (doubled, SERVICE):
        answer = gate.post(doubled, json=seed(), headers=headers(world.ehr, audience))
        assert answer.status_code == 200
    assert_turned_away(fire(gate, order_select(), headers(world.ehr, doubled)))


def seed() -> Any:
    return json.loads(json.dumps(order_select(), default=float))


def test_the_order_of_refusals(opened: Open, world: World) -> None:
    gate = opened(world.ehr, max_body_bytes=2048)
    large, unknown = b" " * 4096, "/cds-services/unknown"
    assert gate.post(SERVICE, data=large).status_code == 413, "size before trust"
    assert_turned_away(gate.get(SERVICE))
    assert gate.get(SERVICE, headers=headers(world.ehr)).status_code == 405
    assert_turned_away(gate.post(SERVICE, data="x", content_type="text/plain"))
    wrong_type = gate.post(SERVICE, data="x", content_type="text/plain", headers=headers(world.ehr))
    assert wrong_type.status_code == 415
    assert_turned_away(gate.post(unknown, json={}))
    assert gate.post(unknown, json={}, headers=headers(world.ehr, unknown)).status_code == 404
    assert_turned_away(gate.post(SERVICE, json={}))
    assert gate.post(SERVICE, json={}, headers=headers(world.ehr)).status_code == 400


def test_a_client_that_may_not_use_a_service_gets_403_and_no_reason(opened: Open) -> None:
    with pytest.raises(ClientsError, match="'tea' is not offered here"):
        opened(Issuer("Tea house", "https://tea.example", services=["tea"]))
    bound = Issuer("Bound", "https://bound.example", services=["magnesium-replacement"])
    gate = opened(bound)
    assert fire(gate, order_select(), headers(bound)).status_code == 200
    other = "/cds-services/another-service"
    for path in (other, f"{other}/feedback"):
        assert_turned_away(gate.post(path, json={}, headers=headers(bound, path)), 403)
    assert gate.get(DISCOVERY, headers=headers(bound, DISCOVERY)).status_code == 200
    refused = gate.post(other, json={}, headers=headers(bound, other))
    assert refused.data == gate.post(other, json={}).data, "401 and 403 say the same"


def test_a_token_is_used_once_over_all_endpoints(gate: FlaskClient, world: World) -> None:
    both = [f"{BASE_URL}{DISCOVERY}", f"{BASE_URL}{SERVICE}"]
    token = {"Authorization": f"Bearer {good(world.ehr, both)}"}
    assert gate.get(DISCOVERY, headers=token).status_code == 200
    assert_turned_away(gate.get(DISCOVERY, headers=token))
    assert_turned_away(fire(gate, order_select(), token))


def test_a_forged_token_uses_nothing_up(gate: FlaskClient, world: World) -> None:
    claims = world.ehr.claims(BASE_URL + SERVICE, SECONDS)
    forged = world.ehr.signed(world.ehr.header(), claims, key=world.bound.key)
    true = world.ehr.signed(world.ehr.header(), claims)
    assert_turned_away(fire(gate, order_select(), {"Authorization": f"Bearer {forged}"}))
    answer = fire(gate, order_select(), {"Authorization": f"Bearer {true}"})
    assert answer.status_code == 200, "the true token is still good"


def test_a_client_that_calls_too_often_is_asked_to_wait(opened: Open) -> None:
    slow, fast = (
        Issuer("Slow", "https://slow.example", rate=0.01),
        Issuer("Fast", "https://f.example"),
    )
    gate = opened(slow, fast)
    assert fire(gate, order_select(), headers(slow)).status_code == 200
    token = headers(slow)
    refused = fire(gate, order_select(), token)
    assert refused.status_code == 429
    assert 90 <= int(refused.headers["Retry-After"]) <= 100
    (issue,) = refused.get_json(force=True)["issue"]
    assert issue["code"] == "throttled"
    assert fire(gate, order_select(), headers(fast)).status_code == 200
    forged = slow.signed(slow.header(), slow.claims(BASE_URL + SERVICE, SECONDS), key=fast.key)
    assert_turned_away(fire(gate, order_select(), {"Authorization": f"Bearer {forged}"}))


def test_a_token_that_had_to_wait_is_not_used_up(opened: Open) -> None:
    issuer = Issuer("Waiting", "https://waiting.example", rate=5)
    gate = opened(issuer)
    answers = []
    token = headers(issuer)
    for _ in range(10):
        answers.append(fire(gate, order_select(), headers(issuer)).status_code)
        if answers[-1] == 429:
            break
    assert answers[-1] == 429
    for _ in range(100):
        answer = fire(gate, order_select(), token)
        if answer.status_code != 429:
            break
        sleep(0.05)
    assert answer.status_code == 200


def test_the_record_knows_who_called_and_one_client_may_be_silent(opened: Open) -> None:
    live = Issuer("Live EHR", "https://live.example")
    silent = Issuer("Silent EHR", "https://silent.example", mode="silent")
    gate = opened(live, silent)
    shown = fire(gate, order_select(), headers(live)).get_json()
    hidden = fire(gate, order_select(), headers(silent)).get_json()
    assert shown["cards"]
    assert hidden["cards"] == []
    assert hidden["extension"]["org.magnesia.assessment"]["silent"] is True
    record = record_of(gate.application)
    assert record.flush(10)
    with record.store.reading() as connection:
        rows = connection.execute(select(Decision.client, Decision.silent, Decision.cards)).all()
    assert sorted(rows) == [("Live EHR", False, 1), ("Silent EHR", True, 1)]


def test_silent_mode_of_the_service_holds_for_every_client(opened: Open) -> None:
    live = Issuer("Live EHR", "https://live.example", mode="live")
    answer = fire(opened(live, mode="silent"), order_select(), headers(live)).get_json()
    assert answer["cards"] == []


def test_refusals_carry_what_a_browser_needs_and_preflights_need_no_token(
    opened: Open, world: World
) -> None:
    page = "https://ehr.example"
    gate = opened(world.ehr, cors_origins=(page,))
    for path in (DISCOVERY, SERVICE, f"{SERVICE}/feedback"):
        asked = gate.options(
            path,
            headers={
                "Origin": page,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )
        assert asked.status_code in (200, 204)
        assert asked.headers["Access-Control-Allow-Origin"] == page
        refused = gate.post(path, json={}, headers={"Origin": page})
        assert_turned_away(refused)
        assert refused.headers["Access-Control-Allow-Origin"] == page


def test_the_log_says_why_in_a_few_lines_and_never_the_token(
    opened: Open, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gate = opened(world.ehr)
    tokens = [good(world.ehr, BASE_URL) for _ in range(50)]
    tokens += [good(world.ehr, BASE_URL + SERVICE, iss=f"https://{n}.example") for n in range(50)]
    tokens += [
        world.ehr.signed(
            world.ehr.header(kid=f"evil\n{n}"), world.ehr.claims(BASE_URL + SERVICE, SECONDS)
        )
        for n in range(50)
    ]
    for token in tokens:
        fire(gate, order_select(), {"Authorization": f"Bearer {token}"})
    lines: list[Any] = [each.msg for each in caplog.records if each.name == "magnesia.trust"]
    assert lines == [
        {
            "event": "refused",
            "client": client,
            "reason": reason,
            "kid": kid,
            "times": 1,
        }
        for client, reason, kid in (
            ("Example EHR", "aud", world.ehr.kid),
            (None, "iss", world.ehr.kid),
            ("Example EHR", "key", None),
        )
    ]
    whole = caplog.text
    assert not [token for token in tokens if token in whole or token.split(".")[2] in whole]
    for word in (PATIENT_ID, FAMILY_NAME, "Authorization"):
        assert word not in whole


def test_the_counts_tell_who_calls_and_who_was_turned_away_for_what(
    opened: Open, world: World
) -> None:
    scrape = "a-scrape-token"
    gate = opened(
        world.ehr,
        world.lab,
        metrics_token_sha256=hashlib.sha256(scrape.encode()).hexdigest(),
    )
    let_in = headers(world.ehr)
    for token in (
        let_in,
        let_in,
        headers(world.lab),
        headers(world.ehr, aud=BASE_URL),
        headers(world.ehr, aud=BASE_URL),
        headers(world.ehr, iss="https://nobody.example"),
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    ):
        fire(gate, order_select(), token)
    page = gate.get("/metrics", headers={"Authorization": f"Bearer {scrape}"}).text
    told = [
        line
        for line in page.splitlines()
        if line.startswith(("magnesia_client_calls_total", "magnesia_turned_away_total"))
    ]
    assert sorted(told) == [
        'magnesia_client_calls_total{client="Example EHR",status="200"} 1.0',
        'magnesia_client_calls_total{client="Example laboratory",status="200"} 1.0',
        'magnesia_turned_away_total{client="-",reason="iss"} 1.0',
        'magnesia_turned_away_total{client="-",reason="malformed"} 2.0',
        'magnesia_turned_away_total{client="-",reason="no-header"} 1.0',
        'magnesia_turned_away_total{client="Example EHR",reason="aud"} 2.0',
        'magnesia_turned_away_total{client="Example EHR",reason="replay"} 1.0',
    ]


def test_a_line_says_how_many_came_meanwhile(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    counted: list[tuple[str, entrance.Reason]] = []
    turned_away = entrance.TurnedAway(
        lambda client, reason: counted.append((client, reason)), lambda: now[0]
    )
    for _ in range(7):
        turned_away.note(None, "iss", None)
    now[0] = 11.0
    turned_away.note(None, "iss", None)
    events: list[Any] = [each.msg for each in caplog.records]
    assert [event["times"] for event in events] == [1, 7]
    assert counted == [("-", "iss")] * 8, "whoever is turned away counts, logged or not"


def test_a_client_without_a_usable_key_in_its_file_stops_the_start(
    tmp_path: Path, world: World
) -> None:
    file = write_clients(tmp_path, world.ehr)
    settings = Settings(auth="required", base_url=BASE_URL, clients=file)
    keys = tmp_path / "client-1.json"
    for text, said in (
        (json.dumps({"keys": [{"kty": "oct", "k": "x", "kid": "k"}]}), "no key in it can be used"),
        (json.dumps({"keys": []}), "no key in it can be used"),
        ("nonsense", "no JWK Set"),
    ):
        keys.write_text(text)
        with pytest.raises(ClientsError, match=rf"client 1 \(Example EHR\): jwks_file: .*{said}"):
            create_app(settings)
    keys.unlink()
    with pytest.raises(ClientsError, match="cannot be read"):
        create_app(settings)


def test_a_form_of_whoever_comes_is_small(opened: Open, world: World) -> None:
    token = "of the people who look at the record"
    gate = opened(world.ehr, insight_token_sha256=hashlib.sha256(token.encode()).hexdigest())
    assert gate.post("/insight", data={"token": token}).status_code == 303
    assert gate.post("/insight", data={"token": "x" * 20_000}).status_code == 413
