"""A replay from the files to the comparison, with its progress on standard error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from service.commands import output
from service.replay import kept
from service.replay.comparison import Comparison
from service.replay.kept import Advance
from service.replay.report import Sheet
from service.replay.verdict import judge


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it. `titles` name the two protocols; `passed_over` counts foreign files."""

    comparison: Comparison
    titles: tuple[str, str]
    passed_over: int


def run(
    paths: Sequence[Path],
    protocols: tuple[Path | None, Path | None],
    lab_codes: Path | None,
    now: datetime | None,
    out: Path | None,
) -> Replayed:
    """Decide every request under `paths` by both protocols, at `now` or at its own moment.

    `out` gets a row for each request. Raises KeptError, OutputError, ProtocolError or
    CodeListError.
    """
    before, after = (judge(protocol, lab_codes) for protocol in protocols)
    found = kept.find(paths)
    comparison = Comparison()
    with _sheet(out) as sheet, _progress(found.size) as advance:
        for request in kept.read(found.files, advance):
            verdicts = before.decide(request, now), after.decide(request, now)
            comparison.add(*verdicts)
            if sheet is not None:
                sheet.add(request, *verdicts)
    return Replayed(comparison, (before.title, after.title), found.passed_over)


@contextmanager
def _sheet(out: Path | None) -> Iterator[Sheet | None]:
    if out is None:
        yield None
        return
    with output.lines(out) as file:
        yield Sheet(file)


@contextmanager
def _progress(size: int) -> Iterator[Advance]:
    """A bar of the bytes read, where standard error is a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("Replaying"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[requests]:,} requests"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=size, requests=0)
        requests = 0

        def advance(count: int) -> None:
            nonlocal requests
            requests += 1
            bar.update(task, advance=count, requests=requests)

        yield advance
