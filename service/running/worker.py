"""One process of the production server: gunicorn starts, watches and replaces it, granian's HTTP
engine answers in it.

Gunicorn's own engine gives every connection that has begun to send a thread until the whole request
is there, so a few slow clients keep all the others out, and it costs more than the rest of a plain
Flask call. Granian reads headers without a thread, and keeps a thread for every call from its
headers to its answer. It has no deadline for what comes between, the body, so a process whose
threads are held by bodies that do not come replaces itself. Its own process manager is not used: it
ends the service when two processes die within seconds, and never notices one that hangs.
"""

import asyncio
import importlib
import os
import threading
from types import FrameType
from typing import Any

from granian.http import HTTP1Settings
from gunicorn.workers.base import Worker

from service.running.arrivals import LATE_SECONDS, Arrivals

#: Connections that one process serves at a time; the others wait in the listener's queue. Each of
#: them can have a thread of its own, so a slow body keeps another call waiting only when all are
#: taken; so do idle connections, until they are closed.
CONNECTIONS = 512
#: A process is replaced when more than these of its calls wait for bodies that are late: a few slow
#: clients are many fewer, and what is left still answers everybody else.
MOST_LATE = CONNECTIONS * 3 // 4
#: What calls under way are given to end when the process is to stop; no call may take that long.
DRAIN_SECONDS = 4.0
_HEARTBEAT_SECONDS = 1.0
#: How long a thread without work is kept.
_IDLE_THREAD_SECONDS = 30
#: Longer than proxies keep an idle connection (60 s for most), so that it is they who close it and
#: none sends a call into a connection that is just being closed.
_IDLE_CONNECTION_MILLISECONDS = 75_000
_HEADER_BYTES = 64 * 1024

# Granian's parts are not typed as they are; the version is pinned, and the tests of the server
# would see them change.
_core: Any = importlib.import_module("granian._granian")
_futures: Any = importlib.import_module("granian._futures")
_wsgi: Any = importlib.import_module("granian.wsgi")


class GranianWorker(Worker):
    """A gunicorn worker that leaves the listener to granian, and tells gunicorn that it lives."""

    def init_process(self) -> None:
        """Begin, load the application, and serve."""
        # Before gunicorn lets signals in.
        self._stop = _core.WorkerSignal()
        self._stopped = threading.Event()
        self._stop.add_cb(self._stopped.set)
        self._arrivals = Arrivals()
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop, then until the calls under way are answered."""
        # Gunicorn watches a process from its first sign of life on.
        self.notify()
        if not self.alive:
            return
        loop = asyncio.new_event_loop()
        try:
            self._serve(loop)
            self._watch()
        finally:
            # The interpreter would take its sockets away first and then complain of it.
            loop.close()

    def _watch(self) -> None:
        while self.alive and not self._stopped.wait(_HEARTBEAT_SECONDS):
            self.notify()
            if os.getppid() != self.ppid:
                self.log.info("The server that started this process is gone.")
                self._end()
            elif (late := self._arrivals.late()) > MOST_LATE:
                self.log.warning(
                    "%d calls have waited for more than %d s for their bodies: "
                    "this process is replaced.",
                    late,
                    LATE_SECONDS,
                )
                self._end()
        # Whoever connects from now on is refused, not left to wait.
        for listener in self.sockets:
            listener.close()
        self._stopped.wait(DRAIN_SECONDS)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop when what is under way is done (SIGTERM)."""
        self._end()

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """The same (SIGINT, SIGQUIT). Gunicorn's own way is an exception out of whatever runs just
        then, which may be something that loses it."""
        self._end()

    def _end(self) -> None:
        self.alive = False
        self._stop.set()

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        # Granian owns its listener; the one of gunicorn stays with gunicorn.
        descriptor = os.dup(self.sockets[0].fileno())
        os.set_blocking(descriptor, False)
        engine = _core.WSGIWorker(
            self.age,
            (None, _core.SocketHolder(descriptor, False, CONNECTIONS)),
            None,  # no channel for metrics
            1,  # thread of the HTTP engine
            1,  # its thread for files, of which there are none
            CONNECTIONS,  # threads that answer calls, at most
            _IDLE_THREAD_SECONDS,
            CONNECTIONS,
            "1",
            HTTP1Settings(
                header_read_timeout=_IDLE_CONNECTION_MILLISECONDS,
                max_buffer_size=_HEADER_BYTES,
            ),
            None,  # no HTTP/2
            None,  # no static files
            *(False, None, None, None, "tls1.3", None, [], False),  # no TLS: a proxy's work
            (None, None),
        )
        call = _wsgi._callback_wrapper(self._arrivals.watched(self.wsgi), {"url_path_prefix": None})
        engine.serve_mtr(_futures._new_cbscheduler(loop, call, impl_asyncio=True), loop, self._stop)
