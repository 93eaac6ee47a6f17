"""The application factory: what the service is made of, in order."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any

from flask import Flask

from hooks.protocol.protocol import BORROWED
from service import cors, discovery, invocation, observability, outcomes, pages, site, upload
from service.clock import utc_now
from service.fhir.client import FhirClient
from service.hook import Hook
from service.insight.legend import legend
from service.observability import health, metrics
from service.observability.metrics import Metrics
from service.pages import insight
from service.record import Record
from service.settings import Settings
from service.trust import Trust, entrance, establish
from service.trust.clients import Clients

_logger = logging.getLogger("magnesia")


class Application(Flask):
    """Flask, except that a failure is counted, and logged without what the request held, and that
    no function is asked at every call whether it is a coroutine (8 µs): none is."""

    counts: Metrics | None = None

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> None:
        if self.counts is not None:
            self.counts.failed()
        observability.log_failure(exc_info[1])


def create_app(settings: Settings | None = None, clock: Callable[[], datetime] = utc_now) -> Flask:
    """The WSGI application; without `settings`, those of the environment.

    Raises SettingsError, RecordError, or a SiteFileError such as ProtocolError or ClientsError, if
    the service cannot start.
    """
    settings = settings or Settings.from_environment(os.environ)
    services = site.services(settings)
    protocol = services[0].protocol
    clients = site.clients(settings, services)
    record = Record(settings.database_url, settings.spool_directory)
    trust = establish(settings, clients, record.nonces, clock)
    record.prepare()
    head = protocol.document.protocol
    in_use = {
        "id": head.id,
        "version": head.version,
        "status": head.status,
        "digest": protocol.digest,
    }
    if protocol.borrows_name:
        _logger.warning("%s: %s.", settings.protocol, BORROWED)
    app = assemble(settings, services, clock, record, trust, in_use)
    pages.install(app, services, protocol, clock, settings, app.extensions["fhir"])
    app.register_blueprint(insight.routes(settings, record, clock, legend(protocol)))
    return app


def assemble(
    settings: Settings,
    hooks: Sequence[Hook],
    clock: Callable[[], datetime],
    record: Record | None = None,
    trust: Trust | None = None,
    protocol: Mapping[str, str] | None = None,
) -> Flask:
    """The application that offers `hooks`. Without a record, nothing of a call is kept; without
    trust, callers are not asked who they are; `protocol` says which one is in use, for health and
    metrics."""
    app = Application("service", static_folder=None)
    app.url_map.merge_slashes = False

    cors.install(app, settings.allowed_origins)
    counts = app.counts = Metrics(protocol, [hook.id for hook in hooks])
    ask = None if trust is None else entrance.guard(trust, counts.turned_away)
    upload.install(app, settings.max_body_bytes, ask)
    outcomes.install(app)
    app.register_blueprint(discovery.routes(hooks))
    clients = Clients() if trust is None else trust.clients
    app.after_request(counts.answered)
    fhir = app.extensions["fhir"] = FhirClient(settings, counts)
    app.register_blueprint(invocation.routes(hooks, clock, settings, clients, record, fhir, counts))
    app.register_blueprint(health.routes(protocol, None if record is None else record.state))
    app.register_blueprint(metrics.routes(counts, settings))
    if record is not None:
        record.be_watched(counts)
        app.extensions["record"] = record
    return app
