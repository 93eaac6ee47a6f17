"""Real orders of the MIMIC-IV demo: what the service does with orders as hospitals write them.

What must hold is worked out from the corpus's own note of the newest results (`latest`), not from
what the service read.
"""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.conformance import shape
from tests.corpus import replay
from tests.corpus.replay import Alerts, Replayed
from tests.vignettes.reading import dose_of

# The orders with their drug's name: kind, band, rule, what the check of the draft found, and what
# the card recommends. A change of this table is a change of what a hospital would see;
# docs/evidence/mimic-replay.md has to be written anew with it.
DECISIONS: dict[tuple[str, str, str, tuple[str, ...], str], int] = {
    ("mg-iv", "severe", "G6", ("rate-unreadable", "dose-high"), "level"): 1,
    ("mg-iv", "moderate", "G6", ("rate-unreadable",), "level"): 3,
    ("mg-iv", "moderate", "G6", ("rate-unreadable", "dose-high"), "level"): 4,
    ("mg-iv", "moderate", "G6", ("rate-unreadable", "dose-unreadable"), "level"): 2,
    (
        "mg-iv",
        "moderate",
        "G6",
        ("rate-unreadable", "dose-high-reduced"),
        "change to 1 g over 120 min, level",
    ): 1,
    ("mg-iv", "moderate", "G7", ("despite-gate",), "level"): 1,
    ("mg-iv", "mild", "DT5", (), "level"): 5,
    ("mg-iv", "mild", "DT5", ("ordered-reduced",), "level"): 3,
    ("mg-iv", "normal", "DT6", ("not-low",), "no order"): 18,
    ("mg-iv", "normal", "DT6", ("not-low", "ordered-reduced"), "no order"): 3,
    ("mg-iv", "indeterminate", "G4", (), "level"): 3,
    ("mg-oral", "normal", "DT6", (), "silent"): 3,
    ("mg-oral", "indeterminate", "G4", (), "level"): 2,
    ("k", "moderate", "DT3", (), "order 2 g over 120 min, level"): 1,
    ("k", "normal", "DT6", (), "silent"): 9,
    ("k", "indeterminate", "G4", (), "level"): 2,
    ("loop", "normal", "DT6", (), "silent"): 8,
    ("qt", "mild", "DT5", (), "no order"): 1,
    ("qt", "normal", "DT6", (), "silent"): 7,
    ("other", "mild", "DT5", (), "silent"): 1,
    ("other", "normal", "DT6", (), "silent"): 5,
}

ALERTS = {
    "mg-iv": Alerts(orders=44, cards=44, doses=0, changes=1, levels=23, warnings=8),
    "mg-oral": Alerts(orders=5, cards=2, doses=0, changes=0, levels=2, warnings=0),
    "k": Alerts(orders=12, cards=3, doses=1, changes=0, levels=3, warnings=0),
    "loop": Alerts(orders=8, cards=0, doses=0, changes=0, levels=0, warnings=0),
    "qt": Alerts(orders=8, cards=1, doses=0, changes=0, levels=0, warnings=0),
    "other": Alerts(orders=6, cards=0, doses=0, changes=0, levels=0, warnings=0),
}

# Without a name nobody knows the drug, and the orders are as good as unrelated.
ALERTS_WITHOUT_NAMES = {
    "mg-iv": Alerts(orders=44, cards=12, doses=0, changes=0, levels=12, warnings=0),
    "mg-oral": Alerts(orders=5, cards=0, doses=0, changes=0, levels=0, warnings=0),
    "k": Alerts(orders=12, cards=1, doses=0, changes=0, levels=1, warnings=0),
    "loop": Alerts(orders=8, cards=0, doses=0, changes=0, levels=0, warnings=0),
    "qt": Alerts(orders=8, cards=0, doses=0, changes=0, levels=0, warnings=0),
    "other": Alerts(orders=6, cards=0, doses=0, changes=0, levels=0, warnings=0),
}

# Clinical 2.4 and 8, in mg/dL and hours.
SEVERE, MODERATE, MILD, NORMAL = 1.21525, 1.5, 1.7, 2.6
MAGNESIUM_HOURS, CREATININE_HOURS = 24, 48

Runs = dict[tuple[str, bool], list[Replayed]]


@pytest.fixture(scope="module")
def runs(shared: Path) -> Runs:
    """Every order, by dialect and by whether its drug is named."""
    return {
        (dialect, named): replay.replayed(shared, dialect, named=named)
        for dialect in replay.DIALECTS
        for named in (True, False)
    }


@pytest.fixture(scope="module")
def named(runs: Runs) -> list[Replayed]:
    """The orders with their drug's name, under LOINC codes."""
    return runs["loinc", True]


@pytest.fixture(scope="module")
def every(runs: Runs) -> list[Replayed]:
    """Every answer of every run."""
    return [one for run in runs.values() for one in run]


def test_every_order_of_the_corpus_is_played(every: list[Replayed]) -> None:
    assert len(every) == 4 * 83


@pytest.mark.parametrize("drug", [True, False], ids=["named", "unknown"])
def test_both_dialects_agree(runs: Runs, drug: bool) -> None:
    for local, loinc in zip(runs["local", drug], runs["loinc", drug], strict=True):
        assert local.call["context"]["selections"] == loinc.call["context"]["selections"]
        assert replay.agree(local, loinc), f"{local.name} at {local.now}"


