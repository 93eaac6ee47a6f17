"""On a telephone: nothing that is read lies beyond an edge, and what does shows that it goes on."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.documents.pages import ROOT
from tests.e2e.browser import SERVICE, Open, Scheme
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


def test_at_four_hundred_percent_nothing_scrolls_sideways(site: House, visit: Open) -> None:
    """1280 pixels at 400 %, WCAG 1.4.10: 320."""
    opened = visit(site, "/", (320, 640))
    opened.order("furosemide")
    opened.card()
    assert opened.sideways == 0
    wide = "part => part.scrollWidth - part.clientWidth"
    for part in opened.page.locator(".order, .dosed").all():
        assert part.evaluate(wide) <= 0, part.text_content()


@pytest.mark.parametrize("size", [(320, 640), TELEPHONE, (1280, 900)])
def test_no_card_widens_the_page(site: House, visit: Open, size: tuple[int, int]) -> None:
    word = "magnesium" * 20
    table = f"| a | b |\n| - | - |\n| {word} | {word} |"
    card = {
        "uuid": "c",
        "summary": word,
        "detail": f"{word}\n\n{table}\n\n```\n{word} {word}\n```\n\n12345 mg/{word}",
        "indicator": "info",
        "source": {"label": word},
        "suggestions": [{"label": word, "uuid": "s", "actions": []}],
    }
    opened = visit(site, "/", size)
    opened.page.route(f"**{SERVICE}", lambda route: route.fulfill(json={"cards": [card]}))
    opened.page.click("button[data-order='furosemide']")
    opened.card()
    assert opened.sideways == 0


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


@pytest.mark.parametrize("width", [320, 360])
def test_every_count_is_seen_whole(counted: House, visit: Open, width: int) -> None:
    page = visit(counted, "/insight?days=all", (width, 800)).page
    for summary in page.locator("details summary").all():
        summary.click()
    expect(page.get_by_role("table").first).to_be_visible()
    rule = page.get_by_role("group", name="Cards by rule")
    expect(rule.get_by_role("rowheader").first).to_be_visible()
    assert not [part for part in hidden(page) if part.startswith(("Cards by rule", "Who called"))]
    if width == 360:
        assert not hidden(page)


#: Of each label that is seen: its middle and its ends, and the middle of the column it belongs to,
#: in pixels from the left end of the plot, and the width of the plot.
LABELS = """[...document.querySelectorAll(".plot")].flatMap((plot) => {
    const {left, width} = plot.querySelector(".columns").getBoundingClientRect();
    const columns = plot.querySelectorAll(".columns g").length;
    return [...plot.querySelectorAll(".labels span")].flatMap((label, place) => {
        if (!label.textContent || getComputedStyle(label).visibility === "hidden") return [];
        const words = document.createRange();
        words.selectNodeContents(label);
        const box = words.getBoundingClientRect();
        const ends = [box.left - left, box.right - left];
        return [[(ends[0] + ends[1]) / 2, ...ends, (place + 0.5) * width / columns, width]];
    });
})"""


@pytest.mark.parametrize("days", [7, 30, 90])
def test_a_label_stands_below_its_own_column(counted: House, visit: Open, days: int) -> None:
    page = visit(counted, f"/insight?days={days}").page
    labels = page.evaluate(LABELS)
    assert len(labels) >= 5
    for middle, *_, column, _ in labels:
        assert middle == pytest.approx(column, abs=2)
    page.set_viewport_size({"width": 360, "height": 800})
    labels = page.evaluate(LABELS)
    assert len(labels) >= 3
    for _, start, end, column, width in labels:
        assert start <= column <= end, "it is not even near its column"
        assert start >= -1
        assert end <= width + 1


def test_few_words_stand_over_narrow_columns(counted: House, visit: Open) -> None:
    page = visit(counted, "/insight?days=all", TELEPHONE).page
    expect(page.get_by_role("heading", name="Cards by age")).to_be_visible()
    tall = """[...document.querySelectorAll(".bars:not(.stacked) thead th")]
        .filter((head) => {
            const line = parseFloat(getComputedStyle(head).lineHeight);
            const words = document.createRange();
            words.selectNodeContents(head);
            return words.getBoundingClientRect().height > 2.5 * line;
        })
        .map((head) => head.textContent)"""
    assert page.evaluate(tall) == []
