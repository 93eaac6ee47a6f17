"""The application under attack: called as a WSGI server calls it, its log and its clock in view."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, g
from werkzeug.test import run_wsgi_app

from service import create_app
from service.observability import Call
from service.settings import Settings
from tests.conftest import NOW, record_of
from tests.fuzz.attack import Attack

#: Bodies over this are refused: small enough that attacks reach it.
LIMIT = 256 * 1024


@dataclass(frozen=True)
class Outcome:
    """What came back, how long it took, and what was logged meanwhile."""

    status: int
    media_type: str
    body: bytes
    seconds: float
    log: str


class _Listener(logging.Handler):
    """Keeps what the service logs until it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def take(self) -> str:
        lines, self.lines = self.lines, []
        return "\n".join(lines)


class Target:
    """One application, at the tests' moment."""

    def __init__(self, app: Flask, listener: _Listener) -> None:
        self._app = app
        self._listener = listener
        self._record = record_of(app)
        self._calls = 0
        app.teardown_request(self._count)

    def take(self, attack: Attack) -> Outcome:
        """Answer an attack."""
        environ = _environ(attack)
        began = time.perf_counter()
        parts, status, headers = run_wsgi_app(self._app, environ)
        body = b"".join(parts)
        seconds = time.perf_counter() - began
        return Outcome(
            int(status.partition(" ")[0]),
            headers.get("Content-Type", ""),
            body,
            seconds,
            self._listener.take(),
        )

    def unrecorded(self) -> list[str]:
        """What is wrong with the record after all this: a decision that could not be written."""
        flushed = self._record.flush(60)
        state = self._record.state()
        if not flushed or state["lost"]:
            return [f"the record lost a decision: {state}"]
        if state["written"] != self._calls:
            return [f"{self._calls} calls, and {state['written']} decisions in the record"]
        return []

    def _count(self, _: BaseException | None) -> None:
        """Count a call that reached a hook: for each of them there is a decision in the record."""
        self._calls += isinstance(g.get("call"), Call)


@contextmanager
def running(directory: Path) -> Iterator[Target]:
    """The application, with its record in a directory."""
    settings = Settings(database_url=f"sqlite:///{directory / 'fuzz.sqlite'}", max_body_bytes=LIMIT)
    app = create_app(settings, clock=lambda: NOW)
    listener, logger = _Listener(), logging.getLogger("magnesia")
    level, propagates = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel("INFO")
    logger.propagate = False
    try:
        yield Target(app, listener)
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = propagates
        record_of(app).stop()


def _environ(attack: Attack) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": attack.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": attack.path,
        "QUERY_STRING": attack.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(attack.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(attack.body)),
    }
    for name, value in attack.headers:
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
        # A server takes the chunks apart, and says that the body ends by itself.
        environ["wsgi.input_terminated"] = True
    return environ
