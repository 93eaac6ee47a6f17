"""What an operator sees: one log line a call, failures without patient data, and health.

No context, prefetch, card text, token or header is ever logged.
"""

import logging
import traceback
from dataclasses import dataclass, field
from time import perf_counter

from flask import Blueprint, Response, g, jsonify

_calls = logging.getLogger("magnesia.call")
_failures = logging.getLogger("magnesia.failure")


@dataclass
class Call:
    """One call to a hook, as its log line tells it. `hook` and `instance` are set once they have
    been checked, so that nothing a caller makes up reaches the log."""

    service: str
    hook: str = "-"
    instance: str = "-"
    rule: str = "-"
    _began: float = field(default_factory=perf_counter)

    def log(self, status: int) -> None:
        """Write the line."""
        _calls.info(
            "service=%s hook=%s hookInstance=%s status=%d rule=%s ms=%.1f",
            self.service,
            self.hook,
            self.instance,
            status,
            self.rule,
            (perf_counter() - self._began) * 1000,
        )


def log_call(response: Response) -> Response:
    """Log the call that `response` answers, if one was begun (an after_request function)."""
    call = g.get("call")
    if isinstance(call, Call):
        call.log(response.status_code)
    return response


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


def routes() -> Blueprint:
    """Whether the process lives, and whether it is ready for calls."""
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def live() -> Response:
        return jsonify(status="live")

    # The application is made only once everything that it needs has been read and checked.
    @blueprint.get("/ready")
    def ready() -> Response:
        return jsonify(status="ready")

    return blueprint
