"""What is corrected in a drafted order and what is only said: the cases of `corrections.toml`."""

from typing import Any

import pytest

from tests.hooks import test_order_cases
from tests.hooks.casefiles import cases


@pytest.mark.parametrize("case", cases("corrections.toml"))
def test_correction(case: dict[str, Any]) -> None:
    test_order_cases.test_order(case)
