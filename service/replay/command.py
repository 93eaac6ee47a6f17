"""`magnesia replay`."""

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from hooks.errors import SiteFileError
from service.commands.argument import FILE, MomentOrAuto
from service.commands.ending import stop
from service.commands.output import OutputError
from service.replay import report
from service.replay.kept import KeptError
from service.replay.run import run


@click.command(short_help="Compare two protocols on requests that a site kept.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILES...",
)
@click.option("--protocol", type=FILE, required=True, metavar="FILE", help="The new protocol.")
@click.option(
    "--against",
    type=FILE,
    envvar="MAGNESIA_PROTOCOL",
    metavar="FILE",
    help="The protocol to compare it with. Not given: that of MAGNESIA_PROTOCOL, or the one "
    "shipped.",
)
@click.option(
    "--csv",
    "sheet",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write one row for each request to this file.",
)
@click.option(
    "--now",
    type=MomentOrAuto(),
    default="auto",
    show_default=True,
    metavar="auto|TIME",
    help="Decide each request at its own moment, or all of them at TIME.",
)
@click.option(
    "--lab-codes",
    type=FILE,
    envvar="MAGNESIA_LAB_CODES",
    metavar="FILE",
    help="The site's own laboratory codes. Not given: those of MAGNESIA_LAB_CODES.",
)
def replay(
    files: tuple[Path, ...],
    protocol: Path,
    against: Path | None,
    sheet: Path | None,
    now: datetime | None,
    lab_codes: Path | None,
) -> None:
    """Decide the requests in FILES by two protocols and show which decisions change.

    FILES are request bodies that the site kept itself: folders, .json with one request, .ndjson or
    .jsonl with one a line, each also as .gz. A line is the bare body, or an object with the `body`
    and the moment `now` at which it was sent. Nothing is fetched: what a body does not carry is
    missing. Wording is not compared, and no patient is named.
    """
    try:
        replayed = run(files, (against, protocol), lab_codes, now, sheet)
    except SiteFileError as error:
        stop(str(error), status=2)
    except (KeptError, OutputError) as error:
        stop(str(error), status=1)
    report.show(Console(), replayed.comparison, replayed.titles)
    if replayed.passed_over:
        click.echo(
            f"Other files in the folders, passed over: {replayed.passed_over}.",
            err=True,
        )
