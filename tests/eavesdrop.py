"""Everything that the service logs while the tests run, and what must not be in it.

In this process every record of every logger is written out as the service would write it. Of the
services that tests start, all that they wrote to standard error is kept. The marks are gathered
from the calls themselves: whose patient, which token, which words on a card.
"""

import gzip
import json
import logging
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import request

from service.observability import Call, log

#: Shorter ones are found in ordinary words and numbers.
SHORTEST = 8
_SECRETS = re.compile(
    rb'"(?:patientId|access_token|encounterId|family)"\s*:\s*"([^"\\]+)"'
    rb'|"birthDate"\s*:\s*"(\d{4}-\d\d-\d\d)"'
)
#: When a line was written: some patient is born on the day of the run.
_TIME = re.compile(r'(?<=^\{)"time":"[^"]*"', re.MULTILINE)
_ROOT = Path(__file__).resolve().parents[1]
_SHARED = _ROOT.parent / "shared"
_LINES = log.Lines(log._json)


class Eavesdropper:
    """What was logged, and the marks that no line of it may hold."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.marks: set[str] = set()
        self._files: list[int] = []

    def hear(self, record: logging.LogRecord) -> None:
        """Take a record as the line that it makes."""
        own = record.name.startswith("magnesia")
        if own or record.levelno >= logging.WARNING:
            self.lines.append(_LINES.format(record))

    def follow(self, process: subprocess.Popen[Any], errors: Any) -> None:
        """Keep the file to which a service's standard error goes, also once it is removed."""
        if hasattr(errors, "fileno") and "serve" in map(str, _arguments(process)):
            self._files.append(os.dup(errors.fileno()))

    def learn(self, body: bytes) -> None:
        """Take the secrets of a request."""
        for found in _SECRETS.finditer(body):
            self._mark((found[1] or found[2]).decode(errors="replace"))

    def learn_cards(self, call: Call) -> None:
        """Take the words of the cards that a call was answered with."""
        for card in call.answer.cards if call.answer is not None else ():
            self._mark(card.get("summary", ""))
            self._mark(card.get("detail", "")[:60])
            for suggestion in card.get("suggestions", ()):
                self._mark(suggestion.get("label", ""))

    def learn_corpora(self) -> None:
        """Take the secrets of everything that is posted from files."""
        for path in sorted((_ROOT / "fixtures").glob("*.json")):
            self.learn(path.read_bytes())
        for path in sorted(_SHARED.glob("captured/*.json")):
            self.learn(path.read_bytes())
        for path in sorted(_SHARED.glob("corpus/*replay*.gz")):
            self.learn(gzip.decompress(path.read_bytes()))

    def _mark(self, text: str) -> None:
        if len(text) >= SHORTEST:
            self.marks.add(text)

    def leaks(self) -> list[str]:
        """The marks that are in the log, each with a line that holds it."""
        text = _TIME.sub("", "\n".join([*self.lines, *map(_read, self._files)]))
        written = {json.dumps(mark)[1:-1] for mark in self.marks} | self.marks
        found = [mark for mark in sorted(written) if mark in text]
        return [
            f"{mark!r} in: {next(line for line in text.splitlines() if mark in line)[:300]}"
            for mark in found
            if "\n" not in mark
        ]


@contextmanager
def listening() -> Iterator[Eavesdropper]:
    """Listen to everything during the block."""
    ear = Eavesdropper()
    ear.learn_corpora()
    handle, tell = logging.Logger.callHandlers, Call.log
    start, end = subprocess.Popen.__init__, subprocess.Popen.communicate

    def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
        ear.hear(record)
        handle(logger, record)

    def log_call(call: Call, status: int, seconds: float) -> None:
        ear.learn(request.get_data())
        ear.learn_cards(call)
        tell(call, status, seconds)

    def begin(process: Any, *arguments: Any, **options: Any) -> None:
        start(process, *arguments, **options)
        ear.follow(process, options.get("stderr"))

    def communicate(process: Any, *arguments: Any, **options: Any) -> Any:
        output, errors = end(process, *arguments, **options)
        if errors and "serve" in map(str, _arguments(process)):
            ear.lines.append(errors if isinstance(errors, str) else errors.decode())
        return output, errors

    level = logging.getLogger("magnesia").level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "callHandlers", call_handlers)
        patch.setattr(Call, "log", log_call)
        patch.setattr(subprocess.Popen, "__init__", begin)
        patch.setattr(subprocess.Popen, "communicate", communicate)
        logging.getLogger("magnesia").setLevel("INFO")
        try:
            yield ear
        finally:
            logging.getLogger("magnesia").setLevel(level)


def _arguments(process: subprocess.Popen[Any]) -> list[Any]:
    return list(process.args) if isinstance(process.args, list | tuple) else []


def _read(descriptor: int) -> str:
    # Anew by its name in /proc: it may have been opened for writing only.
    return Path(f"/proc/self/fd/{descriptor}").read_bytes().decode(errors="replace")
