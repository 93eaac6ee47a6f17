"""How often a client may call, counted over all workers of a host."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.trust.rate import Limiter


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def taken(limiter: Limiter, index: int, tries: int) -> int:
    return sum(limiter.wait(index) == 0 for _ in range(tries))


@pytest.mark.parametrize("rate", [1, 3, 500, 0.25, 2.5])
def test_a_full_bucket_holds_a_second_and_then_fills_at_the_rate(rate: float) -> None:
    clock = Clock()
    limiter = Limiter([rate], clock)
    whole = max(int(rate), 1)
    assert taken(limiter, 0, 2 * whole + 1) == whole
    clock.now += 2 / rate
    assert taken(limiter, 0, 10) == min(2, whole)


def test_it_says_when_there_is_room_again() -> None:
    clock = Clock()
    limiter = Limiter([4], clock)
    assert taken(limiter, 0, 5) == 4
    wait = limiter.wait(0)
    assert wait == pytest.approx(0.25)
    clock.now += wait
    assert limiter.wait(0) == 0


def test_a_client_does_not_take_from_another() -> None:
    limiter = Limiter([1, 100], Clock())
    assert taken(limiter, 0, 5) == 1
    assert taken(limiter, 1, 100) == 100


FORK = """
import os
from service.trust.rate import Limiter
limiter = Limiter([100], lambda: 50.0)
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        taken = sum(limiter.wait(0) == 0 for _ in range(50))
        os.write(1, f"{taken} ".encode())
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""


def test_forked_workers_share_the_buckets() -> None:
    said = subprocess.run(
        [sys.executable, "-c", FORK],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    ).stdout
    counts = list(map(int, said.split()))
    assert len(counts) == 4
    assert sum(counts) == 100
