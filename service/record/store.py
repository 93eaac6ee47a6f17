"""The store: one database, SQLite or PostgreSQL, and what is written to it.

A write is one transaction and is durable when it returns. Whatever the database has against it is
StoreDown, except what is wrong with the data themselves.
"""

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from service.record import feedback, reason, schema
from service.record.entries import DecisionEntry, Entry, FeedbackEvent, LossEntry
from service.record.errors import RecordError, StoreDown
from service.record.file import RecordFile
from service.record.rows import Rows

#: How long a statement waits for another process's lock on an SQLite file.
_LOCK_SECONDS = 5.0
_CONNECT_SECONDS = 3


class Unwritable(Exception):
    """The store refuses an entry for what it says, so that trying again will not help."""


class Store:
    """The database at `url`. Each process that uses it gets connections of its own."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._lock = threading.Lock()
        self._engine: tuple[int, Engine] | None = None
        self._prepared = False
        self._file = None if self.path is None else RecordFile(self.path)

    @property
    def url(self) -> str:
        """Its address, with the password."""
        return self._url.render_as_string(hide_password=False)

    @property
    def path(self) -> Path | None:
        """Its file; None if it is none."""
        return Path(self._url.database or "") if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a file on this machine."""
        return self._url.get_backend_name() == "sqlite"

    def demand(self) -> None:
        """Raise RecordError if there is no record yet; looking at one must not make one."""
        if self.path is not None and not (self.path.is_file() and self.path.stat().st_size):
            raise RecordError(f"There is no record at {self._url.database}.")

    def prepare(self) -> None:
        """Bring the tables up to date; safe in several processes at once.

        Raises StoreDown if the store cannot be reached, RecordError if it never can.
        """
        if self._prepared:
            return
        if self.is_sqlite:
            self._make_directory()
        with self._explained():
            schema.upgrade(self.engine)
        if self._file is not None:
            self._file.remember()
        self._prepared = True

    def _demand_tables(self) -> None:
        """Raise RecordError or StoreDown unless what is there can be read as it is."""
        self.demand()
        with self._explained():
            schema.demand(self.engine)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Whatever the database has against its tables, as RecordError or StoreDown."""
        try:
            yield
        except SQLAlchemyError as error:
            if self.is_sqlite and not _is_busy(error):
                raise RecordError(
                    f"MAGNESIA_DATABASE_URL: {self._url.database} cannot be used as the record: "
                    f"{_reason(error)}."
                ) from error
            if not self.is_sqlite and (why := reason.wrong(error)) is not None:
                raise RecordError(
                    f"MAGNESIA_DATABASE_URL: the database cannot be used as the record: {why}."
                ) from error
            raise reason.down(error) from error

    @property
    def engine(self) -> Engine:
        """The connections of this process; a connection must not be used across a fork."""
        with self._lock:
            if self._engine is None or self._engine[0] != os.getpid():
                self._engine = os.getpid(), self._connect()
            return self._engine[1]

    def close(self) -> None:
        """Close the connections of this process; the next use opens new ones."""
        with self._lock:
            if self._engine is not None and self._engine[0] == os.getpid():
                self._engine[1].dispose()
            self._engine = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the store. To look at the tables of another version
        does not change them. Raises StoreDown or RecordError."""
        if not self._prepared:
            self._demand_tables()
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                if self._file is not None:
                    self._file.check()
                if not self.is_sqlite:
                    # Else each statement would see a moment of its own.
                    connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection
        except SQLAlchemyError as error:
            raise reason.down(error) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction. Raises StoreDown, or Unwritable for what is wrong with the data."""
        self.prepare()
        try:
            with self._turn(), self.engine.begin() as connection:
                if self._file is not None:
                    self._file.check()
                    self._file.check_log(connection.info)
                yield connection
        except (DataError, IntegrityError) as error:
            raise Unwritable(type(error.orig).__name__) from error
        except SQLAlchemyError as error:
            raise reason.down(error) from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """This process's turn to write to a file; the others wait in the order in which they came.

        Without it they would ask SQLite again and again, less and less often, and one of them
        could ask in vain for seconds while the others write. Raises StoreDown.
        """
        if self.path is None:
            yield
            return
        try:
            turn = os.open(f"{self.path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreDown(error.strerror or type(error).__name__) from error
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)

    def write(self, entries: Sequence[Entry]) -> None:
        """Write decisions and losses; one that is there already stays as it is."""
        decisions = [entry for entry in entries if isinstance(entry, DecisionEntry)]
        losses = [entry for entry in entries if isinstance(entry, LossEntry)]
        with self.writing() as connection:
            self._rows.write(connection, decisions, losses)
            feedback.judge_early(connection, [card.id for each in decisions for card in each.cards])

    def append(self, events: Sequence[FeedbackEvent]) -> None:
        """Write feedback, all of it or none, and what counts now for each of its cards. An event
        that is there already stays as it is."""
        with self.writing() as connection:
            if not self.is_sqlite:
                # Whatever the server's own default is: this is acknowledged to the EHR.
                connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            feedback.append(connection, events)

    def scrub(self) -> None:
        """See to it that what was deleted is gone from the store's files too. Raises StoreDown,
        also where somebody who reads an SQLite file keeps the old text in its log."""
        self.prepare()
        try:
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    plain = connection.execution_options(**{schema.PLAIN: True})
                    # A log that somebody still reads is no error to SQLite: it says so in a row.
                    busy, *_ = plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                    if busy:
                        raise StoreDown("another program is reading it")
                else:
                    autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
                    autocommit.exec_driver_sql("VACUUM comment")
        except SQLAlchemyError as error:
            raise reason.down(error) from error

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self.engine.dialect)

    def _connect(self) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                self._url,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": _CONNECT_SECONDS,
                    "tcp_user_timeout": 5000,
                    "application_name": "magnesia",
                },
            )
        engine = create_engine(self._url, connect_args={"timeout": _LOCK_SECONDS})
        if (file := self._file) is not None:
            # Before SQLite makes a new file where the old one was.
            event.listen(engine, "do_connect", lambda *_: file.check())
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine

    def _make_directory(self) -> None:
        directory = Path(self._url.database or "").parent
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(
                f"MAGNESIA_DATABASE_URL: the directory {directory} cannot be made: "
                f"{error.strerror}."
            ) from error


def _set_up(connection: Any, _: object) -> None:
    # Transactions begin where SQLAlchemy says, not where the driver thinks they do.
    connection.isolation_level = None
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(schema.PLAIN):
        # A writer says so at once: a reader who turns writer may find that it cannot.
        connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")


def _is_busy(error: SQLAlchemyError) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _reason(error: SQLAlchemyError) -> str:
    """The database's own words, without statement and values: they may hold what was sent."""
    original = getattr(error, "orig", None)
    return str(original).splitlines()[0] if original is not None else type(error).__name__
