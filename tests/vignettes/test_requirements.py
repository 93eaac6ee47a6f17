"""The table of docs/requirements.md: whole, and true of the protocol and of the tests it names."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "requirements.md").read_text(encoding="utf-8")
PROTOCOL: dict[str, Any] = tomllib.loads(
    (PROJECT / "hooks" / "protocol" / "adult_magnesium.toml").read_text(encoding="utf-8")
)
# Where a test is that is named without its file.
OWN = "tests/vignettes/test_seed.py"

ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.splitlines()
    if re.match(r"\| S\d", line)
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}
STATEMENTS = [f"S{number}" for number in range(1, 26)]


def test_every_statement_stands_in_the_table_once_and_in_order() -> None:
    assert list(ROWS) == STATEMENTS
    assert len(re.findall(r"^\| S\d", PAGE, re.MULTILINE)) == len(STATEMENTS)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_protocol_has_every_key_that_is_named(statement: str) -> None:
    keys = re.findall(r"`([^`]+)`", ROWS[statement][1])
    assert keys or statement == "S19", "nothing says where it is decided"
    for key in keys:
        assert _value(key) is not None, f"{statement}: the protocol has no {key}"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_test_that_is_named_exists(statement: str) -> None:
    named = re.findall(r"`([^`]+)`", ROWS[statement][3])
    assert named, f"{statement} is shown by no test"
    for name in named:
        file, _, test = name.rpartition("::")
        assert test in _tests(PROJECT / (file or OWN)), f"{statement}: there is no test {name}"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_test_of_a_statement_is_named(statement: str) -> None:
    prefix = f"test_{statement.lower()}_"
    own = {test for test in _tests(PROJECT / OWN) if test.startswith(prefix)}
    assert own, f"{OWN} has no {prefix}..."
    for test in own:
        assert f"`{test}`" in ROWS[statement][3], f"{statement}: {test} is not named"


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _value(key: str) -> Any:
    """What stands under a key such as `rows.DT1.dose`; entries of lists go by their `id`."""
    value: Any = PROTOCOL
    for name in key.split("."):
        if isinstance(value, list):
            value = next((entry for entry in value if entry["id"] == name), None)
        else:
            value = value.get(name)
        if value is None:
            return None
    return value
