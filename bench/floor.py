"""What any Flask service on this machine costs: the same answer without the work.

The lean floor is the production server with one bare view: our parser, our answer as constant
bytes. The plain floor is Flask as its documentation deploys it: `get_json`, `jsonify`, gunicorn.

    python -m bench.floor lean|plain PORT WORKERS ANSWER
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask, Response, jsonify, request
from gunicorn.app.base import BaseApplication

from service import body
from service.running.server import Server, listen
from service.settings import Settings

View = Callable[..., Response]


class _Plain(BaseApplication):
    """Gunicorn as it comes, but for the number of processes."""

    def __init__(self, app: Flask, port: int, workers: int) -> None:
        self._app = app
        self._given = {"bind": f"127.0.0.1:{port}", "workers": workers, "loglevel": "warning"}
        super().__init__()

    def load_config(self) -> None:
        for name, value in {**self._given, "control_socket_disable": True}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app


def lean(answer: bytes) -> Flask:
    """A view that reads the body as the service does, and answers with `answer`."""

    def view(path: str) -> Response:  # noqa: ARG001
        body.decode(request.get_data())
        return Response(answer, content_type="application/json")

    return _application(view)


def plain(answer: bytes) -> Flask:
    """A view that reads and writes JSON with what Flask has for that."""
    document = msgspec.json.decode(answer)

    def view(path: str) -> Response:  # noqa: ARG001
        request.get_json()
        return jsonify(document)

    return _application(view)


def _application(view: View) -> Flask:
    app = Flask("floor", static_folder=None)
    app.add_url_rule("/cds-services/<path:path>", view_func=view, methods=["POST"])
    app.add_url_rule("/health/ready", "ready", lambda: jsonify(status="ready"))
    return app


def main(kind: str, port: str, workers: str, answer: str) -> None:
    """Serve one of the floors until stopped."""
    content = Path(answer).read_bytes()
    if kind == "plain":
        _Plain(plain(content), int(port), int(workers)).run()
        return
    settings = Settings(port=int(port), workers=int(workers))
    Server(lean(content), listen("127.0.0.1", int(port)), settings).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
