"""The running protocol at `/protocol`, for the committee that has to approve it, and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import msgspec
from flask import Blueprint, Response, render_template

from hooks.protocol import Protocol
from hooks.protocol.model import Gate
from hooks.protocol.table import ASKED, tables
from hooks.protocol.template import names_in
from service.pages import document, scale
from service.pages.order_entry import has_insight, has_order_entry

ATTRIBUTES = "source_attributes.json"

# Shown in their own way: the head, the bands beside their scale, the gates with all their words.
_APART = ("Bands", "Doses", "Gates", "Row ", "Sources")

_encoder = msgspec.json.Encoder(decimal_format="number")


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
        "gates": [_question(protocol.gates[name], protocol) for name in ASKED],
        "scale": scale.draw(protocol),
        "units": scale.UNITS,
        "width": scale.WIDTH,
        "height": scale.HEIGHT,
        "attributes": attributes(protocol),
    }
    data = _encoder.encode(
        {
            "protocol": document.as_json(protocol.document),
            "sourceAttributes": [
                {"number": item.number, "name": item.name, "text": item.text or "none"}
                for item in attributes(protocol)
            ],
        }
    )

    @blueprint.get("/protocol")
    def show_protocol() -> str:
        return render_template(
            "protocol.html",
            current="protocol",
            order_entry=has_order_entry(),
            insight=has_insight(),
            **page,
        )

    @blueprint.get("/protocol.json")
    def read_protocol() -> Response:
        return Response(data, content_type="application/json")


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
                sources=len(protocol.document.sources), version=head.version, status=head.status
            )
        yield Attribute(item["number"], item["name"], answer)


def _question(gate: Gate, protocol: Protocol) -> Question:
    def filled(sentence: str | None) -> str:
        text = (sentence or "").replace("**", "")
        return text.format_map(
            {name: protocol.words.get(name, f"[{name}]") for name in names_in(text)}
        )

    return Question(
        gate.id,
        filled(gate.asks),
        filled(gate.reason),
        filled(gate.lead),
        filled(gate.next),
        gate.source,
    )
