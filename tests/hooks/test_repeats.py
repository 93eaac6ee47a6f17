"""Which texts of an instruction say that its dose is given again: `cases/repeats.toml` and
`cases/goes_on.toml`."""

import re
from typing import Any

import pytest

from hooks.chart import repetition
from hooks.chart.timing import read_timing
from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import instruction


@pytest.mark.parametrize("case", [*cases("repeats.toml"), *cases("goes_on.toml")])
def test_a_text_repeats_or_does_not_as_its_case_says(case: dict[str, Any]) -> None:
    assert not case.keys() - {"name", "repeats", "once", "dose", "over"}
    assert case["repeats"], "a case has texts of both kinds"
    assert case["once"], "a case has texts of both kinds"
    found = {
        said: read_timing(instruction(case, said)).recurring
        for said in (*case["repeats"], *case["once"])
    }
    missed = [said for said in case["repeats"] if not found[said]]
    assert not missed, "settled 6, 7: when in doubt a text is one of repeats"
    heard = [said for said in case["once"] if found[said]]
    assert not heard, "settled 6: one dose that is low is corrected; settled 7: it has ended"


def test_the_example_beside_each_form_repeats() -> None:
    beside = re.findall(r"(?m)(?:^\s*|  )# (.+)$", repetition._AGAIN.pattern)
    examples = [example for line in beside for example in line.split("; ")]
    assert len(examples) > 40, "each form has one"
    wrong = [example for example in examples if not repetition.says_again(example)]
    assert not wrong, "an example shows what its form finds"
