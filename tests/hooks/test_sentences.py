"""What a card says in which words: the cases of `cases/sentences.toml`."""

from decimal import Decimal
from typing import Any

import pytest

from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import Case, bundle, decide, result
from tests.hooks.ordercases import PARTS, check
from tests.hooks.ordermaker import asked
from tests.protocol.edit import protocol

PATIENT = PARTS | {"weight", "age", "sex"}


@pytest.mark.parametrize("case", cases("sentences.toml"))
def test_sentences(case: dict[str, Any]) -> None:
    unknown = case.keys() - PATIENT - {"name", "because", "expect"}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    answer = asked(**{name: case[name] for name in PATIENT & case.keys()})
    for name, wanted in case["expect"].items():
        check(name, answer, wanted, f"{case['because']}: {name}")


@pytest.mark.parametrize(
    ("unit", "summary"),
    [
        (
            "mEg/L",
            "Magnesium 1.2 mEg/L cannot be judged: unit not recognized; ask the laboratory",
        ),
        ("www.evil.example", "Magnesium cannot be judged: unit not recognized; ask the laboratory"),
        ("g", "Magnesium cannot be judged: unit not possible for this test; ask the laboratory"),
        ("g/h", "Magnesium cannot be judged: unit not recognized; ask the laboratory"),
        ("**2 g**", "Magnesium cannot be judged: unit not recognized; ask the laboratory"),
        ("x" * 11, "Magnesium cannot be judged: unit not recognized; ask the laboratory"),
    ],
)
def test_a_summary_tells_no_number_whose_unit_may_be_anything(unit: str, summary: str) -> None:
    """A summary is no Markdown: what is escaped for the detail would be shown as it is."""
    observation = result("magnesium", "1.2")
    observation["valueQuantity"] = {"value": Decimal("1.2"), "unit": unit}
    (card,) = decide(Case(bundles={"magnesium": bundle([observation])})).cards
    assert card["summary"] == f"{summary} for the unit"


def test_a_long_reason_is_told_before_the_number_and_what_to_do() -> None:
    case = Case(magnesium="1.2 mg/dL, 40 h ago")
    words = "the last result that this laboratory sent is far too old to tell anything of today"
    site = protocol(
        ('stale = "result is {age} old"', f'stale = "{words}, {{age}} ago by its time"')
    )
    (card,) = decide(case, site).cards
    assert card["summary"] == f"Magnesium cannot be judged: {words}, 40 h ago by its time"
