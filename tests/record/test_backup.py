"""`magnesia record backup`: a whole copy at one moment, or one line that says why there is none."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.record.store import Store
from tests.record.conftest import decision, feedback

Run = Callable[[Path], Result]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A record that is in use, with one decision and two feedback items."""
    store = Store(f"sqlite:///{tmp_path / 'record 1%?.sqlite'}")
    store.write([decision()])
    store.append([feedback("card", comment="one"), feedback("card", position=1)])
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", store.url)
    yield store
    store.close()


def back_up(file: Path) -> Result:
    return CliRunner().invoke(main, ["record", "backup", str(file)])


def test_the_copy_is_a_record(record: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    result = back_up(copy)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{copy}: 1 decision, 2 feedback items.\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not [*tmp_path.glob("copy.sqlite-*"), *tmp_path.glob(".copy*")], "one file, and whole"
    assert exported(record.url) == exported(f"sqlite:///{copy}") != ""


def exported(url: str) -> str:
    command = ["record", "export", "--what", "feedback", "--with-comments"]
    return CliRunner(env={"MAGNESIA_DATABASE_URL": url}).invoke(main, command).stdout


def test_it_is_whole_while_the_service_writes(record: Store, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            record.append([feedback("card", comment="one"), feedback("card", comment="two")])

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for number in range(5):
            assert back_up(tmp_path / f"{number}.sqlite").exit_code == 0
    finally:
        stop.set()
        writing.join()
    for number in range(5):
        connection = sqlite3.connect(tmp_path / f"{number}.sqlite")
        (items,) = connection.execute("SELECT count(*) FROM feedback").fetchone()
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        assert sound == "ok"
        assert items % 2 == 0, "half a batch is in the copy"


def test_a_file_that_is_there_is_left_alone(record: Store, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("the last backup")
    for file in (precious, Path(str(record.path))):
        before = file.read_bytes()
        result = back_up(file)
        assert result.exit_code == 1
        assert result.stderr == f"magnesia: {file} is there already.\n"
        assert file.read_bytes() == before


def test_where_there_is_no_record_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.sqlite").touch()
    (tmp_path / "notes.txt").write_text("Buy magnesium. " * 100)
    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE tea (id)").connection.close()
    before = sorted(tmp_path.iterdir())
    for name in ("none.sqlite", "empty.sqlite", "notes.txt", "other.sqlite"):
        monkeypatch.setenv("MAGNESIA_DATABASE_URL", f"sqlite:///{tmp_path / name}")
        result = back_up(tmp_path / "copy.sqlite")
        assert result.exit_code == 2, name
        assert result.stderr.startswith("magnesia: There is no record ")
        assert result.stderr.count("\n") == 1
        assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("record")
def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "copy.sqlite"
    result = back_up(file)
    assert result.exit_code == 1
    assert result.stderr == f"magnesia: {file} cannot be written: No such file or directory.\n"


def test_postgresql_has_its_own_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    result = back_up(tmp_path / "copy")
    assert result.exit_code == 2
    assert result.stderr == "magnesia: The record is in PostgreSQL: back it up with pg_dump.\n"
