"""The file of an SQLite record, and whether it is still the one that was opened.

SQLite goes on with a file that is deleted or replaced under it, and what it commits from then on
is in no record. To go on with what lies there now would be no better: the write-ahead log of the
old file may still lie beside it, and SQLite would mix the two. So nothing is written until the
service is started again, or the old file is back.
"""

import logging
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from service.record.errors import StoreDown

#: The device and number of a file; None where there is none.
Identity = tuple[int, int] | None

_LOG = "magnesia.write-ahead-log"

_log = logging.getLogger("magnesia.record")


_SAID = (
    "The record's file or its write-ahead log was deleted or replaced while Magnesia "
    "was using it. Until Magnesia is started again, decisions wait in the spool and "
    "feedback is refused."
)


class FileGone(StoreDown):
    """The file, or its write-ahead log, is no longer the one that was opened."""


class RecordFile:
    """What was opened at `path`; `said` goes to the log when it is no longer there."""

    def __init__(self, path: Path, said: str | None = _SAID) -> None:
        self._path = path
        self._said = said
        self._write_ahead_log = Path(f"{path}-wal")
        self._known: Identity = None
        self._complained = False

    def remember(self) -> None:
        """What lies there now is the record."""
        self._known = _identity(self._path)

    def check(self) -> None:
        """Raise FileGone if another file lies there, or none."""
        if self._known is not None and _identity(self._path) != self._known:
            self._refuse()

    def check_log(self, connection: MutableMapping[Any, Any]) -> None:
        """Raise FileGone if the write-ahead log is not the one in which a connection began its
        first transaction: while that is open, SQLite keeps the file. `connection` is what is known
        about the connection for as long as it is open; to be asked in a transaction."""
        found = _identity(self._write_ahead_log)
        if connection.setdefault(_LOG, found) != found:
            self._refuse()

    def _refuse(self) -> None:
        if self._said is not None and not self._complained:
            self._complained = True
            _log.error("%s", self._said)
        raise FileGone("its file was deleted or replaced, and Magnesia must be started again")


def _identity(path: Path) -> Identity:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
