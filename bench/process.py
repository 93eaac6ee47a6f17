"""A server under measurement: its processes, what they cost and what they hold (Linux only)."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
#: A server is at rest when its processes used no more than this in that time.
_REST_SECONDS = 0.25
_REST_CPU = 0.02
_LONGEST_REST = 10.0


class NotStarted(Exception):
    """A server did not start; the message is what it said."""


@dataclass(frozen=True)
class Memory:
    """What one process holds, in MB: RSS counts shared pages whole, PSS its share of them."""

    rss: float
    pss: float


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Process:
    """A server in processes of its own; ended with the `with` block."""

    def __init__(
        self, command: Sequence[str], port: int, directory: Path, settings: Mapping[str, str]
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = port
        self._command = command
        self._directory = directory
        # The caller's own settings would make another service of it.
        own = {name: value for name, value in os.environ.items() if "MAGNESIA_" not in name}
        own["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
        self._environment = {**own, **settings}
        #: Seconds from the start of the command until it was ready.
        self.ready_after = 0.0

    def __enter__(self) -> Self:
        log = self._directory / "log"
        began = time.perf_counter()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        while not self._is_ready():
            if self._process.poll() is not None or time.perf_counter() - began > _START_SECONDS:
                self.__exit__()
                said = log.read_text(encoding="utf-8", errors="replace").strip()
                raise NotStarted(said.splitlines()[-1] if said else "it said nothing")
            time.sleep(0.01)
        self.ready_after = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                for pid in (*self.workers(), self._process.pid):
                    os.kill(pid, 9)
                self._process.wait()

    def workers(self) -> list[int]:
        """The processes that answer calls."""
        pid = self._process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def cpu_seconds(self) -> float:
        """CPU time so far, of user and system, of all its processes, ended ones included."""
        master = _times(self._process.pid)
        return sum(master) + sum(sum(_times(worker)[:2]) for worker in self.workers())

    def rest(self) -> None:
        """Wait until what a load left behind, such as the record's writing, is done."""
        deadline = time.monotonic() + _LONGEST_REST
        before = self.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(_REST_SECONDS)
            now = self.cpu_seconds()
            if now - before <= _REST_CPU:
                return
            before = now

    def memory(self) -> list[Memory]:
        """What each process that answers calls holds."""
        return [_memory(worker) for worker in self.workers()]

    def _is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def service(directory: Path, workers: int, **settings: str) -> Process:
    """The production server, with its record in `directory`."""
    port = free_port()
    return Process(
        [str(Path(sys.executable).with_name("magnesia")), "serve"],
        port,
        directory,
        {"MAGNESIA_PORT": str(port), "MAGNESIA_WORKERS": str(workers), **settings},
    )


def floor(kind: str, directory: Path, workers: int, answer: bytes) -> Process:
    """The `lean` or the `plain` floor, which answers with `answer`."""
    port = free_port()
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "answer.json"
    file.write_bytes(answer)
    command = [sys.executable, "-m", "bench.floor", kind, str(port), str(workers), str(file)]
    return Process(command, port, directory, {})


def _times(pid: int) -> tuple[float, ...]:
    """User and system time of a process, then of its children that have ended, in seconds."""
    # The name of the program, in brackets, may hold anything.
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return tuple(int(ticks) / _TICKS for ticks in after_name[11:15])


def _memory(pid: int) -> Memory:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", text, re.MULTILINE))
    return Memory(int(found["Rss"]) / 1024, int(found["Pss"]) / 1024)
