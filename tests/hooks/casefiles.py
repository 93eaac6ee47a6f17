"""The case files under `cases/`: TOML tables that become pytest parameters."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"


def document(name: str) -> dict[str, Any]:
    """A whole case file."""
    return tomllib.loads((CASES / name).read_text(encoding="utf-8"))


def cases(name: str, table: str = "case") -> list[Any]:
    """The tables `[[case]]` of a file, each under its own name."""
    found = document(name)[table]
    names = [case["name"] for case in found]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"{name}: {twice} stands twice"
    return [pytest.param(case, id=case["name"]) for case in found]
