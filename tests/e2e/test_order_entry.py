"""Order entry as a clinician meets it, from the first click to what the record holds."""

import json
import time
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import requests
from markdown_it import MarkdownIt
from playwright.sync_api import Page, Response, expect
from sqlalchemy import select

from service.pages import patients
from service.record.store import Store
from service.record.tables import Card, Decision, Verdict
from tests.e2e.browser import SEED, SERVICE, Open, Watched
from tests.e2e.people import SEED_ID, answer, encode, newest, people
from tests.fhir.test_process import House
from tests.pages.markup import read

FIXTURES = sorted(path.stem for path in patients.FOLDER.glob("*.json"))
RANK = {"critical": 0, "warning": 1, "info": 2}
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def texts(page: Page, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(selector).all_text_contents()]


def verdict(record: str, card: str) -> Any:
    """What the record holds about a card."""
    store = Store(record)
    try:
        with store.reading() as connection:
            return connection.execute(select(Verdict).where(Verdict.card_id == card)).one()
    finally:
        store.close()


class TestTheSeedPatient:
    def test_furosemide_brings_the_card(self, entry: Watched) -> None:
        entry.order("furosemide")
        entry.card()
        (summary,) = texts(entry.page, ".card h3")
        assert "2 g magnesium sulfate IV over 20 minutes" in summary
        assert "Magnesium 1.2 mg/dL" in summary
        assert texts(entry.page, "#results .flag.marked") == ["severe"]

    def test_an_accepted_card_brings_two_drafts_and_is_not_shown_again(
        self, entry: Watched, record: str
    ) -> None:
        (card,) = entry.order("furosemide").json()["cards"]
        entry.card()
        again = entry.answer_to(lambda: entry.page.click(".suggestion.primary"))
        drafts = entry.page.locator("#drafts .draft")
        expect(drafts).to_have_count(3)
        names = texts(entry.page, "#drafts .order-name")
        assert names[0].startswith("Furosemide")
        assert "magnesium sulfate" in names[1].lower()
        assert "magnesium" in names[2].lower()
        expect(entry.page.locator("#drafts .draft.new")).to_have_count(2)
        assert "2 g IV once over 20 minutes (100 mg/min)" in texts(entry.page, "#drafts .sig")[1]
        assert again.json()["cards"] == [], "the service says the same thing twice"
        expect(entry.page.locator("#cards .silence")).to_be_visible()
        expect(entry.page.locator("#log .note")).to_have_text("Feedback recorded.")
        kept = verdict(record, card["uuid"])
        assert kept.outcome == "accepted"

    def test_from_the_page_to_an_accepted_order_in_two_clicks(self, entry: Watched) -> None:
        clicks = 0
        for button in ("button[data-order='furosemide']", ".suggestion.primary"):
            entry.page.locator(button).click()
            clicks += 1
        expect(entry.page.locator("#drafts .draft.new")).to_have_count(2)
        assert clicks == 2

    def test_an_override_is_kept_with_its_reason_and_comment(
        self, entry: Watched, record: str
    ) -> None:
        (card,) = entry.order("furosemide").json()["cards"]
        reason = card["overrideReasons"][0]
        entry.page.locator(".dismissal summary").click()
        entry.page.get_by_label("Comment, if any").fill("dialysis is planned")
        entry.page.get_by_role("button", name=reason["display"]).click()
        expect(entry.page.locator("#log .note")).to_have_text("Feedback recorded.")
        kept = verdict(record, card["uuid"])
        assert (kept.outcome, kept.reason_code) == ("overridden", reason["code"])
        assert kept.reason_display == reason["display"]
        entry.order("potassium-chloride")
        expect(entry.page.locator("#cards details.again")).to_be_visible()

    def test_what_became_of_the_cards_shows_on_the_insight_page(
        self, entry: Watched, visit: Open, record: str
    ) -> None:
        entry.order("furosemide")
        entry.page.locator(".suggestion.primary").click()
        expect(entry.page.locator("#log .note")).to_have_text("Feedback recorded.")
        until = time.monotonic() + 20
        while decided_cards(record) == 0 and time.monotonic() < until:
            time.sleep(0.1)
        insight = visit(entry.site, "/insight").page
        expect(insight.get_by_role("heading", name="What clinicians did")).to_be_visible()
        rule = insight.locator("table.bars").first.get_by_role("rowheader").first
        expect(rule).to_contain_text("DT1")

    def test_a_removed_order_is_asked_about_no_longer(self, entry: Watched) -> None:
        entry.order("furosemide")
        entry.card()
        entry.page.get_by_role("button", name="Remove Furosemide").click()
        expect(entry.page.locator("#drafts .draft")).to_have_count(0)
        expect(entry.page.locator("#cards .card")).to_have_count(0)
        expect(entry.page.locator("#cards .waiting")).to_contain_text("nothing to ask")
        assert texts(entry.page, "#results .flag") == []

    def test_a_dose_that_runs_too_fast_is_corrected_in_place(self, entry: Watched) -> None:
        form = entry.page.get_by_role("form", name="Magnesium sulfate")
        form.get_by_label("Dose in grams").fill("2")
        form.get_by_label("over so many minutes").fill("5")
        asked = sent_context(entry.answer_to(form.get_by_role("button", name="Order").click))
        sent = asked["draftOrders"]["entry"][0]["resource"]
        assert sent["dosageInstruction"][0]["timing"]["repeat"]["duration"] == 5
        entry.card()
        again = sent_context(entry.answer_to(entry.page.locator(".suggestion").first.click))
        (changed, *_) = again["draftOrders"]["entry"]
        assert changed["resource"]["dosageInstruction"][0]["timing"]["repeat"]["duration"] == 20
        expect(entry.page.locator("#drafts .draft.changed del")).to_contain_text("5 minutes")

    def test_many_drafts_are_all_listed_and_all_sent(self, entry: Watched) -> None:
        names = ["potassium-chloride", "ondansetron", "haloperidol", "digoxin", "omeprazole"]
        for count, name in enumerate(["acetaminophen", *names], 1):
            sent = sent_context(entry.order(name))
            assert len(sent["draftOrders"]["entry"]) == count
            assert len(sent["selections"]) == 1
        expect(entry.page.locator("#drafts .draft")).to_have_count(6)


