"""What one call was: timed by its stages, told in one line of the log, counted.

No context, prefetch, card text, token or header is ever logged.
"""

import logging
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from threading import Lock
from time import monotonic, perf_counter
from typing import Any, Literal, get_args

from flask import g

from service.hook import Answer
from service.observability import log
from service.observability.trace import Trace

#: The way of a call: where callers are asked who they are its token is checked, its body comes in,
#: the envelope is opened, the prefetch sorted and completed, the hook asked, the response written.
Stage = Literal["token", "body", "envelope", "prefetch", "hook", "response"]
STAGES: tuple[Stage, ...] = get_args(Stage)

#: Lines about refused calls that a process writes in a second; whoever floods the service must
#: not fill its disk too.
MOST_REFUSALS = 50
#: How long nothing more is said of a refusal of the same kind.
QUIET_SECONDS = 10.0

_calls = logging.getLogger("magnesia.call")


class Clockwork:
    """How long a call takes, in all and by stage; runs from the moment it is made, or `began`.

    `let_in` is when its token had been checked; without one there is no such stage.
    """

    __slots__ = ("_began", "_since", "_stage", "seconds")

    def __init__(self, began: float | None = None, let_in: float | None = None) -> None:
        self._began = self._since = perf_counter() if began is None else began
        self._stage: Stage = "body"
        #: By stage, of those that have ended.
        self.seconds: dict[Stage, float] = {}
        if let_in is not None:
            self.seconds["token"] = let_in - self._began
            self._since = let_in

    def enter(self, stage: Stage) -> None:
        """End the stage that runs and begin another."""
        now = perf_counter()
        self.seconds[self._stage] = now - self._since
        self._stage, self._since = stage, now

    def stop(self) -> None:
        """End the stage that runs; a call that is refused ends in the stage that refused it."""
        self.enter(self._stage)

    @property
    def total(self) -> float:
        """Seconds so far."""
        return perf_counter() - self._began


@dataclass
class Call:
    """One call to a hook, as its log line, the counts and the record tell it. `hook` and
    `instance` are set once they have been checked, so that nothing a caller makes up reaches the
    log."""

    service: str
    at: datetime
    client: str | None = None
    silent: bool = False
    hook: str = "-"
    instance: str = "-"
    rule: str = "-"
    patient_hash: str | None = None
    answer: Answer | None = None
    trace: Trace | None = None
    time: Clockwork = field(default_factory=Clockwork)

    @property
    def alert(self) -> str:
        """Whether the clinician saw a card: `card`, `none`, `silent` (there was one, and it was
        withheld) or `-` for a call that was refused."""
        if self.answer is None:
            return "-"
        if not self.answer.cards:
            return "none"
        return "silent" if self.silent else "card"

    def log(self, status: int, seconds: float) -> None:
        """Write the line."""
        answer = self.answer
        _write(
            status,
            {
                "event": "call",
                "service": self.service,
                "hook": _said(self.hook),
                "hookInstance": _said(self.instance),
                "client": self.client,
                "status": status,
                "rule": _said(self.rule),
                "cards": 0 if answer is None or self.silent else len(answer.cards),
                "silent": self.silent,
                "ms": _milliseconds(seconds),
                "stages": {name: _milliseconds(spent) for name, spent in self.time.seconds.items()},
                "trace": None if self.trace is None else self.trace.id,
            },
        )


@dataclass
class FeedbackCall:
    """One batch of feedback, as its log line tells it: never a card, a reason or a comment."""

    service: str
    client: str | None = None
    #: What was reported of each card: `accepted` or `overridden`.
    outcomes: tuple[str, ...] = ()
    trace: Trace | None = None
    time: Clockwork = field(default_factory=Clockwork)

    def log(self, status: int, seconds: float) -> None:
        """Write the line."""
        _write(
            status,
            {
                "event": "feedback",
                "service": self.service,
                "client": self.client,
                "status": status,
                "items": len(self.outcomes),
                "ms": _milliseconds(seconds),
                "trace": None if self.trace is None else self.trace.id,
            },
        )


class Flood:
    """Lets through so many in a second, and counts the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = 0
        self._admitted = 0
        self.held_back = 0

    def admits(self, now: float) -> bool:
        """Whether one more may pass."""
        if int(now) != self._second:
            self._second, self._admitted = int(now), 0
        self._admitted += 1
        if self._admitted <= self._most:
            return True
        self.held_back += 1
        return False


class Sparing:
    """Tells of what happens again and again: for each key at most once in QUIET_SECONDS, with how
    often it has happened since it was last told. Used by many threads at once."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._since: dict[Hashable, tuple[float, int]] = {}

    def times(self, key: Hashable) -> int:
        """It has happened: how many times are to be told now; 0: it is not time to."""
        with self._lock:
            now = self._clock()
            told_at, times = self._since.get(key, (-math.inf, 0))
            if now - told_at < QUIET_SECONDS:
                self._since[key] = told_at, times + 1
                return 0
            self._since[key] = now, 0
        return times + 1


_flood = Flood(MOST_REFUSALS)


def _write(status: int, event: Mapping[str, Any]) -> None:
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and not _flood.admits(monotonic()):
        return
    if _flood.held_back:
        count, _flood.held_back = _flood.held_back, 0
        _calls.warning({"event": "refused calls were not logged one by one", "count": count})
    _calls.info(event)


def log_failure(error: BaseException | None) -> None:
    """Log where the service failed, and at which call."""
    call = g.get("call")
    log.failed(error, hookInstance=_said(call.instance) if isinstance(call, Call) else None)


def _said(text: str) -> str | None:
    return None if text == "-" else text


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
