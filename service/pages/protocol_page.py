"""The running protocol at `/protocol`, for the committee that has to approve it, and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

import msgspec
from flask import Blueprint, Response, render_template

from hooks.protocol import Protocol, gates
from hooks.protocol.document import Document
from hooks.protocol.model import Gate, Head
from hooks.protocol.origins import Group, grouped, letters
from hooks.protocol.table import tables
from hooks.protocol.template import names_in
from hooks.protocol.wording import FindingText
from service import exact
from service.pages import document, scale
from service.pages.order_entry import has_insight, has_order_entry

ATTRIBUTES = "source_attributes.json"

# Shown in their own way: the head, the bands beside their scale, the gates with all their words.
_APART = ("Bands", "Doses", "Gates", "Row ", "Sources", "Where the sources")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One source attribute of the regulation; without `text`, there is none."""

    number: int
    name: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """A gate as it is asked, and what is said when it is shut, with [names] for the patient's."""

    id: str
    asks: str
    reason: str
    lead: str
    next: str
    sources: tuple[str, ...]


def add(blueprint: Blueprint, protocol: Protocol) -> None:
    """Add the page and its JSON. The protocol does not change while the service runs."""
    shown = tables(protocol)[1:]
    page = {
        "protocol": protocol,
        "head": protocol.document.protocol,
        "scope": protocol.document.scope,
        "bands": next(table for table in shown if table.title.startswith("Bands")),
        "doses": next(table for table in shown if table.title.startswith("Doses")),
        "rows": [table for table in shown if table.title.startswith("Row ")],
        "limits": [table for table in shown if not table.title.startswith(_APART)],
        "gates": [_question(protocol.gates[name], protocol) for name in gates.ASKED],
        "scale": scale.draw(protocol),
        "units": scale.UNITS,
        "width": scale.WIDTH,
        "height": scale.HEIGHT,
        "attributes": attributes(protocol),
        "findings": tuple(_findings(protocol)),
        "groups": grouped(protocol.document),
        "letters": letters,
        "linked": _linked(protocol.document),
    }
    data = exact.encode(
        {
            "protocol": document.as_json(protocol.document),
            "sourceAttributes": [
                {"number": item.number, "name": item.name, "text": item.text or "none"}
                for item in attributes(protocol)
            ],
        }
    )

    print_style = _running_head(protocol.document.protocol)

    @blueprint.get("/protocol")
    def show_protocol() -> str:
        return render_template(
            "protocol.html",
            current="protocol",
            order_entry=has_order_entry(),
            insight=has_insight(),
            **page,
        )

    @blueprint.get("/protocol-print.css")
    def style_print() -> Response:
        return Response(print_style, content_type="text/css; charset=utf-8")

    @blueprint.get("/protocol.json")
    def read_protocol() -> Response:
        return Response(data, content_type="application/json")


def _linked(document: Document) -> dict[str, str]:
    """Where on the page each rule that a finding may name is explained."""
    return {
        **{code: f"source-{code}" for code in document.sources},
        **{row.id: "doses" for row in document.rows},
        **{gate.id: f"gate-{gate.id}" for gate in document.gates},
    }


def attributes(protocol: Protocol) -> tuple[Attribute, ...]:
    """The 13 attributes of an evidence-based intervention, filled in for the protocol."""
    return tuple(_attributes(protocol))


def _attributes(protocol: Protocol) -> Iterator[Attribute]:
    head = protocol.document.protocol
    text = resources.files("service.pages").joinpath(ATTRIBUTES).read_bytes()
    for item in msgspec.json.decode(text)["attributes"]:
        answer = item["answer"]
        if answer is not None:
            answer = answer.format(
                citations=_citations(protocol.document), version=head.version, status=head.status
            )
        yield Attribute(item["number"], item["name"], answer)


def _citations(document: Document) -> str:
    """How many of the sources are publications, and what the others are."""
    groups = grouped(document)
    if not document.origins:
        return f"The {len(document.sources)} sources that the protocol file names, under Sources."
    cited = [group for group in groups if group.origin and group.origin.cited]
    others = [group for group in groups if group.origin and not group.origin.cited]
    count = sum(len(group.sources) for group in cited)
    told = f"{count} publications, listed under Sources ({_titles(cited)})."
    if others:
        rest = sum(len(group.sources) for group in others)
        told += f" The other {rest} are no publications by themselves: {_titles(others)}."
    return told


def _titles(groups: Iterable[Group]) -> str:
    return "; ".join(
        f"{group.origin.title}, {len(group.sources)}" for group in groups if group.origin
    )


def _running_head(head: Head) -> bytes:
    """What stands at the top of every printed page, as a style sheet: which protocol, how far it
    is approved, and the page. The policy of the pages allows no style inside of them."""
    approval = f"approved by {head.approved_by}" if head.status == "approved" else "DRAFT"
    left = _quoted(f"{head.title}, version {head.version}")
    sheet = (
        "@media print { @page {\n"
        f"  @top-left {{ content: {left}; }}\n"
        f"  @top-center {{ content: {_quoted(approval)}; }}\n"
        '  @top-right { content: "page " counter(page) " of " counter(pages); }\n'
        "} }\n"
    )
    return sheet.encode()


def _quoted(text: str) -> str:
    """A text as a string of CSS: whatever is no letter or digit as its number."""
    escaped = (char if char.isalnum() and char.isascii() else f"\\{ord(char):06x}" for char in text)
    return f'"{"".join(escaped)}"'


def _question(gate: Gate, protocol: Protocol) -> Question:
    asks, reason, lead, following = (
        _filled(sentence, protocol.words)
        for sentence in (gate.asks, gate.reason, gate.lead, gate.next)
    )
    return Question(gate.id, asks, reason, lead, following, gate.source)


def _findings(protocol: Protocol) -> Iterator[tuple[str, FindingText, str]]:
    """The lines that a card may carry: their names, and what they say."""
    document = protocol.document
    toward = f"[{_filled(document.words.toward_target, protocol.words)}]"
    words = {**protocol.words, "toward_target": toward}
    for name, finding in document.findings.items():
        yield name, finding, _filled(finding.text, words)


def _filled(sentence: str | None, words: Mapping[str, str]) -> str:
    """A sentence with the protocol's own words, and the [names] of the patient's."""
    text = (sentence or "").replace("**", "")
    return text.format_map(
        {name: words.get(name, f"[{name.replace('_', ' ')}]") for name in names_in(text)}
    )
