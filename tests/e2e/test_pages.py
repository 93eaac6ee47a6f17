"""Every page, light and dark, wide and narrow, on screen and on paper: read by eye and by ear."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from service import create_app
from service.settings import Settings
from tests.e2e.browser import NARROW, WIDE, Open, Scheme, Watched
from tests.e2e.test_order_entry import FIXTURES
from tests.fhir.test_process import House, house
from tests.trust.issuer import Issuer, write_clients

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PAGES = ("/", "/protocol", "/insight?days=all")
SIZES = {"wide": WIDE, "narrow": NARROW}
NUMBERS = {"empty": 0, "small": 40, "large": 20_000}


def faults(page: Page) -> list[str]:
    """What axe-core finds wrong by the rules of WCAG 2.2 AA and by good practice."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="module", params=NUMBERS)
def counted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A service whose record holds no decisions, some, or many."""
    record = f"sqlite:///{tmp_path_factory.mktemp(request.param) / 'magnesia.sqlite'}"
    if NUMBERS[request.param]:
        seed = [sys.executable, "-m", "tests.insight.seed", record]
        seed += ["--decisions", str(NUMBERS[request.param])]
        subprocess.run(seed, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    with house(MAGNESIA_DATABASE_URL=record) as one:
        yield one


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits(
    site: House, visit: Open, path: str, size: str, scheme: Scheme
) -> None:
    opened = visit(site, path, SIZES[size], scheme)
    expect(opened.page.locator("main")).to_be_visible()
    opened.page.wait_for_load_state("networkidle")
    assert not faults(opened.page)
    assert opened.sideways == 0, "the page scrolls sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_order_entry_in_the_middle_of_work_is_accessible(
    site: House, visit: Open, size: str, scheme: Scheme
) -> None:
    opened = visit(site, "/", SIZES[size], scheme)
    opened.watch.expect("status of 500")
    opened.order("furosemide")
    opened.card()
    page = opened.page
    page.locator(".dismissal summary").click()
    for part in ("Request", "Response"):
        page.locator(".exchange summary").get_by_text(part).click()
    assert not faults(page), "with a card"
    assert opened.sideways == 0
    page.locator(".reasons button").first.click()
    opened.order("digoxin")
    expect(page.locator("#cards details.again")).to_be_visible()
    assert not faults(page), "with a card that was dismissed before"
    page.route("**/magnesium-replacement", lambda route: route.fulfill(status=500, body=""))
    page.click("button[data-order='omeprazole']")
    expect(page.locator("#cards .problem")).to_be_visible()
    assert not faults(page), "with a failure"


def test_no_patient_makes_order_entry_scroll_sideways(site: House, visit: Open) -> None:
    opened = visit(site, "/", NARROW)
    opened.watch.expect("status of 4", "Failed to load resource")
    for name in FIXTURES:
        opened.page.locator("#patients summary").click()
        opened.choose(name)
        opened.answer_to(opened.page.locator("#as-sent").click)
        expect(opened.page.locator("#cards[aria-busy]")).to_have_count(0)
        assert opened.sideways == 0, f"{name} does"


@pytest.mark.parametrize("size", SIZES)
def test_the_insight_page_fits_whatever_it_counts(counted: House, visit: Open, size: str) -> None:
    opened = visit(counted, "/insight?days=all", SIZES[size])
    for summary in opened.page.locator("details summary").all():
        summary.click()
    assert opened.sideways == 0
    hidden = "table => [table.parentElement.scrollWidth - table.parentElement.clientWidth]"
    for table in opened.page.locator("table").all():
        assert table.evaluate(hidden) == [0], "a table scrolls sideways"
    assert not faults(opened.page)


def test_the_pages_lead_to_each_other(site: House, visit: Open) -> None:
    opened = visit(site)
    for name, heading in (
        ("Protocol", "Adult magnesium replacement"),
        ("Insight", "Insight"),
        ("Order entry", "Order entry"),
    ):
        opened.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(opened.page.get_by_role("heading", level=1, name=heading)).to_be_attached()


def test_the_protocol_on_paper(site: House, visit: Open) -> None:
    page = visit(site, "/protocol").page
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("navigation", name="On this page")).to_be_hidden()
    expect(page.get_by_text("no clinician or site has approved it")).to_be_visible()
    wide = "main => main.scrollWidth - main.clientWidth"
    page.set_viewport_size({"width": 690, "height": 1000})
    assert page.locator("main").evaluate(wide) == 0, "a part of it does not fit on A4"
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") <= 20


@pytest.mark.parametrize("counted", ["small"], indirect=True)
def test_the_counts_on_paper(counted: House, visit: Open) -> None:
    page = visit(counted, "/insight?days=90").page
    numbers = page.get_by_role("group", name="Calls by week")
    expect(numbers).to_be_hidden()
    page.emulate_media(media="print")
    expect(numbers.locator("tbody tr").last).to_be_visible()
    expect(page.locator("summary").first).to_be_hidden()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_of_a_closed_service_is_a_sheet(
    site: House, visit: Open, tmp_path: Path, width: int
) -> None:
    clients = write_clients(tmp_path, Issuer("Example EHR", "https://ehr.example"))
    settings = Settings(auth="required", clients=clients, base_url="https://magnesia.example")
    closed = create_app(settings).test_client().get("/").text

    def close(page: Page) -> None:
        page.route(
            f"{site.url}/", lambda route: route.fulfill(body=closed, content_type="text/html")
        )

    opened = visit(site, "/", (width, 800), before=close)
    heading = opened.page.get_by_role("heading", name="There is no order entry here")
    box = heading.bounding_box()
    text = opened.page.locator("main p").bounding_box()
    assert box is not None
    assert text is not None
    assert box["x"] >= 12, "it stands at the edge of the window"
    assert text["y"] > box["y"] + box["height"] + 4
    assert opened.sideways == 0
    assert not faults(opened.page)


def test_without_scripts_there_are_no_dead_buttons(chromium: Browser, site: House) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/")
    expect(page.locator(".plain-note")).to_be_visible()
    expect(page.locator("button:visible, table:visible")).to_have_count(0)
    context.close()


# ------------------------------------------------------------------------------ by keyboard alone


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until this element has the focus, and shows it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("chosen => document.activeElement.matches(chosen)", selector):
            ring = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(ring) != "none", f"{selector} does not show the focus"
            return
    pytest.fail(f"{selector} cannot be reached by Tab")


def test_in_a_wide_window_the_patients_cannot_be_folded_away(entry: Watched) -> None:
    patients = entry.page.locator("#patients")
    patients.locator("summary").focus()
    entry.page.keyboard.press("Enter")
    entry.page.wait_for_timeout(100)
    expect(patients).to_have_attribute("open", "")
    entry.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    expect(patients).not_to_have_attribute("open", "")
    tab_to(entry.page, "#patients summary")
    entry.page.keyboard.press("Enter")
    expect(patients).to_have_attribute("open", "")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_an_order_is_accepted_by_keyboard_alone(entry: Watched, key: str) -> None:
    page = entry.page
    tab_to(page, "[data-patient='moderate']")
    page.keyboard.press(key)
    entry.is_open("moderate")
    tab_to(page, "button[data-order='furosemide']")
    page.keyboard.press(key)
    entry.card()
    tab_to(page, ".suggestion.primary")
    page.keyboard.press(key)
    expect(page.locator("#drafts .draft.new")).to_have_count(2)
    expect(page.locator("#log .note")).to_have_text("Feedback recorded.")


def test_a_card_is_dismissed_by_keyboard_alone(entry: Watched) -> None:
    page = entry.page
    tab_to(page, "button[data-order='furosemide']")
    page.keyboard.press("Enter")
    entry.card()
    tab_to(page, ".dismissal summary")
    page.keyboard.press("Space")
    tab_to(page, ".reasons input")
    page.keyboard.type("not today")
    page.keyboard.press("Escape")
    expect(page.locator(".reasons")).to_be_hidden()
    page.keyboard.press("Enter")
    tab_to(page, ".reasons button:first-of-type")
    page.keyboard.press("Enter")
    expect(page.locator("#log li")).to_contain_text("Dismissed")


def test_a_new_card_is_announced(entry: Watched) -> None:
    entry.order("furosemide")
    expect(entry.page.locator("#announcer")).to_contain_text("Warning: Magnesium 1.2 mg/dL")
