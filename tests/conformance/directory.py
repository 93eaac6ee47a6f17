"""The checker of a discovery document: assertions 3 to 14 and 17."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.problem import Problem, blank, empty_members

# Which root-level context members a template may name, per hook, and who the user is.
CONTEXT_TOKENS = {
    "order-select": {"userId", "patientId", "encounterId"},
    "order-sign": {"userId", "patientId", "encounterId"},
    "patient-view": {"userId", "patientId", "encounterId"},
}
USER_TOKENS = {
    "userPractitionerId",
    "userPractitionerRoleId",
    "userPatientId",
    "userRelatedPersonId",
}
HOOK_VERSIONS = {"order-select": "1.0", "order-sign": "1.0", "patient-view": "1.0"}

VERSION = re.compile(r"STU\d+|\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
TOKEN = re.compile(r"\{\{(.*?)\}\}")
READ = re.compile(r"[A-Z][A-Za-z]+/[^\s/?$]+")
SEARCH = re.compile(r"[A-Z][A-Za-z]+\?\S+")
OUTSIDE_THE_SUBSET = {
    "_summary", "_elements", "_filter", "_contained", "_maxresults",
    "_include", "_revinclude", "_has", "_query", "_text", "_content",
}  # fmt: skip
DATE_PREFIXES = ("ne", "sa", "eb", "ap")
OLD_TOKENS = ("Patient.id", "User.id", "user", "patient")


def problems(document: Any) -> list[Problem]:
    """Every breach in a discovery document that has been read as an object."""
    services = document.get("services")
    if not isinstance(services, list):
        return [Problem(3, "services", repr(services))]
    found = [Problem(8, spot, "null or empty") for spot in _empty(document)]
    found += _extension(document, "root")
    pairs: Counter[tuple[str, str]] = Counter()
    for index, service in enumerate(services):
        where = f"services[{index}]"
        if not isinstance(service, dict):
            found.append(Problem(4, where, repr(service)))
            continue
        pairs[str(service.get("id")), str(service.get("hook"))] += 1
        found += _service(service, where)
    found += [Problem(9, "services", f"{pair} twice") for pair, count in pairs.items() if count > 1]
    return found


def _empty(document: dict[str, Any]) -> list[str]:
    return [
        spot
        for name, member in document.items()
        if (name, member) != ("services", [])
        for spot in empty_members(member, name)
    ]


def _service(service: dict[str, Any], where: str) -> Iterator[Problem]:
    for name in ("hook", "id", "description"):
        if blank(service.get(name)):
            yield Problem(4, f"{where}.{name}", repr(service.get(name)))
    if blank(service.get("title")):
        yield Problem(5, f"{where}.title", repr(service.get("title")))
    yield from _versions(service, where)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(service.get("id"))):
        yield Problem(10, f"{where}.id", repr(service.get("id")))
    yield from _prefetch(service, where)
    yield from _extension(service, where)
    for name in ("name", "user"):
        if name in service:
            yield Problem(17, f"{where}.{name}", "present")


def _versions(service: dict[str, Any], where: str) -> Iterator[Problem]:
    for name in ("usageRequirements", "version", "hookVersion"):
        if name in service and blank(service[name]):
            yield Problem(7, f"{where}.{name}", repr(service[name]))
    if "version" in service and not VERSION.fullmatch(str(service["version"])):
        yield Problem(7, f"{where}.version", repr(service["version"]))
    known = HOOK_VERSIONS.get(str(service.get("hook")))
    if known and service.get("hookVersion", known) != known:
        yield Problem(7, f"{where}.hookVersion", repr(service["hookVersion"]))


def _extension(holder: dict[str, Any], where: str) -> Iterator[Problem]:
    if "extension" not in holder:
        return
    extension = holder["extension"]
    if not isinstance(extension, dict):
        yield Problem(14, f"{where}.extension", repr(extension))
        return
    for name in extension:
        if "." not in name:
            yield Problem(14, f"{where}.extension", f"the name {name!r}")


def _prefetch(service: dict[str, Any], where: str) -> Iterator[Problem]:
    if "prefetch" not in service:
        return
    prefetch = service["prefetch"]
    if not isinstance(prefetch, dict) or not prefetch:
        yield Problem(6, f"{where}.prefetch", repr(prefetch))
        return
    for key, template in prefetch.items():
        spot = f"{where}.prefetch.{key}"
        if blank(key) or blank(template):
            yield Problem(6, spot, repr(template))
            continue
        yield from _tokens(template, spot, str(service.get("hook")))
        yield from _query(template, spot)


def _tokens(template: str, where: str, hook: str) -> Iterator[Problem]:
    permitted = {f"context.{name}" for name in CONTEXT_TOKENS.get(hook, set())} | USER_TOKENS
    for token in TOKEN.findall(template):
        if token in OLD_TOKENS or "(" in token or "%" in token or "|" in token:
            yield Problem(13, where, f"the token {token!r}")
        elif token not in permitted:
            yield Problem(11, where, f"the token {token!r}")
    if re.search(r"[{}]", TOKEN.sub("", template)):
        yield Problem(11, where, f"unbalanced braces in {template!r}")


def _query(template: str, where: str) -> Iterator[Problem]:
    # `context.userId` alone is a whole reference; every other token is a part of one.
    filled = TOKEN.sub("1", template.replace("{{context.userId}}", "Practitioner/1"))
    if SEARCH.fullmatch(filled):
        yield from _parameters(filled.partition("?")[2], where)
    elif not READ.fullmatch(filled):
        yield Problem(12, where, f"neither a relative read nor a type-level search: {template!r}")


def _parameters(query: str, where: str) -> Iterator[Problem]:
    pairs = parse_qsl(query, keep_blank_values=True)
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            yield Problem(12, where, f"{name} {count} times: some clients fold it into one")
    for name, value in pairs:
        stem, _, modifier = name.partition(":")
        if stem in OUTSIDE_THE_SUBSET or "." in stem or modifier not in ("", "in"):
            yield Problem(12, where, f"the parameter {name}")
        if modifier:
            continue
        if value.startswith(("http:", "https:")) and "|" not in value:
            yield Problem(12, where, f"the absolute reference {value}")
        if re.match(rf"({'|'.join(DATE_PREFIXES)})\d{{4}}", value):
            yield Problem(12, where, f"the date prefix of {value}")
        if stem == "code" and not all("|" in part for part in value.split(",")):
            yield Problem(12, where, f"a code without its system in {value}")
