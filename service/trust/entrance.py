"""Who may come in: a token for discovery, for calls and for feedback, and nothing else.

A refused caller learns that it was refused, and not why; the log says why, in a few lines however
many come. The order is that of every refusal: first the size that the request states, then who
calls, then what is called and how. The body is not read before (`service.upload`).
"""

import logging
import math
import re
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import Literal

from flask import g, request

from service.observability import Sparing
from service.outcomes import Issue, Refusal
from service.trust import Trust
from service.trust.clients import Client
from service.trust.tokens import Distrusted, Fault, Token
from service.trust.tokens import read as read_token

ROOT = "/cds-services"
#: Why a caller is not let in: its token is at fault, or is good and of no help here.
Reason = Literal[Fault, "service", "rate"]
#: For every refusal of a caller, whatever the reason.
_ISSUE = Issue("security", "The caller is not accepted here. The service's log says why.")
_TOO_OFTEN = Issue("throttled", "Too many calls from this client; try again later.")

_SERVICE = re.compile(rf"{ROOT}/([^/]+)(/feedback)?")
_PLAIN = re.compile(r"[\w.-]{1,64}", re.ASCII)

_log = logging.getLogger("magnesia.trust")


def guard(trust: Trust, count: Callable[[str, Reason], None]) -> Callable[[], None]:
    """What lets nobody call without a token, and sets `g.client` for who has one; it raises
    Refusal for all others. A token must be for the address that the site has set; what a request
    says of its own address is not asked. `count` is told the client and the reason of every
    refusal."""
    turned_away = TurnedAway(count)

    def ask_for_token() -> None:
        if not is_guarded(request.path) or request.method == "OPTIONS":
            return
        g.client = _let_in(trust, request.path, turned_away)

    return ask_for_token


def is_guarded(path: str) -> bool:
    """Whether there is nothing to be had at `path` without a token."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def addresses(base_url: str, path: str) -> frozenset[str]:
    """The audiences of a token for a call of `path`: the address as it was called, without a slash
    too many, and for feedback that of its service too."""
    plain = _plain(path)
    found = _SERVICE.fullmatch(plain)
    paths = {path, plain}
    if found is not None and found[2]:
        paths.add(plain.removesuffix(found[2]))
    return frozenset(base_url + one for one in paths)


def _plain(path: str) -> str:
    return path.replace("//", "/").rstrip("/")


def _let_in(trust: Trust, path: str, turned_away: "TurnedAway") -> str:
    token: Token | None = None
    client: Client | None = None
    try:
        token = read_token(request.headers.get("Authorization"))
        client = trust.claimed(token)
        client = trust.check(token, addresses(trust.base_url, path))
        service = _SERVICE.fullmatch(_plain(path))
        if service is not None and not client.may_use(service[1]):
            turned_away.note(client, "service", token)
            raise Refusal(HTTPStatus.FORBIDDEN, (_ISSUE,))
        # Before the token is used up, so that it may be sent again.
        seconds = trust.wait(client)
        if seconds > 0:
            turned_away.note(client, "rate", token)
            headers = {"Retry-After": str(math.ceil(seconds))}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, (_TOO_OFTEN,), headers)
        trust.use(token, client)
    except Distrusted as error:
        turned_away.note(client, error.reason, token)
        headers = {"WWW-Authenticate": "Bearer"}
        raise Refusal(HTTPStatus.UNAUTHORIZED, (_ISSUE,), headers) from error
    return client.name


class TurnedAway:
    """Counts who was refused and why, and logs it: for each client and reason at most one line in
    ten seconds, with how many came since the last. A token is never logged, of a key only a plain
    name."""

    def __init__(
        self, count: Callable[[str, Reason], None], clock: Callable[[], float] = monotonic
    ) -> None:
        self._count = count
        self._sparing = Sparing(clock)

    def note(self, client: Client | None, reason: Reason, token: Token | None) -> None:
        """Count one, and log it if it is time to."""
        name = "-" if client is None else client.name
        self._count(name, reason)
        times = self._sparing.times((name, reason))
        if not times:
            return
        kid = token.kid if token is not None and _PLAIN.fullmatch(token.kid) else None
        _log.warning(
            {
                "event": "refused",
                "client": None if client is None else client.name,
                "reason": reason,
                "kid": kid,
                "times": times,
            }
        )
