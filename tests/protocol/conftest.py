from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import cli
from tests.protocol.edit import Change, edited

Run = Callable[..., Result]
Write = Callable[..., Path]


@pytest.fixture
def run() -> Run:
    """Runs a command as from a shell; the output is 80 columns wide unless `columns` says else."""

    def invoke(*arguments: str, columns: int = 80) -> Result:
        return CliRunner(env={"COLUMNS": str(columns)}).invoke(cli.main, arguments)

    return invoke


@pytest.fixture
def site(tmp_path: Path) -> Write:
    """Writes the shipped protocol with changes to a site's own file."""

    def write(*changes: Change, name: str = "site.toml") -> Path:
        path = tmp_path / name
        path.write_text(edited(*changes), encoding="utf-8")
        return path

    return write
