"""Migrations: they make exactly the tables of the models, once, whoever starts first."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from service.record import schema
from service.record.errors import RecordError
from service.record.store import Store
from service.record.tables import Table

START = """
import sys
from service.record.store import Store
store = Store(sys.argv[1])
store.prepare()
store.close()
"""


def revision(store: Store) -> Any:
    with store.engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()


def test_the_migrations_make_what_the_models_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Table.metadata) == []
    assert revision(store) == [schema.HEAD], "schema.HEAD names the last of the migrations"


@pytest.mark.usefixtures("store")
def test_a_start_that_finds_nothing_to_do_does_without_alembic(database_url: str) -> None:
    start = f"{START}assert 'alembic' not in sys.modules\n"
    command = [sys.executable, "-c", start, database_url]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_several_processes_may_start_at_once(database_url: str) -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", START, database_url],
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(4)
    ]
    for start in starts:
        _, errors = start.communicate(timeout=60)
        assert start.returncode == 0, errors
    store = Store(database_url)
    assert revision(store) == [schema.HEAD]
    store.close()


def test_a_second_start_finds_nothing_to_do(store: Store, database_url: str) -> None:
    again = Store(database_url)
    again.prepare()
    assert revision(again) == revision(store)
    again.close()


def test_the_record_of_a_newer_version_is_left_alone(store: Store, database_url: str) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    again = Store(database_url)
    with pytest.raises(RecordError, match="newer version of Magnesia"):
        again.prepare()
    assert revision(again) == ["9999"]
    again.close()


def test_sqlite_is_set_up_to_keep_what_it_acknowledged(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'magnesia.sqlite'}")
    store.prepare()
    with store.engine.connect() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    store.close()
    full = 2
    assert said == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "secure_delete": 1,
    }
