import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service import cli

ROOT = Path(__file__).resolve().parents[2]
PATIENT = "never-to-be-printed"

Fixture = Callable[[str], dict[str, Any]]


@pytest.fixture
def fixture() -> Fixture:
    """A request of the fixtures, of a patient whose id no output may hold."""

    def read(name: str) -> dict[str, Any]:
        text = (ROOT / "fixtures" / f"{name}.json").read_text(encoding="utf-8")
        patient = json.loads(text)["context"]["patientId"]
        request: dict[str, Any] = json.loads(text.replace(patient, PATIENT))
        return request

    return read


@pytest.fixture
def half_dose(tmp_path: Path) -> Path:
    """A protocol that gives half the dose to a moderate magnesium and normal kidneys (DT3)."""
    row = 'id = "DT3"\nband = "moderate"\ntier = "standard"\ndose = "{dose}"\nover = "120 min"\n'
    return changed(
        tmp_path / "half.toml",
        row.format(dose="2 g") + 'product = "bag-2g"',
        row.format(dose="1 g") + 'product = "bag-1g"',
    )


def changed(path: Path, old: str, new: str) -> Path:
    """A file with the shipped protocol, one passage changed."""
    text = (ROOT / "hooks/protocol/adult_magnesium.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1, "the shipped protocol has no such passage"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    """`magnesia replay`, as somebody types it."""
    return CliRunner().invoke(cli.main, ["replay", *map(str, arguments)])


def lines(result: Result) -> list[str]:
    """What was printed, without the spaces that lay it out."""
    return [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]
