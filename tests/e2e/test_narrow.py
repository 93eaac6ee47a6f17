"""On a telephone: nothing that is read lies beyond an edge, and what does shows that it goes on."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.documents.pages import ROOT
from tests.e2e.browser import Open, Scheme
from tests.e2e.test_order_entry import FIXTURES
from tests.fhir.test_process import House, house

TELEPHONE = (390, 844)
#: By how many pixels each part that can scroll is wider than its window, by its name.
HIDDEN = """[...document.querySelectorAll(".scroller")]
    .filter((part) => part.scrollWidth > part.clientWidth)
    .map((part) => `${part.ariaLabel}: ${part.scrollWidth - part.clientWidth}`)"""


def hidden(page: Page) -> list[str]:
    found = page.evaluate(HIDDEN)
    assert isinstance(found, list)
    return found


def test_results_and_what_the_service_says_of_them_are_seen_whole(site: House, visit: Open) -> None:
    opened = visit(site, "/", TELEPHONE)
    opened.watch.expect("status of 4", "Failed to load resource")
    for name in FIXTURES:
        opened.page.locator("#patients summary").click()
        opened.choose(name)
        opened.answer_to(opened.page.locator("#as-sent").click)
        expect(opened.page.locator("#cards[aria-busy]")).to_have_count(0)
        assert not hidden(opened.page), name


def test_the_column_alone_says_the_zone(site: House, visit: Open) -> None:
    page = visit(site, "/", TELEPHONE).page
    expect(page.locator(".results thead")).to_contain_text("Taken (UTC)")
    times = page.locator("#results .time")
    expect(times).not_to_have_count(0)
    assert not [time for time in times.all_text_contents() if "UTC" in time]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_protocol_is_seen_whole(site: House, visit: Open, scheme: Scheme) -> None:
    page = visit(site, "/protocol", TELEPHONE, scheme).page
    assert not hidden(page)
    drawn = page.get_by_role("img", name="The bands from high to low")
    expect(drawn).to_be_visible()
    expect(page.get_by_role("img", name="The bands from low to high")).to_be_hidden()
    box = drawn.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= TELEPHONE[0]
    assert drawn.locator(".name").all_text_contents() == [
        "severe",
        "moderate",
        "mild",
        "normal",
        "high",
    ]
    tops = [text.bounding_box() for text in drawn.locator(".name").all()]
    heights = [top["y"] for top in tops if top is not None]
    assert heights == sorted(heights, reverse=True), "high stands above low"


def test_on_a_desk_and_on_paper_there_is_one_scale(site: House, visit: Open) -> None:
    page = visit(site, "/protocol").page
    for media in ("screen", "print"):
        page.emulate_media(media="print" if media == "print" else "screen")
        expect(page.locator("svg.scale:visible")).to_have_count(1)
        expect(page.get_by_role("img", name="The bands from low to high")).to_be_visible()


def test_what_goes_on_beyond_an_edge_shows_it(site: House, visit: Open) -> None:
    """The shadow is part of every such place; it is under the table where nothing goes on."""
    page = visit(site, "/protocol", (300, 700)).page
    assert hidden(page), "there is something to show here"
    style = "getComputedStyle(document.querySelector('.scroller')).backgroundAttachment"
    assert page.evaluate(style) == "local, local, scroll, scroll"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service whose record holds some hundred decisions, live and silent."""
    record = f"sqlite:///{tmp_path_factory.mktemp('counted') / 'magnesia.sqlite'}"
    seed = [sys.executable, "-m", "tests.insight.seed", record, "--decisions", "600"]
    subprocess.run(seed, check=True, capture_output=True, cwd=ROOT)
    with house(MAGNESIA_DATABASE_URL=record) as one:
        yield one


def test_few_words_stand_over_narrow_columns(counted: House, visit: Open) -> None:
    page = visit(counted, "/insight?days=all", TELEPHONE).page
    expect(page.get_by_role("heading", name="Cards by age")).to_be_visible()
    tall = """[...document.querySelectorAll(".bars:not(.clients) thead th")]
        .filter((head) => {
            const line = parseFloat(getComputedStyle(head).lineHeight);
            const words = document.createRange();
            words.selectNodeContents(head);
            return words.getBoundingClientRect().height > 2.5 * line;
        })
        .map((head) => head.textContent)"""
    assert page.evaluate(tall) == []
