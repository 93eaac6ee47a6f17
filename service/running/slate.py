"""A slate: memory that the worker processes of one host share.

It is made before the workers are forked. A worker that is killed while it holds the slate leaves
no lock behind: the lock is the kernel's, and goes with the process.
"""

import fcntl
import mmap
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


class Slate:
    """`size` bytes, all zero at first."""

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size)
        # Locks on a file belong to processes, so threads need one of their own.
        self._lock = threading.Lock()
        self._descriptor, name = tempfile.mkstemp(prefix="magnesia-")
        os.unlink(name)  # noqa: PTH108 - the file is only its descriptor
        weakref.finalize(self, os.close, self._descriptor)

    @contextmanager
    def held(self) -> Iterator[mmap.mmap]:
        """The memory, while nobody else writes to it."""
        with self._lock:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                yield self._memory
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def glance(self, size: int) -> bytes:
        """The first bytes, without waiting for anybody; somebody may just be writing them."""
        return self._memory[:size]
