"""The statements of the seed, S1 to S25 of the clinical reference, each shown over HTTP.

The patient is the one of PUB-01 (62, female, 70 kg, magnesium 1.2 mg/dL, potassium 4.1 mmol/L,
creatinine 0.8 mg/dL), changed in what a statement is about.
"""

import copy
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import NOW
from tests.vignettes.reading import (
    Answer,
    Dose,
    ask,
    dose_of,
    level_of,
    recommended_dose,
    recommended_levels,
)
from tests.vignettes.request import (
    LOINC,
    RXNORM,
    UCUM,
    Json,
    request_of,
    searchset,
    vignettes,
)

SEED = next(one for one in vignettes() if one["id"] == "PUB-01")
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"

Ask = Callable[..., Answer]


@pytest.fixture
def seed(client: FlaskClient) -> Ask:
    """Ask about the seed's patient; what is given by name replaces that part of the vignette.

    `mg` and `k` are a value in mg/dL and mmol/L, a value with its unit, or whole results; further
    prefetch keys go into `prefetch`.
    """

    def ask_about(prefetch: Json | None = None, **changes: Any) -> Answer:
        vignette = copy.deepcopy(SEED)
        for name, change in changes.items():
            if name in ("mg", "k", "creat") and not isinstance(change, dict | None):
                value, _, unit = str(change).partition(" ")
                vignette[name]["value"] = Decimal(value)
                if unit:
                    vignette[name] |= {"unit": unit, "loinc": "2601-3"}
            else:
                vignette[name] = change
        call = request_of(vignette, NOW)
        call["prefetch"] |= prefetch or {}
        return ask(client, call)

    return ask_about


def drug(where: str, code: str, name: str) -> Json:
    return {"where": where, "system": RXNORM, "code": code, "display": name}


def magnesium(where: str, grams: str, minutes: int, hours_ago: int | None = None) -> Json:
    product = drug(where, "1658259", "50 ML magnesium sulfate 40 MG/ML Injection")
    said = product | {"dose_g": Decimal(grams), "duration_min": minutes}
    return said if hours_ago is None else said | {"authored_hours_ago": hours_ago}


def problem(code: str, name: str) -> Json:
    return {"system": ICD_10_CM, "code": code, "display": name, "clinicalStatus": "active"}


def first_line(answer: Answer) -> str:
    return str(answer.cards[0]["detail"]).partition("\n")[0]


def line(answer: Answer, about: str) -> str:
    """The line of the card that holds a word, without emphasis."""
    for text in answer.card.replace("**", "").splitlines():
        if about in text:
            return text
    raise AssertionError(f"the card says nothing of {about!r}: {answer.card}")


@pytest.mark.parametrize("level", ["1.2", "0.494 mmol/L", "0.987 meq/L"])
def test_s1_the_level_is_severe_in_every_unit(seed: Ask, level: str) -> None:
    answer = seed(mg=level)
    assert answer.assessment["band"] == "severe"
    assert "severe" in answer.cards[0]["summary"]


def test_s2_two_grams_intravenously(seed: Ask) -> None:
    answer = seed()
    suggested = answer.medications[0]
    assert dose_of(suggested).grams == 2
    (product,) = suggested["medicationCodeableConcept"]["coding"]
    assert (product["system"], product["code"]) == (RXNORM, "1658259")
    (route,) = suggested["dosageInstruction"][0]["route"]["coding"]
    assert route["code"] == "47625008", "the intravenous route"
    assert "2 g magnesium sulfate IV" in first_line(answer)


def test_s3_over_20_minutes(seed: Ask) -> None:
    answer = seed()
    assert recommended_dose(answer) == Dose(Decimal(2), Decimal(20))
    repeat = answer.medications[0]["dosageInstruction"][0]["timing"]["repeat"]
    assert (repeat["duration"], repeat["durationUnit"]) == (20, "min"), "the timing says it too"
    assert "over 20 minutes" in first_line(answer)
    assert "(100 mg/min)" in first_line(answer), "the rate is shown, and is at most 150 mg/min"


