"""The twenty patients of `vignettes.json`, over HTTP: what is decided, offered and said."""

import re
import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import NOW
from tests.vignettes.checks import CHECKS
from tests.vignettes.reading import (
    Answer,
    Dose,
    Level,
    ask,
    recommended_dose,
    recommended_levels,
    window,
)
from tests.vignettes.request import Json, request_of, vignettes

VIGNETTES = {str(one["id"]): one for one in vignettes()}
CONCEPTS = tomllib.loads(Path(__file__).with_name("concepts.toml").read_text("utf-8"))
KINDS = ("must_mention", "must_not")

# The dose of PUB-17 runs already: its window counts from the planned end of that one.
RUNNING = {"PUB-17": timedelta(minutes=-60 + 20)}

every_vignette = pytest.mark.parametrize("name", VIGNETTES)


@every_vignette
def test_it_is_decided_as_expected(client: FlaskClient, name: str) -> None:
    vignette = VIGNETTES[name]
    expected, answer = vignette["expected"], ask(client, request_of(vignette, NOW))
    because = vignette["rationale"]
    assert answer.assessment["band"] == expected["severity"], because
    dose = _expected_dose(expected)
    assert recommended_dose(answer) == dose, because
    told = answer.assessment.get("dose")
    assert (None if told is None else Dose(told["grams"], told["minutes"])) == dose, (
        "the account tells another dose than the suggestion orders"
    )
    levels = [level for level in recommended_levels(answer) if level.analyte == "magnesium"]
    assert [(level.start, level.end) for level in levels] == _expected_window(name), because
    if "indicator" in expected:
        assert [card["indicator"] for card in answer.cards] == [expected["indicator"]]
    if "suggestions" in expected:
        assert _recommended(answer, name) == expected["suggestions"]


@every_vignette
def test_renal_function_is_the_one_that_a_script_computed(client: FlaskClient, name: str) -> None:
    vignette = VIGNETTES[name]
    inputs = ask(client, request_of(vignette, NOW)).assessment.get("inputs", {})
    for short, full in (("egfr", "egfr"), ("crcl", "creatinineClearance")):
        if full in inputs:
            assert inputs[full] == Decimal(str(vignette[short])), full
        else:
            assert vignette["expected"]["dose_g"] is None, "a dose without renal function"


@every_vignette
def test_it_says_what_it_must_and_nothing_that_it_must_not(client: FlaskClient, name: str) -> None:
    vignette = VIGNETTES[name]
    expected, answer = vignette["expected"], ask(client, request_of(vignette, NOW))
    for kind in KINDS:
        for entry in CONCEPTS[kind]:
            if name not in entry["vignettes"]:
                continue
            if "pattern" in entry:
                text = answer.text(entry["where"]).replace("**", "")
                said = re.search(entry["pattern"], text, re.IGNORECASE) is not None
                assert said is (kind == "must_mention"), f"{kind} {entry['concept']!r}: {text}"
            if "checked_by" in entry:
                check = entry["checked_by"]
                assert CHECKS[check](answer, expected), f"{kind} {entry['concept']!r}: {check}"


def test_every_concept_of_every_vignette_is_looked_for_once() -> None:
    wanted = sorted(
        (kind, concept, name)
        for name, vignette in VIGNETTES.items()
        for kind in KINDS
        for concept in vignette["expected"][kind]
    )
    looked_for = sorted(
        (kind, entry["concept"], name)
        for kind in KINDS
        for entry in CONCEPTS[kind]
        for name in entry["vignettes"]
    )
    assert looked_for == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_checked_by_something(kind: str) -> None:
    for entry in CONCEPTS[kind]:
        assert "pattern" in entry or "checked_by" in entry, entry["concept"]
        assert entry.get("checked_by", "no card") in CHECKS, entry["concept"]
        if "pattern" in entry:
            assert entry["where"] in ("card", "findings", "anywhere"), entry["concept"]


def test_the_patterns_of_what_must_not_be_said_bite() -> None:
    for entry in CONCEPTS["must_not"]:
        if "pattern" in entry:
            assert re.search(entry["pattern"], entry["catches"], re.IGNORECASE), entry["concept"]


def test_the_vignettes_are_those_of_the_reference(shared: Path) -> None:
    ours = Path(__file__).with_name("vignettes.json").read_bytes()
    assert ours == (shared / "vignettes.json").read_bytes(), "vignettes.json was changed"
    assert len(VIGNETTES) == 20


def _expected_dose(expected: Json) -> Dose | None:
    if expected["dose_g"] is None:
        return None
    return Dose(Decimal(expected["dose_g"]), Decimal(expected["duration_min"]))


def _expected_window(name: str) -> list[tuple[datetime, datetime]]:
    """The window counts from the planned end of the dose, without one from now (settled 8)."""
    expected: dict[str, Any] = VIGNETTES[name]["expected"]
    if expected["repeat_lab_hours"] is None:
        return []
    dose = timedelta(minutes=expected["duration_min"] or 0)
    end = NOW + RUNNING.get(name, dose)
    return [window(end, expected["repeat_lab_hours"])]


def _recommended(answer: Answer, name: str) -> list[str]:
    """The orders of the recommended suggestion in the words of the vignettes."""
    dose = recommended_dose(answer)
    words = [] if dose is None else [f"medication {dose.grams} g / {dose.minutes} min"]
    end = NOW + RUNNING.get(name, timedelta(minutes=float(dose.minutes if dose else 0)))
    return words + [_in_words(level, end) for level in recommended_levels(answer)]


def _in_words(level: Level, end: datetime) -> str:
    if level.analyte == "creatinine":
        assert level.start == NOW, "creatinine is wanted now (settled 8)"
        return "lab creatinine"
    if level.start == level.end == NOW:
        return "lab magnesium now"
    first, last = ((at - end) / timedelta(hours=1) for at in (level.start, level.end))
    return f"lab magnesium +{first:g}-{last:g} h"
