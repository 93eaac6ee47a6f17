"""What must hold whatever comes: safety first, over charts without a plan."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks import offered as services
from hooks.chart.codes import laboratory
from hooks.order_select import Answer
from hooks.protocol import load
from tests.truth import strategies
from tests.truth.charts import (
    IV_BAG,
    NOW,
    Json,
    ago,
    condition,
    context,
    medication,
    observation,
    searchset,
)
from tests.truth.outcome import Medication, offered
from tests.truth.reading import RECHECK
from tests.truth.strategies import Call

SERVICE: Final = services(load(), laboratory.load(), None)[0]

#: mg/min, the label's limit (clinical 2.3).
CEILING: Final = 150


def asked(call: Call) -> Answer:
    """The answer to a call as it arrives; what came must not be changed by it."""
    said, prefetch = strategies.sent(call)
    before = deepcopy((said, prefetch))
    answer = SERVICE.answer(SERVICE.read_context(said), prefetch, NOW)
    assert (said, prefetch) == before, "the request was changed by reading it"
    return answer


def medications(answer: Answer) -> list[Medication]:
    """Every magnesium that is offered."""
    return [one for suggestion in offered(answer) for one in suggestion.medications]


# ----------------------------------------------------------------------------- whatever the chart


@given(strategies.calls() | strategies.ready())
def test_every_dose_is_alone_slow_enough_and_followed_by_a_level(call: Call) -> None:
    for suggestion in offered(asked(call)):
        assert len(suggestion.medications) <= 1, "at most one magnesium in a suggestion"
        for dose in suggestion.medications:
            rate = dose.grams * 1000 / dose.minutes
            assert rate <= CEILING, f"{rate} mg/min is offered; the limit is {CEILING} (M8)"
            assert dose.grams <= 2, "no row of clinical 9 has more than 2 g"
            start = int(dose.minutes) + RECHECK[0]
            window = ("magnesium", (start, start + RECHECK[1] - RECHECK[0]))
            assert window in suggestion.levels, "a dose comes with its repeat level (S10, S22)"


@given(strategies.ready())
def test_a_draft_goes_back_whole_but_for_its_dosage(call: Call) -> None:
    said, _ = strategies.sent(call)
    drafts = {
        f"MedicationRequest/{entry['resource']['id']}": entry["resource"]
        for entry in said["draftOrders"]["entry"]
    }
    for card in asked(call).cards:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                if action["type"] == "update":
                    _is_the_draft(action["resource"], drafts, said["selections"])


def _is_the_draft(resource: Json, drafts: Json, selections: list[str]) -> None:
    reference = f"{resource['resourceType']}/{resource['id']}"
    assert reference in selections, "only a selected draft is corrected"
    draft = drafts[reference]
    assert resource.keys() - {"dosageInstruction"} == draft.keys() - {"dosageInstruction"}
    for name in draft.keys() - {"dosageInstruction"}:
        assert resource[name] == draft[name], f"settled 6: {name} of the draft has to stay"
    old, new = draft["dosageInstruction"][0], resource["dosageInstruction"][0]
    for name in old.keys() - {"text", "doseAndRate", "timing"}:
        assert new[name] == old[name], f"settled 6: dosageInstruction.{name} has to stay"
    (dose,) = new["doseAndRate"]
    for quantity in (dose["doseQuantity"], dose["rateRatio"]["denominator"]):
        digits = -int(Decimal(quantity["value"]).as_tuple().exponent)
        assert digits <= 2, f"a dose that nobody can set on a pump: {quantity['value']}"


# ------------------------------------------------------------------------------ excluded patients


def _put(key: str, *resources: Json) -> Callable[[Json], None]:
    def change(prefetch: Json) -> None:
        prefetch[key] = searchset(resources)

    return change


def _born(date: str | None) -> Callable[[Json], None]:
    def change(prefetch: Json) -> None:
        prefetch["patient"].pop("birthDate")
        if date is not None:
            prefetch["patient"]["birthDate"] = date

    return change


def _absent(key: str) -> Callable[[Json], None]:
    def change(prefetch: Json) -> None:
        prefetch.pop(key, None)

    return change


def _nobody(prefetch: Json) -> None:
    prefetch["patient"] = None


def _light(prefetch: Json) -> None:
    """CrCl 14.96 by clinical 3.2, eGFR 27."""
    prefetch["patient"]["gender"] = "male"
    prefetch["weight"] = searchset([observation("weight", "35.9 kg")])
    prefetch["creatinine"] = searchset([observation("creatinine", "2.6 mg/dL")])


EXCLUDED: Final[dict[str, Callable[[Json], None]]] = {
    "G1: 17 years old": _born("2008-11-24"),
    "G1: perhaps 17": _born("2008"),
    "G1: no birth date": _born(None),
    "G1: a birth date that is none": _born("yesterday"),
    "G1: no patient": _nobody,
    "G2: pregnant": _put("conditions", condition("Z33.1")),
    "G2: pre-eclampsia": _put("conditions", condition("O14.13")),
    "G3: torsades": _put("conditions", condition("I47.21")),
    "G7: end-stage renal disease": _put("conditions", condition("N18.6")),
    "G7: dialysis": _put("conditions", condition("Z99.2")),
    "G7: eGFR below 15": _put("creatinine", observation("creatinine", "6.8 mg/dL")),
    "G7: CrCl below 15": _light,
    "G8: myasthenia": _put("conditions", condition("G70.00")),
    "G8: AV block": _put("conditions", condition("I44.1")),
    "G8: complete AV block": _put("conditions", condition("I44.2")),
    "G9: no creatinine": _put("creatinine"),
    "G9: creatinine not sent": _absent("creatinine"),
    "G9: creatinine 49 h old": _put("creatinine", observation("creatinine", "0.8 mg/dL", hours=49)),
    "G9: creatinine preliminary": _put(
        "creatinine", observation("creatinine", "0.8 mg/dL", status="preliminary")
    ),
    "G4: no magnesium": _put("magnesium"),
    "G4: magnesium 25 h old": _put("magnesium", observation("magnesium", "1.2 mg/dL", hours=25)),
    "G4: unit missing": _put("magnesium", observation("magnesium", "1.2")),
    "G4: ionized": _put("magnesium", observation("magnesium", "0.4 mmol/L", code="2600-5")),
    "G4: tie": _put(
        "magnesium",
        observation("magnesium", "1.1 mg/dL"),
        observation("magnesium", "1.2 mg/dL", name="2"),
    ),
    "G5: preliminary": _put(
        "magnesium", observation("magnesium", "1.2 mg/dL", status="preliminary")
    ),
    "DT5: mild": _put("magnesium", observation("magnesium", "1.5 mg/dL")),
    "DT6: normal": _put("magnesium", observation("magnesium", "1.9 mg/dL")),
    "DT7: high": _put("magnesium", observation("magnesium", "3.0 mg/dL")),
}


@pytest.mark.parametrize("why", EXCLUDED)
@settings(max_examples=25)
@given(call=strategies.ready())
def test_no_dose_for_an_excluded_patient(why: str, call: Call) -> None:
    EXCLUDED[why](call[1])
    assert not medications(asked(call)), f"{why}: neither an order nor a correction has a dose"


def test_without_the_exclusion_the_same_patient_gets_a_dose() -> None:
    """The tests above would pass on a service that is always silent."""
    draft = medication(("313782", "Acetaminophen 325 MG Oral Tablet"))
    prefetch: Json = {
        "patient": {"resourceType": "Patient", "id": "pat-1", "birthDate": "1964-05-14"},
        "magnesium": searchset([observation("magnesium", "1.2 mg/dL")]),
        "creatinine": searchset([observation("creatinine", "0.8 mg/dL")]),
    }
    assert medications(asked((context([draft], ["draft-1"]), prefetch)))


# --------------------------------------------------------------------- never two magnesium orders


@st.composite
def counted(draw: st.DrawFn) -> Json:
    """An IV magnesium order that counts beside a specimen of two hours ago (settled 7)."""
    kind = draw(st.sampled_from(["draft", "after", "running", "given"]))
    grams = draw(st.sampled_from(["0.5", "1", "2", "4", None]))
    minutes = draw(st.sampled_from(["5", "20", "60", "240"]))

    def order(name: str, status: str, hours: float | None, **more: Any) -> Json:
        dose = {"grams": grams, "minutes": minutes, "by_vein": True, **more}
        return medication(IV_BAG, name=name, status=status, hours=hours, **dose)

    match kind:
        case "draft":
            return order("draft-iv", "draft", draw(st.sampled_from([None, 0.1, 5])))
        case "after":
            return order("past-iv", "active", draw(st.sampled_from([0.1, 1, 1.9])))
        case "running":
            return order("past-iv", "active", 3, minutes="480")
        case _:
            return order("past-iv", "completed", 1)


@given(call=strategies.ready(), order=counted(), selected=st.booleans())
def test_never_a_second_magnesium_order(call: Call, order: Json, selected: bool) -> None:
    said, prefetch = call
    if order["status"] == "draft":
        said["draftOrders"]["entry"].append({"resource": order})
        if selected:
            said["selections"].append(f"MedicationRequest/{order['id']}")
    else:
        prefetch["medications"] = searchset([order])
    for dose in medications(asked(call)):
        assert dose.replaces is not None, "G6: IV magnesium counts already, no second order"


def _ordered(prefetch: Json, selections: list[str]) -> None:
    prefetch["medications"] = searchset(
        [medication(IV_BAG, name="past", status="active", hours=1, grams="2", minutes="20")]
    )
    selections[:] = ["MedicationRequest/draft-iv"]


@given(
    call=strategies.ready(),
    grams=st.sampled_from(["0.5", "1", "1.5"]),
    minutes=st.sampled_from(["2", "20", "60", "240"]),
)
def test_a_duplicate_is_never_raised(call: Call, grams: str, minutes: str) -> None:
    said, prefetch = call
    draft = medication(IV_BAG, name="draft-iv", grams=grams, minutes=minutes)
    said["draftOrders"]["entry"] = [{"resource": draft}]
    _ordered(prefetch, said["selections"])
    for dose in medications(asked(call)):
        assert dose.grams <= Decimal(grams), "G6: a second dose is not made larger"


def test_a_dose_that_ended_before_the_specimen_forbids_nothing() -> None:
    draft = medication(("313782", "Acetaminophen 325 MG Oral Tablet"))
    past = medication(IV_BAG, name="past", status="completed", hours=6, grams="2", minutes="20")
    prefetch: Json = {
        "patient": {"resourceType": "Patient", "id": "pat-1", "birthDate": "1964-05-14"},
        "magnesium": searchset([observation("magnesium", "1.2 mg/dL")]),
        "creatinine": searchset([observation("creatinine", "0.8 mg/dL")]),
        "medications": searchset([{**past, "authoredOn": ago(6)}]),
    }
    assert medications(asked((context([draft], ["draft-1"]), prefetch)))