@pytest.mark.parametrize(
    ("level", "deficient"),
    [("1.2", True), ("1.57", True), ("1.58", False), ("1.29 meq/L", True), ("1.3 meq/L", False)],
)
def test_s4_deficient_is_below_1_3_milliequivalents_per_liter(
    seed: Ask, level: str, deficient: bool
) -> None:
    qt_drug = [drug("selections", "5093", "haloperidol")]
    answer = seed(mg=level, orders=qt_drug)
    assert ("deficient" in answer.card) is deficient


def test_s5_a_severe_level_is_a_warning(seed: Ask) -> None:
    assert seed(mg="1.2").cards[0]["indicator"] == "warning"
    assert seed(mg="1.3").cards[0]["indicator"] == "info", "moderate"


@pytest.mark.parametrize(
    "risk", ["arrhythmia", "torsades", "tremor", "tetany", "QT prolongation", "hypokalemia"]
)
def test_s6_the_complications_are_named(seed: Ask, risk: str) -> None:
    assert risk in line(seed(), "Risks:")


def test_s7_continuous_ecg_during_the_infusion(seed: Ask) -> None:
    assert "Continuous ECG" in line(seed(), "During:")


@pytest.mark.parametrize("sign", ["hypotension", "flushing", "respiratory depression"])
def test_s8_toxicity_is_watched_for(seed: Ask, sign: str) -> None:
    assert sign in line(seed(), "During:").partition("Watch for")[2]


def test_s9_symptoms_are_assessed(seed: Ask) -> None:
    assert "Assess whether symptoms improve" in line(seed(), "During:")


@pytest.mark.parametrize(
    ("orders", "end"),
    [
        ([], timedelta(minutes=20)),
        ([magnesium("draftOrders", "2", 60)], timedelta(minutes=60)),
        ([magnesium("active", "2", 120, hours_ago=1)], timedelta(minutes=60)),
        ([magnesium("completed", "2", 20, hours_ago=0)], timedelta(minutes=20)),
    ],
    ids=["suggested", "drafted", "running", "given"],
)
def test_s10_the_level_is_repeated_4_to_6_hours_after_the_end(
    seed: Ask, orders: list[Json], end: timedelta
) -> None:
    (level,) = recommended_levels(seed(orders=orders))
    assert level.analyte == "magnesium"
    assert level.start == NOW + end + timedelta(hours=4)
    assert level.end == NOW + end + timedelta(hours=6)


@pytest.mark.parametrize(("level", "again"), [("1.49", True), ("1.50", False)])
def test_s11_still_below_1_5_after_a_dose(seed: Ask, level: str, again: bool) -> None:
    answer = seed(mg=level, orders=[magnesium("completed", "2", 20, hours_ago=8)])
    assert ("additional dose may be considered" in answer.findings) is again
    assert (recommended_dose(answer) is not None) is again


def test_s12_the_target_is_shown(seed: Ask) -> None:
    for level in ("1.2", "1.4"):
        assert "Target above 1.5 mg/dL" in line(seed(mg=level), "After:")


def test_s13_renal_dysfunction_halves_and_slows_the_dose(seed: Ask) -> None:
    answer = seed(creat="2.6")
    assert recommended_dose(answer) == Dose(Decimal(1), Decimal(60))
    assert "hypermagnesemia is a risk" in line(answer, "Reduced dose")
    assert "hypermagnesemia is a risk" in line(seed(creat="1.3"), "Caution, eGFR")


def test_s13_failed_kidneys_get_no_dose(seed: Ask) -> None:
    for answer in (seed(creat="6.8"), seed(conditions=[problem("N18.6", "ESRD")])):
        assert answer.medications == []
        assert answer.assessment["rule"] == "G7"


