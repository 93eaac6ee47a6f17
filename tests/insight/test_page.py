"""/insight: who may look, what is shown, and that nothing comes from elsewhere."""

import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import observability
from service.app import create_app
from service.record import StoreDown
from service.record.entries import LossEntry
from service.record.store import Store
from service.settings import Settings, SettingsError
from tests.insight.conftest import NOW, Ledger

TOKEN = "correct horse battery staple"
HASH = hashlib.sha256(TOKEN.encode()).hexdigest()
PUBLIC = {"host": "0.0.0.0", "auth": "off"}
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


class Site:
    """The application with a record of its own."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        url = f"sqlite:///{directory / 'record.sqlite'}"
        self.app = create_app(Settings(database_url=url, **settings), clock=lambda: NOW)
        self.client: FlaskClient = self.app.test_client()
        self.store: Store = self.app.extensions["record"].store
        self.ledger = Ledger(self.store)

    def get(self, path: str = "/insight", **how: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **how)

    def close(self) -> None:
        self.app.extensions["record"].stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """On a loopback address, without a token."""
    site = Site(tmp_path)
    yield site
    site.close()


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Site]:
    """On a public address, with a token."""
    site = Site(tmp_path, **PUBLIC, insight_token_sha256=HASH)
    yield site
    site.close()


class TestWhoMayLook:
    def test_on_a_loopback_address_everybody(self, site: Site) -> None:
        assert site.get().status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "magnesia.hospital.example:8000", "10.0.0.7"])
    def test_but_not_under_another_name(self, site: Site, host: str) -> None:
        response = site.get(headers={"Host": host})
        assert response.status_code == 404, "a page elsewhere could read it by DNS rebinding"

    @pytest.mark.parametrize("path", ["/insight", "/insight/static/insight.css"])
    @pytest.mark.parametrize(
        "settings", [PUBLIC, {"base_url": "https://magnesia.hospital.example"}]
    )
    def test_on_a_public_address_there_is_no_page(
        self, tmp_path: Path, settings: dict[str, Any], path: str
    ) -> None:
        site = Site(tmp_path, **settings)
        assert site.get(path).status_code == 404
        assert site.client.post("/insight", data={"token": TOKEN}).status_code == 404
        site.close()

    def test_with_a_hash_the_token_is_asked_for(self, locked: Site) -> None:
        response = locked.get()
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert 'type="password"' in response.text
        assert "was not accepted" not in response.text
        assert "aria-invalid" not in response.text

    def test_on_a_loopback_address_too(self, tmp_path: Path) -> None:
        site = Site(tmp_path, insight_token_sha256=HASH)
        assert site.get().status_code == 401
        site.close()

    def test_the_token_as_bearer(self, locked: Site) -> None:
        right = locked.get(headers={"Authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 200

    @pytest.mark.parametrize(
        "header",
        ["Bearer wrong", "Bearer ", f"Basic {TOKEN}", f"Bearer {HASH}", TOKEN, "Bearer \xe9"],
    )
    def test_another_token_as_bearer(self, locked: Site, header: str) -> None:
        response = locked.get(headers={"Authorization": header})
        assert response.status_code == 401
        assert "wrong" not in response.text

    def test_the_token_through_the_form(self, locked: Site) -> None:
        response = locked.client.post("/insight", data={"token": TOKEN})
        assert (response.status_code, response.location) == (303, "insight"), "relative"
        cookie = response.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/insight"} <= set(cookie.split("; "))
        assert "Expires" not in cookie, "the cookie lasts for the session of the browser"
        assert locked.get().status_code == 200

    def test_another_token_through_the_form(
        self, locked: Site, caplog: pytest.LogCaptureFixture
    ) -> None:
        response = locked.client.post("/insight", data={"token": "wrong-token"})
        assert response.status_code == 401
        assert "was not accepted" in response.text
        assert 'aria-invalid="true" aria-describedby="refusal"' in response.text
        assert "Set-Cookie" not in response.headers
        assert locked.get().status_code == 401
        assert "A wrong token was shown" in caplog.text
        assert "wrong-token" not in caplog.text + response.text

    def test_wrong_tokens_fill_no_disk(
        self, locked: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(50):
            locked.client.post("/insight", data={"token": "wrong-token"})
        monkeypatch.setattr(observability, "QUIET_SECONDS", 0.0)
        locked.client.post("/insight", data={"token": "wrong-token"})
        told: list[Any] = [each.msg for each in caplog.records if each.name == "magnesia.insight"]
        assert [one["times"] for one in told] == [1, 50]

    def test_the_cookie_is_secure_where_the_site_is(self, tmp_path: Path) -> None:
        site = Site(tmp_path, base_url="https://m.example", insight_token_sha256=HASH)
        response = site.client.post("/insight", data={"token": TOKEN})
        assert "Secure" in response.headers["Set-Cookie"].split("; ")
        site.close()

    def test_leaving(self, locked: Site) -> None:
        locked.client.post("/insight", data={"token": TOKEN})
        assert locked.client.post("/insight/leave").status_code == 303
        assert locked.get().status_code == 401

    def test_behind_a_path_that_a_proxy_takes_off(self, tmp_path: Path) -> None:
        """Style, form, redirect and cookie hold for https://m.example/magnesia/insight."""
        base = "https://m.example/magnesia"
        site = Site(tmp_path, base_url=base, insight_token_sha256=HASH)

        def passed_on(address: str) -> str:
            assert address.startswith(f"{base}/"), f"{address} does not reach the service"
            return address.removeprefix(base)

        def links(page: TestResponse) -> list[str]:
            found = re.findall(r'(?:href|src|action)="([^"#]+)"', page.text)
            return [passed_on(urljoin(f"{base}/insight", link)) for link in found]

        asked = site.get()
        assert asked.status_code == 401
        style, form = "/insight/static/insight.css", "/insight"
        assert {style, form} <= set(links(asked))
        assert site.get(style).status_code == 200
        entered = site.client.post(form, data={"token": TOKEN})
        assert passed_on(urljoin(f"{base}/insight", entered.location)) == "/insight"
        cookie = entered.headers["Set-Cookie"]
        assert "Path=/magnesia/insight" in cookie.split("; ")
        # A client keeps cookies by the path that it asked, which the proxy has changed.
        bare = site.app.test_client(use_cookies=False)
        shown = bare.get("/insight", headers={"Cookie": cookie.partition(";")[0]})
        assert shown.status_code == 200
        assert {style, "/insight?days=7", "/insight/leave"} <= set(links(shown))
        left = site.client.post("/insight/leave")
        assert passed_on(urljoin(f"{base}/insight/leave", left.location)) == "/insight"
        assert "Path=/magnesia/insight" in left.headers["Set-Cookie"].split("; ")
        site.close()

    @pytest.mark.parametrize("cookie", ["%%%", "", "AAAA", "w6k"])
    def test_a_cookie_of_someone_else(self, locked: Site, cookie: str) -> None:
        response = locked.get(headers={"Cookie": f"magnesia-insight={cookie}"})
        assert response.status_code == 401

    @pytest.mark.parametrize("value", ["secret", HASH[:-1], HASH + "0", "g" * 64])
    def test_what_is_no_hash_stops_the_start(self, value: str) -> None:
        with pytest.raises(SettingsError, match="MAGNESIA_INSIGHT_TOKEN_SHA256") as error:
            Settings.from_environment({"MAGNESIA_INSIGHT_TOKEN_SHA256": value})
        assert value not in str(error.value)

    def test_capital_digits_are_as_good(self) -> None:
        settings = Settings.from_environment({"MAGNESIA_INSIGHT_TOKEN_SHA256": HASH.upper()})
        assert settings.insight_token_sha256 == HASH

    def test_no_other_page_may_read_it(self, site: Site) -> None:
        origin = {"Origin": "https://evil.example"}
        allowed = "Access-Control-Allow-Origin"
        assert allowed in site.get("/cds-services", headers=origin).headers
        for path in ("/insight", "/insight/static/insight.css", "/insight?days=7"):
            assert allowed not in site.get(path, headers=origin).headers


