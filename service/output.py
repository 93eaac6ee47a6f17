"""What a command writes for people to take away: a file that appears under its name only once it is
whole, for its owner's eyes alone, or standard output.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TextIO


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
    removed if anything was raised. A device or a pipe is written to as it is. Raises OSError."""
    if path.exists() and not path.is_file():
        yield path
        return
    # Through a link, it is the file that is replaced.
    target = path.resolve()
    descriptor, name = mkstemp(prefix=f".{target.name}-", dir=target.parent)
    os.close(descriptor)
    made = Path(name)
    try:
        yield made
        _flush(made)
        made.replace(target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


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
