"""`magnesia protocol`: read, check and compare protocol files."""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from hooks.errors import SiteFileError
from hooks.protocol import Protocol, difference, summary, table
from hooks.protocol import load as load_protocol
from service.commands import sheet
from service.commands.ending import stop
from service.commands.sidebar import plain

_SHIPPED = "shipped"


@click.group(short_help="Read, check and compare protocols.")
def protocol() -> None:
    """Read, check and compare protocol files.

    A file may be named `shipped`: that is the protocol that comes with the service.
    """


@protocol.command(short_help="Show a protocol as tables.")
@click.argument("file", required=False)
def show(file: str | None) -> None:
    """Show a protocol as tables: bands, doses, gates, windows, limits, sources.

    Without FILE, the protocol of the environment's MAGNESIA_PROTOCOL, else the one shipped.
    """
    name = file or os.environ.get("MAGNESIA_PROTOCOL", "").strip() or _SHIPPED
    read = _protocol(name)
    console = Console()
    console.print(Text(plain(f"{name}: {summary.title(read)}")))
    sheet.show(console, table.tables(read))


@protocol.command(short_help="Check a protocol file.")
@click.argument("file")
def check(file: str) -> None:
    """Check a protocol file: say that it is fine, or every mistake with its line.

    A file that is fine may still hold what its owner should look at: that is said below it.
    """
    try:
        read = _read_protocol(file)
    except SiteFileError as error:
        count = len(error.problems)
        click.echo(f"{plain(file)} has {count} mistake{'s' if count > 1 else ''}:")
        for problem in error.problems:
            click.echo(f"  {plain(problem)}")
        raise SystemExit(2) from error
    click.echo(plain(f"{file} is fine: {summary.summary(read)}"))
    if read.remarks:
        click.echo("Look at this:")
    for remark in read.remarks:
        click.echo(f"  {plain(remark)}")


@protocol.command(short_help="Say what changes between two protocols.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
def diff(before: str, after: str) -> None:
    """Say in words what changes, and for whom, where protocol B takes the place of protocol A."""
    first, second = _protocol(before), _protocol(after)
    console = Console()
    for name, read in ((before, first), (after, second)):
        console.print(Text(plain(f"{name}: {summary.title(read)}")))
    sections = difference.compare(first, second)
    sheet.show_changes(console, sections)
    if not sections:
        console.print(Text("\nNothing changes."))
    elif not any(section.decides for section in sections):
        console.print(Text("\nNo decision changes, only words."))


def _protocol(name: str) -> Protocol:
    """The protocol in a file, or the one shipped; ends the command if it cannot be used."""
    try:
        return _read_protocol(name)
    except SiteFileError as error:
        first, *more = error.problems
        rest = f" ({len(more)} more: magnesia protocol check {name})" if more else ""
        stop(f"{name}: {first}{rest}", status=2)


def _read_protocol(name: str) -> Protocol:
    if name == _SHIPPED:
        return load_protocol()
    path = Path(name)
    if path.is_dir():
        raise SiteFileError(name, ("that is a directory, not a file",))
    if not path.exists():
        raise SiteFileError(name, ("there is no such file",))
    return load_protocol(path)
