"""A long run, from the command line: `make fuzz`."""

import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.corpus import archive
from tests.fuzz import attack as files
from tests.fuzz import seeds, target
from tests.fuzz.attack import CORPUS, Attack
from tests.fuzz.campaign import Campaign
from tests.fuzz.invariants import Breach

STATES = seeds.ROOT / "build" / "fuzz"
#: How much more memory the second half of a run may leave behind than the first.
GROWTH_MB = 32
_SAVED_EVERY = 5000


@click.command()
@click.option("--bodies", default=200_000, show_default=True, help="How many requests to make.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other requests.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the figures to this file.")
def main(bodies: int, seed: int, report: Path | None) -> None:
    """Mutate requests, check every answer, and stop at the first that breaks a rule.

    The smallest request that breaks it is written to tests/fuzz/corpus. A run that was stopped
    goes on where it was; `rm -r build/fuzz` forgets it.
    """
    console = Console()
    state = STATES / f"seed-{seed}"
    with tempfile.TemporaryDirectory() as directory, target.running(Path(directory)) as service:
        campaign = Campaign(service, [*seeds.own(), *seeds.kept().values(), *_shared()], seed)
        campaign.resume(state)
        memory = _run(campaign, bodies, state, console)
        for complaint in service.unrecorded():
            console.print(complaint, style="red", markup=False)
            sys.exit(1)
    lines = list(_figures(campaign, memory))
    console.print("\n".join(lines), markup=False)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text("\n".join(_page(campaign, lines)) + "\n", encoding="utf-8")
    sys.exit(_grows(memory))


def _shared() -> list[Attack]:
    return list(seeds.shared(archive.SHARED)) if archive.SHARED.is_dir() else []


def _run(campaign: Campaign, bodies: int, state: Path, console: Console) -> list[tuple[int, float]]:
    """Run to so many bodies; resident memory on the way, by the number of bodies."""
    memory: list[tuple[int, float]] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("bodies", total=bodies, completed=campaign.done, told="")
        while campaign.done < bodies:
            if campaign.done % max(1, bodies // 20) == 0:
                memory.append((campaign.done, resident_mb()))
            attack, breaches = campaign.step()
            if breaches:
                _give_up(campaign, attack, breaches, console)
            if campaign.done % 100 == 0 or campaign.done == bodies:
                told = f"{len(campaign.seen)} kinds of answer"
                progress.update(bar, completed=campaign.done, told=told)
            if campaign.done % _SAVED_EVERY == 0:
                campaign.save(state)
    memory.append((campaign.done, resident_mb()))
    campaign.save(state)
    return memory


def _give_up(campaign: Campaign, attack: Attack, breaches: list[Breach], console: Console) -> None:
    for breach in breaches:
        console.print(f"attack {campaign.done}: {breach}"[:3000], style="red", markup=False)
    small = campaign.shrunk(attack, breaches[0])
    name = re.sub(r"\W+", "-", breaches[0].rule)[:60].strip("-")
    path = CORPUS / f"{name}-{sha256(small.body).hexdigest()[:8]}.json"
    files.save(small, path, str(breaches[0])[:300])
    console.print(f"The smallest request that breaks this is in {path}.", markup=False)
    sys.exit(1)


def resident_mb() -> float:
    """The memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _grows(memory: list[tuple[int, float]]) -> bool:
    """Whether memory still grows when every kind of request has come many times."""
    middle = memory[len(memory) // 2][1]
    return memory[-1][1] - middle > GROWTH_MB


def _figures(campaign: Campaign, memory: list[tuple[int, float]]) -> Iterator[str]:
    yield "| status | answers |"
    yield "| --- | --- |"
    for status, count in sorted(campaign.statuses.items()):
        yield f"| {status} | {count:,} |"
    yield ""
    yield f"Slowest answer: {campaign.slowest * 1000:.0f} ms. No rule was broken."
    yield f"Kinds of answer: {len(campaign.seen):,}."
    yield ""
    yield "| bodies so far | resident memory |"
    yield "| --- | --- |"
    for done, megabytes in memory:
        yield f"| {done:,} | {megabytes:.0f} MB |"


def _page(campaign: Campaign, lines: list[str]) -> Iterator[str]:
    yield "# Hostile input: mutated requests"
    yield ""
    yield (
        f"Measured by `make fuzz` on {datetime.now(UTC):%Y-%m-%d}: {campaign.done:,} requests with "
        f"seed {campaign.seed} to one process of the whole application, Python "
        f"{platform.python_version()}. Each is made of a real request by changes "
        "of its tree, its bytes, or the request around them. What is checked of every answer "
        "stands in `tests/fuzz/invariants.py`: among others a documented status within 2 s, "
        "refusals that repeat nothing, answers that pass the conformance checks and whose orders "
        "are valid FHIR R4 for the patient of the call, no dose beyond the protocol's, no markup "
        "of the request that works, nothing of it in the log, and every decision in the record. "
        "Memory includes the pool of requests from which others are made."
    )
    yield ""
    yield from lines


if __name__ == "__main__":
    main()
