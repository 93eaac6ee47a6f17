"""The checker of the actions: assertions 33 to 35 and 41 to 44.

What is created is judged by two validators and, where both are blind, by hand: exact codes, a
unit beside every duration, a system beside every code of a quantity, references that resolve.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import fhirkit
import msgspec
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from tests.conformance.problem import Problem, empty_members
from tests.conformance.request import Json

# What a proposal to a clinician may be, out of R4's longer lists.
STATUSES = {"draft"}
INTENTS = {"proposal", "plan", "order"}
PRIORITIES = {"routine", "urgent", "asap", "stat"}
TIME_UNITS = {"s", "min", "h", "d", "wk", "mo", "a"}
ORDER_TYPES = {"MedicationRequest", "ServiceRequest"}

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[^/]+")
# A reference that we write is a URL; ids beyond ASCII are borne, what no URL may hold is not.
WRITTEN = re.compile(r"[A-Z][A-Za-z]+/[^\s/<>\"{}|\\^`]+|#\S+|https?://[^\s<>\"{}|\\^`]+")

# The only element that a corrected draft changes: dose, duration, rate and their words.
CHANGEABLE = "dosageInstruction"
CHANGEABLE_PARTS = {"text", "timing", "doseAndRate"}

_encode = msgspec.json.Encoder(decimal_format="number").encode


def problems(actions: list[Json], where: str, call: Json) -> Iterator[Problem]:
    """Every breach in the actions of one suggestion, which are applied together."""
    drafts = _drafts(call)
    created = [_resource(action) for action in actions if action.get("type") == "create"]
    siblings = [_name(resource) for resource in created if resource and "id" in resource]
    for index, action in enumerate(actions):
        spot = f"{where}[{index}]"
        match action.get("type"):
            case "create":
                yield from _embedded(action, spot)
                if resource := _resource(action):
                    yield from _created(resource, f"{spot}.resource", call)
                    yield from _identity(resource, f"{spot}.resource", call, siblings)
            case "update":
                yield from _embedded(action, spot)
                if resource := _resource(action):
                    yield from _updated(resource, f"{spot}.resource", drafts)
            case "delete":
                yield from _deleted(action, spot, drafts)


def _resource(action: Json) -> Json:
    resource = action.get("resource")
    return resource if isinstance(resource, dict) else {}


def _name(resource: Json) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _drafts(call: Json) -> dict[str, Json]:
    """The submitted drafts by `Type/id`."""
    return {_name(resource): resource for resource in _entries(call["context"]["draftOrders"])}


def _entries(bundle: Any) -> Iterator[Json]:
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _embedded(action: Json, where: str) -> Iterator[Problem]:
    resource = _resource(action)
    if not isinstance(resource.get("resourceType"), str):
        yield Problem(33, f"{where}.resource", repr(action.get("resource"))[:80])
    elif action["type"] == "update" and not isinstance(resource.get("id"), str):
        yield Problem(33, f"{where}.resource.id", repr(resource.get("id")))


# What is updated or deleted


def _updated(resource: Json, where: str, drafts: dict[str, Json]) -> Iterator[Problem]:
    if not isinstance(resource.get("id"), str):
        return
    draft = drafts.get(_name(resource))
    if draft is None:
        yield _unknown_target(_name(resource), where, drafts, 34)
        return
    for name, element in draft.items():
        if name == CHANGEABLE:
            for lost in _lost_from_dosage(element, resource.get(name)):
                yield Problem(34, f"{where}.{lost}", "lost or changed from the draft")
        elif name not in resource or not _same(element, resource[name]):
            yield Problem(34, f"{where}.{name}", "lost or changed from the draft")
    # A draft that is no valid R4 cannot be repaired without losing something of it.
    if not [*_validators(draft), *_invariants(draft)]:
        for complaint in [*_validators(resource), *_invariants(resource)]:
            yield Problem(34, where, complaint)


def _lost_from_dosage(before: Any, after: Any) -> Iterator[str]:
    before = before if isinstance(before, list) else [before]
    if not isinstance(after, list) or len(after) < len(before):
        yield CHANGEABLE
        return
    for index, (old, new) in enumerate(zip(before, after, strict=False)):
        for name, element in old.items():
            if name not in new or (name not in CHANGEABLE_PARTS and not _same(element, new[name])):
                yield f"{CHANGEABLE}[{index}].{name}"


def _same(before: Any, after: Any) -> bool:
    """Equal to the last digit; an element that R4 repeats may have become a list of one."""
    if isinstance(after, list) and len(after) == 1 and not isinstance(before, list):
        return _same(before, after[0])
    return bool(_exact(before) == _exact(after))


def _exact(value: Any) -> Any:
    """The value with members in order and every number as its digits."""
    if isinstance(value, dict):
        return {name: _exact(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"number {value}"
    return value


def _deleted(action: Json, where: str, drafts: dict[str, Json]) -> Iterator[Problem]:
    target = action.get("resourceId")
    if "resource" in action or not isinstance(target, str) or not RELATIVE.fullmatch(target):
        yield Problem(35, where, f"resourceId {target!r}, resource {action.get('resource')!r}")
    elif target not in drafts:
        yield _unknown_target(target, f"{where}.resourceId", drafts, 35)


def _unknown_target(target: str, where: str, drafts: dict[str, Json], assertion: int) -> Problem:
    harmed = any(_folded(target) == _folded(draft) for draft in drafts)
    return Problem(43 if harmed else assertion, where, f"{target!r} is none of {list(drafts)}")


def _folded(name: str) -> str:
    """What is left of a name when an id has been normalized, re-encoded or cut."""
    kind, _, own = unicodedata.normalize("NFKD", unquote(name)).strip().casefold().partition("/")
    plain = "".join(character for character in own if character.isascii() and character.isalnum())
    return f"{kind}/{plain[:24]}"


# What is created


def _created(resource: Json, where: str, call: Json) -> Iterator[Problem]:
    if not isinstance(resource.get("resourceType"), str):
        return
    for complaint in [*_validators(resource), *_codes(resource), *_invariants(resource)]:
        yield Problem(41, where, complaint)
    context = call["context"]
    subject = f"Patient/{str(context['patientId']).removeprefix('Patient/')}"
    if _reference(resource.get("subject")) != subject:
        yield Problem(41, f"{where}.subject", repr(resource.get("subject")))
    encounter = f"Encounter/{context.get('encounterId')}"
    if "encounter" in resource and (
        "encounterId" not in context or _reference(resource["encounter"]) != encounter
    ):
        yield Problem(41, f"{where}.encounter", repr(resource["encounter"]))
    for reference in _references(resource):
        if reference.startswith("Patient/") and reference != subject:
            yield Problem(41, where, f"a reference to {reference}")
        if not WRITTEN.fullmatch(reference) or not reference.isprintable():
            yield Problem(41, where, f"a reference that is no URL: {reference!r}")
    if resource["resourceType"] == "MedicationRequest":
        yield from _medication(resource, where)


def _validators(resource: Json) -> Iterator[str]:
    text = _encode(resource).decode()
    try:
        yield from (str(issue) for issue in fhirkit.parse(text, strict=True).issues)
    except fhirkit.ValidationError as problem:
        yield from (str(issue) for issue in problem.issues)
    except fhirkit.ParseError as problem:
        yield str(problem)
        return
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(json.loads(text))
    except ValidationError as problem:
        yield from (f"{error['loc']}: {error['msg']}" for error in problem.errors())
    except ValueError as problem:
        yield str(problem)


def _codes(resource: Json) -> Iterator[str]:
    if resource["resourceType"] not in ORDER_TYPES:
        yield f"a {resource['resourceType']} is no order"
        return
    for name, permitted in (("status", STATUSES), ("intent", INTENTS), ("priority", PRIORITIES)):
        if resource.get(name, "routine" if name == "priority" else None) not in permitted:
            yield f"{name} is {resource.get(name)!r}, not one of {sorted(permitted)}"
    if "id" in resource and not FHIR_ID.fullmatch(str(resource["id"])):
        yield f"the id {resource['id']!r}"
    if resource["resourceType"] == "ServiceRequest" and "code" not in resource:
        yield "no code: nothing is ordered"


def _invariants(resource: Json) -> Iterator[str]:
    """What neither validator looks at, element by element."""
    yield from (f"null or empty: {spot}" for spot in empty_members(resource, "resource"))
    contained = {f"#{inner.get('id')}" for inner in resource.get("contained", [])}
    for reference in _references(resource):
        if reference.startswith("#") and reference not in contained:
            yield f"nothing is contained as {reference}"
    for element in _elements(resource):
        yield from _time(element)
        if "code" in element and "value" in element and not element.get("system"):
            yield f"a quantity with the code {element['code']!r} and no system (qty-3)"
        if {"start", "end"} <= element.keys() and str(element["start"]) > str(element["end"]):
            yield f"a period that ends before it starts: {element}"


def _time(element: Json) -> Iterator[str]:
    for name, unit in (
        ("duration", "durationUnit"),
        ("durationMax", "durationUnit"),
        ("period", "periodUnit"),
        ("periodMax", "periodUnit"),
    ):
        if name not in element or isinstance(element[name], dict):
            continue
        if unit not in element:
            yield f"{name} without {unit}"
        if element[name] <= 0:
            yield f"{name} of {element[name]}"
    for unit in ("durationUnit", "periodUnit"):
        if element.get(unit, "s") not in TIME_UNITS:
            yield f"{unit} is {element[unit]!r}, not one of {sorted(TIME_UNITS)}"


def _medication(resource: Json, where: str) -> Iterator[Problem]:
    concept = resource.get("medicationCodeableConcept")
    concept = concept if isinstance(concept, dict) else {}
    coding = next(iter(concept.get("coding") or [{}]))
    if not concept.get("text") or not coding.get("system") or not coding.get("code"):
        yield Problem(44, f"{where}.medicationCodeableConcept", repr(concept))


def _identity(resource: Json, where: str, call: Json, siblings: list[str]) -> Iterator[Problem]:
    drafts = _drafts(call)
    if "id" in resource:
        if resource["id"] in {str(draft.get("id")) for draft in drafts.values()}:
            yield Problem(42, f"{where}.id", f"{resource['id']!r} is a draft's id")
        if siblings.count(_name(resource)) > 1:
            yield Problem(42, f"{where}.id", f"{_name(resource)} is created twice")
    context = call["context"]
    held = {
        f"Patient/{str(context['patientId']).removeprefix('Patient/')}",
        f"Encounter/{context.get('encounterId')}",
        str(context["userId"]),
        *drafts,
        *siblings,
        *(_name(stored) for stored in _prefetched(call)),
    }
    for reference in _references(resource):
        # Another patient is assertion 41's, and so is what is contained.
        if reference not in held and not reference.startswith(("#", "Patient/")):
            yield Problem(42, where, f"{reference!r} points at nothing in the call or beside it")


def _prefetched(call: Json) -> Iterator[Json]:
    for value in call.get("prefetch", {}).values():
        yield from _entries(value)
        if isinstance(value, dict):
            yield value


def _reference(element: Any) -> Any:
    return element.get("reference") if isinstance(element, dict) else None


def _references(resource: Json) -> Iterator[str]:
    for element in _elements(resource):
        if isinstance(element.get("reference"), str):
            yield element["reference"]


def _elements(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _elements(member)
    elif isinstance(value, list):
        for item in value:
            yield from _elements(item)