def test_the_band_is_that_of_the_newest_magnesium(every: list[Replayed]) -> None:
    for one in every:
        assert one.decision[0] == _band(one), f"{one.latest} at {one.now}"


def test_no_second_magnesium_beside_a_drafted_one(runs: Runs) -> None:
    drafted = [
        one for dialect in replay.DIALECTS for one in runs[dialect, True] if one.kind == "mg-iv"
    ]
    assert len(drafted) == 2 * 44
    for one in drafted:
        orders = [made for made in one.answer.created if made["resourceType"] != "ServiceRequest"]
        assert orders == [], f"{one.name}: a second magnesium order is offered"


def test_a_changed_draft_keeps_its_drug_and_patient(named: list[Replayed]) -> None:
    changed = [(one, order) for one in named for order in one.answer.medications if "id" in order]
    changed = [(one, order) for one, order in changed if order["id"] == one.draft["id"]]
    assert len(changed) == 1
    for one, order in changed:
        assert order["medicationReference"] == one.draft["medicationReference"]
        assert order["subject"] == one.draft["subject"]
        assert order["authoredOn"] == one.draft["authoredOn"]


def test_a_dose_needs_a_low_magnesium_and_known_kidneys(every: list[Replayed]) -> None:
    dosed = [one for one in every if one.answer.medications]
    assert dosed
    for one in dosed:
        magnesium, creatinine = one.latest["Mg"], one.latest["Cr"]
        because = f"{one.latest} at {one.now}"
        assert magnesium["value"] < MODERATE, because
        assert magnesium["hoursOld"] <= MAGNESIUM_HOURS, because
        assert creatinine["hoursOld"] <= CREATININE_HOURS, because
        for order in one.answer.medications:
            assert _egfr(one) >= 15, f"a dose at an eGFR of {_egfr(one):.0f}"
            if _egfr(one) < 30:
                assert dose_of(order).grams == 1, f"eGFR {_egfr(one):.0f}: not halved"
            assert dose_of(order).grams in (1, 2)


def test_no_dose_where_the_kidneys_have_failed(named: list[Replayed]) -> None:
    failed = [one for one in named if _band(one) in ("severe", "moderate") and _egfr(one) < 15]
    assert [one.decision for one in failed] == [("moderate", "G7")]


def test_every_dose_brings_its_repeat_level(every: list[Replayed]) -> None:
    for one in every:
        for suggestion in one.answer.suggestions:
            kinds = [action["resource"]["resourceType"] for action in suggestion["actions"]]
            assert kinds.count("MedicationRequest") <= 1, "two magnesium orders in one suggestion"
            assert kinds.count("ServiceRequest") == 1, "a suggestion without the repeat level"


def test_at_most_one_card_is_shown(every: list[Replayed]) -> None:
    for one in every:
        assert len(one.answer.cards) <= 1
        assert bool(one.answer.cards) != ("silence" in one.answer.assessment)


def test_no_dose_beside_a_drug_that_nobody_can_read(runs: Runs) -> None:
    unknown = [
        one
        for one in runs["loinc", False]
        if _band(one) in ("severe", "moderate") and "medicationReference" in one.draft
    ]
    assert len(unknown) == 13
    for one in unknown:
        assert one.answer.medications == [], "the drug may be magnesium: no second order"
        assert "may be magnesium" in one.answer.card or one.decision[1] == "G7", one.name


def test_numbers_on_a_card_can_be_read(every: list[Replayed]) -> None:
    # The longest that means something is 1.21525 mg/dL, the edge of the severe band.
    for one in every:
        long = re.findall(r"\d+\.\d{6,}", one.answer.card)
        assert long == [], f"magnesium {one.latest['Mg']['value']} mg/dL: {long}"


def test_a_magnesium_that_is_not_low_need_not_be_replaced(every: list[Replayed]) -> None:
    for one in every:
        if one.decision[0] in ("normal", "high"):
            assert "until magnesium is replaced" not in one.answer.card, (
                "low potassium is not laid at the door of a magnesium that is not low"
            )


def test_what_leaves_is_valid(every: list[Replayed]) -> None:
    for one in every:
        problems = [str(problem) for problem in shape.problems(one.document, one.call)]
        assert problems == [], one.name


def test_decisions_with_the_drug_named(named: list[Replayed]) -> None:
    assert replay.decisions(named) == Counter(DECISIONS)


def test_alert_rate_with_the_drug_named(named: list[Replayed]) -> None:
    assert replay.alerts(named) == ALERTS


def test_alert_rate_with_the_drug_unknown(runs: Runs) -> None:
    assert replay.alerts(runs["loinc", False]) == ALERTS_WITHOUT_NAMES


def _band(one: Replayed) -> str:
    magnesium = one.latest.get("Mg")
    if magnesium is None or magnesium["hoursOld"] > MAGNESIUM_HOURS:
        return "indeterminate"
    for limit, band in ((SEVERE, "severe"), (MODERATE, "moderate"), (MILD, "mild")):
        if magnesium["value"] < limit:
            return band
    return "normal" if magnesium["value"] <= NORMAL else "high"


def _egfr(one: Replayed) -> float:
    """CKD-EPI 2021 (clinical 3.1)."""
    patient = one.call["prefetch"]["patient"]
    born, today = date.fromisoformat(patient["birthDate"]), one.now.date()
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    female = patient["gender"] == "female"
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = one.latest["Cr"]["value"] / kappa
    egfr = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age
    return float(egfr * 1.012 if female else egfr)
