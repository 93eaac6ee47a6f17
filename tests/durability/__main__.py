"""Everything in full, and the figures written to docs/evidence/durability.md."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from tests import cluster
from tests.cluster import Cluster
from tests.durability import hosts, outage
from tests.durability.hosts import Counted
from tests.durability.kills import Killed, Target, round_of
from tests.durability.outage import Outage

ROUNDS = 10
TOTAL = 5_000
SECONDS = 30.0
RATE = 80.0
TARGETS: tuple[Target, ...] = ("worker", "service")
REPORT = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "durability.md"

Kills = dict[tuple[str, str], list[Killed]]


def main() -> int:
    """Run, write, and say with the status whether what must be true is true."""
    kills: Kills = {}
    outages: dict[str, Outage] = {}
    with cluster.running() as server, Progress() as progress:
        steps = progress.add_task("durability", total=4 + len(TARGETS) * 2 * ROUNDS)
        outages["PostgreSQL stopped (`pg_ctl stop -m immediate`)"] = _postgres(
            server, outage.postgres_stopped(server)
        )
        progress.advance(steps)
        outages["PostgreSQL hung (SIGSTOP to all its processes)"] = _postgres(
            server, outage.postgres_frozen(server)
        )
        progress.advance(steps)
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "magnesia.sqlite"
            outages["SQLite locked by another program"] = outage.endure(
                f"sqlite:///{file}",
                Path(directory) / "host",
                SECONDS,
                RATE,
                outage.sqlite_locked(file),
            )
        progress.advance(steps)
        with cluster.database(server.url) as url, tempfile.TemporaryDirectory() as directory:
            counted = hosts.count(url, Path(directory), TOTAL)
        progress.advance(steps)
        for target in TARGETS:
            for seed in range(ROUNDS):
                for name in ("SQLite", "PostgreSQL"):
                    with _store(name, server) as (url, path):
                        killed = round_of(url, path, target, TOTAL, seed)
                    kills.setdefault((name, target), []).append(killed)
                    progress.advance(steps)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("\n".join(_report(kills, outages, counted)) + "\n")
    return 0 if _is_true(kills, outages, counted) else 1


def _postgres(server: Cluster, stopped: outage.Stopped) -> Outage:
    with cluster.database(server.url) as url, tempfile.TemporaryDirectory() as directory:
        return outage.endure(url, Path(directory), SECONDS, RATE, stopped)


@contextmanager
def _store(name: str, server: Cluster) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        if name == "SQLite":
            yield f"sqlite:///{path / 'magnesia.sqlite'}", path / "host"
        else:
            with cluster.database(server.url) as url:
                yield url, path / "host"


def _is_true(kills: Kills, outages: dict[str, Outage], counted: Counted) -> bool:
    rounds = [*(each for row in kills.values() for each in row)]
    records = [each.record for each in outages.values()]
    return (
        not any(each.feedback_lost or each.decisions_twice for each in (*rounds, *records))
        and not any(each.decisions_lost for each in records)
        and all(each.decision_statuses == {200} for each in outages.values())
        and counted.decisions_answered == counted.decisions_recorded
        and counted.feedback_acknowledged == counted.feedback_recorded
        and counted.rightly_judged == counted.contested_cards
    )


def _report(kills: Kills, outages: dict[str, Outage], counted: Counted) -> Iterator[str]:
    yield "# Durability: what survives a kill, and a store that stops"
    yield ""
    yield (
        f"Measured by `make durability` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores "
        f"shared by the service, its clients and the database, Python "
        f"{platform.python_version()}, {platform.system()}. Two worker processes, unless said "
        "otherwise. This page is written by the script; what it says in words is explained in "
        "[the record](../record.md)."
    )
    yield ""
    yield "## Kill -9"
    yield ""
    yield (
        f"Each round: {TOTAL:,} decisions answered and {TOTAL:,} feedback items acknowledged "
        "(200), as fast as five clients get answers, with one SIGKILL at a random moment between "
        f"10% and 70% of the way; {ROUNDS} rounds each. `worker`: one of the processes that "
        "answer; `service`: all processes at once, and a new start."
    )
    yield ""
    yield from _table(
        (
            "store",
            "killed",
            "feedback acknowledged",
            "of it lost",
            "decisions answered",
            "of them lost",
            "lost in one kill, worst",
            "recorded twice",
        ),
        [
            (
                name,
                target,
                f"{sum(each.feedback_acknowledged for each in row):,}",
                str(sum(each.feedback_lost for each in row)),
                f"{sum(each.decisions_answered for each in row):,}",
                str(sum(each.decisions_lost for each in row)),
                str(max(each.decisions_lost for each in row)),
                str(sum(each.decisions_twice for each in row)),
            )
            for (name, target), row in sorted(kills.items())
        ],
    )
    yield ""
    yield (
        "Feedback is durable before it is acknowledged, so nothing acknowledged can be lost. A "
        "decision is put into a queue before its answer is sent, and a thread appends whatever "
        "waits there to a file, from which the store is filled; after a kill another process takes "
        "the file over. So a kill can take only what was answered while that thread waited for its "
        "turn, a few milliseconds, however slow the store is; and never more than the 10,000 "
        "decisions that the queue of a process holds. A loss of power can also take what was in "
        "the file and not yet in the store, since it is synced to disk only while the store is "
        "down."
    )
    yield ""
    yield f"## The store stops for {SECONDS:g} s under load"
    yield ""
    yield (
        f"{RATE:g} decisions/s from four clients and {RATE / 2:g} feedback items/s from two, at a "
        "fixed rate. Times of decisions, in milliseconds, seen by the client. After the store is "
        "back, every decision that was answered must be in it."
    )
    yield ""
    yield from _table(
        (
            "the store",
            "p50 with",
            "p50 without",
            "p99 with",
            "p99 without",
            "worst without",
            "statuses",
            "decisions answered",
            "missing at the end",
            "written after",
            "feedback acknowledged",
            "of it lost",
            "feedback refused (503)",
        ),
        [
            (
                name,
                f"{each.p50_up:.1f}",
                f"{each.p50_down:.1f}",
                f"{each.p99_up:.1f}",
                f"{each.p99_down:.1f}",
                f"{each.worst_down:.0f}",
                ", ".join(map(str, sorted(each.decision_statuses))),
                f"{each.record.decisions_answered:,}",
                str(each.record.decisions_lost),
                f"{each.seconds_until_written:.1f} s",
                f"{each.record.feedback_acknowledged:,}",
                str(each.record.feedback_lost),
                f"{each.feedback_refused:,}",
            )
            for name, each in outages.items()
        ],
    )
    yield ""
    yield "## Two hosts, two workers each, one PostgreSQL"
    yield ""
    yield (
        "Both started at once on an empty database. Then every contested card was reported by both "
        "hosts at the same time, its override (the later by outcomeTimestamp) sent before its "
        "acceptance; the override must count."
    )
    yield ""
    yield from _table(
        ("", "told to clients", "in the store"),
        [
            ("decisions", f"{counted.decisions_answered:,}", f"{counted.decisions_recorded:,}"),
            (
                "feedback",
                f"{counted.feedback_acknowledged:,}",
                f"{counted.feedback_recorded:,}",
            ),
            (
                f"contested cards ({counted.contested_reports} reports)",
                str(counted.contested_cards),
                f"{counted.rightly_judged} rightly judged",
            ),
        ],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.exit(main())
