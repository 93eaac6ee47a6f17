"""Whether what leaves is valid: two FHIR validators, and by hand what both of them miss.

fhirkit-rs knows structure, dates and unknown elements; fhir.resources knows cardinalities; neither
knows all code lists, nor that a duration needs its unit (tim-1) and a code its system (qty-3).
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import fhirkit
import msgspec
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

Json = dict[str, Any]

STATUS: Final = frozenset({"draft"})
INTENT: Final = frozenset({"order", "proposal", "plan"})
PRIORITY: Final = frozenset({"routine", "urgent", "asap", "stat"})
TIME_UNIT: Final = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})
INDICATOR: Final = frozenset({"info", "warning", "critical"})
REFERENCE: Final = re.compile(r"#\S+|[A-Z][A-Za-z]+/[^\s/<>\"]+")
FHIR_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
COMPARATOR: Final = frozenset({"<", "<=", ">=", ">"})
_TAG: Final = re.compile(r"<[/!?a-zA-Z]")

_encode = msgspec.json.Encoder(decimal_format="number").encode


def of_resource(resource: Json) -> list[str]:
    """Every complaint about an order that is to be created."""
    return [*by_machine(resource), *_by_hand(resource)]


def of_cards(cards: list[Json], patient: str | None = None) -> list[str]:
    """Every complaint about cards, and about the orders in them."""
    return [complaint for card in cards for complaint in _of_card(card, patient)]


def created(card: Json) -> Iterator[Json]:
    """The resources that the suggestions of a card create or put in place of a draft."""
    for suggestion in card.get("suggestions", ()):
        for action in suggestion["actions"]:
            yield action["resource"]


def _of_card(card: Json, patient: str | None) -> Iterator[str]:
    if not 0 < len(card["summary"]) < 140:
        yield f"the summary has {len(card['summary'])} characters, not fewer than 140"
    if card["indicator"] not in INDICATOR:
        yield f"indicator {card['indicator']!r}"
    for name in ("summary", "detail"):
        if tag := _TAG.search(card[name]):
            yield f"{name} holds HTML: {card[name][tag.start() :][:20]!r}"
        if re.search(r"\{[a-z_]+\}", card[name]):
            yield f"{name} holds a name that was not filled in"
    suggestions = card.get("suggestions", [])
    if bool(suggestions) != (card.get("selectionBehavior") == "at-most-one"):
        yield "suggestions and selectionBehavior at-most-one belong together"
    if sum(bool(one.get("isRecommended")) for one in suggestions) > 1:
        yield "more than one suggestion is recommended, at most one can be taken"
    for suggestion in suggestions:
        if not suggestion["label"] or not suggestion["actions"]:
            yield "a suggestion without label or actions"
        for action in suggestion["actions"]:
            if action["type"] not in {"create", "update"} or not action["description"]:
                yield f"action {action['type']!r}, or one without a description"
    for resource in created(card):
        yield from of_resource(resource)
        subject = resource["subject"]["reference"]
        if patient is not None and subject != f"Patient/{patient}":
            yield f"an order for {subject}"


def by_machine(resource: Json) -> Iterator[str]:
    text = _encode(resource).decode()
    try:
        yield from (str(issue) for issue in fhirkit.parse(text, strict=True).issues)
    except fhirkit.ValidationError as problem:
        yield from (str(issue) for issue in problem.issues)
    except fhirkit.ParseError as problem:
        yield str(problem)
    try:
        get_fhir_model_class(str(resource.get("resourceType"))).model_validate(json.loads(text))
    except ValidationError as problem:
        yield from (f"{error['loc']}: {error['msg']}" for error in problem.errors())
    except (ValueError, KeyError, LookupError) as problem:
        yield f"no FHIR class for it: {problem}"


def _by_hand(resource: Json) -> Iterator[str]:
    if resource.get("resourceType") not in {"MedicationRequest", "ServiceRequest"}:
        yield f"{resource.get('resourceType')!r} is no order"
    for name, permitted in (("status", STATUS), ("intent", INTENT), ("priority", PRIORITY)):
        value = resource.get(name, "routine" if name == "priority" else None)
        if not isinstance(value, str) or value not in permitted:
            yield f"{name} {value!r} is none of {sorted(permitted)}"
    if "id" in resource and not FHIR_ID.fullmatch(str(resource["id"])):
        yield f"the id {resource['id']!r}"
    if resource.get("resourceType") == "ServiceRequest" and "code" not in resource:
        yield "no code: nothing is ordered"
    for element in _elements(resource):
        if not element or any(member in (None, "", [], {}) for member in element.values()):
            yield f"an empty member in {element!r}"
        if element.get("comparator", "<") not in COMPARATOR:
            yield f"the comparator {element['comparator']!r}"
        if "duration" in element and element.get("durationUnit") not in TIME_UNIT:
            yield f"tim-1: a duration with the unit {element.get('durationUnit')!r}"
        if "duration" in element and not _positive(element["duration"]):
            yield f"tim-4: a duration of {element['duration']!r}"
        if "value" in element and "code" in element and not element.get("system"):
            yield f"qty-3: a quantity with the code {element['code']!r} and no system"
        if {"start", "end"} <= element.keys() and str(element["start"]) > str(element["end"]):
            yield "per-1: a period that ends before it starts"
        reference = element.get("reference")
        if isinstance(reference, str) and not REFERENCE.fullmatch(reference):
            yield f"a reference that is none: {reference!r}"


def _positive(value: Any) -> bool:
    try:
        return bool(value > 0)
    except TypeError:
        return False


def _elements(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _elements(member)
    elif isinstance(value, list):
        for member in value:
            yield from _elements(member)