class TestWhatIsShown:
    def test_an_empty_record(self, site: Site) -> None:
        text = site.get().text
        assert "Nothing recorded" in text
        assert "everything that is recorded" in text
        assert "<svg" not in text

    def test_the_counts(self, site: Site) -> None:
        site.ledger.report(site.ledger.call(client="ehr-a"), "accepted")
        site.ledger.report(site.ledger.call(), reason_display="Not now")
        site.ledger.call(card=False)
        site.ledger.call(card=False, status=412, rule=None)
        text = words(site.get().text)
        assert "Calls 4 1 of them refused" in text
        assert "Alert rate 67 % 2 of 3 answered calls had a card" in text
        assert "Accepted 50 % 1 of 2 cards with feedback" in text
        assert "DT3 Moderate; renal function 30 mL/min or above 2 1 1" in text
        assert "Not now 1" in text
        assert "1 to 5 min the median lies here 2" in text
        assert "412 Precondition Failed 1" in text
        assert "ehr-a 1 100 % 1 0 0 0" in text
        assert "Silent mode" not in text

    def test_silent_calls_alone(self, site: Site) -> None:
        site.ledger.call(silent=True)
        text = words(site.get().text)
        assert "Alert rate, had it been live 100 % 1 of 1 answered call would have" in text
        assert "How often it fired" not in text

    def test_what_clients_send_is_text(self, site: Site) -> None:
        evil = "<script>alert(1)</script>\"'&"
        card = site.ledger.call(client=evil, rule=evil)
        site.ledger.report(card, reason_display=evil)
        text = site.get().text
        assert "<script" not in text
        assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3

    @pytest.mark.parametrize("days", ["", "-1", "8", "ALL", "<script>", "1e9"])
    def test_a_strange_period_is_the_usual_one(self, site: Site, days: str) -> None:
        response = site.get("/insight", query_string={"days": days})
        assert response.status_code == 200
        assert "26 Aug 2026 to 23 Nov 2026" in response.text

    def test_the_period_can_be_chosen(self, site: Site) -> None:
        site.ledger.call(ago=100)
        assert "Nothing recorded" in site.get("/insight?days=90").text
        chosen = site.get("/insight?days=365").text
        assert "Nothing recorded" not in chosen
        assert re.search(r'aria-current="page">365 days<', chosen)

    def test_decisions_that_were_lost_are_said_first(self, site: Site) -> None:
        site.store.write([LossEntry(uuid4(), NOW, 3, "the spool is full")])
        assert "3 decisions could not be kept" in words(site.get().text)

    def test_a_store_that_is_down(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        def down() -> None:
            raise StoreDown("postgresql://user:secret@host")

        monkeypatch.setattr(site.store, "reading", down)
        response = site.get()
        assert response.status_code == 503
        assert "cannot be read now" in response.text
        assert "secret" not in response.text


class TestTheMarkup:
    @pytest.fixture
    def text(self, site: Site) -> str:
        """A page with everything on it."""
        site.ledger.report(site.ledger.call(), "accepted")
        site.ledger.report(site.ledger.call())
        site.ledger.report("unknown")
        site.ledger.call(silent=True)
        site.ledger.call(card=False, status=400, rule=None)
        return site.get().text

    def test_every_plot_has_its_words(self, text: str) -> None:
        plots = [ET.fromstring(svg) for svg in SVG.findall(text)]  # noqa: S314 - our own page
        told = [plot for plot in plots if plot.get("role") == "img"]
        assert len(told) == 3
        for plot in told:
            names = [
                plot.find(f"*[@id='{name}']") for name in plot.get("aria-labelledby", "").split()
            ]
            assert [name.tag for name in names if name is not None and name.text] == [
                "title",
                "desc",
            ]
        for plot in plots:
            assert plot.get("role") == "img" or plot.get("aria-hidden") == "true"

    def test_every_plot_has_its_numbers_in_a_table(self, text: str) -> None:
        assert text.count("<summary>Numbers by week</summary>") == 3
        assert text.count("<table") == text.count("<thead>") == text.count("<tbody>")

    def test_every_table_can_be_reached_where_it_is_too_wide(self, text: str) -> None:
        held = re.findall(
            r'<div class="scroller" role="group" aria-label="([^"]+)" tabindex="0"><table', text
        )
        assert len(held) == text.count("<table")
        assert "Cards by rule" in held

    def test_it_is_well_formed(self, text: str) -> None:
        Balanced().feed(text)
        ids = re.findall(r'\bid="([^"]*)"', text)
        assert len(ids) == len(set(ids))

    def test_nothing_comes_from_elsewhere(self, site: Site, text: str) -> None:
        assert not re.findall(r"<script|\sstyle=|\son\w+=|https?://|javascript:|data:", text)
        css = site.get("/insight/static/insight.css")
        assert css.mimetype == "text/css"
        assert not re.findall(r"@import|url\(|https?:", css.text)
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', text):
            # The frame that all pages share is named relative to the page, its own things in full.
            assert address.startswith("/insight") or not re.match(r"[a-z]+:|[/\\]", address)

    @pytest.mark.parametrize("path", ["/insight", "/insight/static/insight.css"])
    def test_the_browser_is_told_so(self, site: Site, path: str) -> None:
        headers = site.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"

    def test_the_counts_are_not_cached(self, site: Site) -> None:
        assert site.get().headers["Cache-Control"] == "no-store"


class Balanced(HTMLParser):
    """Raises AssertionError where a tag is closed that is not the innermost open one."""

    VOID = frozenset({"meta", "link", "img", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()} closes another tag"


def words(text: str) -> str:
    """The text of a page in one line, without what is for pointing at."""
    text = re.sub(r"<(title|desc)[^>]*>.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())
