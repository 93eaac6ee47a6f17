"""`magnesia record`: what is exported, what is deleted, and that it is counted first."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, inspect, select, text

from service.cli import main
from service.record import retention
from service.record import store as store_module
from service.record.entries import LossEntry
from service.record.store import Store
from service.record.tables import Comment, Decision, Feedback, Table, Verdict
from tests.record.conftest import NOW, decision, feedback, uuid

OLD = datetime.now(UTC) - timedelta(days=500)
RECENT = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command of `magnesia record` on the database."""
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", database_url)

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["record", *arguments], input=typed)

    return run


def rows(store: Store, table: type[Table]) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_decisions_are_exported_line_by_line(store: Store, run: Any) -> None:
    first = decision(at=NOW - timedelta(hours=1))
    second = decision(cards=[], rule=None)
    store.write([second, first])
    result = run("export", "--what", "decisions")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines] == [str(first.id), str(second.id)], "oldest first"
    assert lines[0]["at"] == "2026-11-23T09:00:00Z"
    assert lines[0]["dose_grams"] == 2
    (card,) = lines[0]["cards"]
    assert card["uuid"] == first.cards[0].id, "card uuids in full (settled 29)"
    assert [each["uuid"] for each in card["suggestions"]] == [
        each.id for each in first.cards[0].suggestions
    ]
    assert lines[1]["cards"] == []
    assert lines[1]["rule"] is None


def test_feedback_is_exported_with_its_standing(store: Store, run: Any) -> None:
    entry = decision()
    known = entry.cards[0].id
    store.write([entry])
    store.append([feedback(known, comment="Mrs. Example", id=uuid(1))])
    store.append(
        [
            feedback(
                known,
                id=uuid(2),
                outcome="accepted",
                accepted=("s-1", "s-2"),
                outcome_at=NOW + timedelta(hours=1),
                received_at=NOW + timedelta(hours=1),
            )
        ]
    )
    store.append([feedback("123456", id=uuid(3), received_at=NOW + timedelta(hours=2))])
    result = run("export", "--what", "feedback")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["card"], line["outcome"], line["known"], line["counts"]) for line in lines] == [
        (known, "overridden", True, False),
        (known, "accepted", True, True),
        ("123456", "overridden", False, True),
    ]
    assert lines[1]["accepted_suggestions"] == ["s-1", "s-2"]
    assert "Example" not in result.stdout, "comments only where they are asked for"
    with_comments = run("export", "--what", "feedback", "--with-comments").stdout.splitlines()
    assert json.loads(with_comments[0])["comment"] == "Mrs. Example"


def test_csv_is_safe_to_open_in_a_spreadsheet(store: Store, run: Any, tmp_path: Any) -> None:
    store.append([feedback("card", reason_code="=1+1", reason_display='a "quoted", one')])
    file = tmp_path / "feedback.csv"
    result = run("export", "--what", "feedback", "--format", "csv", "--output", str(file))
    assert result.exit_code == 0, result.output
    (row,) = csv.DictReader(io.StringIO(file.read_text()))
    assert row["reason_code"] == "'=1+1"
    assert row["reason_display"] == 'a "quoted", one'
    assert row["received_at"] == "2026-11-23T10:05:00Z"


