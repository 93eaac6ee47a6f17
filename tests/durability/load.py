"""Clients that call and report, and remember exactly what was acknowledged."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from service import fixture

SERVICE = "/cds-services/magnesium-replacement"
SEED = Path(__file__).resolve().parents[2] / "fixtures" / "seed-mg-1.2.json"
_TIMEOUT = 40.0


@dataclass
class Ledger:
    """What clients of one kind were told. `sent` includes what was never answered."""

    sent: int = 0
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0
    unanswered: int = 0
    #: (when it was sent, seconds until the answer), of what was acknowledged.
    times: list[tuple[float, float]] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)


class Load:
    """Threads that post decisions and feedback until told to stop, or until enough have come.

    `rate` is how many of its kind one thread sends in a second; without it, as fast as answers
    come.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.decisions = Ledger()
        self.feedback = Ledger()
        self._call = Call(fixture.load(SEED).freshened(datetime.now(UTC)))

    def start(
        self, threads: tuple[int, int], total: int | None = None, rate: float | None = None
    ) -> None:
        """Start `threads` clients for decisions and for feedback; `total` of each kind."""
        for ledger, post, count in (
            (self.decisions, self._decision, threads[0]),
            (self.feedback, self._feedback, threads[1]),
        ):
            for index in range(count):
                thread = threading.Thread(
                    target=self._run,
                    args=(ledger, post, self._ports[index % len(self._ports)], total, rate),
                    daemon=True,
                )
                thread.start()
                self._threads.append(thread)

    def wait_for(self, done: int) -> None:
        """Wait until both kinds have come so far, or the clients have ended."""
        while (
            min(len(self.decisions.acknowledged), len(self.feedback.acknowledged)) < done
            and self.running
        ):
            time.sleep(0.002)

    @property
    def running(self) -> bool:
        """Whether any client still sends."""
        return any(thread.is_alive() for thread in self._threads)

    def finish(self) -> None:
        """Wait for the clients to end by themselves."""
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """Let each client finish its call, and end."""
        self._stop.set()
        self.finish()

    def _run(
        self,
        ledger: Ledger,
        post: Callable[[HTTPConnection, str], int],
        port: int,
        total: int | None,
        rate: float | None,
    ) -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)) as connection:
            self._send(connection, ledger, post, total, rate)

    def _send(
        self,
        connection: HTTPConnection,
        ledger: Ledger,
        post: Callable[[HTTPConnection, str], int],
        total: int | None,
        rate: float | None,
    ) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            with self._lock:
                if total is not None and len(ledger.acknowledged) >= total:
                    return
                ledger.sent += 1
            if rate is not None:
                due += 1 / rate
                time.sleep(max(0.0, due - time.monotonic()))
            name = str(uuid4())
            began = time.monotonic()
            try:
                status = post(connection, name)
            except (OSError, HTTPException):
                connection.close()
                with self._lock:
                    ledger.unanswered += 1
                time.sleep(0.05)
                continue
            took = time.monotonic() - began
            with self._lock:
                ledger.statuses.add(status)
                if status == 200:
                    ledger.acknowledged.append(name)
                    ledger.times.append((began, took))
                else:
                    ledger.refused += 1
            if status == 503:
                # Not as long as Retry-After says: the harder the case.
                time.sleep(0.05)

    def _decision(self, connection: HTTPConnection, name: str) -> int:
        return post(connection, SERVICE, self._call.named(name))

    def _feedback(self, connection: HTTPConnection, name: str) -> int:
        item = {
            "card": name,
            "outcome": "overridden",
            "outcomeTimestamp": datetime.now(UTC).isoformat(),
        }
        return post(connection, f"{SERVICE}/feedback", msgspec.json.encode({"feedback": [item]}))


class Call:
    """A request that is sent many times, each time under another hookInstance."""

    def __init__(self, request: dict[str, Any]) -> None:
        instance = str(request["hookInstance"]).encode()
        encoder = msgspec.json.Encoder(decimal_format="number")
        self._before, self._after = encoder.encode(request).split(instance)

    def named(self, name: str) -> bytes:
        """The body, under this hookInstance."""
        return self._before + name.encode() + self._after


def post(
    connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str] | None = None
) -> int:
    """The status of the whole answer to a POST; raises OSError or HTTPException."""
    connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def percentile(times: Sequence[float], share: float) -> float:
    """The time within which so large a share of the answers came, in milliseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000
