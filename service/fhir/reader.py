"""One FHIR server, read over connections that are kept: a query, its pages, what it brought.

Whatever goes wrong is UnreadError with the reason; a read ends soon after its deadline.
"""

import re
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import requests
from urllib3 import Timeout
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as UrllibTimeout

from service import body, limits, prefetch
from service.fhir.breaker import Breaker
from service.fhir.connection import GuardedAdapter
from service.fhir.servers import FhirServer
from service.observability import log
from service.observability.metrics import Metrics
from service.observability.trace import Trace
from service.outcomes import Refusal
from service.settings import Settings

MAX_PAGES = 5
MAX_RESPONSE_BYTES = 2 * 1024 * 1024
# Queries that run at one server at a time, for each process: a handful of calls with every key
# missing. More would wait for nothing where the server hangs.
THREADS = 64
# Outcomes that say nothing of the server: a question that cannot be asked, a defect of ours.
_NEVER_SENT = frozenset({"not-askable", "defect"})
# Reads end at the deadline by themselves; this is for handing in what they have.
_GRACE_SECONDS = 0.1

#: What may stand in an address or a header as it is.
VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
NOT_ASKABLE = "the FHIR server cannot be asked for it"
_TOO_LATE = "the FHIR server did not answer in time"
_UNREACHABLE = "the FHIR server could not be read"
_DEFECT = "reading the FHIR server failed for a fault of this service"


