"""The production server's processes: what happens when one dies, hangs, or is told to stop, and
when clients are slow."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
import requests
from sqlalchemy import create_engine, text

from service import fixture
from service.clock import utc_now
from tests.conformance.stage import encode
from tests.fhir.script import Script, answer, serving

MAGNESIA = Path(sys.executable).with_name("magnesia")
SEED = fixture.load(Path(__file__).resolve().parents[2] / "fixtures" / "seed-mg-1.2.json")
PATH = "/cds-services/magnesium-replacement"
SECONDS = 60.0
HEADERS = {"Content-Type": "application/json"}
# A process that gives no sign of life is replaced after 15 s, seen and ended within a few more.
HANG_SECONDS = 15.0 + 10.0


class Served:
    """A running service, with its files in `directory`."""

    def __init__(self, process: subprocess.Popen[str], port: int, directory: Path) -> None:
        self.process = process
        self.port = port
        self.directory = directory

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """The processes that answer calls; skips where the system does not tell."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not children.exists():
            pytest.skip("this system does not say which processes a process has started")
        return [int(pid) for pid in children.read_text(encoding="ascii").split()]

    def call(self, body: bytes | None = None) -> requests.Response:
        """One call on a connection of its own."""
        seed = encode(SEED.freshened(utc_now())) if body is None else body
        return requests.post(self.url + PATH, data=seed, headers=HEADERS, timeout=SECONDS)

    def stop(self) -> int:
        """Tell it to stop; how it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def recorded(self) -> int:
        """How many decisions are in the record, the spool counted in by the next start."""
        engine = create_engine(f"sqlite:///{self.directory}/var/magnesia.sqlite")
        with engine.connect() as connection:
            count = connection.execute(text("SELECT count(*) FROM decision")).scalar_one()
        engine.dispose()
        return int(count)


@contextmanager
def service(directory: Path, **settings: str) -> Iterator[Served]:
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [MAGNESIA, "serve"],
            env={**os.environ, "MAGNESIA_PORT": "0", "MAGNESIA_LOG_LEVEL": "warning", **settings},
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[^/]+:(\d+)/cds-services", process.stdout.readline())
        assert found, (directory / "log").read_text()
        one = Served(process, int(found[1]), directory)
        assert requests.get(f"{one.url}/health/ready", timeout=SECONDS).ok
        yield one
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def both_workers(one: Served) -> list[int]:
    """The two processes; the first answers before the other has begun."""
    assert until(lambda: len(one.workers()) == 2, SECONDS)
    return one.workers()


def test_a_process_that_dies_is_replaced_and_calls_go_on(tmp_path: Path) -> None:
    with service(tmp_path) as one:
        before = both_workers(one)
        for victim in before:
            # One after the other and at once: this must not look like a service that cannot start.
            os.kill(victim, signal.SIGKILL)
            assert one.call().status_code == 200, "the calls go on"
        assert until(
            lambda: len(one.workers()) == 2 and not set(before) & set(one.workers()), SECONDS
        ), "each is replaced"
        assert all(one.call().status_code == 200 for _ in range(20))
        assert one.stop() == 0


def test_a_process_that_hangs_is_replaced_and_keeps_no_new_call(tmp_path: Path) -> None:
    with service(tmp_path) as one:
        hung, _ = both_workers(one)
        os.kill(hung, signal.SIGSTOP)
        # It may have been given a connection just then; nobody is given one after that.
        time.sleep(0.2)
        assert all(one.call().status_code == 200 for _ in range(20))
        assert until(lambda: hung not in one.workers(), HANG_SECONDS), "it is ended"
        assert until(lambda: len(one.workers()) == 2, SECONDS), "it is replaced"
        assert one.call().status_code == 200
        assert one.stop() == 0


def test_a_stop_under_load_loses_no_call_and_no_record(tmp_path: Path) -> None:
    answered = 0
    stopping = Event()

    def call_on_and_on() -> tuple[int, list[str]]:
        """On one connection until it is refused: how many were answered, and what went wrong."""
        session, good, odd = requests.Session(), 0, []
        body = encode(SEED.freshened(utc_now()))
        while True:
            try:
                response = session.post(one.url + PATH, data=body, headers=HEADERS, timeout=SECONDS)
            except requests.ConnectionError as error:
                if not stopping.is_set():
                    odd.append(repr(error))
                return good, odd
            if response.status_code != 200 or "cards" not in response.json():
                odd.append(f"{response.status_code}: {response.text[:100]}")
            good += 1

    with service(tmp_path) as one, ThreadPoolExecutor(8) as callers:
        running = [callers.submit(call_on_and_on) for _ in range(8)]
        time.sleep(2)
        stopping.set()
        began = time.monotonic()
        assert one.stop() == 0
        took = time.monotonic() - began
        for each in running:
            good, odd = each.result()
            answered += good
            assert not odd
    # What has not ended after 12 s is killed; the rest is a busy machine's.
    assert took < 20, f"it took {took:.1f} s"
    assert answered >= 8
    with service(tmp_path) as one:
        # What the end left in the spool is written by the next start.
        assert until(lambda: one.recorded() >= answered, 20), (
            f"{answered} calls were answered, {one.recorded()} are in the record"
        )
        assert one.stop() == 0


def test_a_stop_waits_for_calls_that_wait_for_a_fhir_server(tmp_path: Path) -> None:
    slow = answer({"resourceType": "Bundle", "type": "searchset", "total": 0}, after=1.0)
    patient = SEED.request["context"]["patientId"]
    with (
        serving(Script({}, patient, {}, slow)) as fhir,
        service(tmp_path, MAGNESIA_FHIR_SERVERS=fhir.base, MAGNESIA_WORKERS="1") as one,
        ThreadPoolExecutor(8) as callers,
    ):
        services = requests.get(f"{one.url}/cds-services", timeout=SECONDS).json()["services"]
        fhir.script.templates = services[0]["prefetch"]
        fhir.script.plays = dict.fromkeys(fhir.script.templates, slow)
        call = SEED.freshened(utc_now())
        call["fhirServer"] = fhir.base
        call["fhirAuthorization"] = {
            "access_token": "opaque",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/*.read",
            "subject": "magnesia",
        }
        del call["prefetch"]["weight"]
        body = encode(call)
        waiting = [callers.submit(one.call, body) for _ in range(8)]
        assert until(lambda: len(fhir.script.seen) >= 1, SECONDS), "they wait"
        time.sleep(0.3)
        assert one.stop() == 0
        assert [each.result().status_code for each in waiting] == [200] * 8


@pytest.mark.parametrize("slow", ["headers", "bodies"])
def test_two_hundred_slow_clients_keep_nobody_waiting(tmp_path: Path, slow: str) -> None:
    body = encode(SEED.freshened(utc_now()))
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
    ).encode()
    begun, more = (head, b"X-More: x\r\n") if slow == "headers" else (head + b"\r\n", b" ")
    ended = Event()

    def drip(connections: list[socket.socket]) -> None:
        while not ended.wait(0.5):
            for each in connections:
                each.sendall(more)

    with service(tmp_path) as one, ExitStack() as opened:
        connections = [
            opened.enter_context(socket.create_connection(("127.0.0.1", one.port)))
            for _ in range(200)
        ]
        for each in connections:
            each.sendall(begun)
        dripping = Thread(target=drip, args=(connections,))
        dripping.start()
        try:
            time.sleep(1)
            began = time.monotonic()
            assert all(one.call(body).status_code == 200 for _ in range(20))
            took = time.monotonic() - began
        finally:
            ended.set()
            dripping.join()
        assert took < 5, f"20 calls took {took:.1f} s beside 200 clients with slow {slow}"
        assert one.stop() == 0, "slow clients do not keep it from stopping"


def exchange(port: int, sent: bytes) -> bytes:
    """What comes back on one connection until it is closed, or nothing has come for 2 s."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.settimeout(2)
        connection.sendall(sent)
        received = b""
        try:
            while more := connection.recv(65536):
                received += more
        except TimeoutError:
            return received
    return received


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with service(tmp_path_factory.mktemp("served")) as one:
        yield one


