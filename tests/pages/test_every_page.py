"""What holds for every page: safe to open, and possible to read without seeing or clicking."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import service.pages
from tests.pages.markup import named, read

PAGES = ("/", "/protocol")
FOLDER = Path(service.pages.__file__).parent


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers(client: FlaskClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("address", [*PAGES, "/assets/order_entry.js", "/order-entry/catalogue"])
def test_nothing_but_the_service_itself_may_run_or_load(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("page", PAGES)
def test_a_page_holds_no_script_style_or_address_from_elsewhere(
    client: FlaskClient, page: str
) -> None:
    elements = read(client.get(page).text)
    assert not named(elements, "style")
    for element in elements:
        assert "style" not in element.attributes, f"<{element.name}> carries a style"
        assert not any(name.startswith("on") for name in element.attributes)
        for name in ("src", "href"):
            address = element.attributes.get(name) or ""
            assert not re.match(r"[a-z]+:|/", address), f"{address} is not relative"
    for script in named(elements, "script"):
        assert script.attributes["src"]
        assert not script.text


def test_no_file_of_the_pages_names_another_host() -> None:
    for path in (FOLDER / "static").iterdir():
        hosts = re.findall(r"https?://[^\s\"')]+", path.read_text())
        assert set(hosts) <= {"http://www.w3.org/2000/svg"}, f"{path.name} names another host"


def test_the_script_never_makes_markup_from_text() -> None:
    for path in (FOLDER / "static").glob("*.js"):
        script = path.read_text()
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in script, f"{path.name} uses {way}"


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(client: FlaskClient, page: str) -> None:
    for element in read(client.get(page).text):
        address = element.attributes.get("src") or element.attributes.get("href") or ""
        if address and not address.startswith("#"):
            with client.get(f"/{address.removeprefix('./')}") as answer:
                assert answer.status_code == 200, address


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read_aloud(client: FlaskClient, page: str) -> None:
    elements = read(client.get(page).text)
    (html,) = named(elements, "html")
    assert html.attributes["lang"] == "en"
    (title,) = named(elements, "title")[:1]
    assert title.text
    assert len(named(elements, "h1")) == 1
    assert len(named(elements, "main")) == 1
    assert named(elements, "nav")
    ids = [element.attributes["id"] for element in elements if "id" in element.attributes]
    assert len(ids) == len(set(ids)), "an id stands twice"
    for element in elements:
        labelled = element.attributes.get("aria-labelledby")
        assert labelled is None or set(labelled.split()) <= set(ids), f"{labelled} is nowhere"
    for landmark in ("nav", "section", "aside", "form"):
        for element in named(elements, landmark):
            assert {"aria-label", "aria-labelledby"} & element.attributes.keys(), (
                f"a <{landmark}> has no name"
            )


@pytest.mark.parametrize("page", PAGES)
def test_every_field_button_and_picture_has_a_name(client: FlaskClient, page: str) -> None:
    elements = read(client.get(page).text)
    labels = {label.attributes.get("for"): label.text for label in named(elements, "label")}
    for field in named(elements, "input"):
        assert labels.get(field.attributes.get("id")), "a field has no label"
    for button in named(elements, "button"):
        assert button.text, "a button says nothing"
        assert button.attributes["type"] in {"button", "submit"}
    for image in named(elements, "img"):
        assert "alt" in image.attributes
    for drawing in named(elements, "svg"):
        assert drawing.attributes.get("role") == "img"
    for head in named(elements, "th"):
        assert head.attributes.get("scope"), "a table head says not what it heads"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_a_page_leads_somewhere(client: FlaskClient, page: str) -> None:
    elements = read(client.get(page).text)
    ids = {element.attributes.get("id") for element in elements}
    for link in named(elements, "a"):
        address = link.attributes["href"] or ""
        if address.startswith("#"):
            assert address[1:] in ids, f"{address} leads nowhere"


def test_a_new_card_is_announced(client: FlaskClient) -> None:
    elements = read(client.get("/").text)
    live = [element for element in elements if element.attributes.get("aria-live") == "polite"]
    assert len(live) == 1
    assert live[0].attributes["role"] == "status"
