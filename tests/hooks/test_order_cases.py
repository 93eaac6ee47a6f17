"""What is made of orders as they really come: the case files that name orders."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.ordercases import check_order

FILES = {
    "orders.toml": "case",
    "drugs.toml": "case",
    "names.toml": "case",
    "purposes.toml": "case",
    "corrections.toml": "case",
    "courses.toml": "case",
    "words.toml": "case",
    "without_need.toml": "case",
    "repeats.toml": "order",
    "goes_on.toml": "order",
    "problem_names.toml": "order",
}


def orders() -> Iterator[Any]:
    """The cases of all files, each under the name of its file and its own."""
    for file, table in FILES.items():
        for case in cases(file, table):
            yield pytest.param(*case.values, id=f"{file}: {case.id}")


@pytest.mark.parametrize("case", list(orders()))
def test_an_order_is_answered_as_its_case_says(case: dict[str, Any]) -> None:
    check_order(case)
