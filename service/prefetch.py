"""What came under each advertised prefetch key: data, the knowledge that there is none, or nothing.

A client sends under a key what its FHIR server answered: a resource for a read, a searchset Bundle
for a search. `null` and an empty Bundle say that it looked and found nothing. Whatever else comes
is a query that failed or was never run, and leaves the key unavailable.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from service.outcomes import Issue, Refusal

_FAILURES = {"error", "fatal"}
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
# The faults that say that the query was run and failed: running it again would fail again.
_FAILED_READ = "came as an OperationOutcome: the query failed"
_FAILED_SEARCH = "is a Bundle with nothing but an error: the query failed"


@dataclass(frozen=True)
class Prefetched:
    """`data` holds what came: a resource, or None where there is known to be nothing. `unavailable`
    holds the other keys, each with the reason, in words that go after the key's name. `absent` are
    those of them for which no query has been run, as far as one can tell."""

    data: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)

    def demand(self, required: frozenset[str]) -> None:
        """Refuse with 412 if a key without which nothing can be decided is not available."""
        missing = sorted(required & self.unavailable.keys())
        if missing:
            raise Refusal(
                HTTPStatus.PRECONDITION_FAILED,
                tuple(
                    Issue(
                        "processing",
                        f"The prefetch `{key}` is needed and {self.unavailable[key]}.",
                        f"prefetch.{key}",
                        diagnostics=key,
                    )
                    for key in missing
                ),
            )


def sort(templates: Mapping[str, str], sent: Mapping[str, Any] | None) -> Prefetched:
    """What `sent` holds for each advertised key; keys that were not advertised are ignored."""
    prefetched = Prefetched()
    for key, template in templates.items():
        if sent is None or key not in sent:
            fault: str | None = "was not sent"
        else:
            fault = fault_of(template, sent[key])
        if fault is None and sent is not None:
            prefetched.data[key] = sent[key]
        elif fault is not None:
            prefetched.unavailable[key] = fault
            if fault not in {_FAILED_READ, _FAILED_SEARCH}:
                prefetched.absent.add(key)
    return prefetched


def query(template: str, context: Mapping[str, Any]) -> str | None:
    """The template with its placeholders filled from the context of a call, percent-encoded.

    None if it has one that stands for something else than the patient or the encounter, or if
    what it stands for is no id: nothing but a dot segment, or no text at all.
    """
    ids = {
        "context.patientId": _id(context.get("patientId"), "Patient/"),
        "context.encounterId": _id(context.get("encounterId"), "Encounter/"),
    }
    names = _PLACEHOLDER.findall(template)
    if any(ids.get(name) is None for name in names):
        return None
    return _PLACEHOLDER.sub(lambda found: str(ids[found[1]]), template)


def _id(value: Any, prefix: str) -> str | None:
    bare = value.removeprefix(prefix) if isinstance(value, str) else ""
    return None if bare in {"", ".", ".."} else quote(bare, safe="")


def fault_of(template: str, value: Any) -> str | None:
    """Why `value` says nothing about what `template` asked for; None if it does."""
    if value is None:
        return None
    if not isinstance(value, dict):
        return "is not a FHIR resource"
    path, is_search, _ = template.partition("?")
    expected = "Bundle" if is_search else path.partition("/")[0]
    if value.get("resourceType") == "OperationOutcome":
        return _FAILED_READ
    if value.get("resourceType") != expected:
        return f"is not a {expected}"
    return _search_fault(value) if is_search else _read_fault(value)


def _read_fault(resource: Mapping[str, Any]) -> str | None:
    return "was asked for with its placeholders" if _unfilled(resource.get("id")) else None


def _search_fault(bundle: Mapping[str, Any]) -> str | None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and _unfilled(link.get("url")):
            return "was asked for with its placeholders"
    entries = bundle.get("entry")
    if not entries and not isinstance(entries, str | dict):
        return None
    if not isinstance(entries, list):
        return "is a Bundle whose entries are not a list"
    outcomes = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            if resource.get("resourceType") != "OperationOutcome":
                return None
            outcomes.append(resource)
    if not outcomes:
        return "is a Bundle whose entries hold no resource"
    return _FAILED_SEARCH if any(map(_failed, outcomes)) else None


def _failed(outcome: Mapping[str, Any]) -> bool:
    severities = list(_severities(outcome))
    # An outcome that gives no severity does not say that the search went well.
    return not severities or not _FAILURES.isdisjoint(severities)


def _severities(outcome: Mapping[str, Any]) -> Iterator[str]:
    issues = outcome.get("issue")
    for issue in issues if isinstance(issues, list) else []:
        if isinstance(issue, dict) and isinstance(issue.get("severity"), str):
            yield issue["severity"]


def _unfilled(text: Any) -> bool:
    """Whether a placeholder of the template is still in what the client asked its server for."""
    return isinstance(text, str) and ("{{" in text or "%7b%7b" in text.lower())
