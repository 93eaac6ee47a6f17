"""A desk: nobody waits for the store longer than he said."""

import threading
from time import monotonic

import pytest

from service.record import desk as module
from service.record.desk import Desk
from service.record.errors import StoreDown


def down() -> None:
    raise StoreDown("it is raining")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    return Desk("test")


def test_it_passes_on_what_was_asked_for(desk: Desk) -> None:
    assert desk.ask(lambda: 7, 1) == 7
    assert not desk.is_shut


def test_a_failure_shuts_it_for_a_while(desk: Desk) -> None:
    with pytest.raises(StoreDown, match="raining"):
        desk.ask(down, 1)
    assert desk.is_shut
    with pytest.raises(StoreDown, match="a moment ago"):
        desk.ask(lambda: 7, 1)
    threading.Event().wait(0.06)
    assert desk.ask(lambda: 7, 1) == 7
    assert not desk.is_shut


def test_who_asked_goes_away_after_his_time(desk: Desk) -> None:
    hung = threading.Event()
    began = monotonic()
    with pytest.raises(StoreDown, match=r"within 0\.1 s"):
        desk.ask(hung.wait, 0.1)
    with pytest.raises(StoreDown):
        desk.ask(lambda: 7, 10)
    assert monotonic() - began < 1, "the second did not wait"
    hung.set()
    threading.Event().wait(0.1)
    assert desk.ask(lambda: 7, 1) == 7


def test_one_at_a_time_finds_out_whether_the_store_is_back(desk: Desk) -> None:
    hung = threading.Event()
    with pytest.raises(StoreDown):
        desk.ask(hung.wait, 0.05)
    threading.Event().wait(0.06)
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(desk.ask(lambda: 7, 0.5))
        except StoreDown:
            answers.append(None)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    began = monotonic()
    for thread in threads:
        thread.start()
    threading.Event().wait(0.1)
    assert answers == [None] * 3, "three are told at once, one waits"
    hung.set()
    for thread in threads:
        thread.join()
    assert answers == [None] * 3 + [7]
    assert monotonic() - began < 0.5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_does_not_leave_anybody_waiting(desk: Desk) -> None:
    def broken() -> None:
        raise ValueError("a defect")

    with pytest.raises(StoreDown, match="could not be asked"):
        desk.ask(broken, 1)
    threading.Event().wait(0.06)
    assert desk.ask(lambda: 7, 1) == 7, "another clerk has come"
