"""The statuses of a Condition: what they say, in whatever form they come."""

from collections.abc import Mapping
from typing import Any, Final

from hooks.chart.concept import objects

PAST: Final = frozenset({"inactive", "remission", "resolved"})
NOT_SO: Final = frozenset({"refuted", "entered-in-error"})
_PRESENT: Final = frozenset({"active", "recurrence", "relapse"})
_SURE: Final = frozenset({"confirmed"})
_DOUBTFUL: Final = frozenset({"unconfirmed", "provisional", "differential", "unknown"})
_STATUSES: Final = PAST | NOT_SO | _PRESENT | _SURE | _DOUBTFUL


def says(status: object, meant: frozenset[str]) -> bool:
    """Whether a status says this and nothing else, as far as it can be read."""
    said = _words(status) & _STATUSES
    return bool(said) and said <= meant


def is_certain(condition: Mapping[str, Any]) -> bool:
    """Whether a Condition is one that the patient has now; one that does not tell is, and one whose
    status is stated and cannot be read is not."""
    stated = (
        (condition.get("clinicalStatus"), _PRESENT),
        (condition.get("verificationStatus"), _SURE),
    )
    return all(status is None or says(status, meant) for status, meant in stated)


def _words(status: object) -> set[str]:
    """What a status says, written as a code: by codes, displays or text, or as a mere string."""
    said = [status]
    for concept in objects(status):
        said.append(concept.get("text"))
        for coding in objects(concept.get("coding")):
            said += [coding.get("code"), coding.get("display")]
    return {"-".join(one.lower().split()) for one in said if isinstance(one, str)}
