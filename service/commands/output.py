"""What a command writes for people to take away: a file that appears under its name only once it is
whole, for its owner's eyes alone, or standard output.
"""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from types import FrameType
from typing import Self, TextIO

#: What ends a process without a word where nobody listens; Ctrl-C is an exception.
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class OutputError(Exception):
    """It cannot be written; the message says why in one line."""


@contextmanager
def lines(path: Path | None) -> Iterator[TextIO]:
    """Where lines are written to; None is standard output. Raises OutputError."""
    if path is None:
        with _standard_output() as file:
            yield file
        return
    with (
        _explained(path),
        whole(path) as made,
        made.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Another name beside `path` to write under; at the end the file takes its place, or is
    removed if anything was raised, or the process was told to end: it ends with SystemExit then. A
    device or a pipe is written to as it is. Raises OSError."""
    if path.exists() and not path.is_file():
        yield path
        return
    # Through a link, it is the file that is replaced.
    target = path.resolve()
    with _Ending() as ending:
        descriptor, name = mkstemp(prefix=f".{target.name}-", dir=target.parent)
        os.close(descriptor)
        made = Path(name)
        ending.remove(made)
        try:
            yield made
            _flush(made)
            made.replace(target)
        except BaseException:
            made.unlink(missing_ok=True)
            raise


class _Ending:
    """The end of the process by a signal, while there is a file that must not stay: what is in it
    may be of patients, and nobody would know of it. In other threads than the main one, and where
    somebody else listens already, it changes nothing."""

    def __init__(self) -> None:
        self._made: Path | None = None
        self._told: int | None = None
        self._listening: list[signal.Signals] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _ENDINGS:
                # Under nohup, SIGHUP is ignored and stays so.
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._listening.append(number)
                    signal.signal(number, self._end)
        return self

    def __exit__(self, *_: object) -> None:
        for number in self._listening:
            signal.signal(number, signal.SIG_DFL)

    def remove(self, made: Path) -> None:
        """The file that is to be removed; who was told to end while it was made does so now."""
        self._made = made
        if self._told is not None:
            self._end(self._told)

    def _end(self, number: int, _: FrameType | None = None) -> None:
        self._told = number
        if self._made is not None:
            # Here, as an exception may come between any two steps, those of a removal too.
            self._made.unlink(missing_ok=True)
            raise SystemExit(128 + number)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            # Whoever read has seen enough; click ends the command for that.
            raise
        # What is still in the buffer would fail once more at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(f"Standard output cannot be written: {error.strerror}.") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