def test_s14_the_ecg_is_stressed_where_the_qt_interval_is_at_risk(seed: Ask) -> None:
    of_a_drug = seed(orders=[drug("active", "5093", "haloperidol")])
    assert "ECG" in line(of_a_drug, "Haloperidol prolongs the QT interval")
    of_a_condition = seed(conditions=[problem("I45.81", "Long QT syndrome")])
    assert "ECG is essential" in line(of_a_condition, "Long QT")
    measured = seed(prefetch={"qtc": searchset(qtc(520))})
    assert "ECG is essential" in line(measured, "QTc 520 ms")
    assert "QTc" not in seed(prefetch={"qtc": searchset(qtc(440))}).card


def qtc(milliseconds: int) -> Json:
    return {
        "resourceType": "Observation",
        "id": "qtc-1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "8636-3"}]},
        "subject": {"reference": "Patient/pub-01"},
        "effectiveDateTime": (NOW - timedelta(hours=1)).isoformat(),
        "valueQuantity": {"value": milliseconds, "unit": "ms", "system": UCUM, "code": "ms"},
    }


def test_s15_potassium_is_mentioned_below_3_5_or_unknown_only(seed: Ask) -> None:
    assert "check and correct potassium" in line(seed(k="3.4"), "Potassium 3.4")
    assert "Potassium unknown" in seed(k=None).card
    for level in ("3.5", "4.1", "5.9"):
        answer = seed(k=level)
        assert "otassium" not in answer.findings
        assert "otassium" not in answer.card.replace("hypokalemia that resists potassium", "")


def test_s16_oral_salts_after_recovery_as_text(seed: Ask) -> None:
    trend = searchset(
        *(
            level | {"id": f"magnesium-{hours}", "effectiveDateTime": _ago(hours)}
            for level, hours in ((_level("1.2"), 12), (_level("1.6"), 1))
        )
    )
    orders = [
        magnesium("completed", "2", 20, hours_ago=8),
        drug("selections", "5093", "haloperidol"),
    ]
    answer = seed(prefetch={"magnesium": trend}, orders=orders)
    assert answer.assessment["band"] == "mild"
    said = line(answer, "Back to 1.6 mg/dL")
    for salt in ("aspartate", "citrate", "lactate"):
        assert salt in said
    assert answer.medications == [], "oral salts are text, never an order"


def test_s16_oral_magnesium_in_the_mild_band_as_text(seed: Ask) -> None:
    answer = seed(mg="1.6", orders=[drug("selections", "5093", "haloperidol")])
    assert "Oral magnesium" in answer.card
    assert "mg a day" not in answer.card, "C5: the figure is above the limit for supplements"
    assert answer.created == []


def test_s17_oral_oxide_is_told_of_and_never_warned_of(seed: Ask) -> None:
    oxide = drug("selections", "198741", "magnesium oxide 400 MG Oral Tablet")
    answer = seed(mg="1.6", orders=[oxide])
    assert "absorbed better than oxide" in answer.card
    assert answer.cards[0]["indicator"] == "info"


def test_s18_magnesium_rich_food_in_the_mild_band(seed: Ask) -> None:
    answer = seed(mg="1.6", orders=[drug("selections", "5093", "haloperidol")])
    assert "magnesium-rich food" in answer.card


def test_s19_no_daily_intake_is_told_anywhere(client: FlaskClient) -> None:
    for vignette in vignettes():
        text = ask(client, request_of(vignette, NOW)).text("anywhere")
        assert not re.search(r"\b(350|420)\s?mg\b", text), vignette["id"]


def test_s20_an_underdosed_draft_is_noted_and_corrected(seed: Ask) -> None:
    answer = seed(orders=[magnesium("draftOrders", "1", 20)])
    assert "the draft is 1 g over 20 minutes" in line(answer, "Underdosed")
    assert answer.cards[0]["indicator"] == "info"
    assert recommended_dose(answer) == Dose(Decimal(2), Decimal(20))
    assert [action["type"] for action in answer.recommended] == ["update", "create"]


