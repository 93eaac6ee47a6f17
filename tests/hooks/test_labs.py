"""An Observation is measured, refused with every reason, or passed over; it never raises."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from hooks.chart.chart import Measurement, Unusable
from hooks.chart.labs import read_series
from hooks.chart.units import Analyte
from tests.hooks.casefiles import cases
from tests.hooks.chartmaker import LAB_CODES, LOINC, PATIENT, Json, bundle, over_the_wire, result
from tests.hooks.reading import passed_over, read, refused

#: clinical 6.1: what is included, by analyte, with a unit that fits.
INCLUDED = [
    ("magnesium", "19123-9", "1.2 mg/dL"),
    ("magnesium", "2601-3", "0.5 mmol/L"),
    ("magnesium", "21377-7", "1.2 mg/dL"),
    ("magnesium", "2593-2", "0.5 mmol/L"),
    ("potassium", "2823-3", "4 mmol/L"),
    ("potassium", "6298-4", "4 mmol/L"),
    ("potassium", "32713-0", "4 mmol/L"),
    ("potassium", "77142-8", "4 mmol/L"),
    ("potassium", "39789-3", "4 mmol/L"),
    ("creatinine", "2160-0", "0.8 mg/dL"),
    ("creatinine", "14682-9", "71 umol/L"),
    ("creatinine", "38483-4", "0.8 mg/dL"),
    ("creatinine", "59826-8", "71 umol/L"),
    ("creatinine", "77140-2", "71 umol/L"),
    ("creatinine", "21232-4", "0.8 mg/dL"),
    ("creatinine", "101475-2", "71 umol/L"),
    ("weight", "29463-7", "70 kg"),
    ("weight", "3141-9", "70 kg"),
    ("weight", "8335-2", "70 kg"),
]

#: clinical 6.1: what is excluded, and a word that says why.
EXCLUDED = [
    ("magnesium", "2600-5", "ionized"),
    ("magnesium", "32698-3", "ionized"),
    ("magnesium", "73572-0", "ionized"),
    ("magnesium", "73573-8", "ionized"),
    ("magnesium", "19124-7", "urine"),
    ("magnesium", "2598-1", "urine"),
    ("magnesium", "2599-9", "urine"),
    ("magnesium", "29365-4", "fluid"),
    ("magnesium", "26746-8", "red"),
    ("magnesium", "13474-2", "ratio"),
    ("magnesium", "33950-7", "ratio"),
    ("magnesium", "55937-7", "dialysis"),
    ("magnesium", "55938-5", "dialysis"),
    ("magnesium", "65362-6", "albumin"),
    ("magnesium", "81005-1", "intake"),
    ("potassium", "2828-2", "urine"),
    ("potassium", "2821-7", "fluid"),
    ("creatinine", "11041-1", "dialysis"),
    ("creatinine", "11042-9", "dialysis"),
    ("creatinine", "51619-5", "dialysis"),
    ("creatinine", "51620-3", "dialysis"),
    ("creatinine", "2161-8", "urine"),
    ("creatinine", "2164-2", "clearance"),
]

#: Codes that other people's code uses for these analytes and that mean something else.
FOREIGN = ["2276-4", "50384-7", "75940-7", "22760-3"]
REPORTED_EGFR = ["98979-8", "62238-1", "33914-3", "48642-3"]


@pytest.mark.parametrize("case", cases("observations.toml"))
def test_one_observation(case: dict[str, Any]) -> None:
    analyte = case.get("analyte", "magnesium")
    patient = case.get("patient", PATIENT)
    observation = result(analyte, case.get("from", "1.2 mg/dL"), patient=patient)
    for name in case.get("drop", ()):
        del observation[name]
    observation |= case.get("change", {})
    if "refused" in case:
        assert refused(analyte, observation, patient) == set(case["refused"])
    elif "passed_over" in case:
        assert passed_over(analyte, observation, patient)
    else:
        measured = read(analyte, observation, patient)
        for name, expected in case["read"].items():
            assert _said(measured, name) == _meant(name, expected), name


def _said(measured: Measurement, name: str) -> Any:
    if name == "time":
        return measured.time.at
    if name == "whole_day":
        return measured.time.whole_day
    return getattr(measured, name)


def _meant(name: str, expected: Any) -> Any:
    if name == "time":
        return datetime.fromisoformat(expected)
    return Decimal(expected) if name == "value" else expected


@pytest.mark.parametrize(("analyte", "code", "line"), INCLUDED)
def test_every_included_code_is_read(analyte: str, code: str, line: str) -> None:
    assert read(analyte, result(analyte, f"{line}, code {code}")).analyte == analyte


@pytest.mark.parametrize(("analyte", "code", "why"), EXCLUDED)
def test_every_excluded_code_is_refused(analyte: str, code: str, why: str) -> None:
    line = {"magnesium": "0.55 mmol/L", "potassium": "4 mmol/L", "creatinine": "0.8 mg/dL"}[analyte]
    observation = result(analyte, f"{line}, code {code}")
    assert refused(analyte, observation) == {"code-excluded"}, "clinical 6.1 excludes it"
    series = read_series(Analyte(analyte), bundle([observation]), PATIENT, LAB_CODES)
    (kept,) = series.results
    assert isinstance(kept, Unusable)
    assert why in str(kept.detail), "the card has to be able to say what it was"


@pytest.mark.parametrize("code", FOREIGN)
@pytest.mark.parametrize("analyte", ["magnesium", "potassium", "creatinine"])
def test_a_code_outside_the_table_is_not_believed(analyte: str, code: str) -> None:
    line = {"magnesium": "1.2 mg/dL", "potassium": "4 mmol/L", "creatinine": "0.8 mg/dL"}[analyte]
    assert "code-unknown" in refused(analyte, result(analyte, f"{line}, code {code}"))


@pytest.mark.parametrize("code", REPORTED_EGFR)
def test_a_reported_egfr_is_no_creatinine(code: str) -> None:
    observation = result("creatinine", f"0.8 mg/dL, code {code}")
    assert passed_over("creatinine", observation), "clinical 6.1"


def test_all_reasons_are_kept_together() -> None:
    observation = result("magnesium", "1.2, cancelled, code 2600-5")
    del observation["effectiveDateTime"]
    assert refused("magnesium", observation) == {
        "status",
        "unit-missing",
        "code-excluded",
        "no-time",
    }


def test_a_refused_result_keeps_what_it_said() -> None:
    series = read_series(
        Analyte.MAGNESIUM,
        over_the_wire(bundle([result("magnesium", "0.80 mmol/L, code 19123-9, 3 h ago")])),
        PATIENT,
        LAB_CODES,
    )
    (kept,) = series.results
    assert isinstance(kept, Unusable)
    assert kept.reported == "0.80 mmol/L"
    assert kept.value == Decimal("1.9444")
    assert kept.time is not None
    assert kept.time.at == datetime.fromisoformat("2026-11-23T07:00:00+00:00")
    assert kept.reference == "Observation/magnesium-r1"


def _values(found: Json | None) -> list[str]:
    series = read_series(Analyte.MAGNESIUM, over_the_wire(found), PATIENT, LAB_CODES)
    return [str(item.value) for item in series.results]


GOOD = result("magnesium", "1.2 mg/dL")


def test_noise_in_a_bundle_is_passed_over() -> None:
    found = bundle([GOOD])
    found["entry"] += [
        None,
        "text",
        7,
        [],
        {},
        {"resource": None},
        {"resource": "Observation/1"},
        {"resource": []},
        {
            "resource": {"resourceType": "OperationOutcome", "issue": []},
            "search": {"mode": "outcome"},
        },
        {"resource": {"resourceType": "Patient", "id": PATIENT}},
        {"resource": {**GOOD, "resourceType": "observation"}},
        {"response": {"status": "200"}},
    ]
    assert _values(found) == ["1.2"]


@pytest.mark.parametrize("entries", [None, "none", 3, {}, {"resource": GOOD}, [], [[]]])
def test_a_bundle_whose_entries_are_no_list_holds_nothing(entries: Any) -> None:
    assert _values({"resourceType": "Bundle", "entry": entries}) == []


@pytest.mark.parametrize("total", [0, 99, "many", None])
def test_the_total_is_ignored(total: Any) -> None:
    assert _values({**bundle([GOOD]), "total": total}) == ["1.2"]


@pytest.mark.parametrize("kind", [None, "searchset", "collection", "transaction"])
def test_the_type_of_the_bundle_is_ignored(kind: str | None) -> None:
    assert _values({**bundle([GOOD]), "type": kind}) == ["1.2"]


def test_known_absent_is_an_empty_and_complete_series() -> None:
    series = read_series(Analyte.MAGNESIUM, None, PATIENT, LAB_CODES)
    assert (series.results, series.available, series.complete) == ((), True, True)


@pytest.mark.parametrize(
    ("links", "complete"),
    [
        ([{"relation": "self", "url": "x"}], True),
        ([{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}], False),
        ([], True),
        (None, True),
        ("next", True),
        ([None, "next", 3], True),
    ],
)
def test_a_next_link_means_that_more_exists(links: Any, complete: bool) -> None:
    found = over_the_wire({**bundle([GOOD]), "link": links})
    series = read_series(Analyte.MAGNESIUM, found, PATIENT, LAB_CODES)
    assert series.complete is complete
    assert len(series.results) == 1


ODD: list[Any] = [None, True, 0, -1, "", "x", [], {}, [None], [[]], {"": None}, {"coding": 1}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "member",
    [
        "code",
        "effectiveDateTime",
        "effectivePeriod",
        "effectiveInstant",
        "effectiveTiming",
        "issued",
        "status",
        "valueQuantity",
        "interpretation",
        "note",
        "contained",
        "subject",
        "id",
    ],
)
def test_odd_shapes_never_raise(member: str, odd: Any) -> None:
    series = read_series(
        Analyte.MAGNESIUM, over_the_wire(bundle([{**GOOD, member: odd}])), PATIENT, LAB_CODES
    )
    for item in series.results:
        assert isinstance(item, Measurement | Unusable)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("member", ["value", "unit", "code", "system", "comparator"])
def test_odd_quantities_never_raise(member: str, odd: Any) -> None:
    quantity = {**GOOD["valueQuantity"], member: odd}
    series = read_series(
        Analyte.MAGNESIUM,
        over_the_wire(bundle([{**GOOD, "valueQuantity": quantity}])),
        PATIENT,
        LAB_CODES,
    )
    assert len(series.results) == 1


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("member", ["system", "code", "display"])
def test_odd_interpretations_never_raise(member: str, odd: Any) -> None:
    coding = {"system": "urn:lab", "code": "L", "display": "Low", member: odd}
    assert read("magnesium", {**GOOD, "interpretation": [{"coding": [coding]}]}).hemolyzed is False


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("member", ["condition", "note", "resourceType"])
def test_odd_specimens_never_raise(member: str, odd: Any) -> None:
    specimen = {"resourceType": "Specimen", "id": "s", member: odd}
    assert read("magnesium", {**GOOD, "contained": [specimen, odd]}).hemolyzed is False


@pytest.mark.parametrize("coding", [{"system": [], "code": {}}, {"system": LOINC}, 3, None, "x"])
def test_odd_codings_never_raise(coding: Any) -> None:
    assert refused("magnesium", {**GOOD, "code": {"coding": [coding]}}) == {"code-unknown"}
