"""GET /health/live and /health/ready: for whoever starts, stops and balances processes."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify


def routes(
    protocol: Mapping[str, str] | None, record_state: Callable[[], Mapping[str, object]] | None
) -> Blueprint:
    """Whether the process lives, and whether it is ready for calls.

    A service whose store is down is ready, for it answers: the body says what the record is like.
    The numbers are those of the process that happens to answer.
    """
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def live() -> Response:
        return jsonify(status="live")

    # The application is made only once everything that it needs has been read and checked.
    @blueprint.get("/ready")
    def ready() -> Response:
        body: dict[str, object] = {"status": "ready"}
        if protocol is not None:
            body["protocol"] = dict(protocol)
        if record_state is not None:
            body["record"] = dict(record_state())
        return jsonify(body)

    return blueprint
