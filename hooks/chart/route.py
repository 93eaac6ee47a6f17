"""The route of an order: what its dosage states, or names in words."""

from collections.abc import Mapping
from typing import Any

from hooks.chart.codes.routes import Route, Routes
from hooks.chart.concept import collect, objects


def read_route(resource: Mapping[str, Any], routes: Routes) -> Route | None:
    """The ordered route of a MedicationRequest; without one, what the dosage's free text names."""
    instructions = objects(resource.get("dosageInstruction"))
    stated = [one["route"] for one in instructions if one.get("route")]
    if not stated:
        return routes.beside(_said(instructions))
    codes: list[str] = []
    texts: dict[str, None] = {}
    for route in stated:
        # Some systems send the bare word, which FHIR does not know.
        collect({"text": route} if isinstance(route, str) else route, codes, texts)
    return routes.stated(codes, texts)


def is_swallowed(resource: Mapping[str, Any], routes: Routes) -> bool:
    """Whether the free text of a dosage, and no route, says that it is taken by mouth."""
    instructions = objects(resource.get("dosageInstruction"))
    if any(one.get("route") for one in instructions):
        return False
    return routes.is_swallowed(_said(instructions))


def _said(instructions: list[Mapping[str, Any]]) -> str:
    said = (one.get("text") for one in instructions)
    return " ; ".join(text for text in said if isinstance(text, str))
