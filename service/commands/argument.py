"""What several commands of `magnesia` take: files, moments and requests."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from service import fixture
from service.commands.ending import stop
from service.fixture import Fixture

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Moment(click.ParamType[datetime]):
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


class MomentOrAuto(click.ParamType[datetime | None]):
    name = "auto or time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | None:
        return None if value in {"auto", None} else Moment().convert(value, param, ctx)


def request_in(file: Path) -> Fixture:
    """The request in a file; ends the command if there is none."""
    try:
        return fixture.load(file)
    except fixture.FixtureError as error:
        stop(str(error), status=1)
