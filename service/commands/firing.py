"""`magnesia fire`: a request sent to a service, and the cards that come back."""

import os
import re
from pathlib import Path
from typing import TextIO

import click
import msgspec
from rich.console import Console

from service import exact
from service.clock import utc_now
from service.commands import client, sidebar
from service.commands.argument import FILE, request_in
from service.commands.ending import stop
from service.commands.sidebar import plain
from service.fixture import Fixture
from service.hook import ASSESSMENT

_SERVICE = "magnesium-replacement"
_OWN_SERVER_SECONDS = 30.0


def _default_url() -> str:
    return f"http://127.0.0.1:{os.environ.get('MAGNESIA_PORT') or 8000}/cds-services/{_SERVICE}"


@click.command(short_help="Send a request and print the cards.")
@click.argument("file", type=FILE)
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
    case = request_in(file)
    said = None if token is None else _token(token)
    if case.now is None and not as_is:
        click.echo(f"{file} names no moment of its own, so it is sent as it is.", err=True)
    try:
        url = client.service_address(url, _SERVICE)
    except client.AddressError as error:
        stop(str(error), status=2)
    client.wait_until_ready(url, seconds)
    try:
        _fire(case, url, said, as_is=as_is, as_json=as_json)
    except client.ClientError as error:
        stop(str(error), status=1)


def fire_beside(where: str, case: Fixture, farewell: str) -> None:
    """Fire `case` from a process of its own, once this one has become the server, and then say
    `farewell`."""
    own = os.getpid()
    if os.fork() != 0:
        return
    try:
        url = f"{where}/cds-services/{_SERVICE}"
        client.wait_until_ready(url, _OWN_SERVER_SECONDS, lambda: os.getppid() == own)
        _fire(case, url, None, as_is=False, as_json=False)
    except client.ClientError as error:
        click.echo(f"magnesia: {plain(str(error))}", err=True)
    finally:
        click.echo(farewell)
        os._exit(0)


def _token(file: TextIO) -> str:
    """The token that a file holds, alone on its line."""
    try:
        token = file.read().strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not re.fullmatch(r"[\w.~+/-]+=*", token, re.ASCII):
        stop("--token-file: there must be one token in it, and nothing else.", status=2)
    return token


def _fire(case: Fixture, url: str, token: str | None, *, as_is: bool, as_json: bool) -> None:
    request = case.request if as_is or case.now is None else case.freshened(utc_now())
    answer = client.call(url, request, token)
    if as_json:
        encoded = exact.encode(answer)
        click.echo(msgspec.json.format(encoded))
        return
    console = Console()
    sidebar.show_title(console, case.title)
    extension = answer.get("extension")
    assessment = extension.get(ASSESSMENT) if isinstance(extension, dict) else None
    sidebar.show_answer(
        console, answer["cards"], assessment if isinstance(assessment, dict) else {}
    )
