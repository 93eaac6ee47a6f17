"""A copy of an SQLite record at one moment, also while the service writes to it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from service.commands.output import OutputError
from service.record.errors import RecordError
from service.record.store import Store

_WAIT_SECONDS = 30.0


def back_up(store: Store, target: Path) -> tuple[int, int]:
    """Copy the record to `target`, an empty file, as it is and by the version that made it; how
    many decisions and feedback items the copy holds. Raises RecordError or OutputError."""
    assert store.path is not None  # noqa: S101 - the caller has asked
    try:
        with (
            # Never makes a file, and changes nothing in the one that is there.
            closing(_opened(store.path)) as record,
            closing(_opened(target)) as copy,
        ):
            if not record.execute("SELECT 1 FROM sqlite_master WHERE name = 'decision'").fetchone():
                raise RecordError(f"There is no record in {store.path}.")
            record.backup(copy)
            # A copy that is one file: without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            return _count(copy, "decision"), _count(copy, "feedback")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", None) == "SQLITE_NOTADB":
            raise RecordError(f"There is no record in {store.path}.") from error
        raise OutputError(f"The record cannot be copied: {error}.") from error


def _opened(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path))}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS)


def _count(copy: sqlite3.Connection, table: str) -> int:
    (count,) = copy.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
    return int(count)
