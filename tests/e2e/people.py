"""What the FHIR server of the tests says when it is asked for patients."""

from typing import Any

from service.pages.census import FOUND, NEWEST
from tests.conformance.stage import encode
from tests.fhir.script import Play, answer

__all__ = ["SEED_ID", "answer", "encode", "named", "newest", "people"]

SEED_ID = "fixture-seed"


def newest() -> str:
    """What it is asked for the patients that were changed last."""
    return f"/Patient?_sort=-_lastUpdated&_count={NEWEST}"


def named(*words: str) -> str:
    """What it is asked for the patients whose names begin with these words, percent-encoded."""
    names = "&".join(f"name={word}" for word in words)
    return f"/Patient?{names}&_count={FOUND}"


def people(*names: str) -> Play:
    """Answers with patients, each written as `id: Family, Given`."""
    return answer(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": _person(name), "search": {"mode": "match"}} for name in names],
        }
    )


def _person(text: str) -> dict[str, Any]:
    identity, _, name = text.partition(": ")
    family, _, given = name.partition(", ")
    return {
        "resourceType": "Patient",
        "id": identity,
        "name": [{"family": family, "given": [given] if given else []}],
        "gender": "female",
        "birthDate": "1964-05-14",
    }
