"""Patients of the FHIR servers that the settings let anyone read, for order entry.

Here the page's own server stands for the EHR: it lists and finds patients, and gets the prefetch of
one. It reads through the service's guarded client, and the browser names a server by its place in
the settings, so that no other host can be asked for.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from flask import Blueprint, Request, abort, request

from service import prefetch
from service.envelope import Envelope
from service.fhir.client import FhirClient
from service.fhir.reader import UnreadError
from service.fhir.rebinding import is_own_name
from service.fhir.servers import FhirServer
from service.hook import Hook
from service.outcomes import refuse
from service.pages import patients
from service.pages.answer import patient_answer
from service.prefetch import Prefetched
from service.settings import Settings

#: How many patients are listed unasked, and how many where a name is searched for.
NEWEST: Final = 6
FOUND: Final = 20
_LONGEST_NAME: Final = 100
_MOST_WORDS: Final = 5
# FHIR's own rule for an id, without those that a path would understand as something else.
_ID: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9.-]{1,64}")
# In a FHIR search these have a meaning of their own.
_ESCAPED: Final = re.compile(r"([\\,|$])")
_NOT_SENT: Final = "was not sent, and "
USER: Final = "Practitioner/order-entry"

Json = dict[str, Any]


class Census:
    """The patients of the servers that may be read without a token; none where no such is set."""

    def __init__(self, settings: Settings, hooks: Sequence[Hook], fhir: FhirClient) -> None:
        self.servers = settings.fhir_servers if settings.fhir_open else ()
        self._hook = next((hook for hook in hooks if hook.hook == "order-select"), None)
        self._fhir = fhir
        self._settings = settings

    def is_for(self, asked: Request) -> bool:
        """Whether the page that asks may be ours: a service for this machine alone that is asked
        for under another name may be asked by a web page from elsewhere."""
        return is_own_name(asked, self._settings)

    def find(self, server: FhirServer, name: str) -> list[Json]:
        """Patients whose names begin with the words of `name`, without any the newest few."""
        words = name[:_LONGEST_NAME].split()[:_MOST_WORDS]
        if words:
            names = "&".join(f"name={_searched(word)}" for word in words)
            query = f"Patient?{names}&_count={FOUND}"
        else:
            query = f"Patient?_sort=-_lastUpdated&_count={NEWEST}"
        try:
            page = self._fhir.first_page(server, query)
        except UnreadError as error:
            raise _unread(f"{error}.") from error
        return [
            patients.listed(person)
            for person in patients.resources(page)
            if person.get("resourceType") == "Patient" and _is_id(person.get("id"))
        ][: FOUND if words else NEWEST]

    def chart(self, server: FhirServer, patient_id: str, now: datetime) -> Json:
        """The patient as order entry shows one, with a request that has no orders yet, and under
        `unread` what could not be read for it, each with the reason."""
        if self._hook is None or not _is_id(patient_id):
            raise refuse(HTTPStatus.NOT_FOUND, "not-found", "There is no patient of this id.")
        context = {"userId": USER, "patientId": patient_id}
        call = Envelope(
            hook=self._hook.hook, hookInstance=str(uuid4()), context=context, fhirServer=server.url
        )
        read = self.complete(self._hook, call, prefetch.sort(self._hook.prefetch, None))
        unread = {key: why.removeprefix(_NOT_SENT) for key, why in read.unavailable.items()}
        if read.data.get("patient") is None:
            raise _unread(f"{unread.get('patient', 'the FHIR server does not have it')}.")
        asked = {
            "hook": call.hook,
            "hookInstance": call.hook_instance,
            "fhirServer": server.url,
            "context": {**context, "selections": []},
        }
        return {
            "id": patient_id,
            "title": "",
            "story": f"A patient of the FHIR server {server.url}.",
            **patients.shown(read.data, now),
            "request": {**asked, "prefetch": read.data},
            "unread": unread,
        }

    def complete(self, hook: Hook, received: Envelope, sent: Prefetched) -> Prefetched:
        """What the service would make of a call that leaves something out, and comes with the
        request at hand."""
        return self._fhir.complete(hook.prefetch, sent, received, own_name=self.is_for(request))


def add(blueprint: Blueprint, census: Census, clock: patients.Clock) -> None:
    """Add what the page reads of the servers, which it knows by their numbers."""

    def server(number: int) -> FhirServer:
        if not census.is_for(request) or number >= len(census.servers):
            abort(HTTPStatus.NOT_FOUND)
        return census.servers[number]

    @blueprint.get("/order-entry/servers/<int:number>/patients")
    def find_patients(number: int) -> Any:
        found = census.find(server(number), request.args.get("name", ""))
        return patient_answer({"patients": found})

    @blueprint.get("/order-entry/servers/<int:number>/patients/<patient_id>")
    def read_patient(number: int, patient_id: str) -> Any:
        return patient_answer(census.chart(server(number), patient_id, clock()))


def shown(servers: Iterable[FhirServer]) -> list[Json]:
    """The servers as the page names them."""
    return [
        {"number": number, "url": server.url, "label": server.url.partition("://")[2]}
        for number, server in enumerate(servers)
    ]


def _searched(word: str) -> str:
    return quote(_ESCAPED.sub(r"\\\1", word), safe="")


def _is_id(text: object) -> bool:
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def _unread(reason: str) -> Exception:
    text = f"{reason[:1].upper()}{reason[1:]}"
    return refuse(HTTPStatus.BAD_GATEWAY, "transient", text)
