"""POST /cds-services/<id>: envelope, prefetch, hook, response; and its feedback."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, g, request

from service import body, decision, envelope, feedback, prefetch
from service.clients import Clients
from service.fhir_client import FhirClient
from service.hook import ASSESSMENT, Answer, Hook
from service.observability import Call, FeedbackCall
from service.outcomes import refuse
from service.record import Record
from service.record.tables import SHORT
from service.settings import Settings

_encoder = msgspec.json.Encoder(decimal_format="number")
_SILENT = "Silent mode: the call was evaluated and recorded, and no card is shown."


def routes(
    hooks: Sequence[Hook],
    clock: Callable[[], datetime],
    settings: Settings,
    clients: Clients,
    record: Record | None,
    fhir: FhirClient,
) -> Blueprint:
    """The endpoint of every hook, and of its feedback. Without a record none is taken."""
    by_id = {hook.id: hook for hook in hooks}
    blueprint = Blueprint("invocation", __name__)

    @blueprint.after_request
    def account_for(response: Response) -> Response:
        call = g.get("call")
        if isinstance(call, Call | FeedbackCall):
            call.log(response.status_code)
        if isinstance(call, Call) and record is not None:
            record.keep(decision.entry(call, response.status_code, call.milliseconds))
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
        silent = settings.mode == "silent" or clients.is_silent(client)
        call = g.call = Call(hook.id, clock(), client, silent)
        return _answer(hook, call, settings.patient_key, fhir)

    @blueprint.post("/cds-services/<service_id>/feedback")
    @blueprint.post("/cds-services//<service_id>/feedback")
    def take_feedback(service_id: str) -> Response:
        body.check_headers(request)
        hook = find(service_id)
        if record is None:
            raise refuse(HTTPStatus.NOT_FOUND, "not-found", "This service takes no feedback.")
        call = g.call = FeedbackCall(hook.id)
        document = body.decode(request.get_data())
        events = feedback.read(document, hook.id, caller(), clock())
        call.items = len(events)
        return Response(feedback.keep(record, events), content_type="application/json")

    return blueprint


def caller() -> str | None:
    """The client that calls; None where callers are not told apart. Whoever checks the client's
    token before the call leaves its name in `g.client`."""
    client = g.get("client")
    return client[:SHORT] if isinstance(client, str) else None


def _answer(hook: Hook, call: Call, patient_key: str | None, fhir: FhirClient) -> Response:
    received = envelope.read(body.decode(request.get_data()))
    call.instance = received.hook_instance
    if received.hook != hook.hook:
        text = f"This service answers the hook `{hook.hook}` and no other."
        raise refuse(HTTPStatus.BAD_REQUEST, "value", text, "hook")
    call.hook = hook.hook
    context = hook.read_context(received.context)
    prefetched = prefetch.sort(hook.prefetch, received.prefetch)
    if hook.needs_data(context):
        prefetched.demand(hook.required - prefetched.absent)
        prefetched = fhir.complete(hook.prefetch, prefetched, received)
        prefetched.demand(hook.required)
    call.patient_hash = decision.patient_hash(patient_key, received.context.get("patientId"))
    answer = call.answer = hook.answer(context, prefetched.data, call.at)
    call.rule = str(answer.assessment.get("rule", "-"))
    cards, assessment = _withheld(answer) if call.silent else (answer.cards, answer.assessment)
    document = {"cards": cards, "extension": {ASSESSMENT: assessment}}
    return Response(_encoder.encode(document), content_type="application/json")


def _withheld(answer: Answer) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """In silent mode: no card, and an assessment that says so. A call that would have had no card
    anyway keeps its own reason."""
    silence = _SILENT if answer.cards else answer.assessment.get("silence", _SILENT)
    return [], {**answer.assessment, "silent": True, "silence": silence}
