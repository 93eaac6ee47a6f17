"""Which texts of a dosage speak of another time than its coded one: `cases/paces.toml`."""

from decimal import Decimal
from typing import Any

import pytest

from hooks.chart.conversion import Conversion
from hooks.chart.dosage import read_dosage
from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import instruction

SULFATE = Conversion(Decimal("8.12"), Decimal("4.06"), None)


@pytest.mark.parametrize("case", cases("paces.toml"))
def test_a_text_names_another_time_or_does_not_as_its_case_says(case: dict[str, Any]) -> None:
    assert not case.keys() - {"name", "dose", "over", "another", "same"}
    assert case["another"], "a case has texts of both kinds"
    assert case["same"], "a case has texts of both kinds"
    found = {
        said: read_dosage({"dosageInstruction": [instruction(case, said)]}, SULFATE).time_in_words
        for said in (*case["another"], *case["same"])
    }
    missed = [said for said in case["another"] if not found[said]]
    assert not missed, "settled 6: an unreadable rate is said, not changed; nothing is made faster"
    heard = [said for said in case["same"] if found[said]]
    assert not heard, "settled 6: what says nothing of the dose's time takes no correction away"
