"""Assertion 83: text from the chart is shown as it is written, or not at all.

A card's detail is read as the sandbox reads it, Markdown with raw HTML. If any of the payload is
to be seen there, all of it is, letter by letter, blanks aside: markup that had worked would be
gone from the text that is left.
"""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.conformance import markup, shape
from tests.conformance.assertions import demand
from tests.conformance.exchange import answer_of, answered, fire
from tests.conformance.request import (
    Json,
    furosemide,
    magnesium_sulfate,
    medication_request,
    order_select,
    result,
    searchset,
)

MARK = "zqx"

PAYLOADS = {
    "image": '<img src=zqx onerror="alert(1)">',
    "script": "<script>zqx()</script>",
    "comment": "<!-- zqx -->",
    "unclosed comment": "<!-- zqx",
    "closing tag": "</div><b>zqx</b>",
    "entity": "&lt;b&gt;zqx&lt;/b&gt; &#60;i&#62;",
    "limit of detection": "<LODzqx>",
    "code": "`zqx`",
    "fence": "\n```\nzqx\n```\n",
    "link": "[zqx](javascript:alert(1))",
    "closing link": "zqx](javascript:alert(1))",
    "reference link": "[zqx][1]\n\n[1]: javascript:alert(1)",
    "picture": "![zqx](https://evil.example/x.png)",
    "angle link": "<https://evil.example/zqx>",
    "bare address": "https://evil.example/zqx",
    "bare host": "www.evil.example/zqx",
    "strong": "**zqx** __zqx__",
    "emphasis": "*zqx* _zqx_ 3*4*5",
    "struck out": "~~zqx~~ ~zqx~",
    "heading": "\n# zqx\n",
    "underlined heading": "zqx\n===\n",
    "list": "\n- zqx\n1. zqx\n",
    "quote": "\n> zqx",
    "rule": "zqx\n\n---\n",
    "table": "| zqx | b |\n|---|---|\n| 1 | 2 |",
    "pipe": "a|zqx|b",
    "backslash": "\\<b>zqx\\</b>",
    "indented code": "\n\n    zqx\n",
    "controls": "zqx\x1b[31m\x07\x00",
    "right to left": "zqx\u202egnp.exe",
}


def medication_text(call: Json, text: str) -> None:
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    order["medicationCodeableConcept"]["text"] = text


def medication_display(call: Json, text: str) -> None:
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    del order["medicationCodeableConcept"]["text"]
    order["medicationCodeableConcept"]["coding"][0]["display"] = text


def dosage_text(call: Json, text: str) -> None:
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    order["dosageInstruction"] = [{"text": text}]


def quantity(analyte: str, member: str) -> Callable[[Json, str], None]:
    """Put the text into one member of the newest result's value."""

    def edit(call: Json, text: str) -> None:
        observation = call["prefetch"][analyte]["entry"][0]["resource"]
        observation["valueQuantity"][member] = text
        if member == "unit":
            del observation["valueQuantity"]["code"]

    return edit


def value_string(call: Json, text: str) -> None:
    observation = call["prefetch"]["potassium"]["entry"][0]["resource"]
    del observation["valueQuantity"]
    observation["valueString"] = text


def observation_member(analyte: str, name: str) -> Callable[[Json, str], None]:
    """Put the text into one member of the newest result."""

    def edit(call: Json, text: str) -> None:
        call["prefetch"][analyte]["entry"][0]["resource"][name] = text

    return edit


def observation_words(call: Json, text: str) -> None:
    for analyte in ("magnesium", "potassium"):
        observation = call["prefetch"][analyte]["entry"][0]["resource"]
        observation["code"]["text"] = text
        observation["code"]["coding"][0]["display"] = text
        observation["note"] = [{"text": f"hemolyzed {text}"}]
        observation["interpretation"] = [{"text": text, "coding": [{"code": text}]}]


def patient_name(call: Json, text: str) -> None:
    call["prefetch"]["patient"]["name"] = [{"text": text, "family": text, "given": [text]}]


def encounter(call: Json, text: str) -> None:
    call["context"]["encounterId"] = text


def user(call: Json, text: str) -> None:
    call["context"]["userId"] = f"Practitioner/{text}"


def unknown_hook_and_selection(call: Json, text: str) -> None:
    call["hook"] = text
    call["context"]["selections"] = [text]


def an_unusable_magnesium_beside(call: Json, text: str) -> None:
    """A newer magnesium that cannot be used, so that its unit is told."""
    newer = result("magnesium", 1.1, hours_ago=0.5) | {"id": text}
    newer["valueQuantity"] = {"value": 1.1, "unit": text}
    call["prefetch"]["magnesium"] = searchset(newer, result("magnesium", 1.2, hours_ago=3))


