"""The service over real HTTP, beside a FHIR server that plays a script."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec
import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from service import create_app
from service.settings import Settings
from tests.conformance.exchange import DISCOVERY, SERVICE, read
from tests.conformance.request import PATIENT_ID, Json, order_select, searchset
from tests.conftest import NOW
from tests.fhir.script import FhirServer, Play, Script, answer, serving

TOKEN = "opaque-5f1e77-access"
AUTHORIZATION: Json = {
    "access_token": TOKEN,
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Observation.read user/Patient.read",
    "subject": "magnesia",
}
LONGEST_SECONDS = 2.0

encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass
class Answered:
    """What came back, and how long it took."""

    response: requests.Response
    seconds: float

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def document(self) -> Any:
        return read(self.response.content)

    @property
    def assessment(self) -> Any:
        return self.document["extension"]["org.magnesia.assessment"]

    @property
    def reasons(self) -> dict[str, str]:
        """Why each key that a 412 names is missing."""
        return {issue["diagnostics"]: issue["details"]["text"] for issue in self.document["issue"]}


@dataclass
class Stage:
    """A running service and the FHIR server that it may read."""

    service: str
    fhir: FhirServer
    script: Script

    def post(self, call: Json) -> Answered:
        began = perf_counter()
        response = requests.post(
            f"{self.service}{SERVICE}",
            data=encode(call),
            headers={"Content-Type": "application/json"},
            timeout=30,
        )
        return Answered(response, perf_counter() - began)

    def call(self, *missing: str, **members: Any) -> Json:
        """The seed call with access to the FHIR server, without the prefetch of these keys."""
        call = order_select()
        call |= {"fhirServer": self.fhir.base, "fhirAuthorization": dict(AUTHORIZATION)}
        call["prefetch"] |= {key: None for key in self.script.templates if key not in SEED}
        for key in missing:
            del call["prefetch"][key]
        return call | members


SEED = frozenset(order_select()["prefetch"])


def plays() -> dict[str, Play]:
    """The data of the seed call, under its keys."""
    return {key: answer(value) for key, value in order_select()["prefetch"].items()}


@contextmanager
def staged(
    changed: Mapping[str, Play] | None = None, base: str = "/fhir", **settings: Any
) -> Iterator[Stage]:
    """The service, and a FHIR server with the data of the seed call, some answers changed."""
    script = Script({}, PATIENT_ID, plays() | dict(changed or {}), answer(searchset()), base)
    with serving(script) as fhir:
        listed = settings.pop("fhir_servers", fhir.base)
        with magnesia(fhir_servers=listed, **settings) as service:
            services = requests.get(f"{service}{DISCOVERY}", timeout=30).json()["services"]
            script.templates = services[0]["prefetch"]
            yield Stage(service, fhir, script)


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """A test needs no access log."""


@contextmanager
def magnesia(**settings: Any) -> Iterator[str]:
    """The service on a port of its own, at `NOW`; its address."""
    logging.getLogger("werkzeug").setLevel("ERROR")
    app = create_app(Settings(**settings), clock=lambda: NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
