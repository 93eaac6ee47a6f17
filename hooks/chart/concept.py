"""CodeableConcepts and other objects of a resource, as real systems send them."""

from collections.abc import Mapping
from typing import Any


def collect(
    concept: object,
    codes: list[str],
    texts: dict[str, None],
    systems: frozenset[str] | None = None,
) -> None:
    """Add a CodeableConcept's codes (of the systems, if given), text and displays.

    `texts` are keys, each there once: a drug may come with ten thousand names.
    """
    for item in objects(concept):
        text = item.get("text")
        if isinstance(text, str) and text.strip():
            texts[text] = None
        for coding in objects(item.get("coding")):
            code, display = coding.get("code"), coding.get("display")
            if isinstance(code, str) and (systems is None or str(coding.get("system")) in systems):
                codes.append(code)
            if isinstance(display, str) and display.strip():
                texts[display] = None


def codes_of(concept: object) -> set[str]:
    """The codes of a CodeableConcept, or of a list of them."""
    codes: list[str] = []
    collect(concept, codes, {})
    return set(codes)


def codings_of(concept: object) -> list[tuple[str, str]]:
    """System and code of each coding of a CodeableConcept that has both."""
    return [
        (coding["system"], coding["code"])
        for one in objects(concept)
        for coding in objects(one.get("coding"))
        if isinstance(coding.get("system"), str) and isinstance(coding.get("code"), str)
    ]


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list, or the object that stands where a list belongs."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def object_of(value: object) -> Mapping[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}
