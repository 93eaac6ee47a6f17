"""Which names are filled in where: what is said of it holds for every call of the case files."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from hooks import offered
from hooks.cards.words import wording
from hooks.order_select import Answer
from hooks.protocol import blanks, load, vocabulary
from hooks.protocol.assessment import CardKind
from hooks.protocol.document import Document
from hooks.protocol.protocol import Protocol
from hooks.protocol.required import FINDINGS
from tests.hooks import ordermaker
from tests.hooks.casefiles import document
from tests.hooks.chartmaker import LAB_CODES, NOW, Case, Json, context, over_the_wire
from tests.hooks.decisioncases import PATIENT_MEMBERS
from tests.hooks.ordercases import PARTS
from tests.protocol.edit import PROJECT, SHIPPED

Place = tuple[str | int, ...]

#: What other sentences of the file tell; each would bring its own blanks with it.
_TOLD_BY_SENTENCES: Final = frozenset(
    {
        *("why", "toward_target", "renal_basis", "renal_tier", "rule_basis", "reason"),
        *("lead", "next", "monitoring", "caveat", "reference_dose", "findings", "advice"),
        *("check", "other_indication", "organic_salts", "review"),
    }
)
#: Those of them that not every card has.
_NOT_EVERYWHERE: Final = frozenset({"lead", "next", "monitoring", "caveat", "reference_dose"})
#: What stands on every card of a dose, so that another card may fill more of it.
_OF_A_DOSE: Final = ("rows", "orders")
#: What none of the calls tells; other tests do.
_RARE: Final = frozenset({"more", "problems", "qtc"})
#: Words that are also told where there is no card, so that a card fills more of them.
_ELSEWHERE: Final = ("tiers", "low-function")
_MARK: Final = re.compile(r"\[\[([^\[\]~]+)~(\w+)=(.)", re.DOTALL)


def sentences(part: Any, path: Place = ()) -> Iterator[Place]:
    """The places of the shipped file where something can be filled in, but for whole cards."""
    if isinstance(part, str):
        if path[-1] != "detail" and blanks.filled(load().document, path):
            yield path
    elif isinstance(part, dict | list):
        for name, member in part.items() if isinstance(part, dict) else enumerate(part):
            yield from sentences(member, (*path, name))


def marked(names: frozenset[str]) -> Protocol:
    """The shipped protocol, in which every sentence also says each of the names, with its place."""
    data = tomllib.loads(SHIPPED)
    for place in list(sentences(data)):
        *inside, last = place
        part: Any = data
        for name in inside:
            part = part[name]
        where = ".".join(map(str, place))
        part[last] += "".join(f"[[{where}~{name}={{{name}}}]]" for name in sorted(names))
    return Protocol(Document.model_validate(data))


def answers(protocol: Protocol) -> Iterator[Answer]:
    """The answers to the calls of the case files."""
    hook = offered(protocol, LAB_CODES, None)[0]

    def ask(said: Json, prefetch: Json) -> Answer:
        return hook.answer(hook.read_context(over_the_wire(said)), prefetch, NOW)

    for case in document("decisions.toml")["case"]:
        patient = {name: case[name] for name in PATIENT_MEMBERS & case.keys()}
        yield ask(context(), Case(**patient).prefetch())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ordermaker, "ask", ask)
        for file in ("orders.toml", "corrections.toml"):
            for case in document(file)["case"]:
                yield ordermaker.asked(**{name: case[name] for name in PARTS & case.keys()})


def said(answer: Answer) -> Iterator[tuple[Place, str]]:
    """Every name that was filled in, and the place of its sentence."""
    decision = answer.decision
    for where, name, filled in _MARK.findall(f"{answer.cards}{answer.assessment}"):
        place = tuple(int(part) if part.isdigit() else part for part in where.split("."))
        on_dose = decision is not None and decision.card is CardKind.DOSE
        counts = (place[0] not in _OF_A_DOSE or on_dose) and place[1] not in _ELSEWHERE
        if filled != "]" and counts:
            yield place, name


@pytest.mark.parametrize(
    "names",
    [vocabulary.OF_THE_PATIENT - _TOLD_BY_SENTENCES, _NOT_EVERYWHERE],
    ids=["facts", "sentences"],
)
def test_no_name_that_is_filled_in_is_called_empty(
    names: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "_LONGEST_SUMMARY", 100_000)
    found = {filled for answer in answers(marked(names)) for filled in said(answer)}
    assert len({place for place, _ in found}) > 100, "the cases say most of the sentences"
    document = load().document
    wrong = {(place, name) for place, name in found if name not in blanks.filled(document, place)}
    assert not wrong, "a remark would say that nothing fills them there"
    silent = names - {name for _, name in found} - _RARE
    assert not silent, "a sentence may name them, and nothing fills them anywhere"


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (("rows", 0, "caveat"), {"hourly_rate", "ceiling", "renal", "recheck_window"}),
        (("findings", "already-given", "text"), {"order", "past", "draft_dose", "maximum"}),
        (("findings", "qt-drug", "text"), {"drug"}),
        (("words", "past-dose"), {"draft_dose", "at"}),
        (("words", "reasons", "code-excluded"), {"detail"}),
        (("offers", "option", "label"), {"when", "dose"}),
    ],
)
def test_what_is_filled_in(place: Place, names: set[str]) -> None:
    assert names <= blanks.filled(load().document, place)


def test_every_finding_and_card_that_is_spoken_of_exists() -> None:
    assert set(blanks.FOUND) <= FINDINGS
    assert set(blanks.CARDS) == {kind.value for kind in CardKind}


def test_the_page_lists_every_name() -> None:
    """A name that resembles none is answered with this page."""
    page = (PROJECT / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert {name for name in vocabulary.NAMES if f"`{{{name}}}`" not in page} == set()
