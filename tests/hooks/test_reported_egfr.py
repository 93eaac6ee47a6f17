"""A laboratory's own eGFR is shown beside the computed one and never used (settled 4)."""

import pytest

from tests.hooks.chartmaker import NOW, PATIENT, Case, Json, bundle, decide, without_ids


def _reported(value: int, unit: str, **changes: object) -> Json:
    return {
        "resourceType": "Observation",
        "id": "egfr-1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": NOW.isoformat(),
        "valueQuantity": {"value": value, "unit": unit, **changes},
    }


@pytest.mark.parametrize("unit", ["mL/min/{1.73_m2}", "mL/min/1.73m2", "mL/min/1.73 m2"])
def test_a_reported_egfr_changes_no_decision_and_is_shown(unit: str) -> None:
    alone = decide(Case())
    with_report = decide(Case(bundles={"egfr": bundle([_reported(12, unit)])}))
    assert "laboratory eGFR 12 mL/min/1.73 m2, not used" in with_report.cards[0]["detail"]
    assert with_report.assessment["rule"] == "DT1", "settled 4: computed, also when reported"
    assert with_report.assessment["dose"] == alone.assessment["dose"]


def test_a_reported_egfr_beyond_a_limit_keeps_its_sign() -> None:
    bundles = {"egfr": bundle([_reported(60, "mL/min/{1.73_m2}", comparator=">")])}
    assert (
        "laboratory eGFR >60 mL/min/1.73 m2, not used"
        in decide(Case(bundles=bundles)).cards[0]["detail"]
    )


def test_an_egfr_without_a_unit_is_not_shown_as_one() -> None:
    without = _reported(12, "")
    bundles = {"egfr": bundle([without])}
    assert without_ids(decide(Case(bundles=bundles))) == without_ids(decide(Case()))
