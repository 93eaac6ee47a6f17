"""The sentences of a site's protocol follow its numbers: `cases/site_sentences.toml`."""

from typing import Any

import pytest

from hooks.protocol import parse
from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import PROTOCOL, Case, decide
from tests.hooks.decisioncases import CHECKS, PATIENT_MEMBERS
from tests.protocol.edit import SHIPPED, edited


@pytest.mark.parametrize("case", cases("site_sentences.toml"))
def test_sentences_follow_the_numbers(case: dict[str, Any]) -> None:
    site = parse(edited(*map(tuple, case["change"]), text=SHIPPED), "site.toml")
    patient = Case(**{name: case[name] for name in PATIENT_MEMBERS & case.keys()})
    for protocol, wanted in ((PROTOCOL, case["expect"]), (site, case["then"])):
        answer = decide(patient, protocol)
        for name, value in wanted.items():
            CHECKS[name](answer, value, f"{case['name']}: {name}")


def test_the_card_of_a_draft_says_so_where_everybody_looks() -> None:
    (card,) = decide(Case()).cards
    assert card["source"]["label"] == "Adult magnesium replacement protocol (draft)"
    approved = edited(
        ('status = "draft"', 'status = "approved"'),
        ('approved_by = ""', 'approved_by = "Pharmacy, 2026-12-01"'),
        text=SHIPPED,
    )
    (card,) = decide(Case(), parse(approved, "site.toml")).cards
    assert card["source"]["label"] == "Adult magnesium replacement protocol"
