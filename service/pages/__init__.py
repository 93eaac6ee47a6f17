"""What people look at: order entry and the running protocol, as pages of the service itself.

The pages are an EHR and a printed protocol, not a second way to decide: order entry calls the
service over HTTP as any EHR does, and the protocol page shows the document that is running.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, Flask, Response

from hooks.order_select import OrderSelect
from hooks.protocol import Protocol
from service.fhir.client import FhirClient
from service.pages import order_entry, protocol_page
from service.pages.census import Census
from service.settings import Settings

#: Everything comes from the service itself, and no text of a patient can become a script or style.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def install(
    app: Flask,
    hooks: Sequence[OrderSelect],
    protocol: Protocol,
    clock: Callable[[], datetime],
    settings: Settings,
    fhir: FhirClient,
) -> None:
    """Add the pages to `app`. Order entry calls the service from a browser, which has no token, so
    there is none where callers must prove who they are."""
    # Addresses inside the pages are relative, so that they hold behind a proxy's path too.
    blueprint = Blueprint(
        "pages",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/assets",
    )
    blueprint.after_request(_guard)
    if settings.is_auth_required:
        order_entry.add_closed(blueprint)
    else:
        order_entry.add(blueprint, hooks, clock, settings, census=Census(settings, hooks, fhir))
    protocol_page.add(blueprint, protocol)
    app.register_blueprint(blueprint)


def _guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