def test_decisions_as_csv(store: Store, run: Any) -> None:
    entry = decision()
    store.write([entry])
    result = run("export", "--what", "decisions", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["rule"] == "DT1"
    assert row["dose_grams"] == "2"
    assert row["card_count"] == "1"
    assert json.loads(row["cards"])[0]["uuid"] == entry.cards[0].id


@pytest.mark.parametrize("what", ["decisions", "feedback"])
def test_each_column_has_a_name_of_its_own_in_both_forms(store: Store, run: Any, what: str) -> None:
    entry = decision()
    store.write([entry])
    store.append([feedback(entry.cards[0].id)])
    shown = run("export", "--what", what, "--format", "csv").stdout
    header = next(csv.reader(io.StringIO(shown)))
    assert len(header) == len(set(header)), "a second column of one name hides the first"
    assert header == list(json.loads(run("export", "--what", what).stdout)), (
        "CSV and NDJSON hold the same members"
    )


def test_more_than_a_page_is_exported_whole(store: Store, run: Any) -> None:
    store.write([decision(at=NOW + timedelta(seconds=number)) for number in range(2300)])
    lines = [json.loads(line) for line in run("export", "--what", "decisions").stdout.splitlines()]
    assert len({line["id"] for line in lines}) == 2300
    assert all(len(line["cards"][0]["suggestions"]) == 2 for line in lines)


def filled(store: Store) -> None:
    """Two old decisions and a recent one, feedback about them and about nothing known."""
    old = [decision(at=OLD), decision(at=OLD, cards=[])]
    recent = decision(at=RECENT)
    store.write([*old, recent, LossEntry(uuid(9), OLD, 1, "queue full")])
    late = {"received_at": RECENT, "outcome_at": RECENT}
    store.append([feedback(old[0].cards[0].id, comment="about an old card", **late)])
    store.append([feedback("unknown", received_at=OLD, outcome_at=OLD)])
    store.append([feedback(recent.cards[0].id, comment="about a recent card", **late)])


COUNTED = "2 decisions with 1 card, 2 feedback items with 1 comment, 1 note of losses."


def test_pruning_counts_first_and_asks(store: Store, run: Any) -> None:
    filled(store)
    result = run("prune", "--older-than", "400d", typed="n\n")
    assert result.exit_code == 1
    assert COUNTED in result.stdout
    assert rows(store, Decision) == 3, "nothing is deleted without a yes"
    assert run("prune", "--older-than", "400d", "--dry-run").exit_code == 0
    assert rows(store, Decision) == 3


def test_pruning_deletes_what_is_old_and_nothing_else(
    store: Store, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    filled(store)
    result = run("prune", "--older-than", "400d", typed="y\n")
    assert result.exit_code == 0, result.output
    assert COUNTED in result.stdout
    with store.reading() as connection:
        left = connection.execute(select(Decision.at)).scalars().all()
    assert [moment.date() for moment in left] == [RECENT.date()]
    assert rows(store, Feedback) == 1
    assert rows(store, Verdict) == 1
    assert rows(store, Comment) == 1
    again = run("prune", "--older-than", "400d")
    assert "0 decisions" in again.stdout


@pytest.mark.parametrize("span", ["400", "d", "-1d", "400 years", "999999w"])
def test_a_span_that_is_none_is_refused(store: Store, run: Any, span: str) -> None:
    filled(store)
    assert run("prune", "--older-than", span, "--yes").exit_code == 2
    assert rows(store, Decision) == 3


def test_comments_about_a_card_are_forgotten(store: Store, run: Any) -> None:
    about, other = str(uuid(1)), str(uuid(2))
    store.append([feedback(about, comment="one"), feedback(about, comment="two", position=1)])
    store.append([feedback(other, comment="three")])
    result = run("forget-comments", "--card", about.upper(), "--yes")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["2 comments.", "2 comments deleted."]
    assert rows(store, Comment) == 1
    assert rows(store, Feedback) == 3, "what was done with the cards stays"


def test_old_comments_are_forgotten(store: Store, run: Any) -> None:
    store.append([feedback("card", comment="old", received_at=OLD)])
    store.append([feedback("card", comment="new", received_at=RECENT)])
    assert run("forget-comments", "--older-than", "400d", "--yes").exit_code == 0
    with store.reading() as connection:
        assert connection.execute(select(Comment.text)).scalars().all() == ["new"]


@pytest.mark.parametrize("arguments", [[], ["--card", str(uuid(1)), "--older-than", "1d"]])
def test_what_to_forget_must_be_said(store: Store, run: Any, arguments: list[str]) -> None:
    store.append([feedback(str(uuid(1)), comment="one", received_at=OLD)])
    assert run("forget-comments", "--yes", *arguments).exit_code == 2
    assert rows(store, Comment) == 1


def test_a_forgotten_comment_is_gone_from_the_files(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'magnesia.sqlite'}"
    store = Store(url)
    secret = "Mrs. Quillfeather is on dialysis"
    store.append([feedback("card", comment=secret, received_at=OLD)])
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", url)
    assert any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())
    result = CliRunner().invoke(main, ["record", "forget-comments", "--older-than", "1d", "--yes"])
    assert result.exit_code == 0, result.output
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())
    store.close()


