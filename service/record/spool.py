"""Where decisions wait on disk while the store is down.

Each process appends to a file of its own, `<host>-<pid>-<random>.ndjson`, one entry a line, and
holds a lock on it. A batch is one write and one fsync: what has been spooled survives a kill at
once, and a loss of power too. A process that ended leaves its file unlocked, and any other process
with the same directory adopts it. An entry that is written twice is in the record once, so a file
that was half written to the store is simply written again.
"""

import fcntl
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_SUFFIX = ".ndjson"
#: How many lines are handed over at a time.
BATCH = 500


class SpoolFull(Exception):
    """The spool holds as much as it may."""


class Spool:
    """The files in one directory; at most `limit` bytes in all of them together."""

    def __init__(self, directory: Path, limit: int) -> None:
        self.directory = directory
        self._limit = limit
        self._path = directory / f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}{_SUFFIX}"
        self._descriptor: int | None = None
        self._offset = 0
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many entries of this process wait here."""
        return self._waiting

    def append(self, lines: Sequence[bytes]) -> None:
        """Keep all of `lines` or none. Raises SpoolFull or OSError."""
        data = b"".join(line + b"\n" for line in lines)
        if self._size() + len(data) > self._limit:
            raise SpoolFull
        descriptor = self._opened()
        end = os.fstat(descriptor).st_size
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        except OSError:
            # Half a line must not stay: the next one would be appended to it.
            os.ftruncate(descriptor, end)
            raise
        self._waiting += len(lines)

    def hand_over(self, take: Callable[[Sequence[bytes]], None]) -> None:
        """Give everything that waits to `take`, batch by batch, and forget what it took.

        Whatever `take` raises ends this and leaves the rest. Raises OSError.
        """
        if self._descriptor is not None and self._waiting:
            for batch, offset in _batches(self._descriptor, self._offset):
                take(batch)
                self._offset = offset
                self._waiting = max(0, self._waiting - len(batch))
            os.ftruncate(self._descriptor, 0)
            self._offset = self._waiting = 0
        for path in self._others():
            self._adopt(path, take)

    def has_any(self) -> bool:
        """Whether anything waits here, of this process or one that ended."""
        return self._waiting > 0 or next(self._others(), None) is not None

    def close(self) -> None:
        """Let go of the file of this process: it is removed if empty, else left to be adopted."""
        if self._descriptor is not None:
            if not self._waiting:
                self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def _adopt(self, path: Path, take: Callable[[Sequence[bytes]], None]) -> None:
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The lock may be that of a file which another process has just taken and removed.
                if os.fstat(descriptor).st_nlink:
                    for batch, _ in _batches(descriptor, 0):
                        take(batch)
                    path.unlink()
            except BlockingIOError:
                # Its process lives.
                pass
            finally:
                os.close(descriptor)

    def _others(self) -> Iterator[Path]:
        if not self.directory.is_dir():
            return
        for path in sorted(self.directory.glob(f"*{_SUFFIX}")):
            if path != self._path:
                yield path

    def _size(self) -> int:
        total = 0
        for path in self.directory.glob(f"*{_SUFFIX}"):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def _opened(self) -> int:
        if self._descriptor is None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self._descriptor


def _batches(descriptor: int, start: int) -> Iterator[tuple[list[bytes], int]]:
    """The lines from `start` on, some at a time, and where each batch ends."""
    offset = start
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(start)
        batch: list[bytes] = []
        for line in file:
            offset += len(line)
            batch.append(line.rstrip(b"\n"))
            if len(batch) == BATCH:
                yield batch, offset
                batch = []
        if batch:
            yield batch, offset
