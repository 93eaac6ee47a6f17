"""`magnesia insight`."""

import os
import re
from contextlib import closing

import click
from rich.console import Console

from hooks.errors import SiteFileError
from hooks.protocol import load as load_protocol
from service.clock import utc_now
from service.commands.ending import stop
from service.insight.counts import count
from service.insight.legend import legend
from service.insight.period import DEFAULT, Period
from service.insight.terminal import show
from service.record import RecordError, StoreDown
from service.record.store import Store
from service.settings import Settings, SettingsError

_ALL = "all"


class _Days(click.ParamType[int]):
    name = "days"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        text = str(value)
        if text == _ALL:
            return 0
        if not re.fullmatch(r"[1-9][0-9]{0,4}", text):
            self.fail(f"{text} is neither a number of days nor `{_ALL}`", param, ctx)
        return int(text)


@click.command(short_help="Show how often it fired and what clinicians did.")
@click.option(
    "--days",
    type=_Days(),
    default=str(DEFAULT),
    show_default=True,
    metavar="NUMBER|all",
    help="Count the last so many days, today included.",
)
def insight(days: int) -> None:
    """Count the record that MAGNESIA_DATABASE_URL names: calls, alert rate, cards by rule, what was
    accepted and overridden and why, by day and by client. The page /insight shows the same."""
    try:
        settings = Settings.from_environment(os.environ)
        rules = legend(load_protocol(settings.protocol))
        store = Store(settings.database_url)
        store.demand()
        with closing(store), store.reading() as connection:
            found = count(connection, Period.last(days or None, utc_now().date()))
    except (SettingsError, SiteFileError, RecordError) as error:
        stop(str(error), 2)
    except StoreDown as error:
        stop(f"The record cannot be read now: {error}.", 1)
    show(Console(), found, rules)
