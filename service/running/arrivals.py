"""Bodies that are still arriving: for how long the calls of this process have waited for them.

The HTTP engine times headers and not bodies, and nothing ends a read that waits for one. Each such
call keeps a thread, so a process in which too many of them wait is of no more use, and the server
replaces it (`service.running.worker`).
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

#: A body that has not come after so long is late. A client that is only slow, or a proxy that
#: does not gather bodies before it passes them on, may have a few of these.
LATE_SECONDS = 10.0

Application = Callable[[dict[str, Any], Any], Any]


class Arrivals:
    """The calls of this process that wait for their bodies."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since: dict[int, float] = {}

    def watched(self, application: Application) -> Application:
        """The WSGI application, with every read of a body watched."""

        def call(environ: dict[str, Any], start_response: Any) -> Any:
            if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
                environ["wsgi.input"] = _Watched(environ["wsgi.input"], self._since, self._clock())
            return application(environ, start_response)

        return call

    def late(self) -> int:
        """How many of them have waited for longer than LATE_SECONDS."""
        limit = self._clock() - LATE_SECONDS
        # Threads come and go in it meanwhile.
        return sum(since < limit for since in list(self._since.values()))


class _Watched:
    """A body that is among the `waiting` while it is read, with the moment its call began: slow
    bytes are no excuse."""

    __slots__ = ("_began", "_body", "_waiting")

    def __init__(self, body: Any, waiting: dict[int, float], began: float) -> None:
        self._body = body
        self._waiting = waiting
        self._began = began

    def read(self, size: int = -1) -> bytes:
        self._waiting[id(self)] = self._began
        try:
            data: bytes = self._body.read(None if size < 0 else size)
        finally:
            del self._waiting[id(self)]
        return data
