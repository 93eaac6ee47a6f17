"""A protocol on a terminal: its tables, and what changes from one to another."""

from collections.abc import Iterable

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Column
from rich.table import Table as Grid
from rich.text import Text

from hooks.protocol.difference import Section
from hooks.protocol.table import Table
from service.commands import sidebar


def show(console: Console, tables: Iterable[Table]) -> None:
    """Print the tables, one below the other."""
    for table in tables:
        _head(console, table.title)
        console.print(_grid(table) if not table.columns else _columns(table))
        if table.note:
            console.print(_text(table.note, style="italic"))


def show_changes(console: Console, sections: Iterable[Section]) -> None:
    """Print the sentences of a comparison, each with its bullet."""
    for section in sections:
        _head(console, section.title)
        grid = Grid.grid(padding=(0, 1))
        for change in section.changes:
            grid.add_row("-", _text(change))
        console.print(grid)


def _head(console: Console, title: str) -> None:
    console.print()
    console.print(_text(title, style="bold"))


def _columns(table: Table) -> RenderableType:
    grid = Grid(
        *(Column(Text(name)) for name in table.columns),
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for row in table.rows:
        grid.add_row(*map(_text, row))
    return grid


def _grid(table: Table) -> RenderableType:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_text, row))
    return Padding(grid, (0, 0, 0, 2))


def _text(value: str, style: str = "") -> Text:
    return Text(sidebar.plain(value), style=style)
