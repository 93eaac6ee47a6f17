"""POST /cds-services/<id>: envelope, prefetch, hook, response; and its feedback."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, request

from hooks.errors import MissingData
from service import body, decision, envelope, evaluation, exact, feedback
from service.envelope import Envelope
from service.fhir.client import FhirClient
from service.fhir.rebinding import is_own_name
from service.hook import ASSESSMENT, Answer, Hook
from service.observability import Call, Clockwork, FeedbackCall
from service.observability.metrics import Metrics
from service.observability.trace import Trace
from service.outcomes import Refusal, refuse
from service.prefetch import Prefetched
from service.record import Record
from service.record.tables import SHORT
from service.settings import Settings
from service.trust.clients import Clients

_SILENT = "Silent mode: the call was evaluated and recorded, and no card is shown."


def routes(
    hooks: Sequence[Hook],
    clock: Callable[[], datetime],
    settings: Settings,
    clients: Clients,
    record: Record | None,
    fhir: FhirClient,
    metrics: Metrics,
) -> Blueprint:
    """The endpoint of every hook, and of its feedback. Without a record none is taken."""
    by_id = {hook.id: hook for hook in hooks}
    blueprint = Blueprint("invocation", __name__)

    @blueprint.after_request
    def account_for(response: Response) -> Response:
        call, status = g.get("call"), response.status_code
        if not isinstance(call, Call | FeedbackCall):
            return response
        call.time.stop()
        seconds = call.time.total
        call.log(status, seconds)
        if isinstance(call, Call):
            if record is not None:
                record.keep(decision.entry(call, status, seconds * 1000))
            metrics.called(call, status, seconds)
        elif status == HTTPStatus.OK:
            metrics.reported(call)
        return response

    def find(service_id: str) -> Hook:
        if service_id not in by_id:
            raise refuse(HTTPStatus.NOT_FOUND, "not-found", "There is no service of this id.")
        return by_id[service_id]

    # The sandbox joins a discovery address that ends in a slash and the id with another slash.
    @blueprint.post("/cds-services/<service_id>")
    @blueprint.post("/cds-services//<service_id>")
    def invoke(service_id: str) -> Response:
        body.check_headers(request)
        hook = find(service_id)
        client = caller()
        call = g.call = Call(
            hook.id,
            clock(),
            client,
            settings.mode == "silent" or clients.is_silent(client),
            trace=_trace(),
            time=Clockwork(g.get("began"), g.get("let_in")),
        )
        return _answer(hook, call, settings, fhir, metrics)

    @blueprint.post("/cds-services/<service_id>/feedback")
    @blueprint.post("/cds-services//<service_id>/feedback")
    def take_feedback(service_id: str) -> Response:
        body.check_headers(request)
        hook = find(service_id)
        if record is None:
            raise refuse(HTTPStatus.NOT_FOUND, "not-found", "This service takes no feedback.")
        client = caller()
        call = g.call = FeedbackCall(
            hook.id, client, trace=_trace(), time=Clockwork(g.get("began"), g.get("let_in"))
        )
        document = body.decode(body.received(request))
        events = feedback.read(document, hook.id, client, clock())
        call.outcomes = tuple(event.outcome for event in events)
        return Response(feedback.keep(record, events), content_type="application/json")

    return blueprint


def caller() -> str | None:
    """The client that calls; None where callers are not told apart. Whoever checks the client's
    token before the call leaves its name in `g.client`."""
    client = g.get("client")
    return client[:SHORT] if isinstance(client, str) else None


def _trace() -> Trace | None:
    # Straight from the environment: a header that came twice is there once, with a comma in it.
    environ = request.environ
    return Trace.read(environ.get("HTTP_TRACEPARENT"), environ.get("HTTP_TRACESTATE"))


def _answer(
    hook: Hook, call: Call, settings: Settings, fhir: FhirClient, metrics: Metrics
) -> Response:
    call.time.enter("envelope")
    received = envelope.read(body.decode(body.received(request)))
    call.instance = received.hook_instance
    if received.hook != hook.hook:
        text = f"This service answers the hook `{hook.hook}` and no other."
        raise refuse(HTTPStatus.BAD_REQUEST, "value", text, "hook")
    call.hook = hook.hook
    context = evaluation.context(hook, received, settings)
    call.time.enter("prefetch")
    fetch = partial(_fetched, hook, call, received, settings, fhir)
    try:
        data = evaluation.data(hook, context, received, fetch)
    except Refusal as refusal:
        metrics.missed(issue.diagnostics for issue in refusal.issues if issue.diagnostics)
        raise
    call.time.enter("hook")
    patient_id = received.context.get("patientId")
    call.patient_hash = decision.patient_hash(settings.patient_key, patient_id)
    try:
        answer = call.answer = hook.answer(context, data, call.at)
    except MissingData as error:
        metrics.missed([error.key])
        raise
    call.time.enter("response")
    call.rule = str(answer.assessment.get("rule", "-"))
    cards, assessment = _withheld(answer) if call.silent else (answer.cards, answer.assessment)
    return Response(encode(cards, assessment), content_type="application/json")


def encode(cards: list[dict[str, Any]], assessment: dict[str, Any]) -> bytes:
    """The body of an answer."""
    return exact.encode({"cards": cards, "extension": {ASSESSMENT: assessment}})


def _fetched(
    hook: Hook,
    call: Call,
    received: Envelope,
    settings: Settings,
    fhir: FhirClient,
    prefetched: Prefetched,
) -> Prefetched:
    """`prefetched` with what can be had from the FHIR server of the call."""
    if not fhir.reads or received.fhir_server is None:
        return prefetched
    call.trace = call.trace or Trace.begun()
    own_name = settings.is_auth_required or is_own_name(request, settings)
    return fhir.complete(hook.prefetch, prefetched, received, call.trace, own_name=own_name)


def _withheld(answer: Answer) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """In silent mode: no card, and an assessment that says so. A call that would have had no card
    anyway keeps its own reason."""
    silence = _SILENT if answer.cards else answer.assessment.get("silence", _SILENT)
    return [], {**answer.assessment, "silent": True, "silence": silence}
