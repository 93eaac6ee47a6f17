"""GET /cds-services: what this service offers."""

from collections.abc import Sequence

import msgspec
from flask import Blueprint, Response

from service.hook import Hook


def routes(hooks: Sequence[Hook]) -> Blueprint:
    """The discovery endpoint. Its document is the same for every caller, so it is made once."""
    document = msgspec.json.encode({"services": [hook.discovery() for hook in hooks]})
    blueprint = Blueprint("discovery", __name__)

    # Clients join addresses as text, so the trailing slash is as good as the address without it.
    @blueprint.get("/cds-services")
    @blueprint.get("/cds-services/")
    def discover() -> Response:
        return Response(document, content_type="application/json")

    return blueprint
