"""The log: one line for each thing that happened, on standard error.

Everything goes one way: the service's own loggers, the server's, the libraries'. A line of the
service's own says only what its code chose to say; of anybody else's message nothing is kept that
could repeat what a caller sent, and of an exception only its kind and its place.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from service import exact
from service.observability.courier import Courier
from service.settings import LogFormat

OWN = "magnesia"
_ALL = ""

_failures = logging.getLogger("magnesia.failure")

Event = MutableMapping[str, Any]
Renderer = Callable[[Any, str, Event], str | bytes]


def configure(level: str, form: LogFormat | None) -> None:
    """Send everything to standard error, in `form`; without one as text to a terminal, else as
    JSON. `level` is for what the service says itself; of others only warnings are told."""
    text = sys.stderr.isatty() if form is None else form == "text"
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(_for_people(colors=sys.stderr.isatty()) if text else _json))
    for name, least in ((OWN, level.upper()), (_ALL, "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(least)
    logging.getLogger(OWN).propagate = False
    logging.captureWarnings(capture=True)
    # What ends a thread would print its message, and with it what the thread was at work on.
    threading.excepthook = lambda fallen: failed(fallen.exc_value)


def set_apart() -> None:
    """From now on nobody who says something waits until it is written. The log is configured."""
    (handler,) = logging.getLogger(OWN).handlers
    courier = Courier(handler.formatter or Lines(_json), sys.stderr.fileno())
    for name in (OWN, _ALL):
        logging.getLogger(name).handlers[:] = [courier]


def failed(error: BaseException | None, **told: str | None) -> None:
    """Log that the service failed and where. The messages of the errors are left out, as they may
    repeat what a request held."""
    _failures.error({"event": "failure", **told, "errors": _kinds(error), "at": places(error)})


class Lines(logging.Formatter):
    """A record as one line. Its message is a sentence, or an event: a dict of plain values."""

    def __init__(self, render: Renderer) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if isinstance(record.msg, dict):
            event |= record.msg
        elif record.name == OWN or record.name.startswith(f"{OWN}."):
            event["event"] = record.getMessage()
        else:
            event["event"] = harmless(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            event |= {"errors": _kinds(error), "at": places(error)}
        line = self._render(None, "", event)
        return line if isinstance(line, str) else line.decode()


def harmless(message: str) -> str:
    """What can be kept of a message that is not ours: up to the first quotation mark, and without
    addresses. Servers and libraries quote headers and paths, and patients with them."""
    first = re.split(r"[\"'`\r\n]", message, maxsplit=1)[0]
    return re.sub(r"/\S*|\S*[?=]\S*", "...", first).strip()


def places(error: BaseException | None) -> list[str]:
    """Where an error and those before it were raised: file, line and function."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for each in _chain(error)
        for frame in _frames(each.__traceback__)
    ]


def _kinds(error: BaseException | None) -> list[str]:
    return [type(each).__qualname__ for each in _chain(error)]


def _frames(trace: TracebackType | None) -> Iterable[traceback.FrameSummary]:
    return traceback.extract_tb(trace)


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _json(_logger: Any, _method: str, event: Event) -> bytes:
    return exact.encode(event)


def _for_people(*, colors: bool) -> Renderer:
    # A service that runs unattended writes JSON, and does without what makes lines pretty.
    import structlog  # noqa: PLC0415

    console = structlog.dev.ConsoleRenderer(colors=colors, sort_keys=False)

    def render(logger: Any, method: str, event: Event) -> str:
        shown = {name: _printable(value) for name, value in event.items() if value is not None}
        shown["timestamp"] = f"{shown.pop('time'):%H:%M:%S}"
        places = shown.pop("at", [])
        return "\n    ".join([console(logger, method, shown), *places])

    return render


def _printable(value: Any) -> Any:
    """A text on one line, so that none can pass for another line."""
    if isinstance(value, str) and not value.isprintable():
        return value.encode("unicode_escape").decode()
    return value
