"""`magnesia record`: export, back up, prune, forget comments."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from service.commands.ending import stop
from service.commands.output import OutputError, lines, whole
from service.record import backup as backing_up
from service.record import export as exporting
from service.record import retention
from service.record.errors import RecordError, StoreDown
from service.record.store import Store
from service.settings import Settings, SettingsError

_SPAN = re.compile(r"([0-9]{1,6})\s*([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class _Before(click.ParamType[datetime]):
    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        found = _SPAN.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value} is not a span of time, such as 400d, 12w or 36h", param, ctx)
        try:
            return datetime.now(UTC) - int(found[1]) * _UNITS[found[2]]
        except OverflowError:
            self.fail(f"{value} reaches back beyond the calendar", param, ctx)


@click.group(short_help="Export, back up or thin out what has been recorded.")
def record() -> None:
    """Export, back up or thin out the record of decisions and feedback that MAGNESIA_DATABASE_URL
    names."""


@record.command(short_help="Write decisions or feedback as lines.")
@click.option(
    "--what",
    type=click.Choice(["decisions", "feedback"]),
    required=True,
    help="What to write, one line each.",
)
@click.option(
    "--format", "form", type=click.Choice(["ndjson", "csv"]), default="ndjson", show_default=True
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file; without it, standard output.",
)
@click.option(
    "--with-comments", is_flag=True, help="With what clinicians wrote beside their overrides."
)
def export(
    what: exporting.What, form: exporting.Format, output: Path | None, with_comments: bool
) -> None:
    """Write every decision, or every feedback item, as one line of NDJSON or CSV, oldest first."""
    with _store() as store, store.reading() as connection:
        total = exporting.count(connection, what)
        rows = exporting.lines(connection, what, comments=with_comments)
        with _progress(f"Exporting {what}", total) as advance:

            def counted() -> Iterator[exporting.Line]:
                for row in rows:
                    yield row
                    advance(1)

            with _told(), lines(output) as file:
                columns = exporting.columns(what, comments=with_comments)
                exporting.write(file, columns, counted(), form)
    noun = "feedback item" if what == "feedback" else what.removesuffix("s")
    click.echo(f"{_count(total, noun)}.", err=True)


@record.command("backup", short_help="Copy an SQLite record.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def back_up(file: Path) -> None:
    """Copy the record into FILE, which must not be there yet, also while the service runs. For a
    record in an SQLite file; PostgreSQL has pg_dump."""
    with _store() as store:
        if store.path is None:
            stop("The record is in PostgreSQL: back it up with pg_dump.", 2)
        if os.path.lexists(file):
            stop(f"{file} is there already.", 1)
        with _told():
            try:
                with whole(file) as made:
                    decisions, feedback = backing_up.back_up(store, made)
            except OSError as error:
                raise OutputError(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{file}: {_count(decisions, 'decision')}, {_count(feedback, 'feedback item')}.")


@record.command(short_help="Delete what is older than a span of time.")
@click.option("--older-than", "before", type=_Before(), required=True, metavar="SPAN")
@click.option("--dry-run", is_flag=True, help="Count, and delete nothing.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def prune(before: datetime, dry_run: bool, yes: bool) -> None:
    """Delete decisions, with their cards and the feedback about them, and feedback that are older
    than SPAN, such as 400d, 12w or 36h. Says first how much that is, and asks."""
    with _store() as store:
        old = retention.count(store, before)
        click.echo(
            f"Before {before:%Y-%m-%d %H:%M} UTC: {_count(old.decisions, 'decision')} with"
            f" {_count(old.cards, 'card')}, {_count(old.feedback, 'feedback item')} with"
            f" {_count(old.comments, 'comment')}, {old.losses} "
            f"{'note' if old.losses == 1 else 'notes'} of losses."
        )
        if dry_run:
            return
        if old.rows:
            if not yes:
                click.confirm("Delete them?", abort=True)
            with _progress("Deleting", old.rows) as advance:
                retention.prune(store, before, advance)
        _scrub(store)
    if old.rows:
        click.echo("Deleted.")


@record.command("forget-comments", short_help="Delete what clinicians wrote.")
@click.option("--card", type=click.UUID, metavar="UUID", help="Comments about this card.")
@click.option("--older-than", "before", type=_Before(), metavar="SPAN", help="Older comments.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def forget_comments(card: UUID | None, before: datetime | None, yes: bool) -> None:
    """Delete the free text of feedback, about one card or older than SPAN. What was accepted or
    overridden, and the coded reasons, stay. Says first how many comments there are, and asks."""
    if (card is None) == (before is None):
        raise click.UsageError("Say either --card or --older-than.")
    name = None if card is None else str(card)
    with _store() as store:
        comments = retention.count_comments(store, name, before)
        click.echo(f"{_count(comments, 'comment')}.")
        deleted = 0
        if comments:
            if not yes:
                click.confirm("Delete them?", abort=True)
            deleted = retention.forget(store, name, before)
        _scrub(store)
    if comments:
        click.echo(f"{_count(deleted, 'comment')} deleted.")


def _scrub(store: Store) -> None:
    """Also where nothing was left to delete: an earlier run may have ended before this."""
    try:
        store.scrub()
    except StoreDown as error:
        stop(
            "What was to be deleted is deleted, but the record's files may still hold its text"
            f" ({error}): run this again.",
            1,
        )


@contextmanager
def _store() -> Iterator[Store]:
    try:
        store = Store(Settings.from_environment(os.environ).database_url)
        store.demand()
    except (SettingsError, RecordError) as error:
        stop(str(error), 2)
    try:
        yield store
    except RecordError as error:
        stop(str(error), 2)
    except StoreDown as error:
        stop(f"The record cannot be reached: {error}.", 1)
    finally:
        store.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OutputError as error:
        stop(str(error), 1)


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.advance(task, done)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
