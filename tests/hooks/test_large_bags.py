"""Drafts of bags that no button changes: the cases of `cases/large_bags.toml`."""

from typing import Any

import pytest

from tests.hooks import test_order_cases
from tests.hooks.casefiles import cases


@pytest.mark.parametrize("case", cases("large_bags.toml"))
def test_large_bag(case: dict[str, Any]) -> None:
    test_order_cases.test_order(case)