def sent_context(answered: Response) -> dict[str, Any]:
    """The context of the call that was answered."""
    return dict(json.loads(answered.request.post_data or "")["context"])


def decided_cards(record: str) -> int:
    store = Store(record)
    try:
        with store.reading() as connection:
            found = select(Card.id).join(Decision, Card.decision_id == Decision.id)
            return len(connection.execute(found.where(Decision.rule == "DT1")).all())
    finally:
        store.close()


class TestWhatIsShownIsWhatWasAnswered:
    @pytest.mark.parametrize("name", FIXTURES)
    def test_of_every_patient(self, entry: Watched, name: str) -> None:
        page = entry.page
        entry.watch.expect("status of 4", "Failed to load resource")
        entry.choose(name)
        answer = entry.answer_to(page.locator("#as-sent").click)
        expect(page.locator("#cards[aria-busy]")).to_have_count(0)
        expect(page.locator("#said")).to_contain_text(str(answer.status))
        document = answer.json()
        if answer.status != 200:
            told = " ".join(texts(page, "#cards .problem"))
            for issue in document["issue"]:
                assert issue["details"]["text"] in told, "the reason for the refusal is not shown"
            return
        cards = sorted(document["cards"], key=lambda card: RANK[card["indicator"]])
        expect(page.locator("#cards .card")).to_have_count(len(cards))
        if not cards:
            silence = document["extension"]["org.magnesia.assessment"]["silence"]
            assert silence in " ".join(texts(page, "#cards .silence"))
        for position, card in enumerate(cards):
            assert_shown(page, position, card)
        assert json.loads(page.locator("#response").text_content() or "") == document

    @pytest.mark.parametrize("name", [SEED, "renal-reduced", "sandbox-order", "si-units"])
    def test_the_request_shown_brings_the_same_cards_again(self, entry: Watched, name: str) -> None:
        entry.choose(name)
        for _ in range(2):
            cards = entry.answer_to(entry.page.locator("#as-sent").click).json()["cards"]
            shown = entry.page.locator("#request").text_content() or ""
            replayed = requests.post(
                f"{entry.site.url}{SERVICE}",
                data=shown.encode(),
                headers={"Content-Type": "application/json"},
                timeout=30,
            )
            assert replayed.status_code == 200, replayed.text
            if without_ids(replayed.json()["cards"]) == without_ids(cards):
                return
            # Windows are written to the minute, and a minute may have ended in between.
        pytest.fail("the request that the page shows is not what it sent")

    def test_a_value_is_shown_and_sent_with_its_digits(self, entry: Watched) -> None:
        entry.choose("high")
        sent = entry.answer_to(entry.page.locator("#as-sent").click).request
        body = _decoder.decode(sent.post_data or "")
        shown = entry.page.locator("#results tr").first.locator("strong")
        quantity = body["prefetch"]["magnesium"]["entry"][0]["resource"]["valueQuantity"]
        expect(shown).to_have_text(str(quantity["value"]))

    def test_the_page_shows_what_it_is_told_and_computes_nothing(self, entry: Watched) -> None:
        invented = {
            "cards": [
                made_up("info", "Told third"),
                made_up("critical", "Told first: magnesium 77.7 mg/dL"),
                made_up("warning", "Told second"),
            ],
            "extension": {"org.magnesia.assessment": {"band": "mild", "rule": "X1"}},
        }
        entry.page.route(f"**{SERVICE}", lambda route: route.fulfill(json=invented))
        entry.page.click("button[data-order='furosemide']")
        expect(entry.page.locator(".card")).to_have_count(3)
        assert texts(entry.page, ".card h3") == [
            "Told first: magnesium 77.7 mg/dL",
            "Told second",
            "Told third",
        ]
        assert texts(entry.page, ".card .word") == ["Critical", "Warning", "Information"]


