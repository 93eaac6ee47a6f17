"""The store: what is written is there, once, and the latest outcome counts."""

import fcntl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, update

from service.record.entries import FeedbackEvent, LossEntry
from service.record.errors import RecordError, StoreDown
from service.record.store import Store, Unwritable
from service.record.tables import (
    Accepted,
    Card,
    Comment,
    Decision,
    Feedback,
    Loss,
    Suggestion,
    Table,
    Verdict,
)
from tests.record.conftest import NOW, decision, feedback


def rows(store: Store, table: type[Table]) -> Sequence[Any]:
    with store.reading() as connection:
        return connection.execute(select(table.__table__)).all()


def test_a_decision_is_kept_whole(store: Store) -> None:
    entry = decision(dose_grams=Decimal("1.50"))
    store.write([entry])
    (row,) = rows(store, Decision)
    assert row.id == entry.id
    assert (row.at, row.day) == (NOW, NOW.date())
    assert row.at.tzinfo is not None
    assert row.dose_grams == Decimal("1.50")
    assert str(row.dose_grams) == "1.50", "no digit of a dose is lost"
    assert row.findings == [{"id": "wasting-drug", "rule": "M5"}]
    assert row.unusable == [{"analyte": "potassium", "reasons": ["hemolyzed"]}]
    assert (row.band, row.rule, row.row, row.cards) == ("severe", "DT1", "DT1", 1)
    (card,) = rows(store, Card)
    assert (card.id, card.decision_id, card.rule) == (entry.cards[0].id, entry.id, "DT1")
    suggestions = sorted(rows(store, Suggestion), key=lambda row: row.position)
    assert [each.id for each in suggestions] == [each.id for each in entry.cards[0].suggestions]
    assert suggestions[0].actions == [{"type": "create", "resourceType": "MedicationRequest"}]
    assert [each.recommended for each in suggestions] == [True, False]


def test_what_a_refused_call_did_not_come_to_is_null(store: Store) -> None:
    store.write(
        [
            decision(
                status=412,
                band=None,
                rule=None,
                row=None,
                dose_grams=None,
                dose_minutes=None,
                cards=[],
                hook_instance=None,
            )
        ]
    )
    (row,) = rows(store, Decision)
    assert (row.status, row.band, row.rule, row.dose_grams, row.cards) == (412, None, None, None, 0)


def test_writing_twice_is_writing_once(store: Store) -> None:
    entries = [decision() for _ in range(3)]
    store.write(entries)
    store.write([*entries, decision(), LossEntry(uuid4(), NOW, 2, "queue full")])
    assert len(rows(store, Decision)) == 4
    assert len(rows(store, Card)) == 4
    assert len(rows(store, Suggestion)) == 8
    assert [(row.decisions, row.reason) for row in rows(store, Loss)] == [(2, "queue full")]


def test_the_latest_outcome_counts_in_whatever_order_it_comes(store: Store) -> None:
    for order in permutations(range(3)):
        card = str(uuid4())
        for minute in order:
            outcome = "accepted" if minute == 2 else "overridden"
            moment = NOW + timedelta(minutes=minute)
            store.append([feedback(card, outcome=outcome, outcome_at=moment)])
        with store.reading() as connection:
            counts = connection.scalar(select(Verdict.outcome).where(Verdict.card_id == card))
            events = connection.scalar(
                select(func.count()).select_from(Feedback).where(Feedback.card_id == card)
            )
        assert counts == "accepted", f"sent in the order {order}"
        assert events == 3, "every event is kept"


def test_of_equal_outcomes_the_last_to_arrive_counts(store: Store) -> None:
    card = str(uuid4())
    store.append([feedback(card), feedback(card, position=1, outcome="accepted")])
    assert [row.outcome for row in rows(store, Verdict)] == ["accepted"]
    store.append([feedback(card, reason_code="later")])
    assert [(row.outcome, row.reason_code) for row in rows(store, Verdict)] == [
        ("overridden", "later")
    ]


