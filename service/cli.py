"""The command line: serve, fire a request at a service, explain a decision, read protocols."""

import logging
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
import msgspec
from rich.console import Console
from rich.text import Text

from hooks.errors import HookError, SiteFileError
from hooks.protocol import Protocol, difference, summary, table
from hooks.protocol import load as load_protocol
from service import (
    client,
    explanation,
    fixture,
    log,
    server,
    settings_table,
    shared_counts,
    sheet,
    sidebar,
    timing,
)
from service.app import create_app
from service.clients_check import clients
from service.clock import utc_now
from service.demonstration.command import fixtures
from service.fixture import Fixture
from service.hook import ASSESSMENT
from service.insight.command import insight
from service.outcomes import Refusal
from service.output import OutputError
from service.record import RecordError
from service.record.commands import record
from service.replay import report
from service.replay.kept import KeptError
from service.replay.run import run as run_replay
from service.settings import PREFIX, Settings, SettingsError
from service.shared_counts import SharedCountsError

_SERVICE = "magnesium-replacement"
_OWN_SERVER_SECONDS = 30.0
_SHIPPED = "shipped"

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return fixture.moment(value)
        except ValueError:
            self.fail(
                f"{value} is not a moment with its offset, such as 2026-11-23T10:00:00Z", param, ctx
            )


class _MomentOrAuto(click.ParamType[datetime | None]):
    name = "auto or time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | None:
        return None if value in {"auto", None} else _Moment().convert(value, param, ctx)


def _default_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('MAGNESIA_PORT') or 8000}/cds-services/{_SERVICE}"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="magnesia", prog_name="magnesia", message="%(prog)s %(version)s")
def main() -> None:
    """Magnesia: a CDS Hooks service for magnesium replacement in adults."""


@main.command(short_help="Serve until stopped.")
@click.option(
    "--fire",
    "fired",
    type=_FILE,
    metavar="FILE",
    help="Once serving, fire this request and print the cards.",
)
def serve(fired: Path | None) -> None:
    """Serve with the MAGNESIA_* settings of the environment, until stopped."""
    case = None if fired is None else _load(fired)
    try:
        settings = Settings.from_environment(os.environ)
        log.configure(settings.log_level, settings.log_format)
        shared_counts.begin()
        # The record, its log and the spool are for this user alone.
        os.umask(0o077)
        app = create_app(settings)
        listener = server.listen(settings.host, settings.port)
    except SiteFileError as error:
        _stop(f"{_setting_of(error, settings)}{error}", status=2)
    except (SettingsError, RecordError) as error:
        _stop(str(error), status=2)
    except (server.ListenError, SharedCountsError) as error:
        _stop(str(error), status=1)
    if case is not None and settings.is_auth_required:
        _stop("MAGNESIA_AUTH=required: --fire has no token to send.", status=2)
    where = server.address(listener)
    if settings.is_exposed and not settings.is_auth_required:
        logging.getLogger("magnesia").warning(
            "MAGNESIA_AUTH=off: everyone who can reach %s may call this service.",
            where if settings.base_url is None else settings.base_url,
        )
    if case is None:
        click.echo(_serving(where, has_pages=not settings.is_auth_required))
    else:
        click.echo(f"$ magnesia fire {fired}")
        _fire_beside(where, case)
    log.set_apart()
    server.Server(app, listener, settings).run()


@main.command(short_help="Send a request and print the cards.")
@click.argument("file", type=_FILE)
@click.option(
    "--url",
    default=_default_url,
    show_default=f"http://127.0.0.1:8000/cds-services/{_SERVICE}",
    help="The address of the service, or of the server.",
)
@click.option("--as-is", is_flag=True, help="Send the file unchanged, with its old dates.")
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Wait so long for the service to be ready.",
)
@click.option(
    "--token-file",
    "token",
    type=click.File(),
    metavar="FILE",
    help="Send the token in FILE too, one that has not been used; - is standard input.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as it came.")
def fire(
    file: Path, url: str, as_is: bool, seconds: float, token: TextIO | None, as_json: bool
) -> None:
    """Send the request in FILE to a service and print the cards as an EHR shows them.

    The dates in the file are moved to the present first, if it names the moment for which it was
    written.
    """
    case = _load(file)
    said = None if token is None else _token(token)
    if case.now is None and not as_is:
        click.echo(f"{file} names no moment of its own, so it is sent as it is.", err=True)
    try:
        url = client.service_address(url, _SERVICE)
    except client.AddressError as error:
        _stop(str(error), status=2)
    client.wait_until_ready(url, seconds)
    try:
        _fire(case, url, said, as_is=as_is, as_json=as_json)
    except client.ClientError as error:
        _stop(str(error), status=1)


@main.command(short_help="Show how a request is decided.")
@click.argument("file", type=_FILE)
@click.option(
    "--now", type=_Moment(), metavar="TIME", help="Decide as at this moment, not the file's own."
)
@click.option("--protocol", type=_FILE, metavar="FILE", help="Decide by this protocol.")
@click.option("--lab-codes", type=_FILE, metavar="FILE", help="Know these laboratory codes too.")
@click.option("--qt-drugs", type=_FILE, metavar="FILE", help="Take these as the QT drugs.")
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
    case = _load(file)
    moment = now or case.now
    if moment is None:
        moment = utc_now()
        click.echo(f"{file} names no moment of its own, so it is decided as of now.", err=True)
    try:
        settings = _settings(protocol=protocol, lab_codes=lab_codes, qt_drugs=qt_drugs)
        answer = explanation.decide(case.request, moment, settings)
        costs = explanation.time(case.request, moment, settings) if timed else None
    except (SettingsError, SiteFileError) as error:
        _stop(str(error), status=2)
    except (HookError, Refusal) as error:
        _stop(str(error), status=1)
    console = Console()
    _head(console, case)
    explanation.show(console, answer, moment)
    _show_cards(console, answer.cards, answer.assessment)
    if costs is not None:
        timing.show(console, costs)


