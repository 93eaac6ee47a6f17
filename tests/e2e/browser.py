"""A real browser in front of the real service: Chromium, and `magnesia serve` beside a FHIR server.

Every page that a test opens is watched: an error in its console, a request to another host and an
address that does not exist fail the test, whatever it is about.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from tests.e2e.people import SEED_ID, newest, people
from tests.fhir.test_process import House, house

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine can be reached, even by mistake.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
SERVICE = "/cds-services/magnesium-replacement"
SEED = "seed-mg-1.2"
WIDE = (1280, 900)
NARROW = (400, 850)
#: A cold start of a busy machine; what is there is found at once.
PATIENCE_MS = 15_000

Scheme = Literal["dark", "light"]
Open = Callable[..., "Watched"]


@dataclass
class Watch:
    """What pages did that they must not do, and what a test has said that they will."""

    origin: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of `context`."""
        context.on("console", lambda message: self._heard(message.type, message.text))
        context.on("weberror", lambda error: self._note(f"uncaught: {error.error}"))
        context.on("request", lambda request: self._asked(request.url))
        context.on("response", self._answered)

    def expect(self, *patterns: str) -> None:
        """The test brings these about: regular expressions that a fault may match."""
        self.expected += patterns

    @property
    def unexpected(self) -> list[str]:
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.expected)
        ]

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self._note(f"console {kind}: {text}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            self._note(f"asked another host: {url}")

    def _answered(self, response: Response) -> None:
        if response.request.method == "GET" and response.status >= 400:
            self._note(f"{response.status} for {response.url}")

    def _note(self, fault: str) -> None:
        self.faults.append(fault)


@dataclass(frozen=True)
class Watched:
    """A page, with the service that it came from and the watch over it."""

    page: Page
    site: House
    watch: Watch

    def choose(self, patient: str) -> None:
        """Open a patient of the fixtures, and wait for the chart."""
        self.page.locator(f"[data-patient='{patient}']:not([data-server])").click()
        self.is_open(patient)

    def is_open(self, patient: str) -> None:
        """Wait until the chart of this patient is shown."""
        chosen = self.page.locator("[data-patient][aria-current=true]")
        expect(chosen).to_have_attribute("data-patient", patient)
        expect(self.page.locator("#content[inert]")).to_have_count(0)

    def answer_to(self, action: Callable[[], Any], path: str = SERVICE) -> Response:
        """What the service answers to the call that `action` makes the page send."""
        with self.page.expect_response(f"**{path}") as answered:
            action()
        return answered.value

    def order(self, name: str = "furosemide") -> Response:
        """Choose an order of the catalogue."""
        return self.answer_to(lambda: self.page.click(f"button[data-order='{name}']"))

    def card(self) -> None:
        """Wait for the card."""
        expect(self.page.locator("#cards .card").first).to_be_visible()

    @property
    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(
            self.page.evaluate("document.documentElement.scrollWidth - document.body.clientWidth")
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; the library's own download is not used."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("there is no `chromium` on the search path: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as library:
        browser = library.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the record that `site` keeps."""
    return f"sqlite:///{tmp_path_factory.mktemp('record') / 'magnesia.sqlite'}"


@pytest.fixture(scope="session")
def served(record: str) -> Iterator[House]:
    """The service, with a record of its own, and a FHIR server that anyone may read."""
    with house(MAGNESIA_DATABASE_URL=record, MAGNESIA_FHIR_OPEN="1") as one:
        yield one


@pytest.fixture
def site(served: House) -> House:
    """The service; its FHIR server is in health, and has the seed patient."""
    served.script.patient_id = SEED_ID
    served.play({newest(): people(f"{SEED_ID}: Seed, Case")})
    return served


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Open]:
    """Opens an address of a service in a browser without a past; watched until the test ends."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def visit(
        site: House,
        path: str = "/",
        size: tuple[int, int] = WIDE,
        scheme: Scheme = "light",
        before: Callable[[Page], Any] | None = None,
    ) -> Watched:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        watch = Watch(site.url)
        watch.over(context)
        opened.append((context, watch))
        page = context.new_page()
        if before is not None:
            before(page)
        page.goto(f"{site.url}{path}")
        return Watched(page, site, watch)

    yield visit
    for context, watch in opened:
        context.close()
        assert not watch.unexpected, "\n".join(watch.unexpected)


@pytest.fixture
def entry(visit: Open, site: House) -> Watched:
    """Order entry with the seed patient, as it opens."""
    opened = visit(site)
    opened.is_open(SEED)
    return opened
