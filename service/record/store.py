"""The store: one database, SQLite or PostgreSQL, and what is written to it.

A write is one transaction and is durable when it returns. Whatever the database has against it is
StoreDown, except what is wrong with the data themselves.
"""

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from service.record import reason, schema
from service.record.entries import DecisionEntry, Entry, FeedbackEvent, LossEntry
from service.record.errors import RecordError, StoreDown
from service.record.file import RecordFile
from service.record.rows import Rows
from service.record.tables import Accepted, Card, Comment, Feedback, Table, Verdict

Row = dict[str, Any]

#: How long a statement waits for another process's lock on an SQLite file.
_LOCK_SECONDS = 5.0
_CONNECT_SECONDS = 3
#: How far an EHR's clock may be ahead of ours: an outcome that is said to be later than so long
#: after its report counts as of then, so that what follows can take its place.
AHEAD = timedelta(minutes=5)


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
        try:
            schema.upgrade(self.engine)
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
        if self._file is not None:
            self._file.remember()
        self._prepared = True

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
        """A connection that sees one moment of the store. Raises StoreDown."""
        self.prepare()
        try:
            with self.engine.connect().execution_options(reading=True) as connection:
                if self._file is not None:
                    self._file.check()
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
            self._judge_early(connection, [card.id for each in decisions for card in each.cards])

    def append(self, events: Sequence[FeedbackEvent]) -> None:
        """Write feedback, all of it or none, and what counts now for each of its cards. An event
        that is there already stays as it is."""
        with self.writing() as connection:
            if not self.is_sqlite:
                # Whatever the server's own default is: this is acknowledged to the EHR.
                connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            ids = [item.id for item in events]
            there = set(connection.scalars(select(Feedback.id).where(Feedback.id.in_(ids))))
            events = [item for item in events if item.id not in there]
            if not events:
                return
            self._add(connection, Feedback, [_feedback(item) for item in events])
            self._add(
                connection,
                Accepted,
                [
                    {"feedback_id": item.id, "position": position, "suggestion_id": suggestion}
                    for item in events
                    for position, suggestion in enumerate(item.accepted)
                ],
            )
            self._add(
                connection,
                Comment,
                [
                    {"feedback_id": item.id, "text": item.comment}
                    for item in events
                    if item.comment is not None
                ],
            )
            self._judge(connection, events)

    def scrub(self) -> None:
        """See to it that what was deleted is gone from the store's files too. Raises StoreDown."""
        self.prepare()
        try:
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    plain = connection.execution_options(**{schema.PLAIN: True})
                    plain.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                else:
                    autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
                    autocommit.exec_driver_sql("VACUUM comment")
        except SQLAlchemyError as error:
            raise reason.down(error) from error

    def _judge(self, connection: Connection, events: Sequence[FeedbackEvent]) -> None:
        """Let the latest outcome count for each card, among those of the card's own client. As long
        as a card is unknown, whoever reports it is believed; see `_judge_early`."""
        cards = {item.card_id for item in events}
        known = connection.execute(select(Card.id, Card.client).where(Card.id.in_(cards)))
        owners: dict[str, str | None] = dict(known.all())
        self._count(
            connection,
            [item for item in events if owners.get(item.card_id, item.client) == item.client],
        )

    def _judge_early(self, connection: Connection, cards: Sequence[str]) -> None:
        """Judge again what came before its card, where another client than the card's own was
        believed."""
        if not cards:
            return
        doubtful = connection.scalars(
            select(Verdict.card_id)
            .join(Feedback, Feedback.id == Verdict.feedback_id)
            .join(Card, Card.id == Verdict.card_id)
            .where(Verdict.card_id.in_(cards), Feedback.client.is_distinct_from(Card.client))
            .order_by(Verdict.card_id)
            # What is being reported meanwhile waits, and is then judged by the card.
            .with_for_update(of=Verdict)
        ).all()
        if not doubtful:
            return
        connection.execute(delete(Verdict).where(Verdict.card_id.in_(doubtful)))
        own = connection.execute(
            select(Feedback.__table__)
            .join(Card, Card.id == Feedback.card_id)
            .where(Card.id.in_(doubtful), Feedback.client.is_not_distinct_from(Card.client))
            .order_by(Feedback.received_at)
        )
        events = [FeedbackEvent(**row) for row in own.mappings()]
        self._count(connection, events)

    def _count(self, connection: Connection, events: Sequence[FeedbackEvent]) -> None:
        """Let an event count for its card unless a later one does already."""
        if not events:
            return
        new = self._insert(Verdict)
        soonest = max(item.received_at for item in events) + AHEAD
        upsert = new.on_conflict_do_update(
            index_elements=[Verdict.card_id],
            set_={
                name: new.excluded[name]
                for name in Verdict.__table__.columns.keys()  # noqa: SIM118 - not a mapping
                if name != "card_id"
            },
            # What an earlier version believed to lie in the future counts no longer.
            where=(new.excluded.outcome_at >= Verdict.outcome_at) | (Verdict.outcome_at > soonest),
        )
        # In one order everywhere, so that two batches about the same cards do not wait for each
        # other.
        ordered = sorted(events, key=lambda item: (item.card_id, item.received_at, item.position))
        connection.execute(upsert, [_verdict(item) for item in ordered])

    def _add(self, connection: Connection, table: type[Table], rows: list[Row]) -> None:
        if rows:
            connection.execute(self._insert(table).on_conflict_do_nothing(), rows)

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self.engine.dialect)

    def _insert(self, table: type[Table]) -> Any:
        # The two constructs are alike, but their common base lacks what is used here.
        return (sqlite if self.is_sqlite else postgresql).insert(table)

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


def _feedback(item: FeedbackEvent) -> Row:
    return {
        "id": item.id,
        "received_at": item.received_at,
        "position": item.position,
        "client": item.client,
        "service": item.service,
        "card_id": item.card_id,
        "outcome": item.outcome,
        "outcome_at": item.outcome_at,
        "reason_system": item.reason_system,
        "reason_code": item.reason_code,
        "reason_display": item.reason_display,
    }


def _verdict(item: FeedbackEvent) -> Row:
    return {
        "card_id": item.card_id,
        "feedback_id": item.id,
        "outcome": item.outcome,
        "outcome_at": min(item.outcome_at, item.received_at + AHEAD),
        "reason_system": item.reason_system,
        "reason_code": item.reason_code,
        "reason_display": item.reason_display,
    }


def _is_busy(error: SQLAlchemyError) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _reason(error: SQLAlchemyError) -> str:
    """The database's own words, without statement and values: they may hold what was sent."""
    original = getattr(error, "orig", None)
    return str(original).splitlines()[0] if original is not None else type(error).__name__
