"""Calls at a fixed rate, whatever becomes of those before: each is due at its own moment.

What a caller waits is counted from the moment at which its call was due, so a service that falls
behind cannot hide it by slowing its callers down.
"""

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected
from uuid import uuid4

from tests.durability.load import SERVICE, Call, post

#: The headers that show who calls: new ones for every call.
Credentials = Callable[[], Mapping[str, str]]

#: Enough that a call is sent when it is due while others wait for a FHIR server that hangs.
THREADS = 96
#: A connection that was idle for so long is not used again: the service closes it after 2 s.
_IDLE_SECONDS = 1.0
_TIMEOUT = 20.0


class End(StrEnum):
    """What became of a call."""

    ANSWERED = "answered"
    REFUSED = "connection refused"
    CLOSED = "connection closed before a byte of an answer"
    CUT = "part of an answer"
    HUNG = "no answer in 20 s"


@dataclass(frozen=True)
class Sent:
    """One call: which of the kinds it was, when it was due and sent, and how it ended."""

    name: str
    kind: int
    due: float
    began: float
    ended: float
    end: End
    status: int | None = None

    @property
    def seconds(self) -> float:
        """How long the caller waited, from the moment the call was due."""
        return self.ended - self.due

    @property
    def taken(self) -> float:
        """How long the service had it, and the way there and back."""
        return self.ended - self.began

    @property
    def lateness(self) -> float:
        """How much later than due it was sent: the fault of the sender or of a busy machine."""
        return self.began - self.due


@dataclass
class Storm:
    """`calls` in turn, `rate` a second for `seconds`, from as many connections as needed."""

    port: int
    calls: Sequence[Call]
    rate: float
    seconds: float
    credentials: Credentials = dict
    sent: list[Sent] = field(default_factory=list)

    def start(self) -> None:
        """Begin; the senders end by themselves."""
        self._numbers = itertools.count()
        self._start = time.monotonic() + 0.1
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Wait until every call has ended."""
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)) as connection:
            used = 0.0
            while True:
                number = next(self._numbers)
                due = self._start + number / self.rate
                if number >= self.rate * self.seconds:
                    return
                time.sleep(max(0.0, due - time.monotonic()))
                if time.monotonic() - used > _IDLE_SECONDS:
                    connection.close()
                self.sent.append(self._send(connection, number % len(self.calls), due))
                used = time.monotonic()

    def _send(self, connection: HTTPConnection, kind: int, due: float) -> Sent:
        name, status = str(uuid4()), None
        body, headers = self.calls[kind].named(name), self.credentials()
        began = time.monotonic()
        try:
            status = post(connection, SERVICE, body, headers)
            end = End.ANSWERED
        except ConnectionRefusedError:
            end = End.REFUSED
        except (RemoteDisconnected, ConnectionError):
            end = End.CLOSED
        except TimeoutError:
            end = End.HUNG
        except (IncompleteRead, HTTPException):
            end = End.CUT
        if end is not End.ANSWERED:
            connection.close()
        return Sent(name, kind, due, began, time.monotonic(), end, status)
