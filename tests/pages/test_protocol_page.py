"""The protocol page and its JSON: everything of the running protocol, and no more."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from hooks.protocol import Protocol, load
from service import create_app
from service.pages import protocol_page
from service.settings import Settings
from tests.conftest import NOW
from tests.pages.markup import Element, named, read

STRICT = Path(__file__).resolve().parents[2] / "examples" / "strict-ward.toml"
FILES = [None, *([STRICT] if STRICT.exists() else [])]


@pytest.fixture(params=FILES, ids=lambda path: path.stem if path else "shipped")
def file(request: pytest.FixtureRequest) -> Path | None:
    assert request.param is None or isinstance(request.param, Path)
    return request.param


@pytest.fixture
def running(file: Path | None) -> FlaskClient:
    return create_app(Settings(protocol=file), clock=lambda: NOW).test_client()


@pytest.fixture
def protocol(file: Path | None) -> Protocol:
    return load(file)


@pytest.fixture
def page(running: FlaskClient) -> list[Element]:
    return read(running.get("/protocol").text)


def inside(page: list[Element], identity: str) -> list[Element]:
    """The elements inside the one with this id."""
    return [
        element
        for element in page
        if any(ancestor.attributes.get("id") == identity for ancestor in element.ancestors)
    ]


def test_version_and_review_status_stand_at_the_top(
    page: list[Element], protocol: Protocol
) -> None:
    (main,) = named(page, "main")
    head = protocol.document.protocol
    top = main.text[:400]
    assert head.title in top
    assert head.version in top
    if head.status == "draft":
        assert "Draft: no clinician or site has approved it." in top
    else:
        assert head.approved_by in top


def test_an_approved_protocol_names_who_approved_it(tmp_path: Path) -> None:
    shipped = Path(protocol_page.__file__).parents[2] / "hooks/protocol/adult_magnesium.toml"
    text = shipped.read_text().replace('status = "draft"', 'status = "approved"', 1)
    text = text.replace('approved_by = ""', 'approved_by = "A committee, 2026-12-01"', 1)
    (tmp_path / "site.toml").write_text(text)
    app = create_app(Settings(protocol=tmp_path / "site.toml"), clock=lambda: NOW)
    html = app.test_client().get("/protocol").text
    assert "A committee, 2026-12-01" in html
    assert "no clinician or site has approved" not in html


def test_every_band_is_on_the_scale_and_in_the_table(
    page: list[Element], protocol: Protocol
) -> None:
    section = inside(page, "bands")
    drawn = [text.text for text in named(section, "text")]
    heads = [head.text for head in named(section, "th")]
    for band in protocol.bands:
        assert band.id in drawn, f"{band.id} is not on the scale"
        assert band.id in heads, f"{band.id} is not in the table"


def test_the_limits_on_the_scale_are_exact_in_the_unit_of_the_file(
    page: list[Element], protocol: Protocol
) -> None:
    section = inside(page, "bands")
    written = [
        text.text
        for text in named(section, "text")
        if "written" in (text.attributes.get("class") or "").split()
    ]
    limits = [band.upper.written.partition(" ")[0] for band in protocol.bands if band.upper]
    assert written == 2 * limits, "on the scale that lies, and on the one that stands"


def test_the_shipped_scale_in_three_units(client: FlaskClient) -> None:
    section = inside(read(client.get("/protocol").text), "bands")
    values = [
        text.text
        for text in named(section, "text")
        if "value" in (text.attributes.get("class") or "").split()
    ]
    assert values[:3] == ["1.21525", "0.50", "1"]
    assert values[3:6] == ["1.5", "0.61716", "1.23431"]
    assert values[-3:] == ["2.6", "1.06974", "2.13948"]


def test_the_scale_is_in_proportion(client: FlaskClient) -> None:
    section = inside(read(client.get("/protocol").text), "bands")
    at = [float(line.attributes["x1"] or "") for line in named(section, "line")]
    per_unit = (at[2] - at[1]) / 0.2
    assert at[3] - at[2] == pytest.approx(0.9 * per_unit, abs=0.1)
    assert at[1] - at[0] == pytest.approx((1.5 - 1.21525) * per_unit, abs=0.1)


def test_what_stands_for_the_chart_is_written_in_words(client: FlaskClient) -> None:
    html = client.get("/protocol").text
    assert "renal function unknown ([creatinine problem])" in html
    assert not re.findall(r"\[\w*_\w*\]", html)


def test_every_row_with_its_dose_and_duration(page: list[Element], protocol: Protocol) -> None:
    lines = [row.text for row in named(inside(page, "doses"), "tr")]
    for row in protocol.document.rows:
        line = next((line for line in lines if line.startswith(f"{row.id} ")), None)
        assert line is not None, f"{row.id} is missing"
        said = f"{row.dose} {row.over}" if row.dose else "none"
        assert said in line


def test_every_gate_in_order_with_its_words(page: list[Element], protocol: Protocol) -> None:
    items = [item.text for item in named(inside(page, "gates"), "li")]
    assert [item.split()[0] for item in items] == [
        "G1", "G2", "G3", "G4", "G5", "G7", "G8", "G9", "G6"
    ]  # fmt: skip
    assert {item.split()[0] for item in items} == set(protocol.gates)
    for item in items:
        gate = protocol.gates[item.split()[0]]
        for sentence in (gate.asks, gate.reason, gate.lead, gate.next):
            # Up to the first name that is filled in, each sentence stands as in the file.
            begin = (sentence or "").partition("{")[0].replace("**", "")
            assert begin.strip() in item, f"{gate.id} does not say: {begin}"
        assert item.endswith(", ".join(gate.source))
        assert "{" not in item


def test_a_gate_says_the_numbers_of_the_protocol(client: FlaskClient) -> None:
    items = [item.text for item in named(inside(read(client.get("/protocol").text), "gates"), "li")]
    assert any("Is renal function 15 mL/min or above, without dialysis?" in item for item in items)
    assert any("Next: ask nephrology; repeat magnesium in 4-6 h." in item for item in items)


def test_every_window_limit_product_and_reason(page: list[Element], protocol: Protocol) -> None:
    text = " ".join(row.text for row in named(inside(page, "limits"), "tr"))
    document = protocol.document
    for name in type(document.windows).model_fields:
        window = getattr(document.windows, name)
        assert window is None or str(window.value) in text, f"windows.{name} is missing"
    for product in document.products:
        assert product.text in text
        assert all(coding.code in text for coding in product.coding)
    for reason in document.override_reasons:
        assert reason.display in text
    assert str(document.rate.ceiling.value) in text


def test_every_finding_and_silence(page: list[Element], protocol: Protocol) -> None:
    section = inside(page, "words")
    heads = [head.text for head in named(section, "th")]
    assert set(protocol.document.findings) <= set(heads)
    told = [item.text for item in named(section, "dd")]
    assert set(protocol.document.silence.values()) <= set(told)


def test_every_source_with_what_it_stands_for(page: list[Element], protocol: Protocol) -> None:
    section = inside(page, "sources")
    codes = [item.text for item in named(section, "dt")]
    texts = [item.text for item in named(section, "dd")]
    assert dict(zip(codes, texts, strict=True)) == {
        code: " ".join(text.split()) for code, text in protocol.document.sources.items()
    }


def test_the_thirteen_source_attributes(page: list[Element]) -> None:
    rows = [row.text for row in named(inside(page, "attributes"), "tr")][1:]
    assert [row.split()[0] for row in rows] == [str(number) for number in range(1, 14)]
    none = {row.split()[0] for row in rows if row.endswith("none")}
    assert none == {"3", "5", "6", "7", "8", "9", "12", "13"}


# ------------------------------------------------------------------------------ as JSON


def test_quantities_as_written_and_in_their_canonical_unit(client: FlaskClient) -> None:
    data = json.loads(client.get("/protocol.json").data, parse_float=Decimal)["protocol"]
    assert data["bands"][0]["below"] == {
        "written": "0.50 mmol/L",
        "value": Decimal("1.21525"),
        "unit": "mg/dL",
    }
    assert data["windows"]["creatinine"]["value"] == {
        "written": "48 h",
        "value": 2880,
        "unit": "min",
    }
    assert data["rows"][0]["dose"] == {"written": "2 g", "value": 2, "unit": "g"}
    assert data["rate"]["ceiling"]["value"] == {
        "written": "150 mg/min",
        "value": 150,
        "unit": "mg/min",
    }
    assert data["potassium"]["low_below"]["value"]["unit"] == "mmol/L"
    assert data["plausible"]["weight"]["from"]["unit"] == "kg"
    assert data["scope"]["age"]["from"] == {"written": "18 y", "value": 18, "unit": "y"}


def quantities(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "written" in value:
            yield value
        for member in value.values():
            yield from quantities(member)
    elif isinstance(value, list):
        for item in value:
            yield from quantities(item)


def test_every_quantity_says_its_unit(running: FlaskClient) -> None:
    found = list(quantities(running.get("/protocol.json").json))
    assert len(found) > 40
    for quantity in found:
        assert quantity["unit"], f"{quantity['written']} has no canonical unit"


def test_the_json_holds_every_part_of_the_document(
    running: FlaskClient, protocol: Protocol
) -> None:
    data = running.get("/protocol.json").json
    assert data is not None
    shown = data["protocol"]
    document = protocol.document
    assert set(shown) == set(type(document).model_fields)
    assert [row["id"] for row in shown["rows"]] == [row.id for row in document.rows]
    assert [gate["id"] for gate in shown["gates"]] == [gate.id for gate in document.gates]
    assert shown["sources"] == document.sources
    assert shown["protocol"]["status"] == document.protocol.status


def test_an_attribute_without_an_answer_says_none(client: FlaskClient) -> None:
    data = client.get("/protocol.json").json
    assert data is not None
    told = {item["number"]: item["text"] for item in data["sourceAttributes"]}
    assert len(told) == 13
    assert told[5] == "none"
    assert told[10].startswith("Used")
