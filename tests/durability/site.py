"""A site that runs Magnesia: `magnesia serve` as a process group, its settings, its death."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

import msgspec

MAGNESIA = Path(sys.executable).with_name("magnesia")
SECONDS = 60.0


class Site:
    """One host: a port of its own, a directory in which the service keeps its files, and more
    settings by their variables."""

    def __init__(self, directory: Path, database_url: str, workers: int = 2) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._environment = {
            **os.environ,
            "MAGNESIA_PORT": str(self.port),
            "MAGNESIA_DATABASE_URL": database_url,
            "MAGNESIA_WORKERS": str(workers),
            "MAGNESIA_LOG_LEVEL": "warning",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._master().poll() is None:
            self.kill()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def expect(self, **settings: str) -> None:
        """Change settings, by their variables, before it is started."""
        self._environment |= settings

    @property
    def log(self) -> str:
        """What the service has logged."""
        return (self._directory / "log").read_text()

    def start(self) -> None:
        """Start the service and wait until it answers."""
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [MAGNESIA, "serve"],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + SECONDS
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the service did not start: {self.log}")
            time.sleep(0.05)

    def ready(self) -> dict[str, Any] | None:
        """What /health/ready says; None while nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("GET", "/health/ready")
            answer: dict[str, Any] = msgspec.json.decode(connection.getresponse().read())
        except (OSError, HTTPException, msgspec.DecodeError):
            return None
        finally:
            connection.close()
        return answer

    def kill_worker(self, chance: random.Random) -> None:
        """Kill one of the processes that answer calls; the service replaces it."""
        os.kill(chance.choice(self.workers()), signal.SIGKILL)

    def kill(self) -> None:
        """Kill every process of the service at once."""
        master = self._master()
        os.killpg(master.pid, signal.SIGKILL)
        master.wait()

    def stop(self) -> None:
        """Stop the service as an operator does, and wait for its end."""
        self.tell_to_stop()
        self.wait()

    def wait(self) -> int:
        """Wait for the service to end; its exit status."""
        return self._master().wait(SECONDS)

    def tell_to_stop(self) -> None:
        """Send what an operator's stop sends, and go on at once."""
        master = self._master()
        if master.poll() is None:
            master.terminate()

    def workers(self) -> list[int]:
        """The processes that answer calls."""
        return _children(self._master().pid)

    def processes(self) -> list[int]:
        """The service's process, and all that it has started."""
        found = [self._master().pid]
        for pid in found:
            found += _children(pid)
        return found

    def _master(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the service was never started"
        return self._process


def _children(pid: int) -> list[int]:
    """The processes that a process has started, by whichever of its threads."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