class UnreadError(Exception):
    """A query that brought nothing; the message is a clause that says why, `outcome` a word.

    `answered` is False where the server itself is in trouble, not this one query.
    """

    def __init__(self, reason: str, outcome: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.answered = answered


@dataclass(frozen=True)
class Query:
    """One key's question, and until when the answer is of use."""

    template: str
    path: str = field(repr=False)
    token: str | None = field(repr=False)
    deadline: float
    trace: Trace | None = None
    pages: int = MAX_PAGES

    @property
    def headers(self) -> dict[str, str]:
        """What goes with each request for a page."""
        headers = {
            "Accept": "application/fhir+json",
            "Accept-Encoding": "gzip",
            "User-Agent": "Magnesia",
        }
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.trace is not None:
            headers |= self.trace.headers()
        return headers


class Reader:
    """Reads one FHIR server, over connections that are kept."""

    def __init__(
        self,
        server: FhirServer,
        number: str,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self.breaker = Breaker()
        #: By which the server is counted; its address may hold more than a count should show.
        self.number = number
        self._metrics = metrics
        self._most_entries = settings.max_entries
        proxy = settings.fhir_proxy
        self._server = server
        # The adapter alone, without a session: it is the session of `requests` that follows
        # redirects, keeps cookies, and reads .netrc and the proxies of the environment.
        self._adapter = GuardedAdapter(pool_connections=1, pool_maxsize=THREADS)
        self._send = partial(
            self._adapter.send,
            stream=True,
            verify=True if settings.fhir_ca is None else str(settings.fhir_ca),
            proxies={} if proxy is None or server.is_loopback else {"https": proxy},
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="fhir")

    def read(
        self, queries: Mapping[str, Query], deadline: float
    ) -> dict[str, dict[str, Any] | UnreadError]:
        """What each query brought, or why it brought nothing; ends soon after `deadline`."""
        futures = {key: self._threads.submit(self._answer, query) for key, query in queries.items()}
        wait(futures.values(), deadline - monotonic() + _GRACE_SECONDS)
        results = {key: _result(future) for key, future in futures.items()}
        sent = [result for result in results.values() if _was_sent(result)]
        if sent:
            self.breaker.report(answered=any(map(_answered, sent)))
            self._metrics.rests(self.number, resting=self.breaker.rests)
        for key, result in results.items():
            outcome = result.outcome if isinstance(result, UnreadError) else "read"
            self._metrics.fetched(self.number, key, outcome)
        return results

    def _answer(self, query: Query) -> dict[str, Any]:
        """The resource or the whole Bundle that answers `query`. Raises UnreadError, whatever
        happens: one key that a defect of ours spoils must not take the others away."""
        began = monotonic()
        try:
            return self._judged(self._whole(query))
        except UnreadError:
            raise
        except Exception as error:
            self._metrics.failed()
            log.failed(error, doing="reading a FHIR server")
            raise UnreadError(_DEFECT, "defect", answered=False) from error
        finally:
            self._metrics.fetch_took(self.number, monotonic() - began)

    def _judged(self, answer: dict[str, Any]) -> dict[str, Any]:
        if limits.entries(answer) > self._most_entries:
            reason = "what the FHIR server answered holds too many entries"
            raise UnreadError(reason, "too-large", answered=True)
        return answer

    def _whole(self, query: Query) -> dict[str, Any]:
        url = f"{self._server.url}/{query.path}"
        answer = self._get(url, query)
        fault = prefetch.fault_of(query.template, answer)
        if fault is not None:
            reason = f"what the FHIR server answered {fault}"
            raise UnreadError(reason, "unusable", answered=True)
        return self._with_pages(answer, url, query) if "?" in query.template else answer

    def _with_pages(self, first: dict[str, Any], url: str, query: Query) -> dict[str, Any]:
        """The first page with the entries of the following ones.

        What remains to be read, for whatever reason, shows as a `next` link.
        """
        entries = list(first.get("entry") or [])
        page, read = first, {url}
        while len(read) < query.pages:
            target = _target(url, _next(page))
            if target is None or not self._may_follow(target, read):
                break
            try:
                fetched = self._get(target, query)
            except UnreadError:
                # What has come is of use, and its `next` link says that it is not all.
                break
            if prefetch.fault_of(query.template, fetched) is not None:
                break
            read.add(target)
            page = fetched
            entries += page.get("entry") or []
        if page is first:
            return first
        links = [link for link in _links(first) if link.get("relation") != "next"]
        rest = [link for link in _links(page) if link.get("relation") == "next"]
        return {**first, "entry": entries, "link": links + rest}

    def _may_follow(self, target: str, read: set[str]) -> bool:
        return target not in read and self._server.holds(target)

    def _get(self, url: str, query: Query) -> dict[str, Any]:
        remaining = query.deadline - monotonic()
        if remaining <= 0:
            raise UnreadError(_TOO_LATE, "late", answered=False)
        try:
            request = requests.Request("GET", url, headers=query.headers).prepare()
            # Asked of the address as it will be sent, after the library has put it in order.
            if not self._server.holds(request.url or ""):
                raise UnreadError(NOT_ASKABLE, "not-askable", answered=True)
            # The stubs know only numbers; the library takes one time for everything too.
            timeout: Any = Timeout(total=remaining)
            response = self._send(request, timeout=timeout)
            try:
                content = response.raw.read(MAX_RESPONSE_BYTES + 1, decode_content=True)
            finally:
                response.close()
        except (requests.Timeout, UrllibTimeout) as error:
            raise UnreadError(_TOO_LATE, "late", answered=False) from error
        except (requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: what the HTTP library makes of a chunk of negative size, and its like.
            raise UnreadError(_UNREACHABLE, "unreachable", answered=False) from error
        _check_status(response.status_code)
        return _decode(content)


def _result(future: "Future[dict[str, Any]]") -> dict[str, Any] | UnreadError:
    if not future.done():
        future.cancel()
        return UnreadError(_TOO_LATE, "late", answered=False)
    try:
        return future.result()
    except UnreadError as unread:
        return unread


def _was_sent(result: dict[str, Any] | UnreadError) -> bool:
    """Whether the server was asked at all; what it was never asked says nothing of it."""
    return not isinstance(result, UnreadError) or result.outcome not in _NEVER_SENT


def _answered(result: dict[str, Any] | UnreadError) -> bool:
    return not isinstance(result, UnreadError) or result.answered


def _check_status(status: int) -> None:
    if status == HTTPStatus.OK:
        return
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise UnreadError("the FHIR server does not have it", "not-found", answered=True)
    in_trouble = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_TIMEOUT,
    }
    outcome, verb = ("failed", "failed") if in_trouble else ("refused", "refused it")
    reason = f"the FHIR server {verb} with status {status}"
    raise UnreadError(reason, outcome, answered=not in_trouble)


def _decode(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_RESPONSE_BYTES:
        reason = "what the FHIR server answered is too large"
        raise UnreadError(reason, "too-large", answered=True)
    try:
        return body.decode(content)
    except Refusal as error:
        reason = "what the FHIR server answered is not usable JSON"
        raise UnreadError(reason, "unusable", answered=True) from error


def _links(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    links = bundle.get("link")
    return [link for link in (links if isinstance(links, list) else []) if isinstance(link, dict)]


def _target(url: str, following: str | None) -> str | None:
    """The address that `following`, found at `url`, stands for; None if it is none."""
    if following is None:
        return None
    try:
        return urljoin(url, following)
    except ValueError:
        return None


def _next(bundle: Mapping[str, Any]) -> str | None:
    """Where the next page is said to be."""
    for link in _links(bundle):
        if link.get("relation") == "next":
            url = link.get("url")
            # urljoin drops tabs and line breaks without a word.
            return url if isinstance(url, str) and VISIBLE_ASCII.fullmatch(url) else None
    return None
