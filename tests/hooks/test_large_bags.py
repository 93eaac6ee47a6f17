"""Drafts of bags that no button changes: the cases of `cases/large_bags.toml`."""

from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.ordercases import check_order


@pytest.mark.parametrize("case", cases("large_bags.toml"))
def test_a_large_bag_is_not_changed_by_a_button(case: dict[str, Any]) -> None:
    check_order(case)
