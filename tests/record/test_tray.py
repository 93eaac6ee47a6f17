"""The tray: whatever many threads put, one takes, each thing once and in its order."""

from concurrent.futures import ThreadPoolExecutor

from service.running.tray import Tray

THREADS, THINGS = 8, 2000


def test_nothing_is_lost_or_taken_twice() -> None:
    tray: Tray[tuple[int, int]] = Tray(THREADS * THINGS)
    with ThreadPoolExecutor(THREADS) as threads:
        for thread in range(THREADS):
            threads.submit(lambda own: [tray.put((own, n)) for n in range(THINGS)], thread)
        taken: list[tuple[int, int]] = []
        while some := tray.take(500, 1.0):
            assert len(some) <= 500
            taken += some
            tray.done()
    for thread in range(THREADS):
        assert [n for own, n in taken if own == thread] == list(range(THINGS))
    assert len(tray) == 0


def test_a_full_tray_takes_no_more_and_says_so() -> None:
    tray: Tray[str] = Tray(2)
    assert [tray.put(thing) for thing in "abc"] == [True, True, False]
    assert tray.take(1, 0) == ["a"]
    assert len(tray) == 2, "what is in hand is not done"
    assert tray.put("d")
    tray.done()
    assert tray.take(5, 0) == ["b", "d"]


def test_an_empty_tray_is_not_waited_for_when_it_is_woken() -> None:
    tray: Tray[str] = Tray(1)
    tray.wake()
    assert tray.take(1, 60) == []
