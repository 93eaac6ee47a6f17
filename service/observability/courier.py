"""Carries the log away from the calls: a thread of its own formats the lines and writes them.

Whoever reads the log may stall, and a pipe that is full makes a writer wait. A call does not wait
for its line: what has no room is left out, and a later line says how much that was.
"""

import logging
import os
import select
import threading
from collections.abc import Iterable, Iterator
from time import monotonic, sleep

from service.running.tray import Tray

_CAPACITY = 5_000
_AT_ONCE = 500
_IDLE_SECONDS = 60.0
#: Long enough for the lines of many calls, short enough for someone who watches.
_GATHER_SECONDS = 0.02
_END_SECONDS = 1.0
#: How often at most it is told that lines were lost.
_SILENT_SECONDS = 10.0

_log = logging.getLogger("magnesia.log")


class Courier(logging.Handler):
    """A handler that never makes its caller wait; `target` gives the lines their form, `descriptor`
    is where they go. A forked process has a courier of its own, for what it says itself."""

    def __init__(self, target: logging.Formatter, descriptor: int) -> None:
        super().__init__()
        self.setFormatter(target)
        self._descriptor = descriptor
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def createLock(self) -> None:  # noqa: N802 - the library's name
        """None: a tray takes many hands."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Put the record down for the thread."""
        if not self._tray.put(record):
            self._lost += 1

    def flush(self) -> None:
        """Wait for what is under way, but not for a reader that has stalled."""
        deadline = monotonic() + _END_SECONDS
        self._tray.wake()
        while len(self._tray) and monotonic() < deadline:
            sleep(_GATHER_SECONDS / 4)

    def _begin(self) -> None:
        self._tray = Tray[logging.LogRecord](_CAPACITY)
        self._lost = 0
        self._silent_until = 0.0
        threading.Thread(target=self._carry, name="log", daemon=True).start()

    def _carry(self) -> None:
        while True:
            for lines in _together(
                self._lines(self._tray.take(_AT_ONCE, _IDLE_SECONDS, _GATHER_SECONDS))
            ):
                self._write(lines)
            self._tray.done()
            if self._lost and monotonic() > self._silent_until:
                self._silent_until = monotonic() + _SILENT_SECONDS
                lost, self._lost = self._lost, 0
                _log.warning({"event": "lines of the log were lost", "count": lost})

    def _lines(self, records: Iterable[logging.LogRecord]) -> Iterator[bytes]:
        for record in records:
            try:
                yield f"{self.format(record)}\n".encode(errors="backslashreplace")
            except Exception:  # noqa: BLE001 - the library's way, which says so on standard error
                self.handleError(record)

    def _write(self, lines: bytes) -> None:
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            # Nobody reads any more, and there is nowhere else to say so.
            self._lost += lines.count(b"\n")


def _together(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in pieces that are written whole, also where other processes write beside."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > select.PIPE_BUF:
            yield piece
            piece = b""
        piece += line
    if piece:
        yield piece
