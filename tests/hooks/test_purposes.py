"""What an order is for, as far as its words and codes tell: `cases/purposes.toml`."""

from time import process_time
from typing import Any

import pytest

from hooks.chart.codes import conditions
from tests.hooks.casefiles import cases

INDICATIONS = conditions.load().indications
LONG = 1_000_000


@pytest.mark.parametrize("reason", cases("purposes.toml", "reason"))
def test_a_reason_says_what_its_case_says(reason: dict[str, Any]) -> None:
    for text in reason["texts"]:
        assert told(text) == reason["says"], f"{reason['because']}: {text!r}"


def told(text: str) -> str:
    stated = INDICATIONS.stated(text)
    if stated is not None:
        return f"certain {stated.condition}" if stated.certain else "open"
    if INDICATIONS.says_low_magnesium(text):
        return "low"
    return "replaced" if INDICATIONS.says_replacement(text) else "nothing"


@pytest.mark.parametrize(
    "text",
    [
        "monitor " * (LONG // 8),
        "." * LONG,
        "asthm " * (LONG // 6),
        "a" * LONG,
        "pe a " * (LONG // 5),
        "no asthma or asthma or " * (LONG // 23) + "no asthma",
        "no known h/o " * (LONG // 13),
        "monitor for torsades, " * (LONG // 22),
        "on a monitor " * (LONG // 13),
    ],
    ids=[
        "watched",
        "stops",
        "beginnings",
        "one-word",
        "words",
        "denied",
        "fillers",
        "parts",
        "placed",
    ],
)
def test_a_long_note(text: str) -> None:
    began = process_time()
    assert INDICATIONS.suggested(text) is None
    assert process_time() - began < 4, "a note of a megabyte holds the process"
