"""How a command of `magnesia` ends that cannot go on."""

from typing import NoReturn

import click

from service.commands.sidebar import plain


def stop(message: str, status: int) -> NoReturn:
    """Say why, and end: with 2 for what was asked or set, with 1 for what came of it."""
    click.echo(f"magnesia: {plain(message)}", err=True)
    raise SystemExit(status)
