"""Where the processes of one service count together: prometheus-client's files in a directory.

The directory is made for one start of the service and named by an environment variable, so that it
does not matter how the server makes its processes. Without it a process counts for itself.
"""

import atexit
import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from service.running.slots import Slots

#: The library's own name for it.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "magnesia-metrics-"
_LOCK = "service.lock"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
#: What the library calls its files by: one for each kind of count.
_KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemax")
#: Room for the counts of one kind: some 4,000 series of 250 bytes, of a hundred clients or more.
_FILE_BYTES = 1 << 20


class SharedCountsError(Exception):
    """There is no place to count together; the message says why in one line."""


class SharedCounts:
    """The files of all processes of this service."""

    def __init__(self, directory: Path) -> None:
        """Raises SharedCountsError where there is no room for them."""
        self._directory = directory
        self._slots = Slots(directory, self._take)
        # The way of the library to count under something else than the number of the process,
        # which would leave files behind with each process that ends.
        try:
            values.ValueClass = values.MultiProcessValue(self._slots.own)
        except OSError as error:
            raise _no_place(error) from error

    def gather(self) -> CollectorRegistry:
        """What all processes have counted; what a process that ended had in hand is left out."""
        # Whoever cleans the directory for temporary files may have taken it away.
        self._directory.mkdir(mode=0o700, exist_ok=True)
        with self._slots.abandoned() as dead:
            for slot in dead:
                self._forget(slot)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._directory))
        return registry

    def _take(self, slot: str) -> None:
        """Make room under a number that this process is to count under.

        The library maps files that are nothing but a length: where the disk is full, the system
        would end the process at the first count. So their blocks are demanded first. Raises
        OSError, and then nothing is counted.
        """
        self._forget(slot)
        for kind in _KINDS:
            descriptor = os.open(self._directory / f"{kind}_{slot}.db", _FLAGS, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, _FILE_BYTES)
            finally:
                os.close(descriptor)

    def _forget(self, slot: str) -> None:
        """Take away what a process that ended had in hand; what it has counted stays."""
        mark_process_dead(slot, str(self._directory))


def begin() -> None:
    """Make the directory of this start, for this process and all that it starts; take away what
    services left that were killed. Raises SharedCountsError."""
    try:
        _clean(Path(tempfile.gettempdir()))
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise _no_place(error) from error
    # Held until the last process of the service ends.
    descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.environ[VARIABLE] = str(directory)
    atexit.register(partial(_end, directory, os.getpid()))


def joined() -> SharedCounts | None:
    """What the processes of this service share; None where nobody began it."""
    directory = os.environ.get(VARIABLE)
    return SharedCounts(Path(directory)) if directory else None


def _no_place(error: OSError) -> SharedCountsError:
    return SharedCountsError(
        f"The metrics need a directory for temporary files, such as TMPDIR: {error.strerror}."
    )


def _end(directory: Path, owner: int) -> None:
    # The processes that answer calls have inherited this, and are not the last to end.
    if os.getpid() == owner:
        shutil.rmtree(directory, ignore_errors=True)


def _clean(parent: Path) -> None:
    for directory in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue
            descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory)
            finally:
                os.close(descriptor)
