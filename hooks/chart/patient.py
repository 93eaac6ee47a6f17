"""The patient: birth date and sex, as far as they are certain."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from hooks.chart.chart import Patient, Sex
from hooks.chart.moments import first_day, last_day
from hooks.errors import MissingData

_SEXES: Final[Mapping[object, Sex]] = {sex.value: sex for sex in Sex}


def read_patient(resource: Mapping[str, Any] | None, patient_id: str) -> Patient | None:
    """The Patient of the call; None if the EHR looked and found none.

    Raises MissingData if the resource is not the patient whom the context names: whoever it is,
    nothing may be decided from it.
    """
    if resource is None:
        return None
    if resource.get("id") != patient_id:
        raise MissingData("The prefetched Patient is not the patient of the context.", "patient")
    born = resource.get("birthDate")
    sex = resource.get("gender")
    return Patient(
        first_day(born), last_day(born), _SEXES.get(sex) if isinstance(sex, str) else None
    )


def whole_years(born: date, on: date) -> int:
    """Completed years of life; negative before birth."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
