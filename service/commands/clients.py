"""`magnesia clients`: try a file of clients before the service does, and a token."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hooks.errors import SiteFileError
from service import site
from service.commands.ending import stop
from service.commands.sidebar import plain
from service.settings import PREFIX, Settings, SettingsError
from service.trust import Trust, entrance, key_source, tokens
from service.trust.clients import Client, Clients
from service.trust.clients import load as load_clients
from service.trust.jwks import Key, KeysUnreadable
from service.trust.keys import KeySet
from service.trust.tokens import Distrusted


@click.group(short_help="Check the clients that may call.")
def clients() -> None:
    """Check the file of clients that MAGNESIA_CLIENTS names, or another one."""


@clients.command(short_help="Read a file of clients and get their keys.")
@click.argument(
    "file",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="MAGNESIA_CLIENTS",
)
@click.option(
    "--token",
    "source",
    type=click.File(),
    metavar="-",
    help="Read a token from here, `-` for standard input, and say whether it would be accepted.",
)
def check(file: Path | None, source: Iterable[str] | None) -> None:
    """Read FILE, or that of MAGNESIA_CLIENTS, read or fetch the keys of every client, and show what
    can be used. Ends with 1 if a client has no usable key, or the token would be refused."""
    if file is None:
        stop("Name a file of clients, or set MAGNESIA_CLIENTS.", 2)
    settings, listed = _read(file)
    console = Console()
    usable = True
    found = {}
    for client in listed:
        found[client.name] = _key_set(client, settings)
        usable = _show(console, client, found[client.name]) and usable
    accepted = source is None or _says_of_token(console, "".join(source), listed, found, settings)
    raise SystemExit(0 if usable and accepted else 1)


def _read(file: Path) -> tuple[Settings, Clients]:
    """What the environment says, apart from who may call, and the clients of the file."""
    mine = {f"{PREFIX}AUTH", f"{PREFIX}CLIENTS"}
    others = {name: value for name, value in os.environ.items() if name not in mine}
    try:
        settings = Settings.from_environment({**others, f"{PREFIX}AUTH": "off"})
        offered = [service.id for service in site.services(settings)]
        return settings, load_clients(file, offered)
    except SettingsError as error:
        stop(str(error), 2)
    except SiteFileError as error:
        problems = error.problems
        click.echo(f"{plain(str(file))} has {len(problems)} mistake{'s' * (len(problems) > 1)}:")
        for problem in problems:
            click.echo(f"  {plain(problem)}")
        raise SystemExit(2) from error


def _key_set(client: Client, settings: Settings) -> tuple[KeySet, tuple[Key, ...] | str]:
    """The keys of a client, or why there are none."""
    held = KeySet(client, key_source.source(client, settings), exposed=settings.is_exposed)
    try:
        return held, held.load()
    except KeysUnreadable as error:
        return held, str(error)


def _show(console: Console, client: Client, found: tuple[KeySet, tuple[Key, ...] | str]) -> bool:
    """Print one client; whether it has a key that can be used."""
    console.print(Text(plain(client.name), style="bold"))
    grid = Table.grid(padding=(0, 2))
    for name, value in (
        ("iss", client.iss),
        ("keys", str(client.jwks_url or client.jwks_file)),
        ("algorithms", ", ".join(sorted(client.algorithms))),
        ("services", _list(client.services)),
        ("tenants", _list(client.tenants)),
        ("rate", f"{client.rate:g} calls a second on each host"),
        ("mode", client.mode),
    ):
        grid.add_row(Text(f"  {name}"), Text(plain(value)))
    console.print(grid)
    _, listed = found
    if isinstance(listed, str):
        console.print(Text(plain(f"  No keys: {listed}."), style="bold red"))
        return False
    console.print(_table(listed))
    if any(key.published and key.fault is None for key in listed):
        console.print(
            Text("  A private half is published: anyone can sign as this client.", style="red")
        )
    usable = any(key.fault is None for key in listed)
    if not usable:
        console.print(Text("  No key can be used.", style="bold red"))
    return usable


def _table(listed: Iterable[Key]) -> Table:
    table = Table("kid", "kty", "alg", "usable", box=box.SIMPLE_HEAD, pad_edge=False)
    for key in listed:
        fault = "yes" if key.fault is None else f"no: {key.fault}"
        cells = (key.kid, key.kty, ", ".join(key.algorithms) or "-", fault)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def _says_of_token(
    console: Console,
    text: str,
    listed: Clients,
    found: dict[str, tuple[KeySet, tuple[Key, ...] | str]],
    settings: Settings,
) -> bool:
    """Print whether the token would be accepted now, by one of the addresses of this service."""
    base_url = settings.base_url
    if base_url is None:
        stop("Set MAGNESIA_BASE_URL: a token is made out for the service's own address.", 2)
    paths = [entrance.ROOT]
    for service in site.services(settings):
        paths += [f"{entrance.ROOT}/{service.id}", f"{entrance.ROOT}/{service.id}/feedback"]
    audiences = frozenset().union(*(entrance.addresses(base_url, path) for path in paths))
    sets = {name: held for name, (held, _) in found.items()}
    trust = Trust(base_url, listed, sets, None, lambda: datetime.now(UTC))
    try:
        client = trust.check(tokens.read(f"Bearer {_bare(text)}"), audiences)
    except Distrusted as error:
        console.print(Text(plain(f"The token would be refused ({error.reason}): {error}")))
        return False
    console.print(Text(plain(f"The token would be accepted, once, as one of {client.name}.")))
    return True


def _bare(text: str) -> str:
    return text.strip().removeprefix("Authorization:").strip().removeprefix("Bearer").strip()


def _list(names: Iterable[str] | None) -> str:
    return "any" if names is None else ", ".join(sorted(names))
