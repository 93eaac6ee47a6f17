"""Bodies on the wire of the production server: those that do not come, and those that break off."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from service.clock import utc_now
from service.running.arrivals import LATE_SECONDS
from service.running.worker import CONNECTIONS, DRAIN_SECONDS
from service.upload import MOST_HEARD_OUT
from tests.conformance.stage import encode
from tests.service.test_processes import (
    PATH,
    SECONDS,
    SEED,
    Served,
    exchange,
    service,
    until,
)
from tests.trust.issuer import Issuer, write_clients

BASE_URL = "http://127.0.0.1:8000"
ISSUER = Issuer("Example EHR", "https://ehr.example")
#: What a busy machine may take beyond what is asked for.
BUSY_SECONDS = 20.0


def head(*lines: str, path: str = PATH) -> bytes:
    return "\r\n".join(
        (f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *lines, "", "")
    ).encode()


@contextmanager
def stalled(port: int, number: int, path: str = PATH) -> Iterator[list[socket.socket]]:
    """So many connections on which a body has begun and does not go on."""
    with ExitStack() as opened:
        connections = []
        for _ in range(number):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", port), SECONDS))
            one.sendall(head("Content-Length: 1000", path=path) + b"{")
            connections.append(one)
        yield connections


def lives(one: Served, seconds: float = 2.0) -> bool:
    try:
        return requests.get(f"{one.url}/health/live", timeout=seconds).ok
    except requests.RequestException:
        return False


def answered(connections: list[socket.socket]) -> int:
    """How many of them have got something to read."""
    number = 0
    for each in connections:
        each.setblocking(False)
        try:
            number += each.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            continue
    return number


def test_a_process_held_by_bodies_that_do_not_come_is_replaced(tmp_path: Path) -> None:
    with service(tmp_path, MAGNESIA_WORKERS="1") as one:
        (before,) = one.workers()
        with stalled(one.port, CONNECTIONS):
            # The others wait in the listener's queue, and are answered by the next process.
            limit = LATE_SECONDS + DRAIN_SECONDS + BUSY_SECONDS
            assert until(lambda: lives(one), limit), "nobody is kept out for ever"
            assert one.workers() != [before]
            assert one.call().status_code == 200
        said = re.findall(
            r"\d+ calls have waited .* this process is replaced", (tmp_path / "log").read_text()
        )
        assert len(said) == 1
        assert one.stop() == 0


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process that asks callers who they are."""
    directory = tmp_path_factory.mktemp("guarded")
    with service(
        directory,
        MAGNESIA_WORKERS="1",
        MAGNESIA_AUTH="required",
        MAGNESIA_BASE_URL=BASE_URL,
        MAGNESIA_CLIENTS=str(write_clients(directory, ISSUER)),
        MAGNESIA_LOG_LEVEL="info",
    ) as one:
        yield one


def token() -> dict[str, str]:
    return {
        "Authorization": f"Bearer {ISSUER.token(BASE_URL + PATH)}",
        "Content-Type": "application/json",
    }


def post(one: Served, body: object, headers: dict[str, str]) -> int:
    return requests.post(one.url + PATH, data=body, headers=headers, timeout=SECONDS).status_code  # type: ignore[arg-type]


def test_who_has_no_token_holds_nobody_up_with_his_body(guarded: Served) -> None:
    body = encode(SEED.freshened(utc_now()))
    with stalled(guarded.port, CONNECTIONS) as connections:
        refused = CONNECTIONS - MOST_HEARD_OUT
        assert until(lambda: answered(connections) >= refused, BUSY_SECONDS), (
            "refused without waiting for what they send"
        )
        began = time.monotonic()
        assert lives(guarded, SECONDS)
        assert post(guarded, body, token()) == 200
        took = time.monotonic() - began
        assert took < LATE_SECONDS / 2, f"two calls took {took:.1f} s"


def test_where_no_token_is_needed_no_body_is_waited_for(guarded: Served) -> None:
    with stalled(guarded.port, CONNECTIONS, "/health/live") as connections:
        assert until(lambda: answered(connections) == CONNECTIONS, BUSY_SECONDS)


def test_a_refused_caller_with_a_large_body_still_sees_why(guarded: Served) -> None:
    large = b"{" + b" " * 4_000_000
    json = {"Content-Type": "application/json"}
    assert [post(guarded, large, json) for _ in range(5)] == [401] * 5
    assert post(guarded, iter([large]), json) == 401, "chunked"


def test_a_stated_size_is_refused_before_the_token_and_a_chunked_body_after_it(
    guarded: Served,
) -> None:
    stated = exchange(guarded.port, head("Content-Length: 5000000"))
    assert stated.startswith(b"HTTP/1.1 413"), stated[:80]
    pieces = [b" " * 65536] * 65
    json = {"Content-Type": "application/json"}
    assert post(guarded, iter(pieces), json) == 401
    assert post(guarded, iter(pieces), token()) == 413


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with service(tmp_path_factory.mktemp("served"), MAGNESIA_WORKERS="1") as one:
        yield one


def test_a_body_that_breaks_off_is_refused_whatever_came(served: Served) -> None:
    body = encode(SEED.freshened(utc_now()))
    with socket.create_connection(("127.0.0.1", served.port), SECONDS) as connection:
        connection.sendall(head(f"Content-Length: {len(body) + 50}") + body)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65536):
            received += more
    assert received.startswith(b"HTTP/1.1 400"), received[:80]
    assert b"shorter than its Content-Length" in received
    assert b"http.Content-Length" in received
    assert b"cards" not in received


@pytest.mark.parametrize("path", [PATH, f"{PATH}/feedback"], ids=["call", "feedback"])
def test_a_body_that_breaks_off_is_logged_and_counted(guarded: Served, path: str) -> None:
    log = guarded.directory / "log"
    lines = len(log.read_text().splitlines())
    letter = f"Authorization: Bearer {ISSUER.token(BASE_URL + path)}"
    with socket.create_connection(("127.0.0.1", guarded.port), SECONDS) as connection:
        connection.sendall(head("Content-Length: 1000", letter, path=path) + b"{}")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")

    def told() -> list[dict[str, Any]]:
        new = [json.loads(line) for line in log.read_text().splitlines()[lines:]]
        return [line for line in new if line["event"] in {"call", "feedback"}]

    assert until(lambda: len(told()) == 1, SECONDS), "one line for each call and each batch"
    (line,) = told()
    assert (line["status"], line["client"]) == (400, ISSUER.name)
    if path == PATH:
        assert list(line["stages"]) == ["token", "body", "envelope"]
        counted = requests.get(f"{guarded.url}/metrics", timeout=SECONDS).text
        for series in (
            'magnesia_calls_total{alert="-",rule="-",service="magnesium-replacement",status="400"}',
            f'magnesia_client_calls_total{{client="{ISSUER.name}",status="400"}}',
        ):
            assert f"{series} 1.0" in counted


def test_half_an_object_in_chunks_that_break_off_is_refused(served: Served) -> None:
    half = encode(SEED.freshened(utc_now()))[:-2]
    chunk = f"{len(half):x}\r\n".encode() + half + b"\r\n"
    with socket.create_connection(("127.0.0.1", served.port), SECONDS) as connection:
        connection.sendall(head("Transfer-Encoding: chunked") + chunk)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")