def test_what_another_client_says_of_a_card_is_kept_and_does_not_count(store: Store) -> None:
    entry = decision(client="A")
    card = entry.cards[0].id
    store.write([entry])
    store.append([feedback(card, client="A", outcome="accepted")])
    later = NOW + timedelta(minutes=4, seconds=1)
    for stranger in ("B", None):
        store.append([feedback(card, client=stranger, outcome_at=later)])
    assert [row.outcome for row in rows(store, Verdict)] == ["accepted"]
    assert len(rows(store, Feedback)) == 3
    store.append([feedback(card, client="A", outcome_at=later)])
    assert [row.outcome for row in rows(store, Verdict)] == ["overridden"], "A may think again"


def test_a_card_that_nobody_of_its_client_reported_has_no_verdict(store: Store) -> None:
    entry = decision(client="A")
    store.write([entry])
    store.append([feedback(entry.cards[0].id, client="B"), feedback("unknown", client="B")])
    assert [row.card_id for row in rows(store, Verdict)] == ["unknown"]


@pytest.mark.parametrize(
    ("reports", "counts"),
    [
        (("A accepted 1", "B overridden 2"), ["accepted"]),
        (("B overridden 2", "A accepted 1"), ["accepted"]),
        (("A overridden 1", "A accepted 2", "B overridden 3"), ["accepted"]),
        (("A accepted 2", "B overridden 3", "A overridden 1"), ["accepted"]),
        (("B overridden 1",), []),
        (("B overridden 1", "A accepted 2"), ["accepted"]),
    ],
)
def test_reports_may_come_before_their_card(
    store: Store, reports: tuple[str, ...], counts: list[str]
) -> None:
    """A decision is written some time after its answer; who reported its card by then is known
    only afterwards."""
    entry = decision(client="A")
    card = entry.cards[0].id
    for number, report in enumerate(reports):
        client, outcome, minute = report.split()
        store.append(
            [
                feedback(
                    card,
                    client=client,
                    outcome=outcome,
                    outcome_at=NOW + timedelta(minutes=int(minute)),
                    received_at=NOW + timedelta(minutes=5, seconds=number),
                )
            ]
        )
    store.write([entry, decision(client="B")])
    assert [row.outcome for row in rows(store, Verdict)] == counts
    store.write([entry])
    assert [row.outcome for row in rows(store, Verdict)] == counts, "written twice"


def test_an_outcome_of_the_far_future_can_be_superseded(store: Store) -> None:
    far = datetime(9999, 12, 31, tzinfo=UTC)
    store.append([feedback("card", outcome_at=far, received_at=NOW)])
    (row,) = rows(store, Verdict)
    assert row.outcome_at == NOW + timedelta(minutes=5), "it counts as of its report"
    (event,) = rows(store, Feedback)
    assert event.outcome_at == far, "it is kept as it came"
    an_hour_later = NOW + timedelta(hours=1)
    store.append(
        [feedback("card", outcome="accepted", outcome_at=an_hour_later, received_at=an_hour_later)]
    )
    assert [row.outcome for row in rows(store, Verdict)] == ["accepted"]


def test_a_verdict_that_an_earlier_version_left_in_the_future_is_superseded(store: Store) -> None:
    store.append([feedback("card")])
    far = datetime(9999, 12, 31, tzinfo=UTC)
    with store.writing() as connection:
        connection.execute(update(Verdict).values(outcome_at=far))
    store.append([feedback("card", outcome="accepted")])
    assert [row.outcome for row in rows(store, Verdict)] == ["accepted"]


def test_an_event_that_comes_again_changes_nothing(store: Store) -> None:
    first = feedback("card", outcome="accepted", accepted=("one",), comment="Fine.")
    second = feedback("card", position=1)
    store.append([first, second])
    with store.writing() as connection:
        connection.execute(delete(Comment))
    store.append([first])
    assert len(rows(store, Feedback)) == 2
    assert len(rows(store, Accepted)) == 1
    assert rows(store, Comment) == [], "what was forgotten stays forgotten"
    assert [row.outcome for row in rows(store, Verdict)] == ["overridden"], "it is no news"
    third = feedback("card", outcome="accepted")
    store.append([first, third])
    assert len(rows(store, Feedback)) == 3, "what is new in a batch is kept"
    assert [row.feedback_id for row in rows(store, Verdict)] == [third.id]


