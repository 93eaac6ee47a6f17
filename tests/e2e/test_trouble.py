"""What goes wrong is seen: a failure is never an empty list of cards."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from service.pages.order_entry import catalogue
from tests.e2e.browser import SEED, SERVICE, Open, Watched
from tests.fhir.test_process import House

UNKEPT = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "error",
            "code": "transient",
            "details": {"text": "The feedback could not be kept; please send it again later."},
        }
    ],
}


def answers(entry: Watched, path: str = SERVICE, **how: Any) -> None:
    """Let calls to `path` be answered so, from now on."""
    entry.page.unroute_all()
    entry.page.route(f"**{path}", lambda route: route.fulfill(**how))


class First:
    """Keeps the first request from its answer, and lets the others through."""

    held: Route | None = None

    def hold(self, route: Route) -> None:
        if self.held is None:
            self.held = route
        else:
            route.continue_()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"status": 412, "json": UNKEPT}, "The service refused (412)"),
        ({"status": 500, "json": UNKEPT}, "The service failed (500)"),
        ({"status": 500, "body": ""}, "The service gave no reason."),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "The service failed (502)"),
        ({"status": 200, "body": "<h1>Welcome</h1>"}, "The answer has no cards"),
        ({"status": 200, "json": {}}, "The answer has no cards"),
        ({"status": 200, "json": {"cards": None}}, "The answer has no cards"),
        ({"status": 204, "body": ""}, "The answer has no cards"),
    ],
)
def test_an_answer_without_cards_is_a_problem(
    entry: Watched, how: dict[str, Any], says: str
) -> None:
    entry.watch.expect("status of [45]")
    entry.order("furosemide")
    entry.card()
    answers(entry, **how)
    entry.page.click("button[data-order='digoxin']")
    problem = entry.page.locator("#cards .problem")
    expect(problem).to_contain_text(says)
    expect(problem).to_contain_text("nothing was evaluated")
    expect(entry.page.locator("#cards .card, #cards .silence")).to_have_count(0)
    expect(entry.page.locator("#results .flag")).to_have_count(0)
    expect(entry.page.locator("#announcer")).to_contain_text(says)


def test_a_service_that_is_gone(entry: Watched) -> None:
    entry.watch.expect("ERR_CONNECTION_REFUSED")
    entry.page.route(f"**{SERVICE}", lambda route: route.abort("connectionrefused"))
    entry.page.click("button[data-order='furosemide']")
    problem = entry.page.locator("#cards .problem")
    expect(problem).to_contain_text("The service cannot be reached.")
    entry.page.unroute_all()
    problem.get_by_role("button", name="Try again").click()
    entry.card()


def test_a_service_that_takes_too_long(site: House, visit: Open) -> None:
    impatient = (
        "const timeout = AbortSignal.timeout.bind(AbortSignal);"
        "AbortSignal.timeout = (time) => timeout(Math.min(time, 300));"
    )
    first = First()

    def hold(page: Page) -> None:
        page.add_init_script(impatient)
        page.route(f"**{SERVICE}", first.hold)

    opened = visit(site, before=hold)
    opened.is_open(SEED)
    opened.page.click("button[data-order='furosemide']")
    expect(opened.page.locator("#cards[aria-busy=true]")).to_have_count(1)
    problem = opened.page.locator("#cards .problem")
    expect(problem).to_contain_text("The service did not answer in time.")
    assert first.held is not None


def test_a_late_answer_does_not_cover_a_newer_one(entry: Watched) -> None:
    first = First()
    entry.page.route(f"**{SERVICE}", first.hold)
    entry.page.click("button[data-order='furosemide']")
    expect(entry.page.locator("#said")).to_have_text("Asking...")
    entry.order("magnesium-oxide")
    shown = entry.page.locator("#cards .card h3").first
    expect(shown).to_be_visible()
    before = shown.text_content()
    assert first.held is not None
    first.held.fulfill(json={"cards": [{"summary": "Too late", "indicator": "info"}]})
    entry.page.wait_for_timeout(300)
    assert shown.text_content() == before


def test_nothing_can_be_ordered_while_another_patient_is_opened(entry: Watched) -> None:
    entry.order("furosemide")
    entry.card()
    first = First()
    entry.page.route("**/order-entry/patients/mild", first.hold)
    entry.page.locator("[data-patient='mild']").click()
    for part in ("#content", "#advice"):
        expect(entry.page.locator(part)).to_have_attribute("inert", "")
    assert first.held is not None
    first.held.continue_()
    entry.is_open("mild")
    expect(entry.page.locator("#drafts .draft")).to_have_count(0)
    expect(entry.page.locator("#cards .card")).to_have_count(0)


def test_without_discovery_there_is_no_decision_support(site: House, visit: Open) -> None:
    def fail(page: Page) -> None:
        page.route("**/cds-services", lambda route: route.fulfill(status=500, body=""))

    opened = visit(site, before=fail)
    opened.watch.expect("500")
    problem = opened.page.locator("#cards .problem")
    expect(problem).to_contain_text("Discovery could not be read.")
    opened.choose(SEED)
    expect(problem, "a patient is no answer").to_contain_text("Discovery could not be read.")
    opened.page.click("button[data-order='furosemide']")
    expect(problem, "nor is an order").to_contain_text("Discovery could not be read.")
    opened.page.click("#as-sent")
    opened.page.get_by_role("button", name="Remove").click()
    expect(opened.page.locator("#drafts .draft")).to_have_count(0)
    expect(problem).to_contain_text("Discovery could not be read.")
    expect(opened.page.locator("#cards .waiting")).to_have_count(0)
    opened.page.unroute_all()
    problem.get_by_role("button", name="Try again").click()
    opened.is_open(SEED)
    opened.order("furosemide")
    opened.card()


def test_before_discovery_is_read_no_order_is_invited(site: House, visit: Open) -> None:
    first = First()
    opened = visit(site, before=lambda page: page.route("**/cds-services", first.hold))
    opened.choose("mild")
    problem = opened.page.locator("#cards .problem")
    expect(problem).to_contain_text("Discovery is still being read.")
    opened.page.click("button[data-order='furosemide']")
    expect(problem).to_contain_text("Discovery is still being read.")
    assert first.held is not None
    first.held.continue_()
    expect(opened.page.locator("#cards .waiting")).to_contain_text("Choose an order")
    opened.is_open("mild")
    opened.order("furosemide")


def test_where_discovery_offers_no_such_service_that_is_said(site: House, visit: Open) -> None:
    def offer_nothing(page: Page) -> None:
        page.route("**/cds-services", lambda route: route.fulfill(json={"services": []}))

    opened = visit(site, before=offer_nothing)
    problem = opened.page.locator("#cards .problem")
    expect(problem).to_contain_text("Discovery offers no order-select service.")
    opened.page.click("button[data-order='furosemide']")
    expect(opened.page.locator("#drafts .draft")).to_have_count(1)
    expect(problem).to_contain_text("Discovery offers no order-select service.")


@pytest.mark.parametrize("status", [412, 500, 503])
def test_feedback_that_was_not_taken_is_said_and_can_be_sent_again(
    entry: Watched, status: int
) -> None:
    entry.watch.expect(f"status of {status}")
    entry.order("furosemide")
    entry.card()
    feedback = f"{SERVICE}/feedback"
    answers(entry, feedback, status=status, json=UNKEPT)
    entry.page.locator(".suggestion.primary").click()
    line = entry.page.locator("#log li")
    expect(line.locator(".note")).to_contain_text(f"Feedback not recorded ({status})")
    expect(line).to_contain_text("could not be kept")
    expect(entry.page.locator("#drafts .draft")).to_have_count(3)
    entry.page.unroute_all()
    again = entry.answer_to(line.get_by_role("button", name="Send again").click, feedback)
    assert again.status == 200
    expect(line.locator(".note")).to_have_text("Feedback recorded.")


def test_feedback_that_nobody_answered_is_said(entry: Watched) -> None:
    entry.watch.expect("ERR_FAILED")
    entry.order("furosemide")
    entry.card()
    entry.page.route(f"**{SERVICE}/feedback", lambda route: route.abort())
    entry.page.locator(".suggestion.primary").click()
    expect(entry.page.locator("#log .note")).to_contain_text("the service did not answer")


def test_a_suggestion_that_cannot_be_applied_is_said(entry: Watched) -> None:
    gone = {"resourceType": "MedicationRequest", "id": "gone"}
    suggestion = {
        "label": "Change an order that is not there",
        "uuid": "s",
        "actions": [{"type": "update", "description": "Change it", "resource": gone}],
    }
    card = {"uuid": "c", "summary": "x", "indicator": "info", "suggestions": [suggestion]}
    answers(entry, json={"cards": [{**card, "source": {"label": "A test"}}]})
    entry.page.click("button[data-order='furosemide']")
    entry.page.locator(".suggestion").click()
    expect(entry.page.locator("#log .trouble")).to_contain_text("was not changed")


def test_every_order_of_the_catalogue_brings_an_answer(entry: Watched) -> None:
    for order in catalogue():
        if "dose" in order:
            form = entry.page.get_by_role("form", name=order["name"])
            answered = entry.answer_to(form.get_by_role("button", name="Order").click)
        else:
            answered = entry.order(order["id"])
        assert answered.status == 200, order["id"]
