"""GET /insight: the counts of the record, for people."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Redirection

from service.insight import words
from service.insight.counts import count
from service.insight.period import CHOICES, DEFAULT, Period
from service.insight.tally import Calls, Group, Insight
from service.observability import Sparing
from service.pages import plots
from service.pages.order_entry import has_order_entry
from service.record import Record, RecordError, StoreDown
from service.settings import Settings
from service.trust.door import Door

_log = logging.getLogger("magnesia.insight")

_ALL = "all"
_WRONG_TOKEN = "A wrong token was shown to the page about the record."  # noqa: S105 - a sentence
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def routes(
    settings: Settings,
    record: Record,
    clock: Callable[[], datetime],
    legend: Mapping[str, str],
) -> Blueprint:
    """The page, its style, and the form that asks for the token. `legend` explains the rules."""
    # Addresses inside the pages are relative, so that they hold behind a proxy's path too.
    blueprint = Blueprint(
        "insight",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/insight/static",
    )
    door = Door(settings, "/insight", settings.insight_token_sha256)
    wrong_tokens = Sparing()
    blueprint.add_app_template_filter(words.number, "number")

    @blueprint.before_request
    def hide() -> None:
        if not door.exists_for(request):
            abort(HTTPStatus.NOT_FOUND)

    @blueprint.after_request
    def protect(response: Response) -> Response:
        response.headers.update(_HEADERS)
        if request.endpoint != "insight.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/insight")
    def show() -> Response:
        if not door.admits(request):
            return _ask(refused="Authorization" in request.headers)
        period = Period.last(_days(), clock().date())
        try:
            with record.store.reading() as connection:
                found = count(connection, period)
        except (StoreDown, RecordError):
            return _page("insight-unavailable.html", HTTPStatus.SERVICE_UNAVAILABLE)
        return _page("insight.html", HTTPStatus.OK, **_view(found, legend), door=door)

    @blueprint.post("/insight")
    def enter() -> Redirection:
        token = request.form.get("token", "").strip()
        if door.has_lock and not door.knows(token):
            if times := wrong_tokens.times("insight"):
                _log.warning({"event": _WRONG_TOKEN, "times": times})
            return _ask(refused=True)
        response = redirect("insight", HTTPStatus.SEE_OTHER)
        door.let_in(response, token, request)
        return response

    @blueprint.post("/insight/leave")
    def leave() -> Redirection:
        # From /insight/leave.
        response = redirect("../insight", HTTPStatus.SEE_OTHER)
        door.let_out(response, request)
        return response

    return blueprint


def _ask(*, refused: bool) -> Response:
    response = _page("insight-token.html", HTTPStatus.UNAUTHORIZED, refused=refused)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _page(template: str, status: HTTPStatus, **values: object) -> Response:
    frame = {"current": "insight", "insight": True, "order_entry": has_order_entry()}
    page = render_template(template, **{**frame, **values})
    return Response(page, status, content_type="text/html; charset=utf-8")


def _days() -> int | None:
    """The period that was asked for; a strange one is the usual one."""
    asked = request.args.get("days", str(DEFAULT))
    if asked == _ALL:
        return None
    return int(asked) if asked in map(str, CHOICES) else DEFAULT


def _view(found: Insight, legend: Mapping[str, str]) -> dict[str, object]:
    asked = _days()
    return {
        "insight": found,
        "legend": legend,
        "words": words,
        "bar": plots.bar,
        "period": words.period(found.period, found.calendar.first if found.calendar else None),
        "choices": [(words.choice(days), days or _ALL, days == asked) for days in (*CHOICES, None)],
        "live_plot": _calls_plot(found, "a card", lambda group: group.live),
        "silent_plot": _calls_plot(found, "a card not shown", lambda group: group.silent),
        "feedback_plot": _feedback_plot(found),
        "silent_rules": sorted(
            ((rule, group) for rule, group in found.rules if group.silent.alerts),
            key=lambda item: -item[1].silent.alerts,
        ),
        "most_cards": max((group.outcomes.cards for _, group in found.rules), default=0),
        "most_silent": max((group.silent.alerts for _, group in found.rules), default=0),
        "most_reasons": max((number for _, number in found.reasons), default=0),
        "most_calls": max((group.live.total for _, group in found.clients), default=0),
        "most_ages": max((age.live + age.silent for _, age in found.ages), default=0),
        "most_waits": max((number for _, number in found.waits), default=0),
    }


def _calls_plot(found: Insight, card: str, calls_of: Callable[[Group], Calls]) -> plots.Columns:
    stacks = []
    for start, group in found.spans:
        calls = calls_of(group)
        told = (
            f"{words.span(start, found.step)}: {words.count(calls.total, 'call')}, "
            f"{words.number(calls.alerts)} with {card}, {words.number(calls.silences)} without, "
            f"{words.number(calls.refused)} refused"
        )
        numbers = (calls.alerts, calls.silences, calls.refused)
        stacks.append((words.short_span(start, found.step), told, numbers))
    return plots.columns(("card", "silence", "refused"), stacks)


def _feedback_plot(found: Insight) -> plots.Columns:
    stacks = []
    for start, group in found.spans:
        became = group.outcomes
        told = (
            f"{words.span(start, found.step)}: {words.count(became.cards, 'card')}, "
            f"{words.number(became.accepted)} accepted, "
            f"{words.number(became.overridden)} overridden, "
            f"{words.number(became.unreported)} without feedback"
        )
        numbers = (became.accepted, became.overridden, became.unreported)
        stacks.append((words.short_span(start, found.step), told, numbers))
    return plots.columns(("accepted", "overridden", "unreported"), stacks)
