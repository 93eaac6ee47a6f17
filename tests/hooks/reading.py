"""What became of one Observation: measured, refused with reasons, or passed over."""

from hooks.chart.chart import Measurement, Result, Unusable
from hooks.chart.labs import read_series
from hooks.chart.units import Analyte
from tests.hooks.chartmaker import LAB_CODES, PATIENT, Json, over_the_wire


def read_observation(analyte: Analyte, observation: Json, patient: str) -> Result | None:
    """The Observation, read as the only one of a series; None if it is passed over."""
    alone = {"resourceType": "Bundle", "entry": [{"resource": observation}]}
    found = read_series(analyte, alone, patient, LAB_CODES).results
    return found[0] if found else None


def read(analyte: str, observation: Json, patient: str = PATIENT) -> Measurement:
    """The measurement that the Observation is."""
    found = read_observation(Analyte(analyte), over_the_wire(observation), patient)
    assert isinstance(found, Measurement), f"should be usable, is {found}"
    return found


def refused(analyte: str, observation: Json, patient: str = PATIENT) -> set[str]:
    """The reasons for which the Observation is kept and not used."""
    found = read_observation(Analyte(analyte), over_the_wire(observation), patient)
    assert isinstance(found, Unusable), f"should be refused with its reasons, is {found}"
    assert found.reasons, "a result that is refused has a reason"
    return {str(reason) for reason in found.reasons}


def passed_over(analyte: str, observation: Json, patient: str = PATIENT) -> bool:
    """Whether the Observation is none of this patient's results of this analyte."""
    found = read_observation(Analyte(analyte), over_the_wire(observation), patient)
    return found is None
