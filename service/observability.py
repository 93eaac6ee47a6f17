"""What an operator sees: one log line a call, failures without patient data, and health.

No context, prefetch, card text, token or header is ever logged.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from flask import Blueprint, Response, g, jsonify

from service.hook import Answer

_calls = logging.getLogger("magnesia.call")
_failures = logging.getLogger("magnesia.failure")


@dataclass
class Call:
    """One call to a hook, as its log line and the record tell it. `hook` and `instance` are set
    once they have been checked, so that nothing a caller makes up reaches the log."""

    service: str
    at: datetime
    client: str | None = None
    silent: bool = False
    hook: str = "-"
    instance: str = "-"
    rule: str = "-"
    patient_hash: str | None = None
    answer: Answer | None = None
    _began: float = field(default_factory=perf_counter)

    @property
    def milliseconds(self) -> float:
        """How long the call has taken so far."""
        return (perf_counter() - self._began) * 1000

    def log(self, status: int) -> None:
        """Write the line."""
        _calls.info(
            "service=%s hook=%s hookInstance=%s status=%d rule=%s ms=%.1f",
            self.service,
            self.hook,
            self.instance,
            status,
            self.rule,
            self.milliseconds,
        )


@dataclass
class FeedbackCall:
    """One batch of feedback, as its log line tells it: never a card, a reason or a comment."""

    service: str
    items: int = 0
    _began: float = field(default_factory=perf_counter)

    def log(self, status: int) -> None:
        """Write the line."""
        milliseconds = (perf_counter() - self._began) * 1000
        _calls.info(
            "service=%s feedback=%d status=%d ms=%.1f",
            self.service,
            self.items,
            status,
            milliseconds,
        )


def log_failure(error: BaseException | None) -> None:
    """Log where the service failed. The messages of the errors are left out, as they may repeat
    what the request held."""
    lines: list[str] = []
    while error is not None:
        lines += [f"{type(error).__qualname__} at\n", *traceback.format_tb(error.__traceback__)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    call = g.get("call")
    instance = call.instance if isinstance(call, Call) else "-"
    _failures.error("hookInstance=%s failed: %s", instance, "".join(lines).rstrip())


def configure_logging(level: str) -> None:
    """Send the service's log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("magnesia")
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False


def routes(record_state: Callable[[], dict[str, object]] | None) -> Blueprint:
    """Whether the process lives, and whether it is ready for calls.

    A service whose store is down is ready: it answers, and says here what has not been written.
    The numbers are those of the process that happens to answer.
    """
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def live() -> Response:
        return jsonify(status="live")

    # The application is made only once everything that it needs has been read and checked.
    @blueprint.get("/ready")
    def ready() -> Response:
        if record_state is None:
            return jsonify(status="ready")
        return jsonify(status="ready", record=record_state())

    return blueprint
