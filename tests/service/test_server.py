"""The real server: `magnesia serve` in a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

Start = Callable[..., subprocess.Popen[str]]

MAGNESIA = Path(sys.executable).with_name("magnesia")
SEED = Path(__file__).resolve().parents[2] / "fixtures" / "seed-mg-1.2.json"
SECONDS = 30.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the command with settings on top of a free port, in a directory of its own; ends it
    after the test."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [MAGNESIA, "serve", *arguments],
            env={**os.environ, "MAGNESIA_PORT": "0", **settings},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    """Where the process says that it serves; what it prints before is skipped."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Magnesia serves (http://[^/]+)/cds-services", line):
            return found[1]
    pytest.fail(f"it never said where it serves: {process.communicate()[1]}")


def group_is_gone(group: int) -> bool:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_serves_and_stops_clean(start: Start, stop: signal.Signals) -> None:
    process = start()
    where = address_of(process)
    assert requests.get(f"{where}/health/ready", timeout=SECONDS).json()["status"] == "ready"
    services = requests.get(f"{where}/cds-services", timeout=SECONDS).json()["services"]
    assert [service["id"] for service in services] == ["magnesium-replacement"]
    process.send_signal(stop)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert group_is_gone(process.pid), "no worker may outlive the server"


def test_it_fires_a_request_and_goes_on_serving(start: Start) -> None:
    process = start("--fire", str(SEED))
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("Magnesia serves "):
            break
    assert "WARNING" in printed
    assert "Source: " in printed
    found = re.search(r"http://127\.0\.0\.1:\d+", printed.splitlines()[-1])
    assert found
    assert requests.get(f"{found[0]}/health/live", timeout=SECONDS).status_code == 200
    process.terminate()
    assert process.wait(timeout=SECONDS) == 0


def test_a_port_in_use_is_one_clear_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(MAGNESIA_PORT=str(taken.getsockname()[1]))
        output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert output == ""
    assert re.fullmatch(
        r"magnesia: Cannot listen on 127\.0\.0\.1 port \d+: another program .*MAGNESIA_PORT.*\.\n",
        errors,
    )


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"MAGNESIA_HOST": "0.0.0.0", "MAGNESIA_AUTH": "off"}, "=off"),
        ({"MAGNESIA_BASE_URL": "https://cds.example.org"}, " is not set"),
    ],
    ids=["on every address", "behind a proxy"],
)
def test_open_to_other_machines_without_authentication_is_said_loudly(
    start: Start, settings: dict[str, str], why: str
) -> None:
    process = start(**settings)
    address_of(process)
    process.terminate()
    _, errors = process.communicate(timeout=SECONDS)
    assert re.search(rf'"warning".*MAGNESIA_AUTH{why}: everyone who can reach', errors)


def test_a_body_over_the_limit_is_refused_however_it_is_sent(start: Start) -> None:
    where = address_of(start(MAGNESIA_MAX_BODY_BYTES="2048"))
    url = f"{where}/cds-services/magnesium-replacement"
    headers = {"Content-Type": "application/json"}
    whole = requests.post(url, data=b" " * 4096, headers=headers, timeout=SECONDS)
    chunked = requests.post(url, data=iter([b" " * 4096]), headers=headers, timeout=SECONDS)
    for answer in (whole, chunked):
        assert answer.status_code == 413
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_chunked_body_is_read(start: Start) -> None:
    where = address_of(start())
    answer = requests.post(
        f"{where}/cds-services/magnesium-replacement",
        data=iter([SEED.read_bytes()]),
        headers={"Content-Type": "application/json"},
        timeout=SECONDS,
    )
    assert answer.status_code == 200, answer.text
    assert "cards" in answer.json()
