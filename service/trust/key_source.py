"""Where a client's key set comes from: a file, or an address that is asked as carefully as a FHIR
server."""

import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

import requests
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from service.fhir.connection import GuardedAdapter
from service.fhir.servers import FhirServer
from service.settings import Settings
from service.trust.clients import Client
from service.trust.jwks import KeysUnreadable

FETCH_SECONDS = 2.0
MAX_BYTES = 64 * 1024

Source = Callable[[], bytes]


def source(client: Client, settings: Settings) -> Source:
    """What reads the key set of a client. It raises KeysUnreadable."""
    if client.jwks_file is not None:
        return partial(_from_file, client.jwks_file)
    return partial(_fetch, str(client.jwks_url), _sender(str(client.jwks_url), settings))


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KeysUnreadable(f"{path} cannot be read: {error.strerror}") from error
    return _bounded(content)


def _sender(url: str, settings: Settings) -> Callable[..., requests.Response]:
    """The adapter of FHIR reads: addresses checked, no redirects, no cookies, one time for all."""
    # At its own level the library logs whole addresses.
    logging.getLogger("urllib3").propagate = False
    is_own = FhirServer.parse(url.partition("?")[0]).is_loopback
    proxy = None if is_own else settings.fhir_proxy
    return partial(
        GuardedAdapter(pool_connections=1, pool_maxsize=1).send,
        stream=True,
        verify=True if settings.fhir_ca is None else str(settings.fhir_ca),
        proxies={} if proxy is None else {"https": proxy},
    )


def _fetch(url: str, send: Callable[..., requests.Response]) -> bytes:
    headers = {
        "Accept": "application/jwk-set+json, application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "Magnesia",
    }
    try:
        request = requests.Request("GET", url, headers=headers).prepare()
        response = send(request, timeout=Timeout(total=FETCH_SECONDS))
        try:
            content = response.raw.read(MAX_BYTES + 1, decode_content=False)
        finally:
            response.close()
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        # ValueError: what the HTTP library makes of a chunk of negative size, and its like.
        raise KeysUnreadable(f"{url} cannot be fetched ({type(error).__name__})") from error
    if response.status_code != HTTPStatus.OK:
        raise KeysUnreadable(f"{url} answers with status {response.status_code}")
    return _bounded(content)


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise KeysUnreadable(f"it is larger than {MAX_BYTES} bytes")
    return content
