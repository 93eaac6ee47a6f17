"""Real Observations from six public sources, each read as its corpus line says, or refused.

The corpus is not part of a clone; without it these tests are skipped.
"""

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from hooks.chart.chart import Measurement, Unusable
from hooks.chart.units import Analyte
from tests.hooks.chartmaker import Json, over_the_wire
from tests.hooks.reading import read_observation

ANALYTES: Final = {"Mg": Analyte.MAGNESIUM, "K": Analyte.POTASSIUM, "Cr": Analyte.CREATININE}
CANONICAL: Final = {"Mg": "mg/dL", "K": "mmol/L", "Cr": "mg/dL"}

#: The corpus reads by the unit alone; here the code has a say, too. By file and id, each with its
#: reason.
PDDI: Final = "input/images"
DISAGREEMENTS: Final = {
    # 75940-7 announces a potassium mass and is not among the codes of clinical 6.1.
    (f"{PDDI}/artifacts/digoxin-cyclosporine/observation-bundle.json", "o302"): "code-unknown",
    (
        f"{PDDI}/requests/digoxin-cyclosporine-order-sign-coordination.json",
        "o302",
    ): "code-unknown",
    (f"{PDDI}/requests/multi-update-draft-orders-4.json", "o302"): "code-unknown",
    # 19123-9 announces mass per volume and comes with mmol/L: settled 9.
    (
        f"{PDDI}/requests/digoxin-cyclosporine-order-select-coordination.json",
        "o303",
    ): "code-against-unit",
    (f"{PDDI}/requests/multi-update-draft-orders-2.json", "o303"): "code-against-unit",
    ("hl7-be/lab", "389060842"): "code-against-unit",
}


@pytest.fixture(scope="module")
def lines(shared: Path) -> list[Json]:
    with gzip.open(
        shared / "corpus" / "lab-observations.ndjson.gz", "rt", encoding="utf-8"
    ) as file:
        return [json.loads(line, parse_float=Decimal) for line in file]


def _key(line: Json) -> tuple[str, str]:
    place = line["repo"] if line["repo"] == "hl7-be/lab" else line["path"]
    return place, line["resource"]["id"]


def _patient(resource: Json) -> str:
    reference: str = resource["subject"]["reference"]
    return reference.removeprefix("urn:uuid:").removeprefix("Patient/")


def test_every_observation_is_read_as_its_reading_says(
    lines: list[Json], figure: Callable[[str], None]
) -> None:
    refused = {}
    for line in lines:
        resource, reading = over_the_wire(line["resource"]), line["reading"]
        where = f"{line['repo']} {line['path']} {resource['id']}"
        found = read_observation(ANALYTES[reading["analyte"]], resource, _patient(resource))
        assert found is not None, f"{where}: passed over"
        expected = Decimal(str(reading[CANONICAL[reading["analyte"]]]))
        assert found.value is None or abs(found.value - expected) <= Decimal("0.001"), where
        assert found.status == reading["status"], where
        assert found.time is not None, where
        assert found.time.at == _moment(reading["time"]), where
        assert found.time.whole_day == (len(reading["time"]) == 10), where
        if isinstance(found, Unusable):
            refused[_key(line)] = {str(reason) for reason in found.reasons}
        else:
            assert isinstance(found, Measurement)
            assert found.from_issued == (reading["timeFrom"] == "issued"), where
            assert f"{found.reported_value} {found.reported_unit}" == reading["asGiven"], where
    assert refused == {key: {reason} for key, reason in DISAGREEMENTS.items()}
    figure(f"corpus: {len(lines) - len(refused)} of {len(lines)} read, {len(refused)} refused")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00" if len(text) == 10 else text)


def test_the_corpus_is_whole(lines: list[Json]) -> None:
    assert len(lines) == 37
    assert {line["reading"]["analyte"] for line in lines} == set(ANALYTES)
    assert len({line["repo"] for line in lines}) >= 5


def test_no_observation_is_read_for_another_patient(lines: list[Json]) -> None:
    for line in lines:
        analyte = ANALYTES[line["reading"]["analyte"]]
        assert read_observation(analyte, over_the_wire(line["resource"]), "nobody") is None


def test_no_observation_is_read_as_another_analyte(lines: list[Json]) -> None:
    for line in lines:
        resource = over_the_wire(line["resource"])
        for analyte in {*ANALYTES.values()} - {ANALYTES[line["reading"]["analyte"]]}:
            found = read_observation(analyte, resource, _patient(resource))
            assert not isinstance(found, Measurement), line["path"]
