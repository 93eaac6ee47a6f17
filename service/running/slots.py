"""Numbers for the processes of one service: each that lives has one, and a dead one's is reused.

A number is held by a lock on a file, which the system lets go of when the process ends, however it
ends. So whoever counts under its number goes on where a killed process stopped, and there are
never more numbers than there were processes at one time.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".slot"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class Slots:
    """The numbers in one directory, and the one of this process."""

    def __init__(self, directory: Path, taken: Callable[[str], None] = lambda _: None) -> None:
        """`taken` is told which number this process gets, before anything is done under it; what it
        raises leaves the number free."""
        self._directory = directory
        self._taken = taken
        self._own: str | None = None
        self._inherited: str | None = None
        self._descriptor: int | None = None
        os.register_at_fork(after_in_child=self._forget)

    def own(self) -> str:
        """The number of this process."""
        return self._own or self._take()

    @contextmanager
    def abandoned(self) -> Iterator[list[str]]:
        """The numbers that no process has; none is taken until the end of the block."""
        held: dict[str, int] = {}
        try:
            for path in self._directory.glob(f"*{_SUFFIX}"):
                descriptor = _locked(path)
                if descriptor is not None:
                    held[path.stem] = descriptor
            yield sorted(held)
        finally:
            for descriptor in held.values():
                os.close(descriptor)

    def _take(self) -> str:
        self._directory.mkdir(mode=0o700, exist_ok=True)
        number = 0
        # Never the number of the process that this one was forked from, even where its lock is
        # gone with the directory: under the same number this one would go on in its files.
        while (
            str(number) == self._inherited
            or (descriptor := _locked(self._directory / f"{number}{_SUFFIX}")) is None
        ):
            number += 1
        own = str(number)
        try:
            self._taken(own)
        except OSError:
            os.close(descriptor)
            raise
        self._own, self._descriptor = own, descriptor
        return own

    def _forget(self) -> None:
        """In a process that was forked: the number is the parent's, and its lock too."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._inherited = self._own or self._inherited
        self._own = self._descriptor = None


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock on the file, None if another one does."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
