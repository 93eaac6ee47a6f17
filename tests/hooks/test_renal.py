"""CKD-EPI 2021 and Cockcroft-Gault against every published check value of clinical 3."""

from decimal import Decimal
from typing import Any

import pytest

from hooks.chart.chart import Sex
from hooks.chart.renal import ckd_epi_2021, cockcroft_gault
from tests.hooks.casefiles import cases


@pytest.mark.parametrize("case", cases("renal.toml", "ckd_epi"))
def test_ckd_epi_agrees_with_what_is_published(case: dict[str, Any]) -> None:
    egfr = ckd_epi_2021(Decimal(case["creatinine"]), case["age"], Sex(case["sex"]))
    assert abs(egfr - Decimal(case["egfr"])) <= Decimal(case["within"]), f"clinical 3.1: {egfr}"


@pytest.mark.parametrize("case", cases("renal.toml", "cockcroft_gault"))
def test_cockcroft_gault_agrees_with_what_is_published(case: dict[str, Any]) -> None:
    clearance = cockcroft_gault(
        Decimal(case["creatinine"]), case["age"], Sex(case["sex"]), Decimal(case["weight"])
    )
    away = abs(clearance - Decimal(case["clearance"]))
    assert away <= Decimal(case["within"]), f"clinical 3.2: {clearance}"


@pytest.mark.parametrize("creatinine", ["0", "-0.1"])
def test_there_is_no_renal_function_without_creatinine(creatinine: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        ckd_epi_2021(Decimal(creatinine), 60, Sex.MALE)
    with pytest.raises(ValueError, match="above zero"):
        cockcroft_gault(Decimal(creatinine), 60, Sex.MALE, Decimal(70))
