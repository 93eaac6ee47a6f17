"""Calls and feedback over HTTP, and what the record then holds: everything but the patient."""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from hooks.protocol import load
from service import create_app, fixture
from service.decision import age_band, patient_hash
from service.feedback import MAX_ITEMS, MAX_SUGGESTIONS
from service.hook import ASSESSMENT
from service.record import Record, StoreDown
from service.record.tables import (
    Accepted,
    Card,
    Comment,
    Decision,
    Feedback,
    Suggestion,
    Table,
    Verdict,
)
from service.settings import Settings
from tests.conformance.exchange import SERVICE, fire
from tests.conformance.request import order_select
from tests.conftest import NOW, record_of

SECONDS = 20.0
FEEDBACK = f"{SERVICE}/feedback"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

Start = Callable[..., Flask]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts applications on one new database, at `NOW`."""
    started: list[Flask] = []

    def start(**changes: Any) -> Flask:
        settings = Settings(database_url=database_url, spool=tmp_path / "spool", **changes)
        started.append(create_app(settings, clock=lambda: NOW))
        return started[-1]

    yield start
    for app in started:
        record_of(app).stop()


def rows(app: Flask, table: type[Table]) -> Sequence[Any]:
    record = record_of(app)
    assert record.flush(SECONDS), "the decisions were not written"
    with record.store.reading() as connection:
        return connection.execute(select(table.__table__)).all()


def item(card: str, **changes: Any) -> dict[str, Any]:
    whole = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-23T10:01:00Z"}
    return {**whole, **changes}


def test_a_decision_is_recorded_as_it_was_answered(start: Start) -> None:
    app = start()
    answer = json.loads(fire(app.test_client(), order_select()).data)
    account = answer["extension"][ASSESSMENT]
    (row,) = rows(app, Decision)
    assert row.at == NOW
    assert row.hook_instance == "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    assert (row.service, row.hook, row.status) == ("magnesium-replacement", "order-select", 200)
    assert (row.band, row.rule, row.row) == (account["band"], account["rule"], account["row"])
    assert row.protocol_id == account["protocol"]["id"]
    assert row.protocol_version == account["protocol"]["version"]
    assert float(row.dose_grams) == account["dose"]["grams"]
    assert row.findings == [
        {"id": finding["id"], "rule": finding["rule"]} for finding in account["findings"]
    ]
    assert row.latency_ms > 0
    assert row.age_band == "40-64"
    assert not row.silent
    assert row.client is None
    assert [card.id for card in rows(app, Card)] == [card["uuid"] for card in answer["cards"]]
    offered = {suggestion["uuid"] for suggestion in answer["cards"][0]["suggestions"]}
    suggestions = rows(app, Suggestion)
    assert {suggestion.id for suggestion in suggestions} == offered
    first = min(suggestions, key=lambda suggestion: suggestion.position)
    assert [(action["type"], action["resourceType"]) for action in first.actions] == [
        ("create", "MedicationRequest"),
        ("create", "ServiceRequest"),
    ]


def test_a_refused_call_is_recorded_with_its_status(start: Start) -> None:
    app = start()
    client = app.test_client()
    without_data = order_select()
    del without_data["prefetch"]["magnesium"]
    assert fire(client, without_data).status_code == 412
    assert fire(client, {"hook": "order-select"}).status_code == 400
    assert client.post("/cds-services/nothing", json={}).status_code == 404
    recorded = {(row.status, row.band, row.hook_instance) for row in rows(app, Decision)}
    assert recorded == {(412, None, "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"), (400, None, None)}


class TestSilentMode:
    def test_no_card_is_shown_and_the_decision_is_recorded(self, start: Start) -> None:
        app = start(mode="silent")
        answer = json.loads(fire(app.test_client(), order_select()).data)
        assert answer["cards"] == []
        account = answer["extension"][ASSESSMENT]
        assert account["silent"] is True
        assert account["silence"].startswith("Silent mode:")
        assert account["rule"] == "DT1", "it was evaluated all the same"
        (row,) = rows(app, Decision)
        assert (row.silent, row.rule, row.cards) == (True, "DT1", 1)
        assert len(rows(app, Card)) == 1, "the card that would have been shown"

    def test_a_call_without_a_card_keeps_its_own_reason(self, start: Start) -> None:
        app = start(mode="silent")
        call = fixture.load(FIXTURES / "sandbox-blank-draft.json").request
        account = json.loads(fire(app.test_client(), call).data)["extension"][ASSESSMENT]
        assert account["silent"] is True
        assert account["silence"] == "The selected draft names no medication yet."

    def test_it_decides_as_in_live_mode(self, start: Start) -> None:
        live, silent = start(), start(mode="silent")
        for app in (live, silent):
            fire(app.test_client(), order_select())
        assert record_of(silent).flush(SECONDS)
        told = [(row.rule, row.band, row.dose_grams, row.cards) for row in rows(live, Decision)]
        assert len(told) == 2
        assert told[0] == told[1]


class TestFeedback:
    def test_it_is_there_when_it_is_acknowledged(self, start: Start) -> None:
        app = start()
        client = app.test_client()
        card = json.loads(fire(client, order_select()).data)["cards"][0]["uuid"]
        reason = {"reason": {"code": "r-1", "system": "http://r.example"}, "userComment": "No."}
        body = {"feedback": [item(card.upper(), overrideReason=reason)]}
        assert client.post(FEEDBACK, json=body).status_code == 200
        with record_of(app).store.reading() as connection:
            (row,) = connection.execute(select(Feedback.__table__)).all()
            comments = connection.execute(select(Comment.text)).scalars().all()
        assert row.card_id == card, "a UUID is the same in capitals"
        assert (row.reason_code, row.reason_system, row.reason_display) == (
            "r-1",
            "http://r.example",
            None,
        )
        assert row.received_at == NOW
        assert row.outcome_at == datetime(2026, 11, 23, 10, 1, tzinfo=UTC)
        assert comments == ["No."]

    def test_epics_words_are_understood(self, start: Start) -> None:
        app = start()
        prefix = "com.epic.cdshooks.feedback.overrideReason"
        extension = {f"{prefix}.reasonCategory": "45", f"{prefix}.reasonTitle": "Not met"}
        plural = item("123456", overrideReasons={"extension": extension, "userComment": "Text"})
        assert app.test_client().post(FEEDBACK, json={"feedback": [plural]}).status_code == 200
        (row,) = rows(app, Feedback)
        assert (row.reason_system, row.reason_code, row.reason_display) == (prefix, "45", "Not met")
        assert [comment.text for comment in rows(app, Comment)] == ["Text"]

    def test_a_malformed_item_keeps_the_whole_batch_out(self, start: Start) -> None:
        app = start()
        body = {"feedback": [item(str(uuid4())), item(str(uuid4()), outcome="ignored")]}
        assert app.test_client().post(FEEDBACK, json=body).status_code == 400
        assert rows(app, Feedback) == []

    def test_what_databases_cannot_hold_is_no_failure(self, start: Start) -> None:
        app = start()
        body = {"feedback": [item("a\0b", overrideReason={"userComment": "x\0y \U0001f642"})]}
        assert app.test_client().post(FEEDBACK, json=body).status_code == 200
        assert [comment.text for comment in rows(app, Comment)] == ["x\ufffdy \U0001f642"]

    def test_repeats_and_contradictions_are_kept_and_the_latest_counts(self, start: Start) -> None:
        app = start()
        card = str(uuid4())
        accepted = item(
            card,
            outcome="accepted",
            acceptedSuggestions=[{"id": str(uuid4())}],
            outcomeTimestamp="2026-11-23T10:00:00Z",
        )
        client = app.test_client()
        later = item(card, outcomeTimestamp="2026-11-23T10:02:00Z")
        for batch in ([item(card)], [accepted, accepted], [later]):
            assert client.post(FEEDBACK, json={"feedback": batch}).status_code == 200
        assert len(rows(app, Feedback)) == 4
        assert [row.outcome for row in rows(app, Verdict)] == ["overridden"]

    def test_a_batch_that_is_sent_again_is_kept_once(self, start: Start) -> None:
        """As 503 with Retry-After asks; what was refused may have been written all the same."""
        app = start()
        accepted = item("b", outcome="accepted", acceptedSuggestions=[{"id": "one"}, {"id": "two"}])
        items = [item("a", overrideReason={"userComment": "No."}), accepted, accepted]
        client = app.test_client()
        for _ in range(3):
            assert client.post(FEEDBACK, json={"feedback": items}).status_code == 200
        assert len(rows(app, Feedback)) == 3
        assert len(rows(app, Accepted)) == 4
        assert len(rows(app, Comment)) == 1
        differing = [
            item("a", overrideReason={"userComment": "Never."}),
            item("a", outcomeTimestamp="2026-11-23T10:01:00.001Z"),
            item("a", overrideReason={"userComment": "No.", "reason": {"code": "1"}}),
        ]
        for one in differing:
            assert client.post(FEEDBACK, json={"feedback": [one]}).status_code == 200
        assert len(rows(app, Feedback)) == 6, "what differs in anything is another report"

    def test_a_batch_beyond_all_measure_is_refused(self, start: Start) -> None:
        app = start()
        ids = [{"id": "a"}] * (MAX_SUGGESTIONS + 1)
        too_many = item("c", outcome="accepted", acceptedSuggestions=ids)
        just_enough = item("c", outcome="accepted", acceptedSuggestions=ids[1:])
        client = app.test_client()
        for body, member in (
            ({"feedback": [item(f"{n}") for n in range(MAX_ITEMS + 1)]}, "feedback"),
            ({"feedback": [item("c"), too_many]}, "feedback[1].acceptedSuggestions"),
        ):
            answer = client.post(FEEDBACK, json=body)
            assert answer.status_code == 413
            (issue,) = json.loads(answer.data)["issue"]
            assert (issue["code"], issue["expression"]) == ("too-costly", [member])
        assert rows(app, Feedback) == []
        most = [just_enough, *(item(f"{n}") for n in range(1, MAX_ITEMS))]
        assert client.post(FEEDBACK, json={"feedback": most}).status_code == 200
        assert len(rows(app, Feedback)) == MAX_ITEMS

    def test_while_the_store_is_down_it_is_refused_and_calls_are_answered(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = start()

        def down(*_: object) -> None:
            raise StoreDown("it is raining")

        with monkeypatch.context() as patch:
            patch.setattr(record_of(app).store, "append", down)
            patch.setattr(record_of(app).store, "write", down)
            client = app.test_client()
            answer = client.post(FEEDBACK, json={"feedback": [item(str(uuid4()))]})
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert json.loads(answer.data)["issue"][0]["code"] == "transient"
            assert fire(client, order_select()).status_code == 200
            assert client.get("/health/ready").status_code == 200
        assert len(rows(app, Decision)) == 1, "written once the store was back"


def test_readiness_tells_of_the_record(start: Start) -> None:
    app = start()
    fire(app.test_client(), order_select())
    assert record_of(app).flush(SECONDS)
    head = app.test_client().get("/protocol.json").get_json()["protocol"]["protocol"]
    assert app.test_client().get("/health/ready").get_json() == {
        "status": "ready",
        "protocol": {
            "id": head["id"],
            "version": head["version"],
            "status": head["status"],
            "digest": load().digest,
        },
        "record": {
            "store": "reachable",
            "down_seconds": 0.0,
            "queued": 0,
            "spooled": 0,
            "written": 1,
            "lost": 0,
        },
    }


def test_nothing_of_the_patient_is_kept_or_logged(tmp_path: Path, caplog: Any) -> None:
    """The seed patient with telling names: no byte of them in any file, no word in any log."""
    patient_id = "pat-Quillfeather-77"
    telling = {
        "id": patient_id,
        "resourceType": "Patient",
        "birthDate": "1964-02-29",
        "gender": "female",
        "name": [{"family": "Quillfeather", "given": ["Wilhelmina"]}],
        "identifier": [{"system": "urn:mrn", "value": "MRN-55512345"}],
    }
    call = json.loads(
        json.dumps(order_select(), default=float).replace(
            order_select()["context"]["patientId"], patient_id
        )
    )
    call["prefetch"]["patient"] = telling
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'magnesia.sqlite'}",
        spool=tmp_path / "spool",
        patient_key="a key of the site's own",
    )
    app = create_app(settings, clock=lambda: NOW)
    caplog.set_level(logging.DEBUG, logger="magnesia")
    client = app.test_client()
    answer = json.loads(fire(client, call).data)
    assert answer["cards"], "the case has to come to a card"
    card = answer["cards"][0]["uuid"]
    comment = "Wilhelmina is on dialysis"
    body = {"feedback": [item(card, overrideReason={"userComment": comment})]}
    assert client.post(FEEDBACK, json=body).status_code == 200
    record = record_of(app)
    assert record.flush(SECONDS)
    with record.store.writing() as connection:
        connection.execute(Comment.__table__.delete())  # type: ignore[attr-defined]
    record.store.scrub()
    record.stop()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert card.encode() in kept, "the case looks where the record is"
    for word in ("Quillfeather", "Wilhelmina", "1964", "MRN-555", "pat-Quill", comment):
        assert word.encode() not in kept, f"{word} is in the record"
        assert word not in logged, f"{word} is in the log"


class TestPatientHash:
    def test_it_is_an_hmac_of_the_id(self) -> None:
        expected = hmac.new(b"a key of the site's own", b"123", hashlib.sha256).hexdigest()
        assert patient_hash("a key of the site's own", "123") == expected
        assert patient_hash("a key of the site's own", "Patient/123") == expected

    def test_without_a_key_there_is_none(self) -> None:
        assert patient_hash(None, "123") is None

    def test_repeats_can_be_counted(self, start: Start) -> None:
        app = start(patient_key="a key of the site's own")
        for _ in range(2):
            fire(app.test_client(), order_select())
        hashes = [row.patient_hash for row in rows(app, Decision)]
        assert len(hashes) == 2
        assert len(set(hashes)) == 1
        assert hashes[0] is not None

    def test_it_is_off_by_default(self, start: Start) -> None:
        app = start()
        fire(app.test_client(), order_select())
        assert [row.patient_hash for row in rows(app, Decision)] == [None]


@dataclass
class Born:
    born_first: date | None
    born_last: date | None


@dataclass
class Chart:
    patient: Born | None


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2026-11-23", "0-17"),
        ("2008-11-24", "0-17"),
        ("2008-11-23", "18-39"),
        ("1986-11-24", "18-39"),
        ("1986-11-23", "40-64"),
        ("1961-11-24", "40-64"),
        ("1961-11-23", "65-79"),
        ("1946-11-24", "65-79"),
        ("1946-11-23", "80+"),
        ("1900-01-01", "80+"),
        ("2026-11-24", "unknown"),
    ],
)
def test_age_bands(born: str, band: str) -> None:
    day = date.fromisoformat(born)
    assert age_band(Chart(Born(day, day)), NOW) == band


@pytest.mark.parametrize(
    ("first", "last", "band"),
    [
        (date(1970, 1, 1), date(1970, 12, 31), "40-64"),
        (date(1986, 1, 1), date(1986, 12, 31), "unknown"),
        (None, date(1970, 1, 1), "unknown"),
    ],
)
def test_a_coarse_birth_date(first: date | None, last: date | None, band: str) -> None:
    assert age_band(Chart(Born(first, last)), NOW) == band


def test_no_patient_no_age() -> None:
    assert age_band(None, NOW) == "unknown"
    assert age_band(Chart(None), NOW) == "unknown"


def test_a_record_is_one_of_the_applications_own(start: Start) -> None:
    assert isinstance(start().extensions["record"], Record)
