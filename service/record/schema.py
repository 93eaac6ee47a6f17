"""The tables' history: migrations that run at the start, one process at a time."""

from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from service.record.errors import RecordError

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
        config = configuration(connection)
        try:
            command.upgrade(config, "head")
        except (CommandError, ResolutionError) as error:
            raise RecordError(
                "MAGNESIA_DATABASE_URL: the record was made by a newer version of Magnesia; "
                f"this one knows its tables up to revision {head()}."
            ) from error


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(configuration(None)).get_current_head() or "none"


def configuration(connection: Connection | None) -> Config:
    """Alembic's settings: the migrations of this package, run on `connection`."""
    config = Config()
    location = str(Path(__file__).with_name("migrations")).replace("%", "%%")
    config.set_main_option("script_location", location)
    config.attributes["connection"] = connection
    return config


def write_ahead(engine: Engine) -> None:
    """Write-ahead logging: readers do not wait for the writer. It is a property of the file."""
    deadline = monotonic() + _WAL_SECONDS
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
