"""The production server: gunicorn's processes on one listener, each with granian's HTTP engine."""

import errno
import gc
import os
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from service.record import Record
from service.running.worker import CONNECTIONS, GranianWorker
from service.settings import Settings


class ListenError(Exception):
    """The address cannot be listened on; the message says why in one line."""


class _Log(Logger):
    """The server's log, which goes the way of the service's own."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Server(BaseApplication):
    """Gunicorn with the application made before the processes are, and no files of its own."""

    def __init__(self, app: Flask, listener: socket.socket, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._descriptor = listener.detach()
        super().__init__()

    def load_config(self) -> None:
        # At `info` gunicorn tells of every process it starts; what an operator wants is its
        # warnings.
        chatty = self._settings.log_level == "debug"
        for name, value in {
            "bind": f"fd://{self._descriptor}",
            "workers": self._settings.workers,
            "worker_class": GranianWorker,
            "preload_app": True,
            # A process that gives no sign of life for so long is killed and replaced.
            "timeout": 15,
            # The calls under way, then what the record still holds.
            "graceful_timeout": 12,
            "control_socket_disable": True,
            "loglevel": "debug" if chatty else "warning",
            "proc_name": "magnesia",
            "logger_class": _Log,
            "when_ready": self._settle,
            "post_fork": self._post_fork,
            "worker_exit": self._worker_exit,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app

    # Gunicorn wants exactly these parameters.
    def _settle(self, server: Any) -> None:  # noqa: ARG002
        """Before the first process is made: what is there by now stays, and the collector of
        garbage leaves it alone. Going through it again and again cost a tenth of a call and half of
        one with 2,000 results; and what no process touches, all of them share."""
        gc.collect()
        gc.freeze()

    def _post_fork(self, server: Any, worker: Any) -> None:  # noqa: ARG002
        if (record := self._record()) is not None:
            record.start()

    def _worker_exit(self, server: Any, worker: Any) -> None:  # noqa: ARG002
        if (record := self._record()) is not None:
            record.stop()

    def _record(self) -> Record | None:
        record = self._app.extensions.get("record")
        return record if isinstance(record, Record) else None


def listen(host: str, port: int) -> socket.socket:
    """A listener on `host` and `port`; raises ListenError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(CONNECTIONS)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "another program listens there; set MAGNESIA_PORT to another port"
        else:
            reason = error.strerror or os.strerror(errno.EINVAL)
        raise ListenError(f"Cannot listen on {host} port {port}: {reason}.") from error
    return listener


def address(listener: socket.socket) -> str:
    """The address under which a client on this machine reaches `listener`."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
