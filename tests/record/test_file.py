"""The file of an SQLite record that is deleted or replaced while the service uses it: what is
acknowledged is in the record that lies there, or nothing is acknowledged."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from service import create_app, fixture
from service.record.errors import StoreDown
from service.record.store import Store
from service.record.tables import Decision, Feedback, Table
from service.settings import Settings
from tests.conformance.exchange import SERVICE
from tests.conftest import NOW, record_of
from tests.record.conftest import decision, feedback

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "seed-mg-1.2.json"
SAID = "deleted or replaced while Magnesia was using it"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'magnesia.sqlite'}")
    store.append([feedback("before")])
    yield store
    store.close()


def files(store: Store) -> list[Path]:
    assert store.path is not None
    return sorted(store.path.parent.glob(f"{store.path.name}*"))


def delete(store: Store) -> None:
    for file in files(store):
        file.unlink()


def replace(store: Store) -> None:
    """As `mv backup magnesia.sqlite` does: the log of the old file stays beside the new one."""
    assert store.path is not None
    backup = store.path.with_name("backup")
    with sqlite3.connect(backup) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    connection.close()
    backup.rename(store.path)


def delete_log(store: Store) -> None:
    Path(f"{store.path}-wal").unlink()


def delete_all_but_the_log(store: Store) -> None:
    assert store.path is not None
    store.path.unlink()


@pytest.mark.parametrize("harm", [delete, replace, delete_log, delete_all_but_the_log])
def test_what_would_be_in_no_record_is_not_acknowledged(
    store: Store, harm: Callable[[Store], None], caplog: pytest.LogCaptureFixture
) -> None:
    harm(store)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            with pytest.raises(StoreDown, match="Magnesia must be started again"):
                store.append([feedback("after")])
            with pytest.raises(StoreDown):
                store.write([decision()])
    assert [SAID in record.getMessage() for record in caplog.records] == [True], "said once"


def test_no_new_record_is_made_in_the_place_of_one_that_is_gone(store: Store) -> None:
    delete(store)
    with pytest.raises(StoreDown):
        store.append([feedback("after")])
    store.close()
    with pytest.raises(StoreDown), store.reading():
        pass
    with pytest.raises(StoreDown):
        store.append([feedback("after")])
    assert store.path is not None
    assert not store.path.exists(), "an empty file would pass for the record"


def test_what_is_gone_is_not_read(store: Store) -> None:
    delete(store)
    with pytest.raises(StoreDown), store.reading():
        pass


def test_a_file_that_is_back_is_gone_on_with(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = [file.rename(elsewhere / file.name) for file in files(store)]
    with pytest.raises(StoreDown):
        store.append([feedback("meanwhile")])
    for file in moved:
        file.rename(tmp_path / file.name)
    store.append([feedback("after")])
    assert kept(store, Feedback) == 2


def test_what_other_processes_do_to_the_record_is_no_replacement(store: Store) -> None:
    """An export, a checkpoint, a VACUUM, a second service: all leave the file where it is."""
    other = Store(store.url)
    for _ in range(3):
        store.append([feedback("ours")])
        other.append([feedback("theirs")])
        other.scrub()
        other.close()
        connection = sqlite3.connect(str(store.path), isolation_level=None)
        connection.execute("VACUUM")
        connection.close()
        shutil.copy(str(store.path), f"{store.path}.copy")
    store.close()
    store.append([feedback("after")])
    assert kept(store, Feedback) == 8


def test_a_process_that_was_forked_knows_the_file_too(store: Store) -> None:
    """As the processes that answer calls are, also those that replace one that died."""
    store.close()
    delete(store)
    pid = os.fork()
    if pid == 0:
        try:
            store.append([feedback("after")])
        except StoreDown:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def kept(store: Store, table: type[Table]) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Flask]]:
    """Starts applications on one SQLite file."""
    started: list[Flask] = []

    def start() -> Flask:
        url = f"sqlite:///{tmp_path / 'magnesia.sqlite'}"
        started.append(create_app(Settings(database_url=url), clock=lambda: NOW))
        return started[-1]

    yield start
    for app in started:
        record_of(app).stop()


def test_decisions_wait_for_the_record_that_takes_its_place(start: Callable[[], Flask]) -> None:
    """The service answers, refuses feedback, and loses no decision that it makes meanwhile."""
    app = start()
    record = record_of(app)
    client = app.test_client()
    request = fixture.load(FIXTURE).request
    item: dict[str, Any] = {
        "card": "card",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-23T10:01:00Z",
    }
    assert client.post(SERVICE, json=request).status_code == 200
    assert record.flush(20)
    delete(record.store)
    assert client.post(SERVICE, json=request).status_code == 200
    refused = client.post(f"{SERVICE}/feedback", json={"feedback": [item]})
    assert refused.status_code == 503, "feedback into a deleted file was acknowledged"
    assert not record.flush(1)
    assert record.state()["store"] == "down"
    record.stop()
    again = record_of(start())
    again.start()
    deadline = monotonic() + 20
    while not kept(again.store, Decision) and monotonic() < deadline:
        sleep(0.05)
    assert kept(again.store, Decision) == 1, "the decision that was made while the file was gone"
