"""The store stops for a while under load: what callers notice, and what is there afterwards."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import Cluster
from tests.durability.kills import Killed, settle
from tests.durability.load import Ledger, Load, percentile
from tests.durability.site import Site

#: Keeps the store from answering for so many seconds.
Stopped = Callable[[float], None]


@dataclass(frozen=True)
class Outage:
    """Times in milliseconds, of decisions answered while the store was up and while it was not."""

    decisions_up: int
    p50_up: float
    p99_up: float
    decisions_down: int
    p50_down: float
    p99_down: float
    worst_down: float
    decision_statuses: frozenset[int]
    feedback_refused: int
    seconds_until_written: float
    record: Killed


def endure(
    url: str,
    directory: Path,
    seconds: float,
    rate: float,
    stopped: Stopped,
) -> Outage:
    """Load before, while and after `stopped(seconds)` keeps the store from answering."""
    with Site(directory, url) as site:
        load = Load([site.port])
        load.start((4, 2), rate=rate / 4)
        time.sleep(min(2.0, seconds))
        began_up = time.monotonic()
        time.sleep(seconds)
        began_down = time.monotonic()
        stopped(seconds)
        ended_down = time.monotonic()
        time.sleep(min(5.0, seconds))
        load.stop()
        written = _seconds_until_written(url, load)
        site.stop()
    up = _between(load.decisions, began_up, began_down)
    down = _between(load.decisions, began_down, ended_down)
    return Outage(
        len(up),
        percentile(up, 0.5),
        percentile(up, 0.99),
        len(down),
        percentile(down, 0.5),
        percentile(down, 0.99),
        percentile(down, 1),
        frozenset(load.decisions.statuses),
        load.feedback.refused,
        written,
        settle(url, load),
    )


def postgres_stopped(cluster: Cluster) -> Stopped:
    """The server is gone: connections are refused."""

    def stopped(seconds: float) -> None:
        cluster.stop()
        time.sleep(seconds)
        cluster.start()

    return stopped


def postgres_frozen(cluster: Cluster) -> Stopped:
    """The server hangs: connections stay open, and nothing ever comes."""

    def frozen(seconds: float) -> None:
        cluster.freeze()
        try:
            time.sleep(seconds)
        finally:
            cluster.thaw()

    return frozen


def sqlite_locked(file: Path) -> Stopped:
    """Another program holds the file's lock."""

    def locked(seconds: float) -> None:
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")

    return locked


def _seconds_until_written(url: str, load: Load) -> float:
    began = time.monotonic()
    while settle(url, load).decisions_lost and time.monotonic() - began < 60:
        time.sleep(0.1)
    return time.monotonic() - began


def _between(ledger: Ledger, start: float, end: float) -> list[float]:
    return [took for began, took in ledger.times if start <= began < end]
