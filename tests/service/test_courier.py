"""The log on its way: in order and whole, and never in the way of who says something."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable

import pytest
import requests

from service import fixture
from service.clock import utc_now
from service.observability import courier as courier_module
from service.observability.courier import Courier
from service.observability.log import Lines
from tests.conformance.stage import encode
from tests.service.test_server import SECONDS, SEED, Start, address_of, start

__all__ = ["start"]

#: More than a pipe and a courier hold together.
MANY = 40_000


@pytest.fixture
def pipe() -> tuple[int, int]:
    """Left open: a courier may still hold what it would write."""
    return os.pipe()


def logger_of(courier: Courier) -> logging.Logger:
    logger = logging.getLogger("tests.courier")
    logger.handlers[:] = [courier]
    logger.propagate = False
    return logger


def lines_of() -> Lines:
    return Lines(lambda *said: json.dumps(said[-1], default=str))


def events(reading: int, until: str) -> list[str]:
    """What has been written, up to the line that says `until`."""
    text = b""
    deadline = time.monotonic() + SECONDS
    while until.encode() not in text:
        assert time.monotonic() < deadline, f"{until!r} never came"
        text += os.read(reading, 65_536)
    return [json.loads(line)["event"] for line in text.splitlines()]


def test_lines_of_many_threads_come_whole_and_each_threads_in_order(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    courier = Courier(lines_of(), writing)
    logger = logger_of(courier)

    def say(name: str) -> None:
        for number in range(200):
            logger.warning({"event": f"{name} {number}"})

    threads = [threading.Thread(target=say, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logger.warning({"event": "the end"})
    said = events(reading, "the end")
    for name in "abcd":
        own = [event for event in said if event.startswith(name)]
        assert own == [f"{name} {number}" for number in range(200)]


def test_a_reader_that_stalls_makes_nobody_wait_and_what_is_lost_is_told(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "_SILENT_SECONDS", 0.1)
    reading, writing = pipe
    courier = Courier(lines_of(), writing)
    logger = logger_of(courier)
    lost: list[int] = []
    noting = _Noting(lambda event: lost.append(event["count"]))
    logging.getLogger("magnesia.log").addHandler(noting)
    began = time.monotonic()
    for number in range(MANY):
        logger.warning({"event": str(number)})
    courier.flush()
    assert time.monotonic() - began < SECONDS, "whoever says something must not wait for a reader"
    os.set_blocking(reading, False)
    seen = 0
    deadline = time.monotonic() + SECONDS
    while sum(lost) + seen < MANY:
        assert time.monotonic() < deadline, f"{MANY - seen - sum(lost)} lines are not accounted for"
        try:
            seen += os.read(reading, 1 << 20).count(b"\n")
        except BlockingIOError:
            time.sleep(0.01)
    logging.getLogger("magnesia.log").removeHandler(noting)
    assert lost
    assert sum(lost) + seen == MANY, "every line is written or counted as lost"


class _Noting(logging.Handler):
    def __init__(self, note: Callable[[dict[str, int]], None]) -> None:
        super().__init__()
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.msg, dict)
        self._note(record.msg)


def test_a_line_that_has_no_form_keeps_no_other_back(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    reading, writing = pipe
    courier = Courier(lines_of(), writing)
    for message, *args in (("%d of two", "one"), ("the end",)):
        record = logging.LogRecord(
            "magnesia", logging.INFO, __file__, 1, message, tuple(args), None
        )
        courier.handle(record)
    assert events(reading, "the end") == ["the end"]


def test_a_service_whose_log_nobody_reads_answers(start: Start) -> None:
    # The pipe of its standard error is never read; 64 KiB are full after some 160 calls.
    process = start(MAGNESIA_WORKERS="1")
    where = address_of(process)
    url = f"{where}/cds-services/magnesium-replacement"
    body = encode(fixture.load(SEED).freshened(utc_now()))
    headers = {"Content-Type": "application/json"}
    with requests.Session() as session:
        for _ in range(600):
            answer = session.post(url, data=body, headers=headers, timeout=SECONDS)
            assert answer.status_code == 200
    assert requests.get(f"{where}/health/live", timeout=SECONDS).status_code == 200


def test_what_was_said_last_is_written_before_a_process_ends(start: Start) -> None:
    process = start(MAGNESIA_WORKERS="1")
    where = address_of(process)
    url = f"{where}/cds-services/magnesium-replacement"
    body = encode(fixture.load(SEED).freshened(utc_now()))
    requests.post(
        url, data=body, headers={"Content-Type": "application/json"}, timeout=SECONDS
    ).raise_for_status()
    process.terminate()
    _, errors = process.communicate(timeout=SECONDS)
    said = [json.loads(line)["event"] for line in errors.splitlines() if line.startswith("{")]
    assert said.count("call") == 1, "the line of the last call must not be lost with its process"
