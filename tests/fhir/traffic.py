"""Where this process connects to and which names it looks up, seen below every library."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Traffic:
    """`connected` are the addresses that were connected to, `looked_up` the names."""

    connected: list[Any] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)


_current: list[Traffic] = []
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for traffic in _current:
        if event == "socket.connect":
            traffic.connected.append(arguments[1])
        elif event == "socket.getaddrinfo":
            traffic.looked_up.append(str(arguments[0]))


@contextmanager
def watched() -> Iterator[Traffic]:
    """All traffic of this process during the block."""
    if not _installed:
        # An audit hook cannot be taken away again, so there is one for the whole run.
        sys.addaudithook(_hook)
        _installed.append(True)
    traffic = Traffic()
    _current.append(traffic)
    try:
        yield traffic
    finally:
        _current.remove(traffic)


class Trap:
    """A listener that nobody may connect to; it counts who does."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.contacts = 0
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.contacts += 1
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def trap(address: str = "127.0.0.1", port: int = 0) -> Iterator[Trap]:
    """A trap until the end of the block."""
    one = Trap(address, port)
    try:
        yield one
    finally:
        one.close()
