"""Patients of a FHIR server that the settings let anyone read, in order entry."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import SEED, Open, Watched
from tests.e2e.people import SEED_ID, named, newest, people
from tests.fhir.script import answer, drop, hang
from tests.fhir.test_process import House

MANY = [f"p{number}: Number{number}, Case" for number in range(9)]


@pytest.fixture
def census(visit: Open, site: House) -> Watched:
    """Order entry, with nine patients on the server of whom six are listed."""
    site.play(
        {
            newest(): people(f"{SEED_ID}: Seed, Case", *MANY),
            named("seed", "ca"): people(f"{SEED_ID}: Seed, Case"),
            named("nobody"): people(),
        }
    )
    opened = visit(site)
    expect(opened.page.locator(".census .patient")).to_have_count(6)
    opened.is_open(SEED)
    site.script.seen.clear()
    return opened


def find(census: Watched, name: str) -> None:
    census.page.get_by_label("Name of a patient").fill(name)
    census.page.get_by_role("button", name="Find").click()


def body_of(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text or ""))


def open_seed(census: Watched) -> None:
    census.page.locator(f".census [data-patient='{SEED_ID}']").click()
    census.is_open(SEED_ID)


def test_the_server_is_named_and_a_few_patients_are_listed(census: Watched) -> None:
    expect(census.page.locator(".host")).to_have_text(census.site.fhir.base.removeprefix("http://"))
    first = census.page.locator(".census .patient").first
    expect(first).to_contain_text("Seed, Case")
    expect(first).to_contain_text("1964-05-14, female")


def test_a_patient_is_found_by_the_beginnings_of_her_names(census: Watched) -> None:
    find(census, "seed ca")
    expect(census.page.locator(".census .patient")).to_have_count(1)
    expect(census.page.locator(".census-note")).to_have_text("1 patient found.")


def test_a_name_that_nobody_has(census: Watched) -> None:
    find(census, "nobody")
    expect(census.page.locator(".census-note")).to_have_text("No patient of this name.")
    expect(census.page.locator(".census .patient")).to_have_count(0)


def test_her_data_go_to_the_service_as_prefetch(census: Watched) -> None:
    open_seed(census)
    expect(census.page.locator("#results tr").first).to_contain_text("1.2")
    assert census.site.script.keys == sorted(census.site.script.templates)
    census.site.script.seen.clear()
    answered = census.order("furosemide")
    sent = body_of(answered.request.post_data)
    assert sent["fhirServer"] == census.site.fhir.base
    assert sent["context"]["patientId"] == SEED_ID
    assert set(sent["prefetch"]) == set(census.site.script.templates)
    census.card()
    assert answered.json()["extension"]["org.magnesia.assessment"]["rule"] == "DT1"
    expect(census.page.locator("#explanation")).to_contain_text("decided by DT1")
    assert census.site.script.seen == [], "the prefetch was complete, and still the server was read"


def test_or_the_service_reads_them_itself(census: Watched) -> None:
    open_seed(census)
    census.page.get_by_label("by its own reading of the FHIR server").check()
    census.site.script.seen.clear()
    answered = census.order("furosemide")
    assert "prefetch" not in body_of(answered.request.post_data)
    census.card()
    assert answered.json()["extension"]["org.magnesia.assessment"]["rule"] == "DT1"
    assert {one.key for one in census.site.script.seen} == set(census.site.script.templates)
    expect(census.page.locator("#explanation")).to_contain_text("decided by DT1")


def test_changing_the_way_asks_again(census: Watched) -> None:
    open_seed(census)
    census.order("furosemide")
    census.card()
    way = census.page.get_by_label("by its own reading of the FHIR server")
    answered = census.answer_to(way.check)
    assert "prefetch" not in body_of(answered.request.post_data)
    census.card()


def test_an_accepted_card_is_not_shown_again(census: Watched) -> None:
    open_seed(census)
    census.order("furosemide")
    census.card()
    again = census.answer_to(lambda: census.page.click(".suggestion.primary"))
    assert again.json()["cards"] == []
    expect(census.page.locator("#drafts .draft")).to_have_count(3)


def test_a_made_up_patient_has_no_such_choice(census: Watched) -> None:
    open_seed(census)
    expect(census.page.locator("#delivery")).to_be_visible()
    expect(census.page.locator("#as-sent")).to_be_hidden()
    census.choose("moderate")
    expect(census.page.locator("#delivery")).to_be_hidden()
    assert "prefetch" in body_of(census.order("furosemide").request.post_data)


def test_what_could_not_be_read_is_said(census: Watched) -> None:
    census.site.script.plays["potassium"] = answer({}, 403)
    open_seed(census)
    unread = census.page.locator("#unread")
    expect(unread).to_have_text("Not read: potassium (the FHIR server refused it with status 403).")
    assert "potassium" not in body_of(census.order("furosemide").request.post_data)["prefetch"]
    census.card()


def test_a_service_that_cannot_read_what_it_needs_is_no_empty_list(census: Watched) -> None:
    census.watch.expect("status of 412")
    open_seed(census)
    census.page.get_by_label("by its own reading of the FHIR server").check()
    census.site.script.plays["magnesium"] = answer({}, 500)
    assert census.order("furosemide").status == 412
    problem = census.page.locator("#cards .problem")
    expect(problem).to_contain_text("The service refused (412)")
    expect(problem).to_contain_text("the FHIR server failed with status 500")
    expect(problem).to_contain_text("nothing was evaluated")


@pytest.mark.parametrize("play", [drop, hang], ids=["drops", "hangs"])
def test_a_server_that_cannot_be_read_is_said_to_be(census: Watched, play: Any) -> None:
    census.watch.expect("502")
    census.site.script.plays[named("slow")] = play
    find(census, "slow")
    note = census.page.locator(".census-note.trouble")
    expect(note).to_contain_text("The FHIR server")
    expect(census.page.locator(".census .patient")).to_have_count(0)


def test_a_patient_that_cannot_be_opened_leaves_the_other_one_open(census: Watched) -> None:
    census.watch.expect("502")
    census.page.locator(".census [data-patient='p1']").click()
    problem = census.page.locator("#cards .problem")
    expect(problem).to_contain_text("The patient could not be opened")
    census.is_open(SEED)
