"""The client's side of a call, for `magnesia fire`: send a request, understand the answer."""

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest
from requests.auth import AuthBase

from service import exact

TIMEOUT_SECONDS = 30
_POLL_SECONDS = 0.1
#: Under a server's address, its services (CDS Hooks 2.0.1).
_SERVICES = "/cds-services"


class ClientError(Exception):
    """A service gave no cards: it cannot be reached, or refused. The message says which."""


class AddressError(Exception):
    """What was given as the address of a service is none."""


class Bearer(AuthBase):
    """Sends a token, whatever else the machine knows about the server."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """`request` with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def service_address(url: str, service: str) -> str:
    """The address of `service` where `url` names only the server, or its list of services.

    Raises AddressError if `url` is no http or https address.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise AddressError(f"{url!r} is not an address, such as http://127.0.0.1:8000.")
    path = parts.path.rstrip("/")
    if path.endswith(_SERVICES):
        path += f"/{service}"
    elif f"{_SERVICES}/" not in path:
        path += f"{_SERVICES}/{service}"
    else:
        return url
    return parts._replace(path=path).geturl()


def call(url: str, request: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """The service's answer to `request`, sent with `token`; raises ClientError."""
    if token is not None and not _is_private(url):
        raise ClientError("A token is sent over https only, or to this machine.")
    try:
        with session_for(url) as session:
            response = session.post(
                url,
                data=exact.encode(request),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                auth=None if token is None else Bearer(token),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise ClientError(
            f"No service answers at {url}. `magnesia serve` starts one on this machine."
        ) from error
    try:
        document = exact.decode(response.content)
    except (ValueError, ArithmeticError, RecursionError):
        document = None
    if response.status_code != requests.codes.ok:
        said = " ".join(_sentences(document)) or "It gave no reason."
        raise ClientError(f"The service answered {response.status_code}. {said}")
    if isinstance(document, dict) and _has_cards(document):
        return document
    raise ClientError(f"What answers at {url} is not a CDS service.")


def wait_until_ready(
    url: str, seconds: float, worthwhile: Callable[[], bool] = lambda: True
) -> None:
    """Wait until the discovery document beside `url` is served, `seconds` at most, and only as
    long as it is `worthwhile`; whether it is there in the end, the call itself will show."""
    discovery = url.rstrip("/").rpartition("/")[0]
    deadline = time.monotonic() + seconds
    with session_for(url) as session:
        while time.monotonic() < deadline and worthwhile():
            try:
                if session.get(discovery, timeout=TIMEOUT_SECONDS).ok:
                    return
            except requests.ConnectionError:
                # Nothing listens yet: this is what is being waited for.
                time.sleep(_POLL_SECONDS)
            else:
                time.sleep(_POLL_SECONDS)


def session_for(url: str) -> requests.Session:
    """A session with which to talk to the server at `url`."""
    session = requests.Session()
    host = urlsplit(url).hostname or ""
    # A proxy named in the environment is for other machines than this one.
    session.trust_env = not _is_loopback(host)
    return session


def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_cards(document: dict[str, Any]) -> bool:
    cards = document.get("cards")
    return isinstance(cards, list) and all(isinstance(card, dict) for card in cards)


def _sentences(outcome: Any) -> Iterator[str]:
    """What the issues of an OperationOutcome say."""
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    for issue in issues if isinstance(issues, list) else []:
        details = issue.get("details") if isinstance(issue, dict) else None
        if isinstance(details, dict) and isinstance(details.get("text"), str):
            yield details["text"]
