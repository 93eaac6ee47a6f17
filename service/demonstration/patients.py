"""What the request files of a folder hold, as the resources of a FHIR server.

Each file becomes one patient, whose id is made of the file's name; the ids of its results, orders
and problems begin with that. So no two files meet on one id, and loading again replaces what was
loaded before.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from service import exact, fixture

Resource = dict[str, Any]

#: Says to people and to programs that no such patient exists.
TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class NotLoadableError(Exception):
    """A file that cannot become a patient on a FHIR server; the message is one sentence."""


@dataclass(frozen=True)
class MadeUpPatient:
    """One file as resources, the Patient first."""

    title: str
    resources: tuple[Resource, ...]

    @property
    def id(self) -> str:
        return str(self.resources[0]["id"])


def read(folder: Path, now: datetime) -> list[MadeUpPatient]:
    """The patients of the request files in `folder`, with their times moved to `now`.

    Raises NotLoadableError, also if there is no file.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NotLoadableError(f"{folder} holds no request files.")
    return [_patient(file, now) for file in files]


def _patient(file: Path, now: datetime) -> MadeUpPatient:
    try:
        case = fixture.load(file)
    except fixture.FixtureError as error:
        raise NotLoadableError(str(error)) from error
    prefetch = case.freshened(now).get("prefetch")
    found = list(_resources(prefetch)) if isinstance(prefetch, dict) else []
    patients = [resource for resource in found if resource["resourceType"] == "Patient"]
    if len(patients) != 1:
        raise NotLoadableError(f"{file} does not hold one Patient in its prefetch.")
    own = f"fixture-{file.stem}"
    ids = {_address(resource): own for resource in patients} | {
        _address(resource): f"{own}-{resource['id']}"
        for resource in found
        if resource["resourceType"] != "Patient"
    }
    if len(ids) != len(found):
        raise NotLoadableError(f"{file} has two resources of one type and id.")
    others = [resource for resource in found if resource not in patients]
    resources = tuple(_renamed(resource, ids) for resource in (*patients, *others))
    for resource in resources:
        _check(resource, file)
    return MadeUpPatient(case.title or file.stem, resources)


def _resources(prefetch: Mapping[str, Any]) -> Iterator[Resource]:
    """What the keys hold: resources, and the entries of Bundles."""
    for value in prefetch.values():
        if not isinstance(value, dict):
            continue
        if value.get("resourceType") != "Bundle":
            yield value
            continue
        for entry in value.get("entry") or []:
            yield entry["resource"]


def _address(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def _renamed(resource: Resource, ids: Mapping[str, str]) -> Resource:
    """`resource` under its new id, its references to the others too, marked as made up."""
    moved = {key: _referring(value, ids) for key, value in resource.items()}
    return {**moved, "id": ids[_address(resource)], "meta": {"security": [TEST_DATA]}}


def _referring(value: Any, ids: Mapping[str, str]) -> Any:
    match value:
        case {"reference": str(reference), **rest} if reference in ids:
            kind = reference.partition("/")[0]
            return {**_referring(rest, ids), "reference": f"{kind}/{ids[reference]}"}
        case dict():
            return {key: _referring(member, ids) for key, member in value.items()}
        case list():
            return [_referring(item, ids) for item in value]
        case _:
            return value


def _check(resource: Resource, file: Path) -> None:
    if not _FHIR_ID.fullmatch(resource["id"]):
        raise NotLoadableError(f"{file}: {resource['id']} is not an id that FHIR allows.")
    try:
        model = get_fhir_model_class(resource["resourceType"])
        model.model_validate_json(exact.encode(resource))
    except (KeyError, ValidationError) as error:
        raise NotLoadableError(f"{file}: {_address(resource)} is not valid FHIR R4.") from error
