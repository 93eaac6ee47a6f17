"""Writing made-up patients to a FHIR server, and to no server that has real ones.

Before anything is written, the server is asked which version of FHIR it speaks and which patients
it holds. One that holds others than those to be written, or that cannot say, is left alone.
"""

import time
from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
import requests

from service import exact
from service.commands import client
from service.demonstration.patients import MadeUpPatient, Resource

_FHIR_JSON = "application/fhir+json"
_PATIENCE_SECONDS = 120
_POLL_SECONDS = 1.0
_MAX_PAGES = 50


class LoadingError(Exception):
    """Nothing was written; the message says why in one sentence."""


class AddressError(LoadingError):
    """What was given is not the base URL of a FHIR server."""


def load(
    address: str, patients: Sequence[MadeUpPatient], *, into_existing: bool, wait: float
) -> None:
    """Write `patients` to the FHIR server at the base URL `address`, all of them or none.

    Waits up to `wait` seconds for the server to answer at all. With `into_existing` the server may
    hold other patients. Raises LoadingError.
    """
    base = _base(address)
    with client.session_for(base) as session:
        session.headers["Accept"] = _FHIR_JSON
        _await(session, base, wait)
        _check_version(session, base)
        if not into_existing:
            _check_empty(session, base, {patient.id for patient in patients})
        _write(session, base, [each for patient in patients for each in patient.resources])


def _base(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise AddressError(f"{address} is not the base URL of a FHIR server.")
    if parts.query or parts.fragment or parts.username is not None:
        raise AddressError("A base URL has no user, no query and no fragment.")
    return address.rstrip("/")


def _await(session: requests.Session, base: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if session.get(f"{base}/metadata", timeout=_PATIENCE_SECONDS).ok:
                return
        except requests.ConnectionError:
            # Nothing listens yet: this is what is being waited for.
            pass
        time.sleep(_POLL_SECONDS)


def _check_version(session: requests.Session, base: str) -> None:
    statement = _get(session, f"{base}/metadata", "CapabilityStatement")
    version = statement.get("fhirVersion")
    if not isinstance(version, str) or not version.startswith("4.0"):
        raise LoadingError(f"{base} does not speak FHIR R4; nothing was written.")


def _check_empty(session: requests.Session, base: str, own: Collection[str]) -> None:
    """Raise if the server holds a patient who is not one of `own`, or might."""
    page = _get(session, f"{base}/Patient?_count=100", "Bundle")
    for _ in range(_MAX_PAGES):
        if any(found not in own for found in _patients(page)):
            raise LoadingError(
                f"{base} holds other patients already; nothing was written. If it is a server for "
                "demonstrations, say --into-existing."
            )
        links = {link.get("relation"): link.get("url") for link in page.get("link") or []}
        if "next" not in links:
            return
        page = _get(session, _same_server(base, str(links["next"])), "Bundle")
    raise LoadingError(f"{base} does not come to an end of its patients; nothing was written.")


def _patients(page: dict[str, Any]) -> list[str]:
    entries = [entry.get("resource") or {} for entry in page.get("entry") or []]
    return [
        str(resource.get("id"))
        for resource in entries
        if resource.get("resourceType") != "OperationOutcome"
    ]


def _same_server(base: str, link: str) -> str:
    target = urljoin(f"{base}/", link)
    if urlsplit(target)[:2] != urlsplit(base)[:2]:
        raise LoadingError(f"{base} leads to another server; nothing was written.")
    return target


def _write(session: requests.Session, base: str, resources: Sequence[Resource]) -> None:
    entries = [
        {
            "fullUrl": f"{base}/{address}",
            "resource": resource,
            "request": {"method": "PUT", "url": address},
        }
        for resource in resources
        if (address := f"{resource['resourceType']}/{resource['id']}")
    ]
    transaction = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    try:
        response = session.post(
            base,
            data=exact.encode(transaction),
            headers={"Content-Type": _FHIR_JSON},
            timeout=_PATIENCE_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise LoadingError(
            f"{base} did not answer the transaction: it may be written or not."
        ) from error
    if response.status_code != HTTPStatus.OK:
        raise LoadingError(
            f"{base} refused the transaction with status {response.status_code}; nothing was "
            "written."
        )


def _get(session: requests.Session, url: str, expected: str) -> dict[str, Any]:
    """The resource at `url`, of the `expected` type."""
    try:
        response = session.get(url, timeout=_PATIENCE_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise LoadingError(f"No FHIR server answers at {url}.") from error
    if response.status_code != HTTPStatus.OK:
        raise LoadingError(f"{url} answered {response.status_code}; nothing was written.")
    try:
        document = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        document = None
    if not isinstance(document, dict) or document.get("resourceType") != expected:
        raise LoadingError(f"What answers at {url} is not a FHIR server; nothing was written.")
    return document
