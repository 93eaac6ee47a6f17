"""The card: short, readable, free of HTML, valid; and proof that the checker of validity bites."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hooks import offered
from tests.hooks import validity
from tests.hooks.chartmaker import (
    LAB_CODES,
    PROTOCOL,
    Case,
    Json,
    ask,
    bundle,
    context,
    decide,
    order,
    result,
    without_ids,
)

SEED = Case()

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "</p><b>bold</b>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "**2 g over 1 minute**",
    "`code`",
    "https://evil.example",
    "www.evil.example",
    "\u202etxet desrever",
    "line\nbreak\n\n# Heading",
    "mg/dL" * 500,
    "{dose}",
    "{0.__class__}",
    "%s",
    "&lt;b&gt;",
    "\x00\x1b[31m",
]


def test_the_seed_card_is_short() -> None:
    (card,) = decide(SEED).cards
    assert len(card["summary"]) < 140
    assert len(card["detail"]) < 1800, "a clinician reads it while ordering"


def test_the_first_line_says_what_and_what_to_do() -> None:
    (card,) = decide(SEED).cards
    first = card["detail"].splitlines()[0]
    for word in ("1.2 mg/dL", "severe", "2 g magnesium sulfate IV", "20 minutes", "4-6 h"):
        assert word in first


@pytest.mark.parametrize(
    "pattern",
    [
        r"1\.2 mg/dL \(0\.494 mmol/L\)",
        r"final",
        r"K 4\.1 mmol/L",
        r"Creatinine 0\.8 mg/dL",
        r"eGFR 83 mL/min/1\.73 m2 \(CKD-EPI 2021\)",
        r"CrCl 81 mL/min \(Cockcroft-Gault",
        r"DT1",
        r"0\.50 mmol/L",
        r"(?i)not checked: symptoms",
        r"(?i)allergies",
        r"(?i)draft",
        r"(?i)clinical judgment",
        r"(?i)consider",
    ],
)
def test_the_card_shows_its_basis(pattern: str) -> None:
    """FDA criterion 4 (clinical 10.1): the reader can review the basis."""
    (card,) = decide(SEED).cards
    assert re.search(pattern, card["detail"]), pattern


def test_the_card_never_abbreviates_the_drug() -> None:
    text = json.dumps(_plain(decide(SEED).cards))
    assert "MgSO4" not in text, "clinical 10.4: confused with morphine"
    assert "MSO4" not in text


def test_indicator_is_never_critical() -> None:
    for line in ("0.3 mg/dL", "1.2 mg/dL", "1.4 mg/dL", "1.2"):
        (card,) = decide(Case(magnesium=line)).cards
        assert card["indicator"] in {"info", "warning"}, "clinical 10.1: no critical stop"


def test_the_same_advice_has_the_same_topic() -> None:
    """An EHR remembers an override by the code: no value and no time may be in it."""
    one = decide(SEED).cards[0]["source"]["topic"]
    other = decide(Case(magnesium="0.9 mg/dL, 3 h ago", age=50)).cards[0]["source"]["topic"]
    changed = decide(Case(magnesium="1.4 mg/dL")).cards[0]["source"]["topic"]
    assert one == other
    assert one["code"] != changed["code"], "a changed dose step changes it"
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", one["code"]), "Epic takes no other characters"


def test_source_links_to_the_protocol_where_the_address_is_known() -> None:
    hook = offered(PROTOCOL, LAB_CODES, "https://magnesia.example.org/")[0]
    assert decide(SEED, hook=hook).cards[0]["source"]["url"] == (
        "https://magnesia.example.org/protocol"
    )
    assert "url" not in decide(SEED).cards[0]["source"]


def test_every_card_and_suggestion_has_an_id_of_its_own() -> None:
    ids = [
        one["uuid"]
        for _ in range(3)
        for card in decide(SEED).cards
        for one in (card, *card["suggestions"])
    ]
    assert len(set(ids)) == len(ids) == 12


def test_orders_are_addressed() -> None:
    answer = ask(context(), SEED.prefetch())
    for resource in validity.created(answer.cards[0]):
        assert resource["subject"] == {"reference": "Patient/pat-1"}
        assert resource["encounter"] == {"reference": "Encounter/visit-1"}
        assert resource["requester"] == {"reference": "Practitioner/dr-example"}
        assert resource["reasonReference"] == [{"reference": "Observation/magnesium-r1"}]
        assert resource["authoredOn"].startswith("2026-11-23T10:00:00")
        assert resource["status"] == "draft", "the clinician signs"


@pytest.mark.parametrize(
    "user",
    [
        "Practitioner/1",
        "PractitionerRole/abc",
        "Patient/pat-1",
        "RelatedPerson/3",
        "dr-example",
        "https://ehr.example.org/fhir/Practitioner/1",
        "Practitioner/",
        "Practitioner/a b",
        "Practitioner/<script>",
        "Practitioner/a/b",
    ],
)
def test_whoever_calls_the_orders_stay_valid(user: str) -> None:
    answer = ask(context(userId=user), SEED.prefetch())
    for resource in validity.created(answer.cards[0]):
        if "requester" in resource:
            assert resource["requester"]["reference"] == user


def test_a_long_encrypted_patient_id_is_kept() -> None:
    patient = "e" * 170
    said = context(
        patientId=f"Patient/{patient}",
        draftOrders={"resourceType": "Bundle", "entry": [{"resource": order(subject=None)}]},
    )
    series = {
        "magnesium": bundle([result("magnesium", "1.2 mg/dL", patient=patient)]),
        "creatinine": bundle([result("creatinine", "0.8 mg/dL", patient=patient)]),
    }
    human = {"resourceType": "Patient", "id": patient, "birthDate": "1964-05-14"}
    case = Case(patient=human, bundles=series, potassium=[], weight=[])
    answer = ask(said, case.prefetch())
    for resource in validity.created(answer.cards[0]):
        assert resource["subject"]["reference"] == f"Patient/{patient}"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["unit", "code", "status", "comparator", "id", "note", "display"])
def test_hostile_text_does_nothing(text: str, where: str) -> None:
    """The checker in `ask` looks for HTML; here also for Markdown that would do something."""
    for line, age in (("1.2 mg/dL", "1 h ago"), ("1.2 mg/dL", "40 h ago")):
        observation = result("magnesium", f"{line}, {age}")
        match where:
            case "unit" | "code" | "comparator":
                observation["valueQuantity"] = {**observation["valueQuantity"], where: text}
            case "status" | "id":
                observation[where] = text
            case "note":
                observation["note"] = [{"text": text}]
            case "display":
                observation["code"]["coding"][0]["display"] = text
                observation["code"]["text"] = text
        answer = decide(Case(bundles={"magnesium": bundle([observation])}))
        shown = "\n".join(f"{card['summary']}\n{card['detail']}" for card in answer.cards)
        assert not re.search(r"(?<!\\)\]\(", shown), "a link in Markdown"
        assert not re.search(r"https?://evil|www\.evil", shown), "an address that clients link"
        assert "2 g over 1 minute**" not in shown, "bold text from outside"
        assert not re.search(r"(?m)^# Heading", shown), "a heading from outside"
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", shown), "a control character"
        assert len(shown) < 4000, "endless text is cut"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("analyte", ["potassium", "creatinine", "weight"])
def test_hostile_units_of_the_other_results_do_nothing(text: str, analyte: str) -> None:
    observation = result(analyte, "3")
    observation["valueQuantity"] = {"value": 3, "unit": text}
    answer = decide(Case(bundles={analyte: bundle([observation])}))
    detail = answer.cards[0]["detail"]
    assert not re.search(r"(?<!\\)\]\(|https?://evil|www\.evil", detail)


@pytest.mark.parametrize("line", ["<1.5 mg/dL", ">1.0 mg/dL", "<=0.5 mmol/L"])
def test_the_summary_is_plain_text(line: str) -> None:
    (card,) = decide(Case(magnesium=line)).cards
    assert not re.search(r"&[a-z]+;|\\", card["summary"]), "escaped for Markdown, shown as it is"


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("<script>x", "status < script>x;"),
        ("</p>", "status < /p>;"),
        ("fi\ufeffnal\u202e\u0000", "status fi nal;"),
        ("<2", "status <2;"),
        ("x" * 5000, f"status {'x' * 59}\N{HORIZONTAL ELLIPSIS};"),
        ("\u200b" * 5000, "status \N{HORIZONTAL ELLIPSIS};"),
    ],
)
def test_a_summary_says_what_came_and_cannot_be_taken_for_markup(status: str, shown: str) -> None:
    observation = {**result("magnesium", "1.2 mg/dL"), "status": status}
    case = Case(potassium="2.9 mmol/L", bundles={"magnesium": bundle([observation])})
    (card,) = decide(case).cards
    assert shown in card["summary"]
    assert card["summary"].isprintable()


def test_the_answer_is_the_same_each_time() -> None:
    assert without_ids(decide(SEED)) == without_ids(decide(SEED))


# ---------------------------------------------------------------------------- the checker bites


def _plain(value: Any) -> Any:
    return json.loads(validity._encode(value))


def _dose_order() -> Json:
    resource = next(iter(validity.created(decide(SEED).cards[0])))
    copy: Json = _plain(resource)
    return copy


def _with(change: Callable[[Json], Any]) -> Json:
    resource = _dose_order()
    change(resource)
    return resource


def _repeat(resource: Json) -> Json:
    found: Json = resource["dosageInstruction"][0]["timing"]["repeat"]
    return found


BREAKAGES: dict[str, Callable[[Json], Any]] = {
    "no status": lambda one: one.pop("status"),
    "status active": lambda one: one.update(status="active"),
    "status in capitals": lambda one: one.update(status="Draft"),
    "no intent": lambda one: one.pop("intent"),
    "an intent that is none": lambda one: one.update(intent="suggest"),
    "priority in capitals": lambda one: one.update(priority="STAT"),
    "no subject": lambda one: one.pop("subject"),
    "subject as text": lambda one: one.update(subject="Patient/1"),
    "no medication": lambda one: one.pop("medicationCodeableConcept"),
    "two medications": lambda one: one.update(medicationReference={"reference": "Medication/1"}),
    "an unknown element": lambda one: one.update(medication="magnesium"),
    "a duration without its unit": lambda one: _repeat(one).pop("durationUnit"),
    "a duration in hours, spelled out": lambda one: _repeat(one).update(durationUnit="hours"),
    "a negative duration": lambda one: _repeat(one).update(duration=-20),
    "count 0": lambda one: _repeat(one).update(count=0),
    "route as text": lambda one: one["dosageInstruction"][0].update(route="IV"),
    "dose as text": lambda one: one["dosageInstruction"][0]["doseAndRate"][0].update(
        doseQuantity={"value": "2", "unit": "g"}
    ),
    "a code without its system": lambda one: one["dosageInstruction"][0]["doseAndRate"][0].update(
        doseQuantity={"value": 2, "unit": "g", "code": "g"}
    ),
    "two doses": lambda one: one["dosageInstruction"][0]["doseAndRate"][0].update(
        doseRange={"low": {"value": 1}}
    ),
    "a time without a zone": lambda one: one.update(authoredOn="2026-11-23T10:00:00"),
    "a day that does not exist": lambda one: one.update(authoredOn="2026-02-30"),
    "an empty list": lambda one: one.update(note=[]),
    "a null": lambda one: one.update(note=None),
    "a reference with a blank": lambda one: one.update(requester={"reference": "Practitioner/a b"}),
    "no resource type": lambda one: one.pop("resourceType"),
}


def test_the_checker_finds_nothing_in_what_leaves() -> None:
    assert validity.of_resource(_dose_order()) == []


@pytest.mark.parametrize("change", BREAKAGES.values(), ids=BREAKAGES.keys())
def test_the_checker_finds_what_is_broken(change: Callable[[Json], Any]) -> None:
    assert validity.of_resource(_with(change))


#: What neither validator nor the hand-written checks look at, of the broken cases of the corpus.
BLIND_SPOTS = {
    "dangling contained ref",
    "div with script (txt-1)",
    "extension without value (ext-1)",
    "subject wrong target type",
}


def test_the_checker_bites_on_the_corpus(shared: Path, figure: Callable[[str], None]) -> None:
    cases = json.loads((shared / "corpus" / "validator-cases.json").read_text(encoding="utf-8"))
    passed = {case["name"] for case in cases if not validity.of_resource(case["resource"])}
    valid = {case["name"] for case in cases if case["valid"]}
    broken = {case["name"] for case in cases} - valid
    assert valid <= passed, "no false alarm"
    assert passed - valid == BLIND_SPOTS
    figure(f"validators: {len(broken - passed)} of {len(broken)} broken resources caught")
    assert (len(valid), len(broken)) == (10, 61)


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("2026-11-23T09:00:00Z", "23 Nov 09:00 UTC"),
        ("2026-11-23T04:00:00-05:00", "23 Nov 04:00 UTC-05:00"),
        ("2026-11-23T14:30:00+05:30", "23 Nov 14:30 UTC+05:30"),
    ],
)
def test_a_time_is_shown_with_the_zone_that_it_was_stated_in(stated: str, shown: str) -> None:
    observation = result("magnesium", "1.2 mg/dL") | {"effectiveDateTime": stated}
    earlier = result("magnesium", "1.4 mg/dL, 5 h ago", identity="r2")
    found = bundle([observation, earlier])
    (card,) = decide(Case(bundles={"magnesium": found})).cards
    assert f"{shown}, 1 h ago" in card["detail"], "a time of day without its zone is no time"
    assert "(23 Nov 05:00 UTC)" in card["detail"], "the times of the trend have zones too"
    zone = shown.rpartition(" ")[2]
    assert f"({zone})" in card["detail"], "the window of the repeat level is in the same zone"


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("1.2 mg/dL", "Magnesium 1.2 mg/dL, severe:"),
        ("0.49 mmol/L", "Magnesium 0.49 mmol/L (1.19 mg/dL), severe:"),
        ("1.2 mEq/L", "Magnesium 1.2 mEq/L (1.46 mg/dL), moderate:"),
    ],
)
def test_the_headline_has_the_number_that_the_laboratory_reported(stated: str, shown: str) -> None:
    (card,) = decide(Case(bundles={"magnesium": bundle([result("magnesium", stated)])})).cards
    assert card["summary"].startswith(shown), "whoever sees the chart beside it must find it there"


@pytest.mark.parametrize(
    ("before", "newest", "shown"),
    [
        ("0.6 mmol/L", "0.49 mmol/L", "0.6 mmol/L (23 Nov 05:00 UTC) → 0.49 mmol/L"),
        ("1.4 mg/dL", "0.49 mmol/L", "1.4 mg/dL (23 Nov 05:00 UTC) → 1.19 mg/dL"),
    ],
)
def test_a_trend_compares_values_of_one_unit(before: str, newest: str, shown: str) -> None:
    results = [
        result("magnesium", newest),
        result("magnesium", f"{before}, 5 h ago", identity="r2"),
    ]
    (card,) = decide(Case(bundles={"magnesium": bundle(results)})).cards
    assert shown in card["detail"], "two units in one row mislead"