@pytest.mark.parametrize("command", ["forget-comments", "prune"])
def test_a_text_that_somebody_still_reads_is_not_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A reader keeps SQLite from emptying the log; the next run sees to it, though it finds
    nothing to delete."""
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.2)
    file = tmp_path / "magnesia.sqlite"
    store = Store(f"sqlite:///{file}")
    secret = b"Mrs. Quillfeather is on dialysis"
    store.append([feedback("card", comment=secret.decode(), received_at=OLD)])
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", store.url)

    def forget() -> Result:
        return CliRunner().invoke(main, ["record", command, "--older-than", "1d", "--yes"])

    def is_on_disk() -> bool:
        return any(secret in file.read_bytes() for file in tmp_path.iterdir())

    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM comment").fetchone()
        result = forget()
        assert is_on_disk(), "the case is none if the text is gone all the same"
        assert (result.exit_code, rows(store, Comment)) == (1, 0), result.output
        assert "deleted" not in result.stdout.lower()
        assert result.stderr == (
            "magnesia: What was to be deleted is deleted, but the record's files may still hold its"
            " text (another program is reading it): run this again.\n"
        )
    again = forget()
    assert again.exit_code == 0, again.output
    assert not is_on_disk(), "the second run found no comment, and left the text where it was"
    store.close()


COMMANDS = [
    ["record", "export", "--what", "decisions"],
    ["record", "prune", "--older-than", "400d", "--dry-run"],
    ["record", "prune", "--older-than", "400d", "--yes"],
    ["record", "forget-comments", "--older-than", "400d", "--yes"],
    ["insight"],
]


def tables_of(url: str) -> dict[str, Any]:
    """The tables, and their revision."""
    other = Store(url)
    with other.engine.connect() as connection:
        tables = sorted(inspect(connection).get_table_names())
        revision = (
            connection.scalar(text("SELECT version_num FROM alembic_version"))
            if "alembic_version" in tables
            else None
        )
    other.close()
    return {"tables": tables, "revision": revision}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("revision", "made_by"), [("0002", "older"), ("9999", "newer")])
def test_looking_at_a_record_of_another_version_leaves_its_tables_alone(
    store: Store,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    revision: str,
    made_by: str,
) -> None:
    """A service of that version may be running, and could not start again."""
    filled(store)
    with store.writing() as connection:
        connection.execute(text("DROP TABLE nonce"))
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    store.close()
    before = tables_of(database_url)
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", database_url)
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert f"the record was made by an {made_by}".replace("an newer", "a newer") in result.stderr
    assert tables_of(database_url) == before
    with store.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Decision)) == 3


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_looking_at_a_database_of_others_makes_no_record_in_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    store = Store(database_url)
    if store.path is not None:
        store.path.parent.mkdir()
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    store.close()
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", database_url)
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2, result.output
    assert "there is no record in this database" in result.stderr
    assert tables_of(database_url) == {"tables": ["theirs"], "revision": None}


def test_looking_at_a_record_does_not_make_one(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", f"sqlite:///{tmp_path / 'none.sqlite'}")
    result = CliRunner().invoke(main, ["record", "export", "--what", "decisions"])
    assert result.exit_code == 2
    assert result.stderr == f"magnesia: There is no record at {tmp_path / 'none.sqlite'}.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:9/none")
    result = CliRunner().invoke(main, ["record", "export", "--what", "decisions"])
    assert result.exit_code == 1
    assert result.stderr == "magnesia: The record cannot be reached: Connection refused.\n"