def test_who_reads_sees_one_moment(store: Store) -> None:
    """What is counted first and listed then is the same, whatever is written meanwhile."""
    store.write([decision()])
    with store.reading() as connection:
        before = len(connection.execute(select(Decision.id)).all())
        store.write([decision()])
        assert len(connection.execute(select(Decision.id)).all()) == before == 1
    assert len(rows(store, Decision)) == 2
    store.write([decision()])
    assert len(rows(store, Decision)) == 3, "a connection that is used again sees what is new"


def test_comments_lie_apart_from_the_feedback(store: Store) -> None:
    item = feedback("card", comment="Mrs. Example is on dialysis", accepted=())
    store.append([item])
    assert [(row.feedback_id, row.text) for row in rows(store, Comment)] == [
        (item.id, "Mrs. Example is on dialysis")
    ]
    assert "Example" not in str(rows(store, Feedback))
    assert "Example" not in str(rows(store, Verdict))


def test_accepted_suggestions_are_kept(store: Store) -> None:
    item = feedback("card", outcome="accepted", accepted=("one", "two"))
    store.append([item])
    assert {(row.position, row.suggestion_id) for row in rows(store, Accepted)} == {
        (0, "one"),
        (1, "two"),
    }


def test_a_batch_of_feedback_is_kept_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(Unwritable):
        store.append([feedback("card"), feedback("card", outcome="ignored")])
    assert rows(store, Feedback) == []
    assert rows(store, Verdict) == []


def test_many_writers_at_once_lose_nothing(store: Store) -> None:
    cards = [f"card-{number}" for number in range(5)]
    failed: list[Exception] = []

    def report(first: int) -> None:
        order = cards[first % 5 :] + cards[: first % 5]
        try:
            for _ in range(5):
                store.append([feedback(card, position=n) for n, card in enumerate(order)])
                store.write([decision()])
        except (StoreDown, Unwritable) as error:
            failed.append(error)

    threads = [threading.Thread(target=report, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(rows(store, Feedback)) == 6 * 5 * 5
    assert len(rows(store, Verdict)) == 5
    assert len(rows(store, Decision)) == 30


def test_a_server_that_is_not_there_is_down() -> None:
    store = Store("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    with pytest.raises(StoreDown):
        store.prepare()
    with pytest.raises(StoreDown):
        store.append([feedback("card")])


def test_a_directory_that_cannot_be_made_stops_the_start(tmp_path: Any) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=r"^MAGNESIA_DATABASE_URL: the directory .* cannot be"):
        Store(f"sqlite:///{tmp_path}/file/magnesia.sqlite").prepare()


def test_a_file_that_is_no_database_stops_the_start(tmp_path: Any) -> None:
    (tmp_path / "notes.txt").write_text("Buy magnesium. " * 100)
    with pytest.raises(RecordError, match="cannot be used as the record: file is not a database"):
        Store(f"sqlite:///{tmp_path}/notes.txt").prepare()


def test_an_event_needs_no_known_card(store: Store) -> None:
    item: FeedbackEvent = feedback("123456")
    store.append([item])
    assert [row.card_id for row in rows(store, Feedback)] == ["123456"]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'magnesia.sqlite'}")
    store.prepare()
    yield store
    store.close()


def test_processes_take_turns_to_write_to_a_file(sqlite: Store) -> None:
    with Path(f"{sqlite.path}-turn").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        writing = threading.Thread(target=sqlite.write, args=([decision()],))
        writing.start()
        writing.join(0.2)
        assert writing.is_alive(), "another process has its turn"
        assert rows(sqlite, Decision) == [], "who reads waits for nobody"
    writing.join(10)
    assert not writing.is_alive(), "the turn has ended, with its process at the latest"
    assert len(rows(sqlite, Decision)) == 1


def test_a_store_beside_which_nothing_can_be_written_is_down(sqlite: Store) -> None:
    Path(f"{sqlite.path}-turn").mkdir()
    with pytest.raises(StoreDown, match="directory"):
        sqlite.write([decision()])
