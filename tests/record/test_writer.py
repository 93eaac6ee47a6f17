"""The writer: off the calls' way, through outages, and every loss accounted for."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select

from service.record import desk, writer
from service.record.entries import DecisionEntry, Entry
from service.record.errors import StoreDown
from service.record.store import Store, Unwritable
from service.record.tables import Decision, Loss
from service.record.writer import Writer
from tests.record.conftest import decision

SECONDS = 60.0


class MoodyStore(Store):
    """A store that can be down, or hang."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.down = False
        self.hung = threading.Event()
        self.hung.set()
        self.asked = threading.Event()

    def write(self, entries: Sequence[Entry]) -> None:
        if self.down:
            raise StoreDown("a bad mood")
        self.asked.set()
        assert self.hung.wait(SECONDS), "hung for too long"
        if any(isinstance(entry, DecisionEntry) and entry.rule == "bad" for entry in entries):
            raise Unwritable("DataError")
        super().write(entries)

    def decisions(self) -> int:
        with self.reading() as connection:
            return connection.scalar(select(func.count()).select_from(Decision)) or 0

    def losses(self) -> set[tuple[int, str]]:
        with self.reading() as connection:
            return {
                (row.decisions, row.reason) for row in connection.execute(select(Loss.__table__))
            }


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(writer, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(writer, "_WRITE_SECONDS", 2.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MoodyStore]:
    store = MoodyStore(f"sqlite:///{tmp_path / 'magnesia.sqlite'}")
    store.prepare()
    yield store
    store.hung.set()
    store.close()


@pytest.fixture
def start(store: MoodyStore, tmp_path: Path) -> Iterator[Callable[..., Writer]]:
    """Makes a writer; ends it after the test."""
    made: list[Writer] = []

    def make(**limits: int) -> Writer:
        made.append(Writer(store, tmp_path / "spool", **limits))
        return made[-1]

    yield make
    store.down = False
    store.hung.set()
    for each in made:
        each.stop()


def until(true: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + SECONDS
    while not true():
        assert monotonic() < deadline, f"never came true: {what}"
        threading.Event().wait(0.01)


def test_what_is_kept_is_written(store: MoodyStore, start: Callable[..., Writer]) -> None:
    record = start()
    for _ in range(1200):
        record.keep(decision())
    assert record.flush(SECONDS)
    assert store.decisions() == 1200
    assert record.state() == {
        "store": "reachable",
        "down_seconds": 0.0,
        "queued": 0,
        "spooled": 0,
        "written": 1200,
        "lost": 0,
    }


def test_while_the_store_is_down_decisions_wait_on_disk(
    store: MoodyStore, start: Callable[..., Writer], caplog: pytest.LogCaptureFixture
) -> None:
    record = start()
    record.keep(decision())
    assert record.flush(SECONDS)
    store.down = True
    for _ in range(20):
        record.keep(decision())
    until(lambda: record.state()["spooled"] == 20, "20 decisions in the spool")
    until(lambda: record.state()["store"] == "down", "that it is down is told")
    until(lambda: float(str(record.state()["down_seconds"])) > 0.1, "for how long is told")
    store.down = False
    assert record.flush(SECONDS)
    assert store.decisions() == 21
    until(lambda: record.state()["store"] == "reachable", "the store is back")
    assert record.state()["lost"] == 0
    until(lambda: len(caplog.messages) == 2, "that it is back is said")
    assert [line.split(" (")[0] for line in caplog.messages] == [
        "The store is down",
        "The store is back; 0 decisions lost.",
    ], "said once, not with every decision"


def test_a_store_that_hangs_is_as_good_as_down(
    store: MoodyStore, start: Callable[..., Writer]
) -> None:
    record = start()
    store.hung.clear()
    for _ in range(20):
        record.keep(decision())
    until(lambda: record.state()["spooled"] == 20, "20 decisions in the spool")
    store.hung.set()
    assert record.flush(SECONDS)
    until(lambda: store.decisions() == 20, "every decision once")


def test_a_kill_finds_next_to_nothing_in_memory(
    store: MoodyStore, start: Callable[..., Writer]
) -> None:
    record = start()
    record.keep(decision())
    assert record.flush(SECONDS)
    store.hung.clear()
    for _ in range(50):
        record.keep(decision())
    until(lambda: record.state()["queued"] == 0, "the queue is empty though the store hangs")
    assert record.state()["store"] == "reachable", "before the store is given up"
    assert record.state()["spooled"] == 50


def test_keeping_never_waits(store: MoodyStore, start: Callable[..., Writer]) -> None:
    record = start(capacity=10)
    store.hung.clear()
    began = monotonic()
    for _ in range(200):
        record.keep(decision())
    assert monotonic() - began < 1.5, "shorter than the store took to be given up"
    store.hung.set()


def test_what_the_queue_cannot_take_is_counted_and_written_down(
    store: MoodyStore, start: Callable[..., Writer], caplog: pytest.LogCaptureFixture
) -> None:
    record = start(capacity=5, spool_bytes=10)
    record.keep(decision())
    until(lambda: store.decisions() == 1, "the first goes to the store itself")
    store.hung.clear()
    store.asked.clear()
    record.keep(decision())
    until(store.asked.is_set, "the writer holds the second")
    for _ in range(8):
        record.keep(decision())
    assert record.state()["lost"] == 3
    assert "Decisions are lost: queue full; 1 of them so far." in caplog.messages
    store.hung.set()
    until(lambda: store.losses() == {(3, "queue full")}, "the loss is in the record")
    until(lambda: store.decisions() == 7, "what was not lost is there")


@pytest.mark.parametrize("spool", ["full", "no directory"])
def test_what_neither_store_nor_spool_takes_waits_in_memory(
    store: MoodyStore,
    start: Callable[..., Writer],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    spool: str,
) -> None:
    if spool == "no directory":
        (tmp_path / "spool").touch()
    record = start(capacity=5, spool_bytes=10)
    store.down = True
    record.keep(decision())
    until(lambda: len(caplog.messages) == 2, "store and spool are complained of")
    caplog.set_level("ERROR", logger="magnesia.record")
    for _ in range(7):
        record.keep(decision())
    assert record.state()["lost"] == 2
    store.down = False
    until(lambda: store.decisions() == 6, "what was not lost is there")
    until(lambda: store.losses() == {(2, "queue full")}, "the loss is in the record")
    assert any("The spool" in line and "in memory" in line for line in caplog.messages)


def test_what_cannot_be_kept_at_the_end_is_said(
    store: MoodyStore,
    start: Callable[..., Writer],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "spool").touch()
    record = start()
    store.down = True
    for _ in range(3):
        record.keep(decision())
    record.stop()
    assert "3 lost decisions are in no record." in caplog.messages


def test_one_bad_entry_does_not_take_others_with_it(
    store: MoodyStore, start: Callable[..., Writer]
) -> None:
    record = start()
    store.hung.clear()
    for entry in (decision(), decision(rule="bad"), decision()):
        record.keep(entry)
    store.hung.set()
    until(lambda: store.decisions() == 2, "the two good ones")
    until(lambda: store.losses() == {(1, "refused by the store")}, "the loss is in the record")


def test_stopping_writes_what_is_left(store: MoodyStore, start: Callable[..., Writer]) -> None:
    record = start()
    for _ in range(300):
        record.keep(decision())
    record.stop()
    assert store.decisions() == 300


def test_stopping_while_the_store_is_down_leaves_it_to_the_next(
    store: MoodyStore, start: Callable[..., Writer], tmp_path: Path
) -> None:
    record = start()
    store.down = True
    for _ in range(30):
        record.keep(decision())
    record.stop()
    assert store.decisions() == 0
    assert list((tmp_path / "spool").iterdir())
    store.down = False
    start().start()
    until(lambda: store.decisions() == 30, "another process adopts what was left")
    until(lambda: not list((tmp_path / "spool").iterdir()), "the spool is empty")


def test_stopping_while_the_store_hangs_takes_no_decision_along(
    store: MoodyStore, start: Callable[..., Writer]
) -> None:
    record = start()
    store.hung.clear()
    for _ in range(30):
        record.keep(decision())
    record.stop()
    store.hung.set()
    start().start()
    until(lambda: store.decisions() == 30, "nothing is lost")


def test_what_is_kept_while_it_stops_is_not_lost(
    store: MoodyStore, start: Callable[..., Writer]
) -> None:
    """A call may be answered while the last of the others is being written."""
    stopping = start()
    stopping.keep(decision())
    until(lambda: store.decisions() == 1, "the first")
    store.hung.clear()
    store.asked.clear()
    stopping.keep(decision())
    ends = threading.Thread(target=stopping.stop)
    ends.start()
    assert store.asked.wait(SECONDS)
    until(lambda: not stopping._threads[0].is_alive(), "nobody looks into the queue any more")
    stopping.keep(decision())
    store.hung.set()
    ends.join(SECONDS)
    again = start()
    again.start()
    until(lambda: store.decisions() == 3, "the one that came last")


def test_a_torn_line_is_a_loss_that_is_counted(
    store: MoodyStore, start: Callable[..., Writer], tmp_path: Path
) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "host-1-dead.ndjson").write_bytes(b'{"type":"decision","id":"')
    start().start()
    until(lambda: store.losses() == {(1, "spooled line unreadable")}, "the loss is in the record")


def test_a_spool_file_that_cannot_be_read_holds_no_loss_back(
    store: MoodyStore,
    start: Callable[..., Writer],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "spool" / "a-directory.ndjson").mkdir(parents=True)
    (tmp_path / "spool" / "host-1-dead.ndjson").write_bytes(b'{"type":"decision","id":"')
    start().start()
    until(lambda: store.losses() == {(1, "spooled line unreadable")}, "the loss is in the record")
    said = "The spool cannot be read (Is a directory, a-directory.ndjson)."
    assert said in caplog.messages, "an operator learns which file is in the way"
