"""Bundles: the resources that travel together, and what a reference among them points at."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from hooks.chart.concept import objects


def entries_of(bundle: Mapping[str, Any] | None) -> list[Any]:
    """The entries of a Bundle, whatever they are; none if there is no Bundle."""
    entries = bundle.get("entry") if bundle is not None else None
    return entries if isinstance(entries, list) else []


def resources(bundle: Mapping[str, Any] | None, kind: str) -> Iterator[Mapping[str, Any]]:
    """The resources of one type in a Bundle; none if there is no Bundle."""
    for entry in entries_of(bundle):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == kind:
            yield resource


def is_partial(bundle: Mapping[str, Any] | None) -> bool:
    """Whether a searchset Bundle says that there is another page."""
    links = bundle.get("link") if bundle is not None else None
    return any(
        isinstance(link, dict) and link.get("relation") == "next"
        for link in (links if isinstance(links, list) else ())
    )


def contained_in(resource: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """What a resource contains, by `#id`."""
    return {f"#{one.get('id')}": one for one in objects(resource.get("contained"))}


class Targets:
    """The resources of some types among the entries of a Bundle, by `Type/id` and by `fullUrl`.

    The entries are looked through when the first reference is followed: most calls have none.
    """

    def __init__(self, entries: Iterable[Any], *kinds: str) -> None:
        self._entries = entries
        self._kinds = kinds

    def find(
        self, reference: str, contained: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """What a reference points at: `contained` beside it, else in the Bundle, in any version.

        What is contained may be of any type.
        """
        return contained.get(reference) or self._index.get(reference.partition("/_history/")[0])

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, Any]]:
        index: dict[str, Mapping[str, Any]] = {}
        for entry in self._entries:
            if not isinstance(entry, dict):
                continue
            resource, url = entry.get("resource"), entry.get("fullUrl")
            # Compared, not hashed: a list may stand where a type belongs.
            if not isinstance(resource, dict) or resource.get("resourceType") not in self._kinds:
                continue
            identity = resource.get("id")
            if isinstance(identity, str):
                index[f"{resource['resourceType']}/{identity}"] = resource
            if isinstance(url, str):
                index[url] = resource
        return index