#: What of the cards, the orders and the patients is torn at the end of a line: quantities, times.
TORN = r"""[...document.querySelectorAll(
    ".card h3, .card .label, .card .does, .detail p, .detail li, .patient, .sig"
)].flatMap((block) => {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    const letters = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        for (let at = 0; at < node.length; at += 1) letters.push([node, at]);
    }
    const whole = letters.map(([node, at]) => node.data[at]).join("");
    const parts =
        /\d[\d.,-]*\s(?:mg|g|kg|mL|mmol|mEq|h|min|minutes)\b|\d\d:\d\d-\d\d:\d\d/g;
    return [...whole.matchAll(parts)].filter(({index, 0: words}) => {
        const range = document.createRange();
        range.setStart(...letters[index]);
        const [node, at] = letters[index + words.length - 1];
        range.setEnd(node, at + 1);
        const tops = [...range.getClientRects()].map((box) => box.top);
        return Math.max(...tops) - Math.min(...tops) > 8;
    }).map(({0: words}) => words);
})"""


@pytest.mark.parametrize("width", [360, 1280])
def test_no_number_is_torn_from_its_unit(site: House, visit: Open, width: int) -> None:
    opened = visit(site, "/", (width, 900))
    opened.watch.expect("status of 4", "Failed to load resource")
    for name in FIXTURES:
        if width < 1000:
            opened.page.locator("#patients summary").click()
        opened.choose(name)
        opened.answer_to(opened.page.locator("#as-sent").click)
        expect(opened.page.locator("#cards[aria-busy]")).to_have_count(0)
        assert opened.page.evaluate(TORN) == [], name


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(("grams", "minutes"), [("39.9", "2880"), ("12.5", "1440")])
def test_the_fields_of_a_dose_show_every_digit(
    site: House, visit: Open, width: int, grams: str, minutes: str
) -> None:
    form = visit(site, "/", (width, 900)).page.get_by_role("form", name="Magnesium sulfate")
    for label, value in (("Dose in grams", grams), ("over so many minutes", minutes)):
        field = form.get_by_label(label)
        field.fill(value)
        assert field.evaluate("field => field.checkValidity()")
        room = """field => {
            const style = getComputedStyle(field);
            const words = document.createElement("span");
            words.textContent = field.value;
            Object.assign(words.style, {font: style.font, position: "absolute"});
            document.body.append(words);
            const needs = words.getBoundingClientRect().width;
            words.remove();
            const has = field.clientWidth - parseFloat(style.paddingLeft);
            return has - parseFloat(style.paddingRight) - needs;
        }"""
        assert field.evaluate(room) >= 0
        assert field.evaluate("field => getComputedStyle(field).appearance") == "textfield", (
            "arrows cover the digits"
        )


def test_the_bands_are_told_apart_by_color(entry: Watched) -> None:
    colors = {}
    for name in (SEED, "moderate", "mild-qt-drug", "high"):
        entry.choose(name)
        entry.answer_to(entry.page.locator("#as-sent").click)
        flag = entry.page.locator("#results tr").first.locator(".flag.marked")
        expect(flag).to_be_visible()
        colors[flag.text_content()] = flag.evaluate("flag => getComputedStyle(flag).color")
    assert list(colors) == ["severe", "moderate", "mild", "high"]
    assert len(set(colors.values())) == 3
    assert colors["severe"] == colors["high"]


def test_a_card_is_folded_only_to_bring_its_buttons_into_sight(entry: Watched) -> None:
    entry.order("furosemide")
    entry.card()
    expect(entry.page.locator(".unfold")).to_have_count(1)
    for name in ("torsades", "mild-qt-drug"):
        entry.choose(name)
        entry.answer_to(entry.page.locator("#as-sent").click)
        entry.card()
        expect(entry.page.locator(".unfold, .suggestions")).to_have_count(0)
        hidden = "detail => detail.scrollHeight - detail.clientHeight"
        assert entry.page.locator(".detail").evaluate(hidden) == 0


