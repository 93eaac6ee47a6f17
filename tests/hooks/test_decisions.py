"""What is decided for whom: the cases under `cases/`, run through the whole hook."""

from typing import Any

import pytest

from tests.hooks.casefiles import cases, document
from tests.hooks.chartmaker import Case, bundle, decide, result, without_ids
from tests.hooks.decisioncases import CHECKS, PATIENT_MEMBERS, dose_of

BANDS = [
    (band, line) for band, lines in document("bands.toml")["magnesium"].items() for line in lines
]
ROWS = {"severe": "DT1", "moderate": "DT3", "mild": "DT5", "normal": "DT6", "high": "DT7"}
DOSES = {"severe": "2 g over 20 min", "moderate": "2 g over 120 min"}


@pytest.mark.parametrize(("band", "line"), BANDS)
def test_every_threshold_is_exact(band: str, line: str) -> None:
    answer = decide(Case(magnesium=line))
    assert answer.assessment["band"] == band, f"clinical 2.4: {line}"
    assert answer.assessment["rule"] == ROWS.get(band, "G4")
    assert dose_of(answer) == DOSES.get(band, "none")


@pytest.mark.parametrize("case", cases("decisions.toml"))
def test_a_patient_is_decided_as_its_case_says(case: dict[str, Any]) -> None:
    unknown = case.keys() - PATIENT_MEMBERS - {"name", "rule", "expect"}
    assert not unknown, f"the case file says {unknown}, which nothing reads"
    answer = decide(Case(**{name: case[name] for name in PATIENT_MEMBERS & case.keys()}))
    expect = dict(case["expect"])
    for name, wanted in expect.items():
        check = CHECKS[name]
        check(answer, wanted, f"{case['rule']}: {name}")


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(["1.2 mg/dL", "1.2 mg/dL, corrected"], id="final and corrected"),
        pytest.param(["1.2 mg/dL, 3610 s ago", "1.2 mg/dL, 3650 s ago"], id="seconds apart"),
        pytest.param(["1.2 mg/dL", "0.987450 mEq/L"], id="almost the same in two units"),
        pytest.param(["0.4 mmol/L", "0.9722 mg/dL"], id="exactly the same in two units"),
        pytest.param(["1.2, 5 min ago", "120 mg/dL, 5 min ago"], id="two that cannot be used"),
        pytest.param(["1.2", "1.9", "1.2 mg/dL, 30 min ago"], id="two without a unit"),
        pytest.param(["1.2 mg/dL", "1.9 mg/dL"], id="a tie"),
    ],
)
@pytest.mark.parametrize("analyte", ["magnesium"])
def test_the_order_of_results_changes_nothing(pair: list[str], analyte: str) -> None:
    """real-world 1: pick deterministically, never by list order."""
    observations = [
        result(analyte, line, identity=f"r{number}") for number, line in enumerate(pair)
    ]
    one, other = (
        without_ids(decide(Case(bundles={analyte: bundle(found)})))
        for found in (observations, observations[::-1])
    )
    assert one == other
