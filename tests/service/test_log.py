"""The log: what a line holds, in which form, and what can never get into it."""

import io
import json
import logging
import sys
import threading
from collections.abc import Callable
from time import sleep
from typing import Any, Literal

import pytest
from flask import g
from flask.testing import FlaskClient

from service import observability, upload
from service.observability import MOST_REFUSALS, Flood, log
from tests.service.test_invocation import TEA

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

Written = Callable[[], str]
Configure = Callable[[Literal["json", "text"] | None], Written]


@pytest.fixture
def configure(
    monkeypatch: pytest.MonkeyPatch,
    undone: None,  # noqa: ARG001 - for what it does
) -> Configure:
    """Configures the log as the command line does; what it returns says what has been written."""

    def begin(form: Literal["json", "text"] | None) -> Written:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        log.configure("info", form)
        return stream.getvalue

    return begin


@pytest.fixture(autouse=True)
def _no_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observability, "_flood", Flood(MOST_REFUSALS))


def test_a_call_is_one_line_of_json(
    configure: Configure, client: FlaskClient, call: dict[str, Any]
) -> None:
    written = configure("json")
    client.post(TEA, json=call, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    (line,) = written().splitlines()
    said = json.loads(line)
    stages, milliseconds = said.pop("stages"), said.pop("ms")
    assert said.pop("time").endswith("Z")
    assert said == {
        "level": "info",
        "logger": "magnesia.call",
        "event": "call",
        "service": "tea",
        "hook": "order-select",
        "hookInstance": INSTANCE,
        "client": None,
        "status": 200,
        "rule": "T1",
        "cards": 1,
        "silent": False,
        "trace": TRACE,
    }
    assert list(stages) == ["body", "envelope", "prefetch", "hook", "response"]
    assert all(spent >= 0 for spent in stages.values())
    assert sum(stages.values()) == pytest.approx(milliseconds, abs=1)


def test_a_refused_call_ends_in_the_stage_that_refused_it(
    configure: Configure, client: FlaskClient, call: dict[str, Any]
) -> None:
    written = configure("json")
    client.post(TEA, json={**call, "hookInstance": 'x"}\n{"event":"call","status":200}'})
    (line,) = written().splitlines()
    said = json.loads(line)
    assert (said["status"], said["hookInstance"], said["cards"]) == (400, None, 0)
    assert list(said["stages"]) == ["body", "envelope"]


def test_where_callers_are_asked_who_they_are_the_token_is_a_stage(
    configure: Configure, client: FlaskClient, call: dict[str, Any]
) -> None:
    """The check of a token may wait for the client's keys; that is no slow network."""
    written = configure("json")

    def takes_long() -> None:
        sleep(0.05)
        g.client = "Example EHR"

    upload.install(client.application, 4096, takes_long)
    client.post(TEA, json=call)
    stages = json.loads(written())["stages"]
    assert list(stages) == ["token", "body", "envelope", "prefetch", "hook", "response"]
    assert stages["token"] >= 50 > stages["body"]


def test_text_is_for_people(
    configure: Configure, client: FlaskClient, call: dict[str, Any]
) -> None:
    written = configure("text")
    client.post(TEA, json=call)
    (line,) = written().splitlines()
    assert f"hookInstance={INSTANCE}" in line
    assert "\x1b" not in line, "colors are for terminals"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_text_can_pass_for_another_line(
    configure: Configure, form: Literal["json", "text"]
) -> None:
    written = configure(form)
    logging.getLogger("magnesia.call").info({"event": "call", "client": "a\nb\x1b[2J\u2028c\r"})
    logging.getLogger("magnesia.record").warning("one\nof two")
    assert len(written().splitlines()) == 2 if form == "text" else written().count("\n") == 2
    assert "\x1b" not in written()


def test_without_a_form_a_file_gets_json(configure: Configure) -> None:
    written = configure(None)
    logging.getLogger("magnesia.record").warning("The store is %s.", "down")
    assert json.loads(written())["event"] == "The store is down."


def test_a_failure_says_where_and_not_what(
    configure: Configure, client: FlaskClient, call: dict[str, Any]
) -> None:
    written = configure("json")
    call["context"] |= {"mood": "broken", "patientId": "Jane-Doe-42"}
    client.post(TEA, json=call)
    failure, line = map(json.loads, written().splitlines())
    assert (failure["event"], failure["errors"]) == ("failure", ["ValueError"])
    assert failure["hookInstance"] == INSTANCE
    assert any("tea.py" in place for place in failure["at"])
    assert (line["status"], line["stages"].keys() >= {"hook"}) == (500, True)
    assert "Jane-Doe-42" not in written()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_falls_says_where_and_not_what(configure: Configure) -> None:
    written = configure("json")

    def fall() -> None:
        raise ValueError("Jane-Doe-42")

    thread = threading.Thread(target=fall)
    thread.start()
    thread.join()
    assert json.loads(written())["errors"] == ["ValueError"]
    assert "Jane-Doe-42" not in written()


def test_of_another_loggers_message_nothing_is_kept_that_a_caller_said(
    configure: Configure,
) -> None:
    written = configure("json")
    server = logging.getLogger("tests.server")
    server.warning("Worker (pid:%s) was sent %s!", 7, "SIGKILL")
    server.warning("Invalid request from ip=%s: Invalid HTTP header: %r", "::1", "Jane-Doe: 42")
    server.error("Error handling request POST /Patient/Jane-Doe-42?name=Jane")
    try:
        int("Jane-Doe-42")
    except ValueError:
        server.exception("Socket error")
    server.info("not a warning")
    events = [json.loads(line) for line in written().splitlines()]
    assert [event["event"] for event in events] == [
        "Worker (pid:7) was sent SIGKILL!",
        "Invalid request from ... Invalid HTTP header:",
        "Error handling request POST ...",
        "Socket error",
    ]
    assert events[3]["errors"] == ["ValueError"]
    assert "Jane" not in written()


def test_a_flood_of_refusals_does_not_fill_the_disk(
    configure: Configure, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, call: dict[str, Any]
) -> None:
    now = [100.0]
    monkeypatch.setattr(observability, "monotonic", lambda: now[0])
    written = configure("json")
    for _ in range(MOST_REFUSALS + 20):
        client.post(TEA, json={})
    assert len(written().splitlines()) == MOST_REFUSALS
    client.post(TEA, json=call)
    now[0] += 1
    client.post(TEA, json={})
    *_, held_back, answered, refused = map(json.loads, written().splitlines())
    assert (held_back["level"], held_back["count"]) == ("warning", 20)
    assert (answered["status"], refused["status"]) == (200, 400)
