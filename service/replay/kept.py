"""Requests that a site kept: in folders, JSON files and NDJSON, plain or as .gz.

A document or a line holds the bare body of a call, or an object with the `body` and the moment
`now` at which it was sent. A fixture names its moment in its own extension. What cannot be read is
yielded too, with the reason, so that nothing is dropped without a word.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from service import body, fixture
from service.outcomes import Refusal

_DOCUMENT = (".json",)
_LINES = (".ndjson", ".jsonl")

Advance = Callable[[int], None]


class KeptError(Exception):
    """A file that was named cannot be replayed; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept request, or in `fault` why there is none. `now` is its own moment, if it has one."""

    file: str
    line: int
    request: dict[str, Any] | None = None
    now: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The files to read, and how many others lie in the folders that were named."""

    files: tuple[Path, ...]
    passed_over: int

    @property
    def size(self) -> int:
        """The bytes of all files on disk."""
        return sum(path.stat().st_size for path in self.files)


def find(paths: Iterable[Path]) -> Found:
    """Look for kept requests in files and, at any depth, in folders.

    Raises KeptError for a file that was named and is neither JSON nor NDJSON by its name.
    """
    files: list[Path] = []
    passed_over = 0
    for path in paths:
        if path.is_dir():
            for inner in sorted(inner for inner in path.rglob("*") if inner.is_file()):
                if _is(inner, _DOCUMENT + _LINES):
                    files.append(inner)
                else:
                    passed_over += 1
        elif _is(path, _DOCUMENT + _LINES):
            files.append(path)
        else:
            raise KeptError(
                f"{path} must be named .json, .ndjson or .jsonl, or one of them with .gz after it."
            )
    return Found(tuple(dict.fromkeys(files)), passed_over)


def read(files: Iterable[Path], advance: Advance) -> Iterator[Kept]:
    """Every request of `files`; `advance` is told how many bytes on disk have been read since."""
    for path in files:
        try:
            with path.open("rb") as raw:
                yield from _requests(path, raw, advance)
        except OSError as error:
            yield Kept(str(path), 0, fault=f"The file cannot be read: {error.strerror}.")


def _requests(path: Path, raw: IO[bytes], advance: Advance) -> Iterator[Kept]:
    stream = gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw
    lines: Iterable[bytes] = stream if _is(path, _LINES) else _whole(stream)
    read_before, number = 0, 0
    try:
        for number, text in enumerate(lines, start=1):
            advance(raw.tell() - read_before)
            read_before = raw.tell()
            if text.strip():
                yield _request(str(path), number, text)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        yield Kept(str(path), number + 1, fault="The file is no whole .gz file: it breaks off.")


def _whole(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    yield stream.read()


def _request(file: str, line: int, text: bytes) -> Kept:
    try:
        document = body.decode(text)
        now = None
        if "hook" not in document and isinstance(document.get("body"), dict):
            now = document.get("now")
            document = document["body"]
        moment = fixture.read(document, "The request").now if now is None else fixture.moment(now)
    except Refusal as error:
        return Kept(file, line, fault=str(error))
    except fixture.FixtureError as error:
        return Kept(file, line, fault=str(error))
    except (TypeError, ValueError):
        fault = "`now` must be a moment with its offset, such as 2026-11-23T10:00:00Z."
        return Kept(file, line, fault=fault)
    return Kept(file, line, document, moment)


def _is(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(suffixes)