def made_up(indicator: str, summary: str, detail: str = "") -> dict[str, Any]:
    return {
        "uuid": f"made-up-{indicator}",
        "summary": summary,
        "detail": detail,
        "indicator": indicator,
        "source": {"label": "A test", "topic": {"system": "test", "code": summary}},
    }


def assert_shown(page: Page, position: int, card: dict[str, Any]) -> None:
    """Every part of a card that a reader sees is the card's own."""
    shown = page.locator("#cards .card").nth(position)
    expect(shown.locator("h3")).to_have_text(card["summary"])
    detail = " ".join((shown.locator(".detail").text_content() or "").split())
    assert detail.replace(" ", "") == plain(card.get("detail", "")).replace(" ", "")
    suggestions = card.get("suggestions", [])
    expect(shown.locator(".suggestion")).to_have_count(len(suggestions))
    ranked = sorted(suggestions, key=lambda item: not item.get("isRecommended", False))
    labels = [" ".join(label.split()) for label in shown.locator(".label").all_text_contents()]
    assert labels == [item["label"] for item in ranked]
    told = shown.locator(".suggestions").all_text_contents()
    for action in (action for item in suggestions for action in item["actions"]):
        assert any(action["description"] in text for text in told)
    reasons = shown.locator(".reasons button").all_text_contents()
    assert reasons[:-1] == [reason["display"] for reason in card.get("overrideReasons", [])]
    assert card["source"]["label"] in (shown.locator(".source").text_content() or "")


def plain(detail: str) -> str:
    """The words of a card's Markdown."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(detail)
    blocks = [element for element in read(html) if not element.ancestors]
    return " ".join(block.text for block in blocks)


def without_ids(value: Any) -> Any:
    """Without what is new in every answer: the ids of cards, suggestions and created orders."""
    if isinstance(value, dict):
        return {
            name: without_ids(member)
            for name, member in value.items()
            if name not in {"uuid", "id"}
        }
    return [without_ids(item) for item in value] if isinstance(value, list) else value


HOSTILE = '<img src=x onerror="window.broken=1"> **bold** <script>window.broken=1</script> [a](b)'


class TestHostileText:
    def test_in_a_card_is_text(self, entry: Watched) -> None:
        card = made_up("warning", HOSTILE, f"{HOSTILE}\n\n<div onclick=window.broken=1>x</div>")
        card |= {
            "suggestions": [{"label": HOSTILE, "uuid": "s", "actions": []}],
            "overrideReasons": [{"code": "x", "system": "y", "display": HOSTILE}],
            "links": [{"label": HOSTILE, "url": "javascript:window.broken=1", "type": "absolute"}],
            "source": {"label": HOSTILE, "url": "javascript:window.broken=1"},
        }
        answer = {"cards": [card], "extension": {"org.magnesia.assessment": {"band": HOSTILE}}}
        entry.page.route(f"**{SERVICE}", lambda route: route.fulfill(json=answer))
        entry.page.click("button[data-order='furosemide']")
        expect(entry.page.locator(".card h3")).to_have_text(HOSTILE)
        expect(entry.page.locator(".suggestion .label")).to_have_text(HOSTILE)
        assert_harmless(entry.page)

    def test_in_a_patient_of_a_fhir_server_is_text(self, entry: Watched) -> None:
        prefetch = entry.site.call()["prefetch"]
        person = prefetch["patient"] | {"name": [{"family": HOSTILE * 3, "given": [HOSTILE]}]}
        magnesium = prefetch["magnesium"]
        observation = magnesium["entry"][0]["resource"]
        observation["code"]["text"] = HOSTILE
        observation["valueQuantity"] |= {"unit": HOSTILE, "code": HOSTILE}
        entry.site.play(
            {
                newest(): people(f"{SEED_ID}: {HOSTILE * 3}"),
                "patient": answer(encode(person)),
                "magnesium": answer(encode(magnesium)),
            }
        )
        entry.page.reload()
        entry.is_open(SEED)
        entry.page.locator(".census .patient").first.click()
        expect(entry.page.locator("#name")).to_contain_text(HOSTILE)
        entry.order("furosemide")
        expect(entry.page.locator("#said")).to_contain_text("200")
        assert "onerror" in (entry.page.locator("#results").text_content() or "")
        assert_harmless(entry.page)
        assert entry.sideways == 0
        entry.page.set_viewport_size({"width": 400, "height": 850})
        assert entry.sideways == 0, "a long name makes the page scroll sideways"


def assert_harmless(page: Page) -> None:
    assert page.evaluate("window.broken") is None, "a text ran as a script"
    assert page.locator("main img, aside img, .rail img").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
