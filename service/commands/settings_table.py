"""The settings as a table, made from what each field of Settings says of itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.settings import PREFIX, Settings


@dataclass(frozen=True)
class Row:
    """One setting, in words."""

    variable: str
    default: str
    expects: str
    meaning: str


def rows() -> Iterator[Row]:
    """Every setting, in the order of Settings."""
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        expects = extra["expects"] if isinstance(extra, dict) else ""
        yield Row(
            f"{PREFIX}{name.upper()}",
            _shown(field.default),
            str(expects),
            field.description or "",
        )


def show(console: Console, settings: Sequence[Row]) -> None:
    """Print the table on a terminal."""
    for row in settings:
        console.print(Text(f"{row.variable}  ({row.default})", style="bold"))
        grid = Table.grid(padding=(0, 0, 0, 4))
        grid.add_row(Text(row.meaning))
        grid.add_row(Text(f"Takes {row.expects}."))
        console.print(grid)


def markdown(settings: Sequence[Row]) -> str:
    """The table as Markdown, without a line break at the end."""
    lines = ["| variable | default | takes | meaning |", "| --- | --- | --- | --- |"]
    for row in settings:
        cells = (f"`{row.variable}`", row.default, row.expects, row.meaning)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _shown(default: Any) -> str:
    match default:
        case None | ():
            return "not set"
        case bool():
            return str(int(default))
        case _:
            return str(default)
