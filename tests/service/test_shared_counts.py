"""Counts of several processes: whichever answers, all are told, also of those that were killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from service import fixture
from service.clock import utc_now
from service.observability import shared_counts
from service.running.slots import Slots
from tests.conformance.stage import encode
from tests.service.test_server import SECONDS, SEED, Start, address_of, start

__all__ = ["start"]

CALLS = 60


def samples(where: str) -> dict[str, float]:
    page = requests.get(f"{where}/metrics", timeout=SECONDS)
    assert page.status_code == 200
    lines = [line for line in page.text.splitlines() if not line.startswith("#")]
    names = Counter(line.rpartition(" ")[0] for line in lines)
    assert set(names.values()) == {1}, "a sample is there once"
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def calls(where: str) -> float:
    found = samples(where)
    total = sum(value for name, value in found.items() if name.startswith("magnesia_calls_total"))
    assert found['magnesia_call_duration_seconds_count{service="magnesium-replacement"}'] == total
    return total


def fire(where: str, times: int) -> None:
    url = f"{where}/cds-services/magnesium-replacement"
    body = encode(fixture.load(SEED).freshened(utc_now()))
    headers = {"Content-Type": "application/json"}

    def post(_: int) -> int:
        return requests.post(url, data=body, headers=headers, timeout=SECONDS).status_code

    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(post, range(times))) == {200}


def workers(process: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def counting(directory: Path) -> int:
    """How many processes have counted a call."""
    return sum(b"calls" in path.read_bytes() for path in directory.glob("counter_*.db"))


def test_every_process_tells_what_all_have_counted(start: Start, tmp_path: Path) -> None:
    # A pipe of log lines that nobody reads would fill up and stop the service.
    process = start(MAGNESIA_WORKERS="2", TMPDIR=str(tmp_path), MAGNESIA_LOG_LEVEL="warning")
    where = address_of(process)
    (directory,) = tmp_path.glob("magnesia-metrics-*")
    fired = 0
    deadline = time.monotonic() + SECONDS
    # The service is ready when one of its processes is; who takes a call is left to the kernel.
    while counting(directory) < 2:
        assert time.monotonic() < deadline, "one process has answered every call"
        fire(where, CALLS)
        fired += CALLS
    assert {calls(where) for _ in range(12)} == {fired}

    files = len(list(directory.iterdir()))
    for round_ in range(1, 4):
        before = workers(process)
        os.kill(before[0], signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while before[0] in workers(process) or len(workers(process)) < 2:
            assert time.monotonic() < deadline, "the killed process was never replaced"
            time.sleep(0.05)
        fire(where, CALLS)
        assert calls(where) == fired + CALLS * round_, "a call is counted once, whoever was killed"
    assert len(list(directory.iterdir())) <= files + 4, "files do not pile up with each process"

    process.terminate()
    process.communicate(timeout=SECONDS)
    assert list(tmp_path.glob("magnesia-metrics-*")) == [], "a stop leaves nothing behind"


def test_a_new_start_counts_from_zero_and_cleans_up(start: Start, tmp_path: Path) -> None:
    first = start(TMPDIR=str(tmp_path))
    where = address_of(first)
    fire(where, 3)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    left = list(tmp_path.glob("magnesia-metrics-*"))
    assert len(left) == 1, "a kill leaves its files"
    foreign = tmp_path / "magnesia-metrics-of-nobody"
    foreign.mkdir()
    where = address_of(start(TMPDIR=str(tmp_path)))
    assert not left[0].exists()
    assert foreign.exists(), "what is not known to be ours is left alone"
    assert calls_so_far(where) == 0


def calls_so_far(where: str) -> float:
    return sum(v for name, v in samples(where).items() if name.startswith("magnesia_calls_total"))


def test_two_services_on_one_machine_count_apart(start: Start, tmp_path: Path) -> None:
    one, other = (address_of(start(TMPDIR=str(tmp_path))) for _ in range(2))
    fire(one, 4)
    fire(other, 7)
    assert (calls(one), calls(other)) == (4, 7)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, for some processes and no more."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("nobody may mount a disk here")
    yield place
    subprocess.run(["/bin/umount", "--lazy", str(place)], check=True)


def test_a_full_disk_costs_counts_and_no_call(start: Start, small_disk: Path) -> None:
    process = start(MAGNESIA_WORKERS="1", TMPDIR=str(small_disk), MAGNESIA_LOG_LEVEL="warning")
    where = address_of(process)
    fire(where, 5)
    fill = small_disk / "fill"
    with contextlib.suppress(OSError), fill.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    fire(where, CALLS)
    assert calls(where) == 5 + CALLS, "there was room for what is counted"

    (worker,) = workers(process)
    os.kill(worker, signal.SIGKILL)
    wait_for_another(process, worker)
    fire(where, CALLS)
    assert process.poll() is None
    fill.unlink()
    before = calls_so_far(where)
    fire(where, 3)
    assert calls_so_far(where) == before + 3, "where there is room again, it is counted again"


def test_without_room_for_the_counts_the_start_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(shared_counts.SharedCountsError, match="TMPDIR: No space left on device"):
        shared_counts.SharedCounts(tmp_path)


def test_a_directory_that_was_cleaned_away_costs_counts_and_no_call(
    start: Start, tmp_path: Path
) -> None:
    process = start(MAGNESIA_WORKERS="1", TMPDIR=str(tmp_path), MAGNESIA_LOG_LEVEL="warning")
    where = address_of(process)
    fire(where, 5)
    (directory,) = tmp_path.glob("magnesia-metrics-*")
    shutil.rmtree(directory)
    fire(where, 5)
    samples(where)
    (worker,) = workers(process)
    os.kill(worker, signal.SIGKILL)
    wait_for_another(process, worker)
    fire(where, CALLS)
    assert calls(where) == CALLS, "whoever comes after counts anew"


def wait_for_another(process: subprocess.Popen[str], worker: int) -> None:
    deadline = time.monotonic() + SECONDS
    while worker in workers(process) or not workers(process):
        assert time.monotonic() < deadline, "the killed process was never replaced"
        time.sleep(0.05)


def test_without_a_directory_the_start_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: str) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(shared_counts.SharedCountsError, match="TMPDIR: Permission denied"):
        shared_counts.begin()


def test_a_number_is_held_until_its_process_ends(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    assert slots.own() == "0"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, slots.own().encode())
        signal.pause()
        os._exit(0)
    try:
        assert os.read(reading, 8) == b"1", "a forked process has a number of its own"
        with slots.abandoned() as dead:
            assert dead == []
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
    with slots.abandoned() as dead:
        assert dead == ["1"]
    assert Slots(tmp_path).own() == "1", "the number of a dead process is given again"
