"""Where decisions wait on disk for the store: a moment while it is up, longer while it is down.

Each process appends to a file of its own, `<host>-<pid>-<random>.ndjson`, one entry a line, and
holds a lock on it. What has been appended survives a kill; with an fsync, for which the caller
asks, a loss of power too. A process that ended leaves its file unlocked, and any other process
with the same directory adopts it. An entry that is written twice is in the record once, so a file
that was half written to the store is simply written again.
"""

import errno
import fcntl
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from uuid import uuid4

_SUFFIX = ".ndjson"
#: How many lines are handed over at a time.
BATCH = 500
_CHUNK = 1024 * 1024
#: How long the size of the other processes' files is taken as known while there is much room:
#: looking costs more than appending.
_LOOK_SECONDS = 0.5


class SpoolFull(Exception):
    """The spool holds as much as it may."""


def prove(directory: Path) -> None:
    """Raise OSError if no file can be made there; a disk that is full may have room later."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"\n")
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise


class Spool:
    """The files in one directory; at most `limit` bytes in all of them together.

    One thread may append while another hands over.
    """

    def __init__(self, directory: Path, limit: int) -> None:
        self.directory = directory
        self._limit = limit
        self._path = self._name()
        self._descriptor: int | None = None
        self._lock = threading.Lock()
        #: How much the files of other processes held, and when that was looked up.
        self._others_held = 0
        self._looked_at = 0.0
        #: In the own file: what has been handed over, and what is whole.
        self._offset = 0
        self._end = 0
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many entries of this process wait here."""
        return self._waiting

    def append(self, lines: Sequence[bytes], *, sync: bool = True) -> None:
        """Keep all of `lines` or none; with `sync`, also through a loss of power.

        Raises SpoolFull or OSError.
        """
        data = b"".join(line + b"\n" for line in lines)
        with self._lock:
            if not self._has_room(self._end + len(data)):
                raise SpoolFull
            descriptor = self._opened()
            try:
                written = os.write(descriptor, data)
                while written < len(data):
                    written += os.write(descriptor, data[written:])
                if sync:
                    os.fsync(descriptor)
            except OSError:
                # Half a line must not stay: the next one would be appended to it.
                os.ftruncate(descriptor, self._end)
                raise
            self._end += len(data)
            self._waiting += len(lines)

    def hand_over(self, take: Callable[[Sequence[bytes]], None]) -> None:
        """Give everything that waits to `take`, batch by batch, and forget what it took.

        Whatever `take` raises ends this and leaves the rest. Raises OSError; one that names a file
        is raised when all other files have had their turn.
        """
        self.hand_over_own(take)
        unread: OSError | None = None
        for path in self._others():
            try:
                self._adopt(path, take)
            except OSError as error:
                unread = unread or OSError(error.errno, error.strerror, path)
        if unread is not None:
            raise unread

    def hand_over_own(self, take: Callable[[Sequence[bytes]], None]) -> None:
        """Give what waits here of this process, and leave other files alone."""
        while self._descriptor is not None and self._waiting:
            began = self._offset
            for batch, offset in _batches(self._descriptor, self._offset, self._end):
                take(batch)
                with self._lock:
                    self._offset = offset
                    self._waiting -= len(batch)
            if self._offset == began:
                raise OSError(errno.EIO, "what was appended is no longer there")
        with self._lock:
            if self._descriptor is not None and 0 < self._offset == self._end:
                os.ftruncate(self._descriptor, 0)
                self._offset = self._end = 0

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
                    for batch, _ in _batches(descriptor, 0, os.fstat(descriptor).st_size):
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

    def _has_room(self, own: int) -> bool:
        """Whether the own file may hold so many bytes. Once half of the limit is used, the other
        files are looked at each time."""
        now = monotonic()
        roomy = 2 * (self._others_held + own) < self._limit
        if not roomy or now - self._looked_at > _LOOK_SECONDS:
            self._others_held, self._looked_at = self._others_size(), now
        return self._others_held + own <= self._limit

    def _others_size(self) -> int:
        total = 0
        for path in self._others():
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def _opened(self) -> int:
        while self._descriptor is None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._path = self._name()
            descriptor = os.open(self._path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # Before it was locked, another process may have adopted and removed it.
                if os.fstat(descriptor).st_nlink:
                    self._descriptor = descriptor
            finally:
                if self._descriptor is None:
                    os.close(descriptor)
        return self._descriptor

    def _name(self) -> Path:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}{_SUFFIX}"
        return self.directory / name


def _batches(descriptor: int, start: int, end: int) -> Iterator[tuple[list[bytes], int]]:
    """The lines from `start` to `end`, some at a time, and where each batch ends."""
    position, offset, rest = start, start, b""
    while position < end and (chunk := os.pread(descriptor, min(_CHUNK, end - position), position)):
        position += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for first in range(0, len(lines), BATCH):
            batch = lines[first : first + BATCH]
            offset += sum(map(len, batch)) + len(batch)
            yield batch, offset
    if rest:
        # The end of a file whose machine lost power.
        yield [rest], position
