"""Pictures of the pages as they are: in build/e2e with every run, in docs/images when asked for.

`make screenshots` renews those of the documentation, and makes them small with `pngquant`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import NARROW, SEED, SERVICE, Open
from tests.fhir.test_process import House, house

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "e2e"
DOCS = ROOT / "docs" / "images"
RENEWS = os.environ.get("SCREENSHOTS") == "1"
LARGEST = 250_000
SMALLER = ("/usr/bin/env", "pngquant", "--speed", "1", "256", "-")
DESK = (1280, 1045)


def picture(page: Page, name: str, *, whole: bool = False, documents: bool = False) -> None:
    """Keep a picture of the window, or of the whole page."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    content = page.screenshot(full_page=whole, animations="disabled")
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / f"{name}.png").write_bytes(content)
    if documents and RENEWS:
        small = subprocess.run(SMALLER, input=content, capture_output=True, check=True).stdout
        assert len(small) < LARGEST, f"{name} is too large for the documentation"
        (DOCS / f"{name}.png").write_bytes(small)


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        ("order-entry", DESK, "light"),
        ("order-entry-dark", DESK, "dark"),
        ("order-entry-narrow", (400, 1500), "light"),
    ],
)
def test_order_entry(
    visit: Open, plain: House, name: str, size: tuple[int, int], scheme: str
) -> None:
    opened = visit(plain, "/", size, scheme)
    opened.is_open(SEED)
    opened.order("furosemide")
    opened.card()
    expect(opened.page.locator("#explanation tbody")).to_be_visible()
    opened.page.evaluate("scrollTo(0, 0)")
    picture(opened.page, name, documents=True)
    picture(opened.page, f"{name}-whole", whole=True)


def test_order_entry_in_other_states(visit: Open, site: House) -> None:
    opened = visit(site, "/", DESK)
    opened.watch.expect("status of 5")
    page = opened.page
    picture(page, "state-before-an-order")
    page.locator(".census .patient").first.click()
    expect(page.locator("#delivery")).to_be_visible()
    opened.order("furosemide")
    opened.card()
    page.locator(".unfold").click()
    page.locator(".dismissal summary").click()
    picture(page, "state-fhir-patient", whole=True)
    page.locator(".reasons button").first.click()
    opened.order("potassium-chloride")
    expect(page.locator("#cards details.again")).to_be_visible()
    picture(page, "state-dismissed")
    opened.choose("high")
    opened.answer_to(page.locator("#as-sent").click)
    picture(page, "state-high")
    opened.choose("normal")
    opened.order("acetaminophen")
    expect(page.locator("#cards .silence")).to_be_visible()
    picture(page, "state-silence")
    opened.choose(SEED)
    opened.order("furosemide")
    opened.card()
    page.route("**/feedback", lambda route: route.fulfill(status=503, body=""))
    opened.answer_to(page.locator(".suggestion.primary").click)
    expect(page.locator("#log .untold")).to_be_visible()
    picture(page, "state-accepted")
    page.route(f"**{SERVICE}", lambda route: route.fulfill(status=500, body=""))
    page.click("button[data-order='digoxin']")
    expect(page.locator("#cards .problem")).to_be_visible()
    picture(page, "state-failed")


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        ("protocol", DESK, "light"),
        ("protocol-dark", DESK, "dark"),
        ("protocol-narrow", NARROW, "light"),
    ],
)
def test_the_protocol(
    visit: Open, plain: House, name: str, size: tuple[int, int], scheme: str
) -> None:
    opened = visit(plain, "/protocol", size, scheme)
    picture(opened.page, name, documents=name == "protocol")
    picture(opened.page, f"{name}-whole", whole=True)


def test_the_protocol_on_paper(visit: Open, plain: House) -> None:
    opened = visit(plain, "/protocol", (690, 976))
    opened.page.emulate_media(media="print")
    picture(opened.page, "protocol-print", whole=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "protocol.pdf").write_bytes(opened.page.pdf(format="A4", print_background=True))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service without a FHIR server to show, with a record of real orders if they are there."""
    record = f"sqlite:///{tmp_path_factory.mktemp('pictures') / 'magnesia.sqlite'}"
    orders = ROOT.parent / "shared" / "corpus" / "mimic-demo-replay.ndjson.gz"
    if orders.exists():
        until = datetime.now(UTC).isoformat()
        mimic = [sys.executable, "-m", "tests.insight.mimic", "--until", until]
        subprocess.run([*mimic, str(orders), record], check=True, capture_output=True, cwd=ROOT)
    with house(MAGNESIA_DATABASE_URL=record) as one:
        yield one


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        ("insight", (1000, 900), "light"),
        ("insight-dark", (1000, 900), "dark"),
        ("insight-narrow", NARROW, "light"),
    ],
)
def test_insight(visit: Open, plain: House, name: str, size: tuple[int, int], scheme: str) -> None:
    opened = visit(plain, "/insight?days=90", size, scheme)
    picture(opened.page, name, whole=True, documents=name == "insight")
