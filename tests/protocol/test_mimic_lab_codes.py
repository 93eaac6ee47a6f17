"""The example of a site's own laboratory codes: MIMIC's items decide exactly like LOINC."""

import gzip
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from hooks.chart.codes.laboratory import load
from hooks.chart.units import Analyte
from hooks.order_select import Answer
from service import explanation, site
from service.settings import Settings
from tests.protocol.edit import MIMIC_LAB_CODES
from tests.protocol.orders import Json, request

SYSTEM: Final = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-d-labitems"
LOCAL: Final = Settings(lab_codes=MIMIC_LAB_CODES)
SHIPPED: Final = Settings()

#: Orders of the corpus that are tried; each stands there once with local codes, once with LOINC.
PAIRS: Final = 20


def read(path: Path) -> Iterator[Json]:
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield decoder.decode(line)


def pairs(shared: Path) -> list[tuple[Json, Json]]:
    """The same real order in both dialects: (local, loinc)."""
    found: dict[str, dict[str, Json]] = {}
    for line in read(shared / "corpus" / "mimic-demo-replay.ndjson.gz"):
        order = line["body"]["context"]["selections"][0]
        found.setdefault(order, {})[line["dialect"]] = line
    whole = [(both["local"], both["loinc"]) for both in found.values() if len(both) == 2]
    return whole[:PAIRS]


def decide(line: Json, settings: Settings) -> Answer:
    body = {key: line["body"][key] for key in ("hook", "hookInstance", "context", "prefetch")}
    return explanation.decide(body, datetime.fromisoformat(line["now"]), settings)


def told(answer: Answer) -> tuple[list[Any], Json]:
    """What is decided and said; the orders' own ids are new in each answer."""
    cards = [(card["summary"], card["indicator"], card["detail"]) for card in answer.cards]
    return cards, answer.assessment


def test_mimics_codes_decide_exactly_like_loinc(shared: Path) -> None:
    decided = 0
    for local, loinc in pairs(shared):
        by_item, by_loinc = decide(local, LOCAL), decide(loinc, SHIPPED)
        assert told(by_item) == told(by_loinc), local["orderName"]
        assert told(decide(loinc, LOCAL)) == told(by_loinc), "both codes in one result"
        decided += "magnesium" in by_item.assessment.get("inputs", {})
    assert decided >= 5, "too few of the orders had a magnesium to decide by"


def test_without_the_file_nothing_is_guessed_from_the_name(shared: Path) -> None:
    local, _ = next(pair for pair in pairs(shared) if "Mg" in pair[0]["latest"])
    assert "magnesium" in decide(local, LOCAL).assessment["inputs"]
    answer = decide(local, SHIPPED)
    assert "magnesium" not in answer.assessment.get("inputs", {})
    assert {"dose", "row"}.isdisjoint(answer.assessment)


def test_every_item_of_the_corpus_is_in_the_file(shared: Path) -> None:
    codes = load(MIMIC_LAB_CODES).by_code
    for patient in read(shared / "corpus" / "mimic-demo-patients.ndjson.gz"):
        for entry in patient["labs"]["entry"]:
            (coding,) = entry["resource"]["code"]["coding"]
            assert (coding["system"], coding["code"]) in codes, coding["display"]


def results(name: str, code: str, unit: str) -> Json:
    """A fixture whose magnesium is reported under another code and unit."""
    asked, _ = request(name)
    for entry in asked["prefetch"]["magnesium"]["entry"]:
        resource = entry["resource"]
        resource["code"] = {"coding": [{"system": SYSTEM, "code": code}]}
        resource["valueQuantity"] = {**resource["valueQuantity"], "unit": unit, "code": unit}
    return asked


def ask(asked: Json) -> Json:
    _, now = request("seed-mg-1.2")
    return explanation.decide(asked, now, LOCAL).assessment


def test_the_seed_patient_under_a_local_code() -> None:
    assessment = ask(results("seed-mg-1.2", "50960", "mg/dL"))
    assert (assessment["band"], assessment["rule"]) == ("severe", "DT1")


def test_a_unit_for_which_the_laboratory_does_not_vouch_is_refused() -> None:
    assessment = ask(results("seed-mg-1.2", "50960", "mmol/L"))
    assert assessment["band"] == "indeterminate"
    assert "code-against-unit" in assessment["unusable"][0]["reasons"]


def test_urine_is_refused_by_name() -> None:
    assessment = ask(results("seed-mg-1.2", "51088", "mg/dL"))
    assert assessment["band"] == "indeterminate"
    assert assessment["unusable"][0]["reasons"] == ["code-excluded"]
    assert "urine magnesium" in assessment["unusable"][0]["text"]


def test_an_ehr_is_asked_for_the_local_codes_too() -> None:
    (service,) = site.services(LOCAL)
    assert f"{SYSTEM}|50960" in service.prefetch["magnesium"]
    assert "http://loinc.org|19123-9" in service.prefetch["magnesium"]
    assert f"{SYSTEM}|50971,{SYSTEM}|50822" in service.prefetch["potassium"]
    assert f"{SYSTEM}|51088" not in service.prefetch["magnesium"], "urine is not asked for"
    (shipped,) = site.services(SHIPPED)
    assert SYSTEM not in shipped.prefetch["magnesium"]


@pytest.mark.parametrize(
    ("analyte", "included"),
    [
        (Analyte.MAGNESIUM, ["50960"]),
        (Analyte.POTASSIUM, ["50971", "50822"]),
        (Analyte.CREATININE, ["50912", "52024", "51081"]),
    ],
)
def test_which_items_count(analyte: Analyte, included: list[str]) -> None:
    codes = load(MIMIC_LAB_CODES).included(analyte)
    assert [code.code for code in codes if code.system == SYSTEM] == included