def test_pipelined_calls_are_answered_in_order(served: Served) -> None:
    calls = b"".join(
        f"GET {path} HTTP/1.1\r\nHost: x\r\n{last}\r\n".encode()
        for path, last in [
            ("/health/live", ""),
            ("/nothing-here", ""),
            ("/health/live", "Connection: close\r\n"),
        ]
    )
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", exchange(served.port, calls))
    assert statuses == [b"200", b"404", b"200"]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 7\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length : 5\r\n",
        b"Transfer-Encoding: gibberish\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_call_framed_in_two_ways_never_begins_another(served: Served, framing: bytes) -> None:
    smuggled = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    call = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    received = exchange(served.port, call + framing + b"\r\n0\r\n\r\n" + smuggled)
    assert received.startswith(b"HTTP/1.1 4"), received[:80]
    assert len(re.findall(rb"HTTP/1\.1 \d+", received)) == 1, received
    assert b'"live"' not in received


def test_headers_beyond_all_measure_are_refused(served: Served) -> None:
    long = exchange(served.port, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 200_000)
    many = exchange(served.port, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: a\r\n" * 500 + b"\r\n")
    assert long.startswith(b"HTTP/1.1 431"), long[:80]
    assert many.startswith(b"HTTP/1.1 431"), many[:80]
