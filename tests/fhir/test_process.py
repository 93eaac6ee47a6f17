"""The real service in processes of its own, beside a FHIR server that fails in every way."""

import gzip
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import IO, Any

import pytest
import requests

from service import fixture
from service.clock import utc_now
from service.fhir.breaker import FAILURES, REST_SECONDS
from tests.conformance.stage import encode
from tests.fhir.script import (
    FhirServer,
    Play,
    Script,
    answer,
    drip_body,
    drip_headers,
    drop,
    hang,
    say,
    serving,
)

MAGNESIA = Path(sys.executable).with_name("magnesia")
SEED = fixture.load(Path(__file__).resolve().parents[2] / "fixtures" / "seed-mg-1.2.json")
TOKEN = "opaque-5f1e77-access"
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}
LONGEST_SECONDS = 2.0
THREE = ("magnesium", "potassium", "creatinine")


@dataclass
class House:
    """A service and the FHIR server that it reads."""

    process: subprocess.Popen[str]
    url: str
    fhir: FhirServer
    log: IO[str]

    @property
    def script(self) -> Script:
        return self.fhir.script

    def call(self, *missing: str) -> dict[str, Any]:
        """The seed call, as of now, without these keys."""
        call = SEED.freshened(utc_now())
        call["fhirServer"] = self.fhir.base
        call["fhirAuthorization"] = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/*.read",
            "subject": "magnesia",
        }
        call["prefetch"] = dict.fromkeys(self.script.templates) | call["prefetch"]
        for key in missing:
            del call["prefetch"][key]
        return call

    def post(self, call: dict[str, Any]) -> tuple[requests.Response, float]:
        began = perf_counter()
        response = requests.post(
            f"{self.url}/cds-services/magnesium-replacement",
            data=encode(call),
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        return response, perf_counter() - began

    def play(self, plays: dict[str, Play]) -> None:
        """Give the data of the seed call, except for these keys."""
        seed = SEED.freshened(utc_now())["prefetch"]
        self.script.plays = {
            key: answer(encode(seed[key]) if key in seed else EMPTY)
            for key in self.script.templates
        } | plays

    def stop(self) -> str:
        """End the service; what it wrote to its log."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        self.log.seek(0)
        return self.log.read()


@contextmanager
def house(**settings: str) -> Iterator[House]:
    patient = SEED.request["context"]["patientId"]
    # A pipe that nobody reads would fill up and stop the service.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as log,
        serving(Script({}, patient, {}, answer(EMPTY, 400))) as fhir,
    ):
        process = subprocess.Popen(
            [MAGNESIA, "serve"],
            env={
                **os.environ,
                "MAGNESIA_PORT": "0",
                "MAGNESIA_WORKERS": "1",
                "MAGNESIA_FHIR_SERVERS": fhir.base,
                **settings,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            found = re.search(r"(http://[^/]+)/cds-services", process.stdout.readline())
            assert found, "it never said where it serves"
            services = requests.get(f"{found[1]}/cds-services", timeout=30).json()["services"]
            fhir.script.templates = services[0]["prefetch"]
            one = House(process, found[1], fhir, log)
            one.play({})
            yield one
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


@pytest.fixture(scope="module")
def served() -> Iterator[House]:
    with house() as one:
        yield one


@pytest.fixture
def whole(served: House) -> House:
    """A service whose FHIR server has everything; it is healthy again before each test."""
    served.play({})
    served.script.seen.clear()
    return served


def test_a_call_without_prefetch_is_answered(whole: House) -> None:
    call = whole.call()
    del call["prefetch"]
    response, seconds = whole.post(call)
    assert response.status_code == 200, response.text
    assert response.json()["extension"]["org.magnesia.assessment"]["band"] == "severe"
    assert whole.script.keys == sorted(whole.script.templates)
    assert seconds < 0.5


def test_keys_are_fetched_at_the_same_time(whole: House) -> None:
    seed = whole.call()["prefetch"]
    whole.play({key: answer(encode(seed[key]), after=0.4) for key in THREE})
    response, seconds = whole.post(whole.call(*THREE))
    assert response.status_code == 200, response.text
    assert 0.4 <= seconds < 0.75, f"three keys of 0.4 s took {seconds:.2f} s"


@pytest.mark.parametrize("play", [hang, drip_headers, drip_body])
def test_a_server_that_hangs_does_not_keep_the_call(whole: House, play: Play) -> None:
    whole.play(dict.fromkeys(whole.script.templates, play) | {"patient": answer(EMPTY, 403)})
    call = whole.call()
    del call["prefetch"]
    response, seconds = whole.post(call)
    assert response.status_code == 412, response.text
    assert seconds < 1.5 + 0.25, f"{seconds:.2f} s"
    assert seconds < LONGEST_SECONDS


def test_a_server_that_hangs_is_left_alone_after_a_while_and_tried_again() -> None:
    with house(MAGNESIA_FETCH_DEADLINE_MS="300") as one:
        one.play(dict.fromkeys(THREE, hang))
        call = one.call(*THREE)
        slow = [one.post(call)[1] for _ in range(FAILURES)]
        asked = len(one.script.seen)
        quick = [one.post(call) for _ in range(10)]
        assert min(slow) >= 0.3
        assert max(seconds for _, seconds in quick) < 0.2, "the answer stays quick"
        assert all("left alone" in response.text for response, _ in quick)
        assert len(one.script.seen) == asked, "it is left alone"
        one.play({})
        time.sleep(REST_SECONDS)
        response, _ = one.post(call)
        assert response.status_code == 200, "it is tried again"


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b" " * 200_000_000), gzip.compress(gzip.compress(b" " * 200_000_000))],
    ids=["once", "twice"],
)
def test_a_compressed_bomb_is_not_unpacked(content: bytes) -> None:
    with house() as one:
        encoding = "gzip" if len(content) > 10_000 else "gzip, gzip"
        bomb = answer(content, headers={"Content-Encoding": encoding})
        one.play(dict.fromkeys(THREE, bomb))
        assert one.post(one.call())[0].status_code == 200
        worker = worker_of(one.process)
        before = memory(worker)
        for _ in range(5):
            response, seconds = one.post(one.call(*THREE))
            assert response.status_code == 412
            assert "too large" in response.text
            assert seconds < LONGEST_SECONDS
        grown = memory(worker) - before
        assert grown < 60_000_000, f"{grown / 1e6:.0f} MB more at the most"


def test_a_compressed_answer_is_read(whole: House) -> None:
    content = gzip.compress(encode(whole.call()["prefetch"]["magnesium"]))
    whole.play({"magnesium": answer(content, headers={"Content-Encoding": "gzip"})})
    assert whole.post(whole.call("magnesium"))[0].status_code == 200


def worker_of(process: subprocess.Popen[str]) -> int:
    """The one worker of a server; skips where the system does not tell."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("this system does not say which processes a process has started")
    (worker,) = children.read_text(encoding="ascii").split()
    return int(worker)


def memory(pid: int) -> int:
    """The most memory that a process has held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def threads_and_files(pid: int) -> tuple[int, int]:
    own = Path(f"/proc/{pid}")
    return len(list((own / "task").iterdir())), len(list((own / "fd").iterdir()))


FAILING: list[Play] = [
    hang,
    drop,
    drip_headers,
    drip_body,
    answer({"resourceType": "OperationOutcome"}, 500),
    answer(b"<html></html>"),
    answer(b" " * 3_000_000),
    say(b"nonsense\r\n\r\n"),
    answer(b"", 302, {"Location": "http://169.254.169.254/"}),
]


def test_calls_that_fail_leave_no_thread_and_no_socket_behind() -> None:
    with house(MAGNESIA_FETCH_DEADLINE_MS="100") as one:
        worker = worker_of(one.process)

        def fail(_: int) -> tuple[int, float]:
            response, seconds = one.post(one.call("magnesium", "potassium", "patient"))
            return response.status_code, seconds

        def run(count: int) -> list[tuple[int, float]]:
            results: list[tuple[int, float]] = []
            with ThreadPoolExecutor(4) as callers:
                for play in FAILING:
                    # The patient is always had, so that the breaker lets every call through.
                    one.play({"magnesium": play, "potassium": play})
                    results += callers.map(fail, range(count // len(FAILING) + 1))
            time.sleep(0.3)
            return results

        run(60)
        before = threads_and_files(worker)
        results = run(300)
        after = threads_and_files(worker)
        assert {status for status, _ in results} == {412}
        assert max(seconds for _, seconds in results) < LONGEST_SECONDS
        assert len(results) >= 300
        # What four callers with three keys each may have in use at once is kept, and no more.
        assert after[0] - before[0] <= 12, f"threads: {before[0]}, then {after[0]}"
        assert after[1] - before[1] <= 12, f"open files: {before[1]}, then {after[1]}"


def test_the_log_holds_no_token_and_no_patient() -> None:
    with house(MAGNESIA_LOG_LEVEL="debug", MAGNESIA_FETCH_DEADLINE_MS="200") as one:
        odd_headers = say(b"HTTP/1.1 200 OK\r\nno header at all\r\nContent-Length: 2\r\n\r\n{}")
        for play in [*FAILING, odd_headers, answer(EMPTY)]:
            one.play({"magnesium": play})
            call = one.call("magnesium", "patient")
            answered, _ = one.post(call)
            assert answered.status_code in {200, 412}
        log = one.stop()
    assert "hookInstance" in log
    patient = SEED.request["context"]["patientId"]
    for secret in (TOKEN, patient, "Observation?", one.fhir.base, "Traceback"):
        assert secret not in log, f"{secret!r} is in the log"


def test_a_kept_connection_makes_a_fetch_quick(whole: House) -> None:
    times = [whole.post(whole.call("magnesium"))[1] for _ in range(30)]
    assert median(times) < 0.1, f"{median(times) * 1000:.0f} ms"
