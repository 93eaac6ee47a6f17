"""POST /cds-services/<id>: envelope, prefetch, hook, response."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, g, request

from service import body, envelope, prefetch
from service.fhir_client import FhirClient
from service.hook import ASSESSMENT, Hook
from service.observability import Call, log_call
from service.outcomes import refuse

_encoder = msgspec.json.Encoder(decimal_format="number")


def routes(hooks: Sequence[Hook], clock: Callable[[], datetime], fhir: FhirClient) -> Blueprint:
    """The endpoint of every hook, and of its feedback."""
    by_id = {hook.id: hook for hook in hooks}
    blueprint = Blueprint("invocation", __name__)
    blueprint.after_request(log_call)

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
        g.call = Call(hook.id)
        return _answer(hook, g.call, clock(), fhir)

    @blueprint.post("/cds-services/<service_id>/feedback")
    @blueprint.post("/cds-services//<service_id>/feedback")
    def feedback(service_id: str) -> Response:
        find(service_id)
        raise refuse(HTTPStatus.NOT_FOUND, "not-found", "This service takes no feedback.")

    return blueprint


def _answer(hook: Hook, call: Call, now: datetime, fhir: FhirClient) -> Response:
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
    answer = hook.answer(context, prefetched.data, now)
    call.rule = str(answer.assessment.get("rule", "-"))
    document = {"cards": answer.cards, "extension": {ASSESSMENT: answer.assessment}}
    return Response(_encoder.encode(document), content_type="application/json")
