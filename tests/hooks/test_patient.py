"""Who is an adult (G1), whose age and sex are certain, and who is somebody else."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hooks.chart.chart import Sex
from hooks.chart.patient import read_patient, whole_years
from hooks.errors import MissingData
from tests.hooks.chartmaker import PATIENT, Case, decide, person


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2008-11-23", "2026-11-23", 18),
        ("2008-11-24", "2026-11-23", 17),
        ("2008-11-22", "2026-11-23", 18),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
        ("2008-02-29", "2028-02-29", 20),
        ("2026-11-24", "2026-11-23", -1),
        ("1926-01-01", "2026-11-23", 100),
    ],
)
def test_years_are_completed_years(born: str, on: str, years: int) -> None:
    assert whole_years(date.fromisoformat(born), date.fromisoformat(on)) == years


@pytest.mark.parametrize(
    ("born", "adult"),
    [
        ("2008-11-22", True),
        ("2008-11-23", True),
        ("2008-11-24", False),
        ("2008-11", False),
        ("2008-10", True),
        ("2008-12", False),
        ("2008", False),
        ("2007", True),
        ("1911-01-01", True),
        ("1910-11-23", False),
        ("1911-11-23", True),
        ("1910", False),
        ("2027-01-01", False),
        ("", False),
        ("unknown", False),
        ("2008-02-30", False),
        (None, False),
        (1964, False),
        ([], False),
    ],
)
def test_only_a_certain_adult_gets_advice(born: Any, adult: bool) -> None:
    answer = decide(Case(patient={**person(), "birthDate": born}))
    if adult:
        assert answer.assessment["band"] == "severe", "an adult of 18 to 115 years"
    else:
        assert answer.assessment["rule"] == "G1", "not certainly an adult of 18 to 115 years"
        assert answer.assessment["band"] == "not-applicable"
        assert answer.cards == []


def test_the_eighteenth_birthday_begins_with_the_day_of_the_call() -> None:
    child = Case(patient={**person(), "birthDate": "2008-11-24"})
    day = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    assert decide(child, now=day).assessment["rule"] == "G1"


def test_a_coarse_birth_date_takes_the_older_age_for_the_kidneys() -> None:
    """Born in 1966: 60 or 59 years old. CKD-EPI falls with age, so 60 is the lower."""
    answer = decide(
        Case(patient={**person(sex="male"), "birthDate": "1966"}, weight=[], creatinine="1.0 mg/dL")
    )
    assert str(answer.assessment["inputs"]["egfr"]) == "86.2", "142 x (1.0/0.9)^-1.2 x 0.9938^60"


@pytest.mark.parametrize(
    ("gender", "sex"),
    [
        ("female", Sex.FEMALE),
        ("male", Sex.MALE),
        ("other", None),
        ("unknown", None),
        ("Female", None),
        ("", None),
        (None, None),
        (3, None),
        ([], None),
    ],
)
def test_sex_is_female_male_or_not_known(gender: Any, sex: Sex | None) -> None:
    patient = read_patient({**person(), "gender": gender}, PATIENT)
    assert patient is not None
    assert patient.sex is sex


def test_nothing_but_the_id_is_needed() -> None:
    patient = read_patient({"resourceType": "Patient", "id": PATIENT}, PATIENT)
    assert patient is not None
    assert (patient.born_first, patient.born_last, patient.sex) == (None, None, None)


def test_a_patient_whom_the_ehr_did_not_find_is_silence_by_g1() -> None:
    answer = decide(Case(patient=None))
    assert answer.assessment["rule"] == "G1", "settled 18: patient null"
    assert answer.cards == []


@pytest.mark.parametrize("identity", ["pat-2", "Patient/pat-1", "PAT-1", "", None, 1, ["pat-1"]])
def test_a_patient_who_is_somebody_else_stops_everything(identity: Any) -> None:
    with pytest.raises(MissingData) as caught:
        read_patient({**person(), "id": identity}, PATIENT)
    assert caught.value.key == "patient"
    assert caught.value.member == "prefetch.patient"
    assert "pat-" not in caught.value.message, "an error names no patient"


def test_a_patient_without_an_id_stops_everything() -> None:
    with pytest.raises(MissingData):
        read_patient({"resourceType": "Patient", "birthDate": "1964-05-14"}, PATIENT)