PLACES: dict[str, Callable[[Json, str], None]] = {
    "medication text": medication_text,
    "medication display": medication_display,
    "dosage text": dosage_text,
    "magnesium unit": quantity("magnesium", "unit"),
    "magnesium unit code": quantity("magnesium", "code"),
    "potassium unit": quantity("potassium", "unit"),
    "potassium unit code": quantity("potassium", "code"),
    "creatinine unit": quantity("creatinine", "unit"),
    "magnesium comparator": quantity("magnesium", "comparator"),
    "potassium comparator": quantity("potassium", "comparator"),
    "creatinine comparator": quantity("creatinine", "comparator"),
    "potassium as text": value_string,
    "magnesium id": observation_member("magnesium", "id"),
    "creatinine id": observation_member("creatinine", "id"),
    "magnesium time": observation_member("magnesium", "effectiveDateTime"),
    "magnesium status": observation_member("magnesium", "status"),
    "words of the results": observation_words,
    "a newer unusable magnesium": an_unusable_magnesium_beside,
    "patient name": patient_name,
    "encounter id": encounter,
    "user id": user,
}

DRAFTS: dict[str, Callable[[], Json]] = {
    "furosemide": furosemide,
    "haloperidol": lambda: medication_request("haloperidol 5 MG Oral Tablet", "310671"),
    "magnesium too fast": lambda: magnesium_sulfate(2, 5),
}


def seen(detail: str) -> str:
    """The text that a reader sees, without blanks."""
    return without_blanks("".join(token.content for token in shape.tokens(detail)))


def without_blanks(text: str) -> str:
    """The visible characters; a card may space a text out and drop what does not show."""
    shown = "".join(char for char in text if char.isprintable() and not char.isspace())
    # A blank in place of this dot, too, keeps a bare host from becoming a link.
    return shown.replace("www.", "www")


def assert_harmless(card: Json, payload: str) -> None:
    """Assert that the payload is plain text in the card, or absent."""
    detail = card.get("detail", "")
    working = list(markup.working(detail, MARK))
    assert not working, demand(83, working[0])
    text = seen(detail)
    if MARK in text:
        whole = without_blanks(payload)
        assert whole in text, demand(83, f"markup that worked: {whole!r} is not in {detail!r}")


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS.keys())
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a83_markup_in_the_chart_is_shown_as_text_or_not_at_all(
    client: FlaskClient, place: Callable[[Json, str], None], draft: Callable[[], Json]
) -> None:
    for name, payload in PAYLOADS.items():
        call = order_select(draft())
        place(call, payload)
        response = fire(client, call)
        assert response.status_code in (200, 400), demand(83, f"{name}: {response.status}")
        if response.status_code == 400:
            assert MARK not in response.text, demand(83, f"{name}: echoed in {response.text}")
            continue
        answer = answer_of(response)
        found = shape.problems(answer, call)
        assert [str(problem) for problem in found] == [], f"with the payload: {name}"
        for card in answer["cards"]:
            assert_harmless(card, payload)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a83_a_refusal_does_not_echo_markup(client: FlaskClient, payload: str) -> None:
    for place in (unknown_hook_and_selection, encounter, user):
        call = order_select()
        place(call, payload)
        response = fire(client, call)
        if response.status_code != 200:
            assert MARK not in response.text, demand(83, response.text)
            assert response.is_json, demand(83, response.mimetype)


def test_a83_the_cases_reach_the_card(client: FlaskClient) -> None:
    """Where no text from the chart were shown at all, the cases above would prove little."""
    call = order_select(magnesium_sulfate(2, 5))
    quantity("magnesium", "unit")(call, "*zqx*")
    (card,) = answered(client, call)["cards"]
    assert "1.2*zqx*" in seen(card["detail"]), demand(83, "an unusable unit is not told")


@pytest.mark.parametrize(
    "detail",
    [
        "Potassium 4.1 <img src=zqx>",
        "Potassium 4.1 `zqx`",
        "Potassium 4.1 [zqx](javascript:alert(1))",
        "Potassium 4.1 [zqx](/x)",
        "Potassium 4.1 ![zqx](/x.png)",
        "Potassium 4.1 https://evil.example/zqx",
        "Potassium 4.1 **zqx** __zqx__",
        "Potassium 4.1\n\n    zqx\n",
    ],
)
def test_the_check_itself_finds_markup_that_works(detail: str) -> None:
    with pytest.raises(AssertionError, match="assertion 83"):
        assert_harmless({"detail": detail}, "**zqx** __zqx__")


def test_the_check_itself_accepts_escaped_text() -> None:
    assert_harmless({"detail": r"Potassium 4.1 \*\*zqx\*\* \_\_zqx\_\_"}, "**zqx** __zqx__")
    assert_harmless({"detail": "Potassium 4.1 &lt;zqx&gt;"}, "<zqx>")
    assert_harmless({"detail": "Potassium 4.1"}, "<zqx>")
