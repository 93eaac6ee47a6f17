"""What is counted, for Prometheus: GET /metrics.

No label has a value that a caller could make up: services, keys, rules, reasons and outcomes are
named by the service itself, clients by the site, FHIR servers by their place in the settings.

What an alert watches is there from the start, at 0: of a series that begins with its first event,
Prometheus sees no increase at that event.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, wraps
from http import HTTPStatus
from importlib.metadata import version
from time import monotonic
from typing import Concatenate, Literal, ParamSpec

from flask import Blueprint, Response, abort, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.observability import STAGES, Call, FeedbackCall, log, shared_counts
from service.outcomes import Refusal, refuse
from service.record import LOSSES, Loss, Watch
from service.settings import Settings
from service.trust.door import Door

_MOST_SERIES = 1024
_QUIET_SECONDS = 10.0
#: From the millisecond that a silent answer takes to the two seconds after which none is of use.
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0)


P = ParamSpec("P")


def _beside(count: Callable[Concatenate["Metrics", P], None]) -> Callable[..., None]:
    """Counting stands beside the work: where it fails that is logged, and the work goes on."""

    @wraps(count)
    def tried(metrics: "Metrics", *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            count(metrics, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a disk may be full, a directory taken away
            metrics.tell(error)

    return tried


class Metrics(Watch):
    """Everything that is counted, in one process or in all processes of a service."""

    def __init__(
        self, protocol: Mapping[str, str] | None = None, services: Iterable[str] = ()
    ) -> None:
        """`services` are those that are offered, by their ids."""
        disable_created_metrics()
        self._quiet_until = 0.0
        self._shared = shared_counts.joined()
        self._facts = _Facts(protocol)
        # What is shared lies in files, and no registry may count it once more.
        self._own = None if self._shared else CollectorRegistry()
        calls = self._counter("calls", "Calls to a service.", "service", "status", "rule", "alert")
        duration = self._histogram(
            "call_duration_seconds",
            "How long calls took, the reading of the body included.",
            "service",
        )
        # For every call: what the library looks up by its labels each time, looked up once.
        self._series = lru_cache(_MOST_SERIES)(calls.labels)
        self._durations = lru_cache(_MOST_SERIES)(duration.labels)
        for service in services:
            self._durations(service)
        stages = self._histogram(
            "call_stage_seconds", "How long the stages of calls took.", "stage"
        )
        self._stages = {stage: stages.labels(stage) for stage in STAGES}
        self._refusals = self._counter(
            "refusals", "Answers of 400 and more, at any address.", "status"
        )
        self._failures = self._counter(
            "failures",
            "Faults of the service: requests that failed with 500, FHIR reads that broke off.",
        )
        of_clients = self._counter("client_calls", "Calls of a known client.", "client", "status")
        self._of_client = lru_cache(_MOST_SERIES)(of_clients.labels)
        self._turned_away = self._counter(
            "turned_away",
            "Callers that were not let in, by the client they claim.",
            "client",
            "reason",
        )
        self._missing = self._counter(
            "missing_prefetch", "Required prefetch keys for want of which a call got 412.", "key"
        )
        self._fetches = self._counter(
            "fetches", "Prefetch keys asked for at a FHIR server.", "server", "key", "outcome"
        )
        self._fetch_duration = self._histogram(
            "fetch_duration_seconds",
            "How long FHIR reads took, all pages of one key together.",
            "server",
        )
        self._resting = self._gauge(
            "fhir_server_resting",
            "Processes that leave a FHIR server alone because it failed repeatedly.",
            "livesum",
            "server",
        )
        self._feedback = self._counter(
            "feedback_items", "Items of feedback that were kept.", "service", "outcome"
        )
        self._written = self._counter("record_written", "Decisions written to the record.")
        self._lost = self._counter("record_lost", "Decisions that are in no record.", "reason")
        for reason in LOSSES:
            self._lost.labels(reason)
        self._unwritten = self._counter(
            "tokens_unwritten", "Tokens that were accepted and could not be written down."
        )
        self._queued = self._gauge("record_queued", "Decisions that wait in memory.", "livesum")
        self._spooled = self._gauge("record_spooled", "Decisions that wait on disk.", "livesum")
        self._down = self._gauge(
            "record_down_seconds", "For how long the store has been out of reach.", "livemax"
        )

    def tell(self, error: Exception) -> None:
        """Log that nothing can be counted, now and then."""
        now = monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET_SECONDS
            log.failed(error, doing="counting")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"magnesia_{name}", text, labels, registry=self._own)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"magnesia_{name}", text, labels, buckets=SECONDS, registry=self._own)

    def _gauge(
        self, name: str, text: str, mode: Literal["livesum", "livemax"], *labels: str
    ) -> Gauge:
        return Gauge(f"magnesia_{name}", text, labels, registry=self._own, multiprocess_mode=mode)

    @_beside
    def called(self, call: Call, status: int, seconds: float) -> None:
        """A call has been answered."""
        self._series(call.service, status, call.rule, call.alert).inc()
        self._durations(call.service).observe(seconds)
        for stage, spent in call.time.seconds.items():
            self._stages[stage].observe(spent)
        if call.client is not None:
            self._of_client(call.client, status).inc()

    @_beside
    def turned_away(self, client: str, reason: str) -> None:
        """A caller was not let in; `client` is `-` where it is nobody who is known."""
        self._turned_away.labels(client, reason).inc()

    @_beside
    def reported(self, call: FeedbackCall) -> None:
        """A batch of feedback has been kept."""
        for outcome in call.outcomes:
            self._feedback.labels(call.service, outcome).inc()

    def answered(self, response: Response) -> Response:
        """Anything at all has been answered; for Flask's `after_request`."""
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            self._refused(response.status_code)
        return response

    @_beside
    def failed(self) -> None:
        """The service failed over a request, or over one FHIR read of it."""
        self._failures.inc()

    @_beside
    def _refused(self, status: int) -> None:
        self._refusals.labels(str(status)).inc()

    @_beside
    def missed(self, keys: Iterable[str]) -> None:
        """A call was refused for want of these prefetch keys."""
        for key in keys:
            self._missing.labels(key).inc()

    @_beside
    def fetched(self, server: str, key: str, outcome: str) -> None:
        """A key was asked for at a FHIR server, or could not be."""
        self._fetches.labels(server, key, outcome).inc()

    @_beside
    def fetch_took(self, server: str, seconds: float) -> None:
        """A read has ended."""
        self._fetch_duration.labels(server).observe(seconds)

    @_beside
    def rests(self, server: str, *, resting: bool) -> None:
        """Whether this process leaves a server alone."""
        self._resting.labels(server).set(resting)

    @_beside
    def written(self, decisions: int) -> None:
        """Decisions are in the record."""
        self._written.inc(decisions)

    @_beside
    def lost(self, decisions: int, reason: Loss) -> None:
        """Decisions are in no record."""
        self._lost.labels(reason).inc(decisions)

    @_beside
    def waits(self, queued: int, spooled: int, down_seconds: float) -> None:
        """What this process has not written yet, and since when it cannot."""
        self._queued.set(queued)
        self._spooled.set(spooled)
        self._down.set(down_seconds)

    @_beside
    def unwritten(self, tokens: int) -> None:
        """Used tokens are in no file of this host."""
        self._unwritten.inc(tokens)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        counted = self._own if self._shared is None else self._shared.gather()
        return generate_latest(counted or CollectorRegistry()) + generate_latest(self._facts)


