"""Assertions 18 to 52: what a valid call gets."""

import re
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance import shape
from tests.conformance.assertions import demand
from tests.conformance.calls import CALLS, DOTTED_ID, HYPHEN_ID, LONG_ID, ONDANSETRON, blank_draft
from tests.conformance.exchange import answer_of, answered, fire
from tests.conformance.request import (
    PATIENT_ID,
    Json,
    furosemide,
    magnesium_sulfate,
    medication_request,
    order_select,
    result,
    searchset,
    service_request,
    with_results,
)

ANY_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


def breaches(client: FlaskClient, call: Json, assertion: int) -> list[str]:
    """What the checker has against the answer, under one assertion."""
    return [
        str(problem)
        for problem in shape.problems(answered(client, call), call)
        if problem.assertion == assertion
    ]


def guidance(answer: Any) -> Any:
    """The answer with every UUID replaced by its number in the order of appearance."""
    numbers: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return ANY_UUID.sub(lambda m: numbers.setdefault(m[0], f"uuid {len(numbers)}"), value)
        if isinstance(value, dict):
            return {name: renamed(member) for name, member in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    return renamed(answer)


# A valid call


@every_call
def test_a18_a_valid_call_is_answered_with_200(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    response = fire(client, call())
    assert response.status_code == 200, demand(18, f"{response.status} {response.text[:400]}")


def test_a18_the_seed_patient_gets_one_card_with_three_suggestions(client: FlaskClient) -> None:
    (card,) = answered(client, order_select())["cards"]
    suggestions = card["suggestions"]
    assert len(suggestions) == 3, demand(18, [s["label"] for s in suggestions])
    assert suggestions[0]["isRecommended"] is True, demand(18, "the first is not recommended")
    created = [action["resource"]["resourceType"] for action in suggestions[0]["actions"]]
    assert created == ["MedicationRequest", "ServiceRequest"], demand(18, created)


@every_call
def test_a19_the_answer_is_a_strict_json_object(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    response = fire(client, call())
    assert response.mimetype == "application/json", demand(19, response.mimetype)
    assert isinstance(answer_of(response), dict), demand(19, response.text)


@every_call
def test_a20_cards_is_an_array(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 20) == []


def test_a21_a_normal_level_gets_an_empty_array_of_cards(client: FlaskClient) -> None:
    call = with_results(order_select(), magnesium=result("magnesium", 2.0))
    response = fire(client, call)
    assert response.status_code == 200, demand(21, response.status)
    answer = answer_of(response)
    assert answer.get("cards") == [], demand(21, answer)
    assert "org.magnesia.assessment" in answer.get("extension", {}), demand(21, "no assessment")


@every_call
def test_a22_nothing_is_null_or_empty(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 22) == []


@every_call
def test_a23_system_actions_are_actions(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 23) == []


def test_a23_orders_are_proposed_and_never_applied_by_themselves(client: FlaskClient) -> None:
    for name, call in CALLS.items():
        assert "systemActions" not in answered(client, call()), demand(23, f"{name}: some")


@every_call
def test_a24_summary_is_one_line_shorter_than_140(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    assert breaches(client, call(), 24) == []


def test_a24_summary_stays_short_whatever_the_order_is_called(client: FlaskClient) -> None:
    long = magnesium_sulfate(2, 5)
    long["medicationCodeableConcept"]["text"] = "magnesium sulfate, as the pharmacy " * 20
    haloperidol = medication_request("haloperidol, as the pharmacy names it, " * 20, "310671", "h")
    assert breaches(client, order_select(long, haloperidol), 24) == []


@every_call
def test_a25_indicator_is_one_of_three(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 25) == []


@every_call
def test_a26_source_is_labeled(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 26) == []


@every_call
def test_a27_detail_is_markdown_without_html(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 27) == []


@every_call
def test_a28_suggestions_say_how_to_select(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 28) == []


@every_call
def test_a29_at_most_one_recommendation(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 29) == []


@every_call
def test_a30_suggestions_are_labeled(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 30) == []


@every_call
def test_a31_actions_have_a_known_type(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 31) == []


@every_call
def test_a32_actions_are_described(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 32) == []


@every_call
def test_a33_actions_carry_resources(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 33) == []


@every_call
def test_a34_updates_keep_the_whole_draft(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 34) == []


@every_call
def test_a35_deletes_name_a_draft(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 35) == []


@every_call
def test_a36_override_reasons_are_whole_codings(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    assert breaches(client, call(), 36) == []


@every_call
def test_a37_links_are_absolute_or_smart(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 37) == []


@every_call
def test_a38_app_context_is_for_smart_links(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 38) == []


@every_call
def test_a39_no_action_selection_behavior(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 39) == []


@every_call
def test_a40_cards_and_suggestions_have_uuids(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    assert breaches(client, call(), 40) == []


def test_a40_uuids_are_distinct_across_calls(client: FlaskClient) -> None:
    first, second = (shape.uuids(answered(client, order_select())) for _ in range(2))
    assert first, demand(40, "no uuid at all")
    assert not set(first) & set(second), demand(40, set(first) & set(second))


@every_call
def test_a41_created_orders_are_valid_r4(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 41) == []


@every_call
def test_a42_created_ids_are_new_and_references_resolve(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    assert breaches(client, call(), 42) == []


@every_call
def test_a43_draft_ids_come_back_unharmed(client: FlaskClient, call: Callable[[], Json]) -> None:
    assert breaches(client, call(), 43) == []


@pytest.mark.parametrize("draft_id", [LONG_ID, DOTTED_ID, HYPHEN_ID, "0", "-", "a b"])
def test_a43_an_odd_draft_id_changes_no_guidance(client: FlaskClient, draft_id: str) -> None:
    plain = guidance(answered(client, order_select()))
    odd = guidance(answered(client, order_select(furosemide(draft_id))))
    assert odd["cards"] == plain["cards"], demand(43, f"other guidance for the id {draft_id!r}")


@every_call
def test_a44_created_medications_have_text_and_code(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    assert breaches(client, call(), 44) == []


def test_a45_no_secret_comes_back(client: FlaskClient) -> None:
    jwt = "eyJhbGciOiJFUzM4NCJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSJ9.c2lnbmF0dXJl"
    call = order_select() | {
        "fhirServer": "https://ehr.example/fhir",
        "fhirAuthorization": {
            "access_token": "opaque-5f1e77",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/Observation.read",
            "subject": "magnesia",
        },
    }
    headers = {"Authorization": f"Bearer {jwt}"}
    answer = answered(client, call, headers)
    assert answer["cards"], demand(45, "no card to look into")
    found = shape.problems(answer, call, {jwt, *jwt.split(".")})
    assert [str(problem) for problem in found if problem.assertion == 45] == []


def test_a46_the_median_of_20_calls_is_below_half_a_second(client: FlaskClient) -> None:
    def seconds() -> float:
        started = time.perf_counter()
        assert fire(client, order_select()).status_code == 200
        return time.perf_counter() - started

    median = statistics.median(seconds() for _ in range(20))
    assert median < 0.5, demand(46, f"{median:.3f} s")


@every_call
def test_a47_the_same_call_gives_the_same_guidance(
    client: FlaskClient, call: Callable[[], Json]
) -> None:
    first, second = (guidance(answered(client, call())) for _ in range(2))
    assert first == second, demand(47, second)


# Nothing relevant selected


def nothing_selected() -> Json:
    call = order_select()
    call["context"]["selections"] = []
    return call


def no_drafts() -> Json:
    call = nothing_selected()
    call["context"]["draftOrders"] = {"resourceType": "Bundle", "type": "collection"}
    return call


def magnesium_not_selected() -> Json:
    call = order_select(service_request(), magnesium_sulfate(2, 5, "mg-1"))
    call["context"]["selections"] = ["ServiceRequest/imaging-1"]
    return call


SILENT: dict[str, Callable[[], Json]] = {
    "nothing selected": nothing_selected,
    "no drafts": no_drafts,
    "only imaging selected": lambda: order_select(service_request()),
    "magnesium drafted but not selected": magnesium_not_selected,
    "blank draft": lambda: order_select(blank_draft()),
}


@pytest.mark.parametrize("prefetched", [True, False], ids=["prefetch", "no prefetch"])
@pytest.mark.parametrize("call", SILENT.values(), ids=SILENT.keys())
def test_a48_nothing_relevant_selected_gives_no_card(
    client: FlaskClient, call: Callable[[], Json], prefetched: bool
) -> None:
    body = call()
    if not prefetched:
        del body["prefetch"]
    answer = answered(client, body)
    assert answer["cards"] == [], demand(48, [card.get("summary") for card in answer["cards"]])
    assert [str(problem) for problem in shape.problems(answer, body)] == []


def test_a48_a_selection_counts_by_type_and_id(client: FlaskClient) -> None:
    call = order_select(service_request("same"), furosemide("same"))
    call["context"]["selections"] = ["ServiceRequest/same"]
    assert answered(client, call)["cards"] == [], demand(48, "matched by the bare id")


def test_a48_a_selection_that_resolves_carries_one_that_does_not(client: FlaskClient) -> None:
    call = order_select()
    call["context"]["selections"].append("MedicationRequest/nowhere")
    assert len(answered(client, call)["cards"]) == 1, demand(48, "the seed card is lost")


def test_a49_two_orders_do_not_duplicate_guidance(client: FlaskClient) -> None:
    call = order_select(furosemide(), medication_request(*ONDANSETRON, "o-2"))
    cards = answered(client, call)["cards"]
    assert len(cards) == 1, demand(49, [card["summary"] for card in cards])


def test_a49_an_order_selected_twice_counts_once(client: FlaskClient) -> None:
    call = order_select()
    call["context"]["selections"] *= 2
    twice, once = (guidance(answered(client, body)) for body in (call, order_select()))
    assert twice["cards"] == once["cards"], demand(49, twice["cards"])


# What a receiver has to bear

INCOMPLETE: dict[str, Any] = {
    "an unknown type": {"resource": {"resourceType": "HospitalBed", "id": "b-1"}},
    "a device order": {"resource": {"resourceType": "DeviceRequest", "id": "d-1"}},
    "a nutrition order": {
        "resource": {
            "resourceType": "NutritionOrder",
            "id": "n-1",
            "patient": {"reference": f"Patient/{PATIENT_ID}"},
        }
    },
    "an entry without a resource": {"fullUrl": "urn:uuid:8d0d7f5e-6c0c-4a53-9a0e-9f6f5a0b7d11"},
    "a resource without an id": {
        "resource": {
            "resourceType": "MedicationRequest",
            "status": "draft",
            "medicationCodeableConcept": {"text": "aspirin"},
        }
    },
    "a resource without a type": {"resource": {"id": "x"}},
    "an empty entry": {},
    "an empty resource": {"resource": {}},
}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("entry", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_a50_odd_entries_among_the_drafts_change_nothing(
    client: FlaskClient, entry: Any, first: bool
) -> None:
    call = order_select()
    entries = call["context"]["draftOrders"]["entry"]
    entries.insert(0 if first else 1, entry)
    odd, plain = (guidance(answered(client, body)) for body in (call, order_select()))
    assert odd["cards"] == plain["cards"], demand(50, "other guidance")


def with_unknown_members() -> Json:
    call = order_select()
    call["user"] = "Practitioner/abc"
    call["extension"] = {"com.example.trigger": "18"}
    call["context"]["futureField"] = {"deep": [1, None, {"x": []}]}
    call["context"]["extension"] = {"com.example.x": True}
    call["context"]["draftOrders"]["extension"] = [{"url": "https://a.example", "valueCode": "x"}]
    call["prefetch"]["item7"] = {"resourceType": "Bundle", "type": "searchset"}
    call["prefetch"]["extension"] = {"com.example.y": 1}
    return call


def test_a51_unknown_members_change_nothing(client: FlaskClient) -> None:
    calls = (with_unknown_members(), order_select())
    unknown, plain = (guidance(answered(client, call)) for call in calls)
    assert unknown["cards"] == plain["cards"], demand(51, "other guidance")


def test_a52_no_encounter_is_no_obstacle(client: FlaskClient) -> None:
    call = order_select()
    assert "encounterId" not in call["context"]
    answer = answered(client, call)
    assert len(answer["cards"]) == 1, demand(52, answer["cards"])


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=UTF-8",
        "application/json;charset=utf-8",
        "Application/JSON",
    ],
)
def test_a52_the_media_type_is_read_liberally(client: FlaskClient, content_type: str) -> None:
    answer = answered(client, order_select(), {"Content-Type": content_type})
    assert len(answer["cards"]) == 1, demand(52, answer["cards"])


def test_a52_text_beyond_ascii_survives(client: FlaskClient) -> None:
    order = magnesium_sulfate(2, 5, "ordre-ß-日本")
    order["medicationCodeableConcept"]["text"] = "sulfate de magnésium – perfusion 硫酸镁"
    call = order_select(order)
    call["context"]["userId"] = "Practitioner/médecin-ß"
    response = fire(client, call)
    answer = answer_of(response)
    assert response.status_code == 200, demand(52, response.text)
    assert answer["cards"], demand(52, "no card to look into")
    for text in shape.texts(answer):
        assert not re.search("Ã|\ufffd|&#|\\?\\?", text), demand(52, text)
    assert [str(problem) for problem in shape.problems(answer, call)] == []


# Any chart, any draft: whatever the guidance is, its shape holds

UNITS = {
    "magnesium": ["mg/dL", "mg/dl", "mmol/L", "mEq/L", "g/L", "", "mg%"],
    "potassium": ["mmol/L", "mEq/L", "mg/dL", ""],
    "creatinine": ["mg/dL", "umol/L", "µmol/L", "mmol/L"],
}
STATUSES = ["final", "amended", "corrected", "preliminary", "registered", "entered-in-error"]
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@st.composite
def results(draw: st.DrawFn, analyte: str) -> Json:
    value = draw(st.decimals("0.01", "20", places=2))
    observation = result(
        analyte,
        1,
        draw(st.sampled_from(UNITS[analyte])),
        hours_ago=draw(st.integers(-2, 200)),
        status=draw(st.sampled_from(STATUSES)),
    )
    observation["valueQuantity"]["value"] = value
    if draw(st.booleans()):
        observation["valueQuantity"]["comparator"] = draw(st.sampled_from(["<", "<=", ">", ">="]))
    return observation


@st.composite
def charts(draw: st.DrawFn) -> Json:
    grams = float(draw(st.decimals("0.1", "20", places=1)))
    order = draw(
        st.sampled_from(
            [furosemide(), medication_request("haloperidol", "310671"), magnesium_sulfate(grams, 7)]
        )
    )
    order["id"] = draw(NAMES)
    if draw(st.booleans()):
        order["medicationCodeableConcept"]["text"] = draw(NAMES)
    call = order_select(order)
    call["prefetch"]["patient"]["birthDate"] = f"{draw(st.integers(1900, 2030))}-02-03"
    call["prefetch"]["patient"]["gender"] = draw(st.sampled_from(["male", "female", "other"]))
    for analyte in UNITS:
        several = draw(st.lists(results(analyte), max_size=3))
        call["prefetch"][analyte] = searchset(*several) if several else None
    call["prefetch"]["weight"] = searchset(result("weight", draw(st.integers(1, 400))))
    return call


@given(charts())
def test_any_chart_gets_an_answer_of_the_right_shape(client: FlaskClient, call: Json) -> None:
    answer = answered(client, call)
    assert [str(problem) for problem in shape.problems(answer, call)] == []


def test_the_sampled_calls_are_not_all_silent(client: FlaskClient) -> None:
    """A checker of cards proves nothing where no card comes."""
    for name in ("seed", "in an encounter", "SI units", "moderate", "two orders", "sandbox draft"):
        assert answered(client, CALLS[name]())["cards"], f"no card for: {name}"


def test_numbers_are_read_with_their_digits(client: FlaskClient) -> None:
    """1.21525 mg/dL is the line itself, so it is not severe; a float would blur it."""
    call = order_select()
    observation = result("magnesium", 1.2)
    observation["valueQuantity"]["value"] = Decimal("1.21525")
    at_the_line = answered(client, with_results(call, magnesium=observation))
    observation["valueQuantity"]["value"] = Decimal("1.2152499999999999999999999")
    below = answered(client, with_results(call, magnesium=observation))
    bands = [a["extension"]["org.magnesia.assessment"]["band"] for a in (at_the_line, below)]
    assert bands == ["moderate", "severe"]
