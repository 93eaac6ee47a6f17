"""Comments of the protocol file repeat no number of it: no change of a number would reach them."""

import re
from typing import Final

import pytest

from tests.protocol.edit import SHIPPED, STRICT_WARD

#: A comment: a line of its own, or behind a value.
_COMMENT: Final = re.compile(r"^(?:[^#\"']|\"[^\"]*\"|'[^']*')*(#.*)$", re.MULTILINE)
_AMOUNT: Final = re.compile(
    r"\d[\d.,]*(?:-\d+)? ?(?:mg|g|mmol|mEq|mL|ms|kg|min|minutes?|h|hours?|d|days?|y|percent)\b"
)


def amounts(text: str) -> list[str]:
    """The comments in which an amount with a unit stands."""
    return [found for found in _COMMENT.findall(text) if _AMOUNT.search(found)]


def test_the_shipped_file() -> None:
    assert amounts(SHIPPED) == []


def test_the_example_but_for_its_head() -> None:
    """The head says in what the example differs."""
    text = STRICT_WARD.read_text(encoding="utf-8")
    assert amounts(text[text.index("[protocol]") :]) == []


@pytest.mark.parametrize(
    "line",
    ["# from 15 mL/min", 'over = "20 min"  # 20 min', "# 1.2 mg/dL is severe", "# 4-8 g"],
)
def test_such_a_comment_would_be_found(line: str) -> None:
    assert amounts(line) == [line[line.index("#") :]]