def routes(metrics: Metrics, settings: Settings) -> Blueprint:
    """The page that Prometheus reads, behind a door like that of the record's page."""
    blueprint = Blueprint("metrics", __name__)
    door = Door(settings, "/metrics", settings.metrics_token_sha256)

    @blueprint.get("/metrics")
    def show() -> Response:
        if not door.exists_for(request):
            abort(HTTPStatus.NOT_FOUND)
        if not door.admits(request):
            refusal = refuse(HTTPStatus.UNAUTHORIZED, "login", "A token is needed.")
            headers = {"WWW-Authenticate": "Bearer"}
            raise Refusal(refusal.status, refusal.issues, headers)
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


class _Facts(Collector):
    """What is the same as long as the service runs."""

    def __init__(self, protocol: Mapping[str, str] | None) -> None:
        self._protocol = protocol

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily("magnesia_build_info", "The version.", labels=["version"])
        build.add_metric([version("magnesia")], 1)
        yield build
        # The application is made only once it is ready for calls.
        yield GaugeMetricFamily("magnesia_ready", "Whether calls are answered.", value=1)
        if self._protocol is not None:
            names = list(self._protocol)
            protocol = GaugeMetricFamily(
                "magnesia_protocol_info", "The protocol in use.", labels=names
            )
            protocol.add_metric([self._protocol[name] for name in names], 1)
            yield protocol
