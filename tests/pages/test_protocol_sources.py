"""Where the protocol page says its numbers come from, and what its print says at every page."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hooks.protocol import load
from service import create_app
from service.settings import Settings
from tests.conftest import NOW
from tests.pages.markup import Element, named, read
from tests.pages.test_protocol_page import inside
from tests.protocol.edit import SHIPPED, Change, edited


@pytest.fixture
def page(client: FlaskClient) -> list[Element]:
    return read(client.get("/protocol").text)


def running(tmp_path: Path, *changes: Change) -> FlaskClient:
    (tmp_path / "site.toml").write_text(edited(*changes), encoding="utf-8")
    app = create_app(Settings(protocol=tmp_path / "site.toml"), clock=lambda: NOW)
    return app.test_client()


def test_what_the_codes_begin_with_stands_above_the_sources(page: list[Element]) -> None:
    section = inside(page, "sources")
    origins = [item.text for item in named(section, "li")]
    assert origins[0].startswith("S: Commissioning text.")
    assert "AI-generated page of Dr.Oracle" in origins[0]
    assert "pending human review" in origins[0]
    assert any(text.startswith("R: Labels and literature, publications.") for text in origins)
    heads = [head.text for head in named(section, "h3")]
    assert heads[0] == "Commissioning text"
    codes = [item.text for item in named(section, "dt")]
    assert codes[:3] == ["S1", "S2", "S3"]
    assert codes.index("S9") + 1 == codes.index("S10"), "numbers count as numbers"


def test_it_stands_at_the_top_too(page: list[Element]) -> None:
    (main,) = named(page, "main")
    assert "AI-generated page of Dr.Oracle" in main.text[:1000]


def test_only_publications_are_counted_as_such(page: list[Element]) -> None:
    rows = [row.text for row in named(inside(page, "attributes"), "tr")]
    cited = [code for code in load().document.sources if re.fullmatch(r"[PR][0-9]+", code)]
    assert len(cited) == 19
    assert rows[1].startswith(
        "1 Bibliographic citation of the intervention 19 publications, listed under Sources"
        " (Published protocols, 8; Labels and literature, 11). The other"
    )
    assert "Commissioning text, 24" in rows[1]


def test_a_file_without_origins_is_shown_all_the_same(tmp_path: Path) -> None:
    begin, end = SHIPPED.index("[[origins]]"), SHIPPED.index("[sources]")
    page = read(running(tmp_path, (SHIPPED[begin:end], "")).get("/protocol").text)
    codes = [item.text for item in named(inside(page, "sources"), "dt")]
    assert sorted(codes) == sorted(load().document.sources)
    rows = [row.text for row in named(inside(page, "attributes"), "tr")]
    assert "sources that the protocol file names" in rows[1]


def test_every_rule_of_a_line_is_explained(page: list[Element]) -> None:
    places = {element.attributes.get("id") for element in page}
    rows = named(inside(page, "words"), "tr")[1:]
    rules = {finding.rule for finding in load().document.findings.values()}
    assert len(rows) == len(load().document.findings)
    links = {
        link.text: (link.attributes["href"] or "").removeprefix("#")
        for link in named(inside(page, "words"), "a")
        if link.attributes.get("class") == "rule"
    }
    assert set(links) == rules, "a code without an explanation"
    assert set(links.values()) <= places


def test_a_line_says_the_numbers_of_the_protocol(page: list[Element]) -> None:
    lines = {row.text.split()[0]: row.text for row in named(inside(page, "words"), "tr")[1:]}
    assert "is reasonable[; target above 1.5 mg/dL]." in lines["oral"]
    assert "comes to [draft total] in 48 h, above 20 g;" in lines["total-high-reduced"]


def test_sources_beside_a_sentence_are_in_parentheses(page: list[Element]) -> None:
    (main,) = named(page, "main")
    assert (
        "For patients of 18 y to 115 y (sources: scope, 8), when an order of one of these types is"
        " selected: MedicationRequest (sources: sandbox)."
    ) in main.text


def style(client: FlaskClient) -> str:
    answer = client.get("/protocol-print.css")
    assert answer.content_type == "text/css; charset=utf-8"
    return re.sub(r"\\([0-9a-f]{6})", lambda match: chr(int(match[1], 16)), answer.text)


def test_every_printed_page_says_which_protocol_and_that_it_is_a_draft(client: FlaskClient) -> None:
    head = load().document.protocol
    said = style(client)
    assert f'"{head.title}, version {head.version}"' in said
    assert 'content: "DRAFT"' in said
    assert 'content: "page " counter(page) " of " counter(pages)' in said


def test_every_printed_page_says_who_approved_it(tmp_path: Path) -> None:
    client = running(
        tmp_path,
        ('status = "draft"', 'status = "approved"'),
        ('approved_by = ""', "approved_by = 'P&T \"A\" } * { color: red } \\ é, 2026-12-01'"),
    )
    raw = client.get("/protocol-print.css").text
    assert raw.count("{") == raw.count("}") == 5, "the name of a committee is no style"
    assert 'approved by P&T "A" } * { color: red } \\ é, 2026-12-01' in style(client)
    assert "DRAFT" not in style(client)
