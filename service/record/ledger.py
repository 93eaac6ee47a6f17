"""Ledgers of used tokens: a table in the database that hosts share, or a file of this host."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, delete, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable

from service.record import schema
from service.record.errors import RecordError, StoreDown
from service.record.file import FileGone, RecordFile
from service.record.store import Store
from service.record.tables import Nonce

#: Clocks of hosts differ: a used token is remembered so much longer than it is accepted.
MARGIN_SECONDS = 300
#: How many threads of a worker ask a database that hosts share.
CLERKS = 2
#: How long a worker waits for another one that writes to an SQLite file, and how long a call waits
#: until other calls of its worker have asked.
_LOCK_SECONDS = 0.5
_TURN_SECONDS = 2.0
_CLOSE_SECONDS = 2.0
_SWEPT_AT_ONCE = 1000

_table = Nonce.__table__


class Ledger(Store):
    """The used tokens in one database, whose tables `record` looks after. A statement is a
    transaction, and outlives the process."""

    def __init__(self, url: str, record: Store | None = None) -> None:
        super().__init__(url)
        self._record = record
        new = (sqlite if self.is_sqlite else postgresql).insert(Nonce)
        self._enter = new.on_conflict_do_update(
            index_elements=[Nonce.digest],
            set_={"expires": new.excluded.expires},
            where=Nonce.expires < bindparam("old"),
        ).execution_options(preserve_rowcount=True)

    def prepare(self) -> None:
        """See to it that the table is there."""
        if self._record is not None:
            self._record.prepare()

    def enter(self, token: bytes, expires: int, now: int) -> bool:
        """Write a token down; False if it stands there already. Raises StoreDown."""
        row = _row(token, expires, now)
        try:
            return self._is_new(row)
        except StoreDown as error:
            # A connection that lay idle while the database was restarted; the next one is new.
            lost = (
                isinstance(error.__cause__, DBAPIError) and error.__cause__.connection_invalidated
            )
            if not lost:
                raise
            return self._is_new(row)

    def _is_new(self, row: dict[str, Any]) -> bool:
        with self._connected() as connection:
            return connection.execute(self._enter, row).rowcount == 1

    def sweep(self, now: int) -> None:
        """Delete what nobody would accept any more. Raises StoreDown."""
        old = select(Nonce.digest).where(Nonce.expires < now - MARGIN_SECONDS)
        some = old.limit(_SWEPT_AT_ONCE).scalar_subquery()
        with self._connected() as connection:
            while connection.execute(delete(Nonce).where(Nonce.digest.in_(some))).rowcount:
                continue

    def ping(self) -> None:
        """Raises StoreDown if the database does not answer."""
        with self._connected() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Close the connections, once what is just being asked has been answered."""
        deadline = monotonic() + _CLOSE_SECONDS
        while self._is_busy() and monotonic() < deadline:
            sleep(0.01)
        super().close()

    def _is_busy(self) -> bool:
        pool = None if self._engine is None else self._engine[1].pool
        return isinstance(pool, QueuePool) and pool.checkedout() > 0

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            self.prepare()
            with self.engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, RecordError) as error:
            raise StoreDown(_name(error)) from error

    def _connect(self) -> Engine:
        if self.is_sqlite:
            engine = create_engine(
                self._url,
                connect_args={"timeout": _LOCK_SECONDS},
                isolation_level="AUTOCOMMIT",
                pool_reset_on_return=None,
                pool_timeout=_TURN_SECONDS,
            )
            if (file := self._file) is not None:
                # Before SQLite makes a new file where the old one was.
                event.listen(engine, "do_connect", lambda *_: file.check())
            event.listen(engine, "connect", _set_up)
            return engine
        return create_engine(
            self._url,
            pool_size=CLERKS,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            connect_args={
                "connect_timeout": 2,
                "tcp_user_timeout": 2000,
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 2,
                "application_name": "magnesia",
                # A crash of the server may forget the last moment; the host remembers it.
                "options": "-c synchronous_commit=off -c statement_timeout=2000",
            },
        )


class HostLedger(Ledger):
    """A file of this host that holds used tokens and nothing else.

    Nobody waits for a file that has just failed. One that is deleted or replaced is still asked, as
    it knows what was used, but keeps nothing any more; no other is made in its place.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self._own_file = self._file = RecordFile(path, said=None)
        #: Its write-ahead log, the same for all connections while one of them is open.
        self._log: dict[Any, Any] = {}
        #: Why it failed when it was last asked.
        self._failure: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it failed when it was last asked, and is left alone."""
        return self._failure is not None

    def enter(self, token: bytes, expires: int, now: int, *, again: bool = False) -> bool:
        """Write a token down; False if it stands there already. Raises StoreDown, at once if it
        failed before, unless it is to be tried `again`; FileGone if the token is new, but what is
        written is lost with the end of the service."""
        try:
            self._demand(again)
            with self._connected() as connection:
                # Those who waited for the connection do not wait for the file too.
                self._demand(again)
                try:
                    new = connection.execute(self._enter, _row(token, expires, now)).rowcount == 1
                except SQLAlchemyError as error:
                    self._failure = _name(error)
                    raise
        except FileGone:
            raise
        except StoreDown as error:
            self._failure = str(error)
            raise
        if new:
            self._own_file.check()
            self._own_file.check_log(self._log)
        if again:
            self._failure = None
        return new

    def check(self) -> None:
        """Raise FileGone if it is no longer the file, and the log, that it was."""
        self._own_file.check()
        if self._log:
            self._own_file.check_log(self._log)

    def close(self) -> None:
        """Close the connections, and try a file that failed anew."""
        super().close()
        self._log.clear()
        self._failure = None

    def _demand(self, again: bool) -> None:
        if self._failure is not None and not again:
            raise StoreDown(self._failure)

    def prepare(self) -> None:
        """Make the file if there is none."""
        if self._prepared:
            return
        self._make_directory()
        schema.write_ahead(self.engine, _LOCK_SECONDS)
        assert isinstance(_table, Table)  # noqa: S101 - as declared
        with self.engine.connect() as connection:
            connection.execute(CreateTable(_table, if_not_exists=True))
            for index in _table.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))
        self._own_file.remember()
        self._prepared = True


def _row(token: bytes, expires: int, now: int) -> dict[str, Any]:
    return {"digest": token, "expires": expires, "old": now - MARGIN_SECONDS}


def _name(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def _set_up(connection: Any, _: object) -> None:
    # Written to the log but not flushed: that outlives a process, though not a loss of power.
    connection.execute("PRAGMA synchronous = NORMAL")
