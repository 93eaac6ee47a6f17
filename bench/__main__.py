"""`make bench`: measure the service beside its floors, show and keep the result."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from bench.case import CASES, Case
from bench.load import WRK, BadLoad
from bench.measure import LEAN, PLAIN, Plan, Stage, ready_seconds
from bench.process import NotStarted
from bench.result import Result

_RESULTS = Path(__file__).parent / "results"
_SHORT = Plan(rounds=5, seconds=2)
_FULL = Plan(rounds=7, seconds=5)
_BY_NAME = {case.name: case for case in CASES}
#: Cases for which latency by the number of connections is worth a table.
_CENTRAL = ("seed", "normal")


@click.command()
@click.option("--full", is_flag=True, help="Every case, longer; about half an hour.")
@click.option(
    "--case",
    "names",
    multiple=True,
    type=click.Choice(list(_BY_NAME)),
    help="Only this case; may be given again.",
)
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of each case.")
@click.option("--seconds", type=click.FloatRange(min=0.5), help="Seconds of load in a round.")
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=_RESULTS,
    help="Where the result is kept.",
)
def main(
    full: bool, names: tuple[str, ...], rounds: int | None, seconds: float | None, results: Path
) -> None:
    """Measure the service beside its floors in interleaved rounds."""
    if WRK is None:
        raise click.ClickException("wrk is not installed (Debian: apt-get install wrk).")
    usual = _FULL if full else _SHORT
    plan = Plan(rounds or usual.rounds, seconds or usual.seconds)
    chosen = names or (tuple(_BY_NAME) if full else _CENTRAL)
    console = Console()
    result = Result("full" if full else "short")
    with TemporaryDirectory() as directory:
        for name in chosen:
            console.print(f"Measuring {name} ...", style="dim")
            try:
                _measure(result, _BY_NAME[name], plan, Path(directory))
            except (BadLoad, NotStarted) as error:
                result.skipped[name] = str(error)
        result.ready = ready_seconds(Path(directory), 5 if full else 3, plan.workers)
    result.show(console)
    file = result.write(results)
    console.print(f"Kept as {file.name}.")
    if not result.cases:
        raise SystemExit(1)


def _measure(result: Result, case: Case, plan: Plan, directory: Path) -> None:
    with Stage(case, plan, directory, (LEAN, PLAIN)) as stage:
        result.cases.append(stage.rounds())
        if case.name == "seed":
            result.half = stage.half(max(5.0, plan.seconds))
        full = result.mode == "full"
        if case.name not in (_CENTRAL if full else _CENTRAL[:1]):
            return
        for connections in (1, 64):
            stage.plan = Plan(3 if full else 1, plan.seconds, connections, plan.workers)
            result.cases.append(stage.rounds())


if __name__ == "__main__":
    main()
