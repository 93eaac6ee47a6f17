"""In which ways two decisions differ, each by a case of its own."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from service.replay.comparison import Comparison
from service.replay.verdict import Decision, Undecided, Verdict, Why

DOSE = Decision(
    band="moderate",
    rule="DT3",
    grams=Decimal(2),
    minutes=Decimal(120),
    card="dose",
    indicator="info",
    silence=None,
    recheck=("2026-11-23T16:00:00+00:00", "2026-11-23T18:00:00+00:00"),
    findings=frozenset({"low-potassium"}),
    sentence=None,
)
SILENT = Decision(
    "mild", "DT5", None, None, None, None, "mild", None, frozenset(), "Mild, and unrelated."
)
LACKING = Undecided(Why.LACKS_DATA, "The prefetch `patient` is needed and was not sent.")


def compared(*pairs: tuple[Verdict, Verdict]) -> Comparison:
    comparison = Comparison()
    for before, after in pairs:
        comparison.add(before, after)
    return comparison


@pytest.mark.parametrize(
    ("before", "change", "way"),
    [
        (DOSE, {"grams": Decimal(4)}, "A higher dose"),
        (DOSE, {"grams": Decimal("0.5")}, "A lower dose"),
        (DOSE, {"minutes": Decimal(240)}, "A longer infusion"),
        (DOSE, {"minutes": Decimal(20)}, "A shorter infusion"),
        (DOSE, {"grams": None, "minutes": None}, "No dose where there was one"),
        (SILENT, {"grams": Decimal(1), "minutes": Decimal(60)}, "A dose where there was none"),
        (DOSE, {"indicator": "warning"}, "Another urgency of the card"),
        (DOSE, {"card": "mild"}, "Another kind of card"),
        (DOSE, {"card": None, "indicator": None}, "Silence where there was a card"),
        (SILENT, {"card": "mild", "indicator": "info"}, "A card where there was silence"),
        (SILENT, {"silence": "normal"}, "Another reason for silence"),
        (DOSE, {"band": "severe"}, "Another band"),
        (DOSE, {"rule": "DT4"}, "Another rule decides"),
        (DOSE, {"recheck": ("a", "b")}, "Another time for the repeat level"),
        (DOSE, {"recheck": None}, "No repeat level where there was one"),
        (SILENT, {"recheck": ("a", "b")}, "A repeat level where there was none"),
        (DOSE, {"findings": frozenset()}, "Other findings"),
    ],
)
def test_one_difference_is_one_way(before: Decision, change: dict[str, Any], way: str) -> None:
    comparison = compared((before, replace(before, **change)))
    assert comparison.changed == 1
    assert comparison.ways == {way: 1}


def test_the_words_of_a_silence_are_no_difference() -> None:
    assert compared((SILENT, replace(SILENT, sentence="Nothing to say."))).changed == 0


def test_a_decision_lost_or_gained_is_a_change() -> None:
    comparison = compared((DOSE, LACKING), (LACKING, DOSE))
    assert comparison.ways == {"No decision any more": 1, "A decision where there was none": 1}
    assert (comparison.decided, comparison.changed) == (2, 2)
    assert not comparison.undecided


def test_what_neither_decides_is_counted_by_reason_and_changes_nothing() -> None:
    comparison = compared((LACKING, LACKING), (LACKING, LACKING), (SILENT, SILENT))
    assert comparison.undecided == {LACKING: 2}
    assert (comparison.requests, comparison.decided, comparison.changed) == (3, 1, 0)


def test_requests_share_a_change_whatever_time_their_repeat_level_has() -> None:
    half = replace(DOSE, grams=Decimal(1))
    later = replace(DOSE, recheck=("c", "d")), replace(half, recheck=("c", "d"))
    comparison = compared((DOSE, half), later)
    assert list(comparison.changes.values()) == [2]


def test_cards_and_doses_are_counted_before_and_after() -> None:
    comparison = compared((SILENT, DOSE), (DOSE, DOSE), (LACKING, LACKING))
    assert (comparison.before.decided, comparison.before.cards, comparison.before.doses) == (
        2,
        1,
        1,
    )
    assert (comparison.after.decided, comparison.after.cards, comparison.after.doses) == (2, 2, 2)