@main.group(short_help="Read, check and compare protocols.")
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
    console.print(Text(sidebar.plain(f"{name}: {summary.title(read.document)}")))
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
        click.echo(f"{sidebar.plain(file)} has {count} mistake{'s' if count > 1 else ''}:")
        for problem in error.problems:
            click.echo(f"  {sidebar.plain(problem)}")
        raise SystemExit(2) from error
    click.echo(sidebar.plain(f"{file} is fine: {summary.summary(read)}"))
    if read.remarks:
        click.echo("Look at this:")
    for remark in read.remarks:
        click.echo(f"  {sidebar.plain(remark)}")


@protocol.command(short_help="Say what changes between two protocols.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
def diff(before: str, after: str) -> None:
    """Say in words what changes, and for whom, where protocol B takes the place of protocol A."""
    first, second = _protocol(before), _protocol(after)
    console = Console()
    for name, read in ((before, first), (after, second)):
        console.print(Text(sidebar.plain(f"{name}: {summary.title(read.document)}")))
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
        _stop(f"{name}: {first}{rest}", status=2)


def _read_protocol(name: str) -> Protocol:
    if name == _SHIPPED:
        return load_protocol()
    path = Path(name)
    if path.is_dir():
        raise SiteFileError(name, ("that is a directory, not a file",))
    if not path.exists():
        raise SiteFileError(name, ("there is no such file",))
    return load_protocol(path)


def _setting_of(error: SiteFileError, settings: Settings) -> str:
    """The setting that names the file at fault, to stand before the message; empty if none does."""
    named = (
        f"{PREFIX}{name.upper()}: "
        for name in ("protocol", "lab_codes", "qt_drugs", "clients")
        if str(getattr(settings, name)) == error.file
    )
    return next(named, "")


def _settings(**files: Path | None) -> Settings:
    """The settings of the environment, with other files where they are given."""
    given = {f"{PREFIX}{name.upper()}": str(file) for name, file in files.items() if file}
    return Settings.from_environment({**os.environ, **given})


@main.command(short_help="Compare two protocols on requests that a site kept.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILES...",
)
@click.option("--protocol", type=_FILE, required=True, metavar="FILE", help="The new protocol.")
@click.option(
    "--against",
    type=_FILE,
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
    type=_MomentOrAuto(),
    default="auto",
    show_default=True,
    metavar="auto|TIME",
    help="Decide each request at its own moment, or all of them at TIME.",
)
@click.option(
    "--lab-codes",
    type=_FILE,
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
        replayed = run_replay(files, (against, protocol), lab_codes, now, sheet)
    except SiteFileError as error:
        _stop(str(error), status=2)
    except (KeptError, OutputError) as error:
        _stop(str(error), status=1)
    report.show(Console(), replayed.comparison, replayed.titles)
    if replayed.passed_over:
        click.echo(
            f"Other files in the folders, passed over: {replayed.passed_over}.",
            err=True,
        )


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


def _load(file: Path) -> Fixture:
    try:
        return fixture.load(file)
    except fixture.FixtureError as error:
        _stop(str(error), status=1)


def _token(file: TextIO) -> str:
    """The token that a file holds, alone on its line."""
    try:
        token = file.read().strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not re.fullmatch(r"[\w.~+/-]+=*", token, re.ASCII):
        _stop("--token-file: there must be one token in it, and nothing else.", status=2)
    return token


def _fire(case: Fixture, url: str, token: str | None, *, as_is: bool, as_json: bool) -> None:
    request = case.request if as_is or case.now is None else case.freshened(utc_now())
    answer = client.call(url, request, token)
    if as_json:
        encoded = msgspec.json.Encoder(decimal_format="number").encode(answer)
        click.echo(msgspec.json.format(encoded))
        return
    console = Console()
    _head(console, case)
    extension = answer.get("extension")
    assessment = extension.get(ASSESSMENT) if isinstance(extension, dict) else None
    _show_cards(console, answer["cards"], assessment if isinstance(assessment, dict) else {})


def _fire_beside(where: str, case: Fixture) -> None:
    """Fire `case` from a process of its own, once this one has become the server."""
    own = os.getpid()
    if os.fork() != 0:
        return
    try:
        url = f"{where}/cds-services/{_SERVICE}"
        client.wait_until_ready(url, _OWN_SERVER_SECONDS, lambda: os.getppid() == own)
        _fire(case, url, None, as_is=False, as_json=False)
    except client.ClientError as error:
        click.echo(f"magnesia: {sidebar.plain(str(error))}", err=True)
    finally:
        click.echo(_serving(where))
        os._exit(0)


def _serving(where: str, *, has_pages: bool = True) -> str:
    page = f"open {where}" if has_pages else f"open {where}/protocol"
    return f"Magnesia serves {where}/cds-services - {page} in a browser - Ctrl-C stops it."


def _head(console: Console, case: Fixture) -> None:
    if case.title:
        console.print(Text(sidebar.plain(case.title), style="bold"))


def _show_cards(console: Console, cards: list[dict[str, Any]], assessment: dict[str, Any]) -> None:
    if cards:
        sidebar.show(console, cards)
        return
    silence = assessment.get("silence")
    console.print(Text(sidebar.plain(f"No card. {silence}" if silence else "No card.")))


def _stop(message: str, status: int) -> NoReturn:
    click.echo(f"magnesia: {sidebar.plain(message)}", err=True)
    raise SystemExit(status)


main.add_command(fixtures)
main.add_command(record)
main.add_command(clients)
main.add_command(insight)

if __name__ == "__main__":
    main()
