"""The tables' state: brought up to date at the start, one process at a time."""

from threading import Lock
from time import monotonic, sleep

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from service.record.errors import RecordError

#: The newest revision of the tables that this program knows.
HEAD = "0003"

#: The PostgreSQL advisory lock under which Magnesia changes its tables.
_LOCK = 0x4D61676E65736961  # "Magnesia"
_WAL_SECONDS = 30.0
#: The execution option of an SQLite connection that does what cannot be done in a transaction.
PLAIN = "plain"
# Alembic knows one migration at a time in a process.
_one_at_a_time = Lock()


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest revision. Who comes second waits and then has nothing to do.

    Raises RecordError if a newer Magnesia made the tables, and what SQLAlchemy raises.
    """
    if engine.dialect.name == "sqlite":
        write_ahead(engine)
    with _one_at_a_time, engine.begin() as connection:
        # On SQLite the transaction itself is the lock.
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _revision(connection) != HEAD:
            # Almost every start finds nothing to do, and does without Alembic: 11 MB, 90 ms.
            from service.record import migrations  # noqa: PLC0415

            migrations.run(connection)


def demand(engine: Engine) -> None:
    """Raise RecordError unless the tables are those that this program knows; nothing is changed, as
    an older service may be using them. Raises what SQLAlchemy raises, too."""
    with engine.connect().execution_options(reading=True) as connection:
        found = _revision(connection)
    if found is None:
        raise RecordError(
            "MAGNESIA_DATABASE_URL: there is no record in this database; the service makes it when "
            "it starts."
        )
    if found < HEAD:
        raise RecordError(
            "MAGNESIA_DATABASE_URL: the record was made by an older version of Magnesia (its tables"
            f" are of revision {found}, this version's of {HEAD}): look at it with the version that"
            " serves it, or start the service in this version first."
        )
    if found > HEAD:
        raise newer()


def newer() -> RecordError:
    """The record has tables that this program does not know."""
    return RecordError(
        "MAGNESIA_DATABASE_URL: the record was made by a newer version of Magnesia; "
        f"this one knows its tables up to revision {HEAD}."
    )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def write_ahead(engine: Engine, seconds: float = _WAL_SECONDS) -> None:
    """Write-ahead logging: readers do not wait for the writer. It is a property of the file; who
    finds it locked tries for so many seconds. Raises OperationalError."""
    deadline = monotonic() + seconds
    while True:
        try:
            with engine.connect().execution_options(**{PLAIN: True}) as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            # Two processes that make the file at once stand in each other's way.
            if "locked" not in str(error) or monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            return
