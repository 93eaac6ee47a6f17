"""The command line: serve, explain a decision, list the settings; and where the rest comes from."""

import logging
import os
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from hooks.errors import HookError, SiteFileError
from service import explanation, timing
from service.app import create_app
from service.clock import utc_now
from service.commands import settings_table, sidebar
from service.commands.argument import FILE, Moment, request_in
from service.commands.clients import clients
from service.commands.ending import stop
from service.commands.firing import fire, fire_beside
from service.commands.protocol import protocol
from service.demonstration.command import fixtures
from service.insight.command import insight
from service.observability import log, shared_counts
from service.observability.shared_counts import SharedCountsError
from service.outcomes import Refusal
from service.record import RecordError
from service.record.commands import record
from service.replay.command import replay
from service.running import server
from service.settings import PREFIX, Settings, SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="magnesia", prog_name="magnesia", message="%(prog)s %(version)s")
def main() -> None:
    """Magnesia: a CDS Hooks service for magnesium replacement in adults."""


@main.command(short_help="Serve until stopped.")
@click.option(
    "--fire",
    "fired",
    type=FILE,
    metavar="FILE",
    help="Once serving, fire this request and print the cards.",
)
def serve(fired: Path | None) -> None:
    """Serve with the MAGNESIA_* settings of the environment, until stopped."""
    case = None if fired is None else request_in(fired)
    try:
        settings = Settings.from_environment(os.environ)
        log.configure(settings.log_level, settings.log_format)
        shared_counts.begin()
        # The record, its log and the spool are for this user alone.
        os.umask(0o077)
        app = create_app(settings)
        listener = server.listen(settings.host, settings.port)
    except SiteFileError as error:
        stop(f"{_setting_of(error, settings)}{error}", status=2)
    except (SettingsError, RecordError) as error:
        stop(str(error), status=2)
    except (server.ListenError, SharedCountsError) as error:
        stop(str(error), status=1)
    if case is not None and settings.is_auth_required:
        stop("MAGNESIA_AUTH=required: --fire has no token to send.", status=2)
    where = server.address(listener)
    if settings.is_exposed and not settings.is_auth_required:
        logging.getLogger("magnesia").warning(
            "MAGNESIA_AUTH%s: everyone who can reach %s may call this service.",
            "=off" if settings.auth == "off" else " is not set",
            where if settings.base_url is None else settings.base_url,
        )
    if case is None:
        click.echo(_serving(where, has_pages=not settings.is_auth_required))
    else:
        click.echo(f"$ magnesia fire {fired}")
        fire_beside(where, case, farewell=_serving(where))
    log.set_apart()
    server.Server(app, listener, settings).run()


def _setting_of(error: SiteFileError, settings: Settings) -> str:
    """The setting that names the file at fault, to stand before the message; empty if none does."""
    named = (
        f"{PREFIX}{name.upper()}: "
        for name in ("protocol", "lab_codes", "qt_drugs", "clients")
        if str(getattr(settings, name)) == error.file
    )
    return next(named, "")


@main.command(short_help="Show how a request is decided.")
@click.argument("file", type=FILE)
@click.option(
    "--now", type=Moment(), metavar="TIME", help="Decide as at this moment, not the file's own."
)
@click.option("--protocol", type=FILE, metavar="FILE", help="Decide by this protocol.")
@click.option("--lab-codes", type=FILE, metavar="FILE", help="Know these laboratory codes too.")
@click.option("--qt-drugs", type=FILE, metavar="FILE", help="Take these as the QT drugs.")
@click.option("--timing", "timed", is_flag=True, help="Show what each stage costs here.")
def explain(
    file: Path,
    now: datetime | None,
    protocol: Path | None,
    lab_codes: Path | None,
    qt_drugs: Path | None,
    timed: bool,
) -> None:
    """Show how the request in FILE is decided: chart, gates and rows, cards. Needs no server.

    What no option says is as the MAGNESIA_* settings of the environment say.
    """
    case = request_in(file)
    moment = now or case.now
    if moment is None:
        moment = utc_now()
        click.echo(f"{file} names no moment of its own, so it is decided as of now.", err=True)
    try:
        settings = _settings(protocol=protocol, lab_codes=lab_codes, qt_drugs=qt_drugs)
        answer = explanation.decide(case.request, moment, settings)
        costs = explanation.time(case.request, moment, settings) if timed else None
    except (SettingsError, SiteFileError) as error:
        stop(str(error), status=2)
    except (HookError, Refusal) as error:
        stop(str(error), status=1)
    console = Console()
    sidebar.show_title(console, case.title)
    explanation.show(console, answer, moment)
    sidebar.show_answer(console, answer.cards, answer.assessment)
    if costs is not None:
        timing.show(console, costs)


@main.command(name="settings", short_help="List the settings.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
)
def list_settings(form: str) -> None:
    """List every MAGNESIA_* setting: its default, what it takes and what it means.

    The environment is not read.
    """
    rows = list(settings_table.rows())
    if form == "markdown":
        click.echo(settings_table.markdown(rows))
    else:
        settings_table.show(Console(), rows)


def _serving(where: str, *, has_pages: bool = True) -> str:
    page = f"open {where}" if has_pages else f"open {where}/protocol"
    return f"Magnesia serves {where}/cds-services - {page} in a browser - Ctrl-C stops it."


def _settings(**files: Path | None) -> Settings:
    """The settings of the environment, with other files where they are given."""
    given = {f"{PREFIX}{name.upper()}": str(file) for name, file in files.items() if file}
    return Settings.from_environment({**os.environ, **given})


main.add_command(fire)
main.add_command(protocol)
main.add_command(replay)
main.add_command(fixtures)
main.add_command(record)
main.add_command(clients)
main.add_command(insight)

if __name__ == "__main__":
    main()
