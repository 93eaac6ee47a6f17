"""Guarded FHIR reads: what the client did not send, asked for at its FHIR server.

Only listed servers are read, with the token of the call and for the time of the call. Whatever
goes wrong leaves a key unavailable, with the reason; nothing here makes a call fail or late.
"""

import logging
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

from service import prefetch
from service.envelope import Envelope, FhirAuthorization
from service.fhir.reader import NOT_ASKABLE, VISIBLE_ASCII, Query, Reader, UnreadError
from service.fhir.servers import FhirServer
from service.observability.metrics import Metrics
from service.observability.trace import Trace
from service.prefetch import Prefetched
from service.settings import Settings

#: What a search by a person is called where reads are counted by the key of the prefetch.
_BY_HAND = "search"

_NOT_LISTED = "`fhirServer` is not a server that this service may read"
_NONE_LISTED = "this service is set to read no `fhirServer`"
_NO_TOKEN = "no access token came with which to ask the FHIR server"  # noqa: S105 - a sentence
_FOREIGN_NAME = "the FHIR server is not read for a call to a name that is not this service's own"
_LEFT_ALONE = "the FHIR server is left alone for a moment, because it failed repeatedly"


class FhirClient:
    """Completes a prefetch by reading the FHIR servers that the settings list."""

    def __init__(self, settings: Settings, metrics: Metrics | None = None) -> None:
        # At its own level the library logs whole addresses, and patients with them.
        logging.getLogger("urllib3").propagate = False
        self._open = settings.fhir_open
        self._metrics = metrics or Metrics()
        self._seconds = settings.fetch_deadline_ms / 1000
        self._readers = {
            server: Reader(server, str(number), settings, self._metrics)
            for number, server in enumerate(settings.fhir_servers, 1)
        }

    @property
    def reads(self) -> bool:
        """Whether the site lists any server."""
        return bool(self._readers)

    def complete(
        self,
        templates: Mapping[str, str],
        prefetched: Prefetched,
        received: Envelope,
        trace: Trace | None = None,
        *,
        own_name: bool = True,
    ) -> Prefetched:
        """`prefetched` with the keys that are absent from it read, as if they had been sent; each
        request is a span of `trace`.

        `own_name` says whether the service was called by a name of its own (see `rebinding`);
        if not, nothing is read that needs no token. A token that came along changes nothing: an
        open server would not look at it.
        """
        wanted = [key for key in templates if key in prefetched.absent]
        if not wanted or received.fhir_server is None:
            return prefetched
        if not self._readers:
            return _without(prefetched, wanted, _NONE_LISTED)
        reader = self._reader(received.fhir_server)
        token = _usable(received.fhir_authorization)
        if reader is None:
            return self._unasked(prefetched, wanted, "none", "not-listed", _NOT_LISTED)
        if token is None and not self._open:
            return self._unasked(prefetched, wanted, reader.number, "no-token", _NO_TOKEN)
        if self._open and not own_name:
            return self._unasked(prefetched, wanted, reader.number, "foreign-name", _FOREIGN_NAME)
        if not reader.breaker.admits():
            return self._unasked(prefetched, wanted, reader.number, "left-alone", _LEFT_ALONE)
        deadline = monotonic() + self._seconds
        queries = {
            key: Query(templates[key], path, token, deadline, trace)
            for key in wanted
            if (path := prefetch.query(templates[key], received.context)) is not None
        }
        unaskable = set(wanted) - queries.keys()
        prefetched = self._unasked(prefetched, unaskable, reader.number, "not-askable", NOT_ASKABLE)
        return _with(prefetched, reader.read(queries, deadline))

    def first_page(self, server: FhirServer, query: str) -> dict[str, Any]:
        """The first page of what a listed server answers to a search, asked without a token.

        `query` is percent-encoded. Raises UnreadError, also where the settings want a token.
        """
        reader = self._readers.get(server)
        if reader is None:
            raise UnreadError(_NOT_LISTED, "not-listed", answered=True)
        if not self._open:
            raise UnreadError(_NO_TOKEN, "no-token", answered=True)
        if not reader.breaker.admits():
            raise UnreadError(_LEFT_ALONE, "left-alone", answered=False)
        deadline = monotonic() + self._seconds
        asked = Query(query, query, None, deadline, pages=1)
        # The metrics count by this name: a query names a patient.
        answer = reader.read({_BY_HAND: asked}, deadline)[_BY_HAND]
        if isinstance(answer, UnreadError):
            raise answer
        return answer

    def _unasked(
        self, prefetched: Prefetched, keys: Iterable[str], server: str, outcome: str, reason: str
    ) -> Prefetched:
        """`prefetched`, with one more reason why `keys` are not available."""
        for key in keys:
            self._metrics.fetched(server, key, outcome)
        return _without(prefetched, keys, reason)

    def _reader(self, address: str) -> "Reader | None":
        try:
            return self._readers.get(FhirServer.parse(address))
        except ValueError:
            return None


def _usable(authorization: FhirAuthorization | None) -> str | None:
    """The access token; one that is not visible ASCII counts as none (settled 27)."""
    if authorization is None or not VISIBLE_ASCII.fullmatch(authorization.access_token):
        return None
    return authorization.access_token


def _without(prefetched: Prefetched, keys: Iterable[str], reason: str) -> Prefetched:
    """`prefetched`, with one more reason why `keys` are not available."""
    unavailable = {key: f"{prefetched.unavailable[key]}, and {reason}" for key in keys}
    return Prefetched(
        prefetched.data, prefetched.unavailable | unavailable, prefetched.absent - set(keys)
    )


def _with(
    prefetched: Prefetched, results: Mapping[str, dict[str, Any] | UnreadError]
) -> Prefetched:
    data, unavailable = dict(prefetched.data), dict(prefetched.unavailable)
    for key, result in results.items():
        if isinstance(result, UnreadError):
            unavailable[key] += f", and {result}"
        else:
            data[key] = result
            del unavailable[key]
    return Prefetched(data, unavailable, prefetched.absent - results.keys())
