"""Order entry at `/`: choose a patient and an order, and see what the service says.

The page in the browser is the EHR. It reads discovery, sends the prefetch, shows the cards and
applies what is accepted. From here it gets the patients, the orders to choose from, the Markdown
of a card as safe HTML, and the gates and rows behind a decision.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, render_template, request
from markdown_it import MarkdownIt

from hooks.order_select import OrderSelect
from service import body, explanation
from service.outcomes import refuse
from service.pages import census as census_of
from service.pages import patients
from service.pages.answer import json_answer, patient_answer
from service.pages.census import Census
from service.settings import Settings

CATALOGUE = "order_catalogue.json"

#: Characters of Markdown that are rendered: many times the longest card. The time that some texts
#: take grows with the square of their length.
_MARKDOWN_LENGTH = 64 * 1024

# Text of a card comes from another system: no HTML, and nothing that leads away or loads.
_markdown = (
    MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .disable(["link", "image", "autolink", "reference", "html_block", "html_inline"])
)


def catalogue() -> list[dict[str, Any]]:
    """The orders to choose from: a name, what the order says, and a MedicationRequest without
    the patient; with `dose`, a dose and a duration that may be changed."""
    text = resources.files("service.pages").joinpath(CATALOGUE).read_bytes()
    return list(msgspec.json.decode(text)["orders"])


def add(
    blueprint: Blueprint,
    hooks: Sequence[OrderSelect],
    clock: Callable[[], datetime],
    settings: Settings,
    folder: Path = patients.FOLDER,
    census: Census | None = None,
) -> None:
    """Add the page and what it reads to `blueprint`."""
    known = patients.load(folder)
    orders = catalogue()
    servers = () if census is None else census.servers
    if census is not None and servers:
        census_of.add(blueprint, census, clock)

    @blueprint.get("/")
    def show_order_entry() -> str:
        return render_template(
            "order_entry.html",
            patients=known.values(),
            orders=orders,
            servers=census_of.shown(servers),
            current="order-entry",
            order_entry=True,
            insight=has_insight(),
        )

    @blueprint.get("/order-entry/catalogue")
    def list_orders() -> Response:
        return json_answer({"orders": orders})

    @blueprint.get("/order-entry/patients/<patient_id>")
    def read_chart(patient_id: str) -> Response:
        if patient_id not in known:
            raise refuse(HTTPStatus.NOT_FOUND, "not-found", "There is no patient of this id.")
        return patient_answer(patients.chart(known[patient_id], clock()))

    @blueprint.post("/order-entry/markdown")
    def render_markdown() -> Response:
        text = body.read(request).get("text")
        if not isinstance(text, str):
            raise refuse(HTTPStatus.BAD_REQUEST, "required", "`text` must be a string.", "text")
        if len(text) > _MARKDOWN_LENGTH:
            raise refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-long",
                f"`text` must not be longer than {_MARKDOWN_LENGTH:,} characters.",
                "text",
            )
        return json_answer({"html": _markdown.render(text)})

    @blueprint.post("/order-entry/explain")
    def explain() -> Response:
        return patient_answer(_explanation(hooks, body.read(request), clock(), settings, census))


def add_closed(blueprint: Blueprint) -> None:
    """Add a page that says why there is no order entry."""

    @blueprint.get("/")
    def say_that_it_is_closed() -> tuple[str, HTTPStatus]:
        page = render_template("closed.html", order_entry=False, insight=has_insight())
        return page, HTTPStatus.NOT_FOUND


def _explanation(
    hooks: Sequence[OrderSelect],
    call: dict[str, Any],
    now: datetime,
    settings: Settings,
    census: Census | None,
) -> dict[str, Any]:
    """The gates and rows that are tried for `call`, a request as the service takes it.

    Raises what the service itself would refuse with.
    """
    fetch = census.complete if census is not None and census.servers else None
    answer = explanation.answer_to(call, now, hooks, settings, fetch)
    steps = () if answer.decision is None else answer.decision.trace
    return {
        "band": answer.assessment.get("band"),
        "rule": answer.assessment.get("rule"),
        "steps": [
            {
                "id": step.id,
                "asks": step.question,
                "outcome": step.outcome,
                "because": step.because,
            }
            for step in steps
        ],
    }


def has_order_entry() -> bool:
    """Whether this installation has order entry, so that the pages may lead to it."""
    return _serves("/order-entry/catalogue")


def has_insight() -> bool:
    """Whether this installation has the insight page, so that the pages may lead to it."""
    return _serves("/insight")


def _serves(address: str) -> bool:
    return any(rule.rule == address for rule in current_app.url_map.iter_rules())