@pytest.mark.parametrize(("minutes", "fast"), [(13, True), (14, False), (20, False)])
def test_s21_more_than_150_mg_per_minute_is_too_fast(seed: Ask, minutes: int, fast: bool) -> None:
    answer = seed(orders=[magnesium("draftOrders", "2", minutes)])
    assert ("rate-high" in answer.found) is fast
    if fast:
        said = line(answer, "Rate too fast")
        assert "hypotension" in said
        assert "flushing" in said
        assert answer.cards[0]["indicator"] == "warning"
        assert recommended_dose(answer) == Dose(Decimal(2), Decimal(20))


def test_s22_a_right_draft_gets_the_missing_repeat_level(seed: Ask) -> None:
    draft = magnesium("draftOrders", "2", 20)
    answer = seed(orders=[draft])
    assert [level_of(one).analyte for one in answer.created] == ["magnesium"]
    assert answer.medications == []
    due = NOW + timedelta(minutes=20, hours=5)
    ordered = {
        "resourceType": "ServiceRequest",
        "id": "lab-1",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": LOINC, "code": "19123-9"}]},
        "subject": {"reference": "Patient/pub-01"},
        "authoredOn": NOW.isoformat(),
        "occurrenceDateTime": due.isoformat(),
    }
    assert seed(prefetch={"labOrders": searchset(ordered)}, orders=[draft]).cards == []


@pytest.mark.parametrize(
    ("change", "contributor"),
    [
        ({"orders": [drug("active", "7646", "omeprazole")]}, "omeprazole"),
        ({"orders": [drug("selections", "4603", "furosemide")]}, "furosemide"),
        ({"conditions": [problem("F10.20", "Alcohol dependence")]}, "alcohol use disorder"),
        ({"conditions": [problem("K50.90", "Crohn's disease")]}, "gastrointestinal loss"),
    ],
    ids=["running drug", "drafted drug", "alcohol", "gastrointestinal"],
)
def test_s23_a_possible_cause_is_named(seed: Ask, change: Json, contributor: str) -> None:
    assert contributor in line(seed(**change), "Possible contributor")


# One way to every card that shows a magnesium level.
LEVELS_SHOWN: dict[str, Json] = {
    "dose": {},
    "no dose": {"creat": None},
    "ordered": {"orders": [magnesium("active", "2", 20, hours_ago=0)]},
    "mild": {"mg": "1.6", "orders": [drug("selections", "5093", "haloperidol")]},
    "not low": {"mg": "2.0", "orders": [magnesium("draftOrders", "2", 20)]},
    "obstetric": {"conditions": [problem("Z33.1", "Pregnant state")]},
}
OTHERS: dict[str, Json] = {
    "indeterminate": {"mg": SEED["mg"] | {"unit": None}},
    "emergency": {"conditions": [problem("I47.21", "Torsades de pointes")]},
}


@pytest.mark.parametrize("kind", LEVELS_SHOWN)
def test_s24_serum_may_not_reflect_body_stores(seed: Ask, kind: str) -> None:
    assert "may not reflect body stores" in seed(**LEVELS_SHOWN[kind]).card


@pytest.mark.parametrize("kind", LEVELS_SHOWN | OTHERS)
def test_s25_source_review_state_and_judgment_on_every_card(seed: Ask, kind: str) -> None:
    answer = seed(**(LEVELS_SHOWN | OTHERS)[kind])
    (card,) = answer.cards
    assert card["source"]["label"] == "Adult magnesium replacement protocol (draft)"
    said = line(answer, "Source: Adult magnesium replacement protocol")
    assert "a draft that no clinician or site has approved" in said
    assert "Verify; clinical judgment decides." in said


def _level(value: str) -> Json:
    said = SEED["mg"] | {"value": Decimal(value)}
    bundle: Json = request_of(SEED | {"mg": said}, NOW)["prefetch"]["magnesium"]
    resource: Json = bundle["entry"][0]["resource"]
    return resource


def _ago(hours: int) -> str:
    return (NOW - timedelta(hours=hours)).isoformat()
