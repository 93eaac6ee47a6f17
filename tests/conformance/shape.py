"""The checker of an answer: assertions 20 and 22 to 45, for an answer read strictly.

What the resources in actions must be is in `orders.py`.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.conformance import orders
from tests.conformance.problem import Problem, blank, empty_members
from tests.conformance.request import Json

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INDICATORS = {"info", "warning", "critical"}
SELECTION_BEHAVIORS = {"at-most-one", "any"}
ACTION_TYPES = {"create", "update", "delete"}
LONGEST_SUMMARY = 139

# As the sandbox shows `detail`: GitHub-flavored, with raw HTML let through.
markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def problems(answer: Any, call: Json, secrets: Collection[str] = ()) -> list[Problem]:
    """Every breach in an answer to this call, which carried these secrets in its headers."""
    found = list(_secrets(answer, call, secrets))
    found += [Problem(22, spot, "null or empty") for spot in _empty(answer)]
    if "systemActions" in answer:
        found += _actions(answer["systemActions"], "systemActions", 23, call)
    cards = answer.get("cards")
    if not isinstance(cards, list):
        return [*found, Problem(20, "cards", repr(cards))]
    for index, card in enumerate(cards):
        where = f"cards[{index}]"
        if isinstance(card, dict):
            found += _card(card, where, call)
        else:
            found.append(Problem(20, where, repr(card)))
    found += _uuids([card for card in cards if isinstance(card, dict)])
    return found


def texts(answer: Any) -> Iterator[str]:
    """Every string in the answer, member names left out."""
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, dict):
        for member in answer.values():
            yield from texts(member)
    elif isinstance(answer, list):
        for item in answer:
            yield from texts(item)


def tokens(detail: str) -> Iterator[Token]:
    """The Markdown tokens of a detail, in line."""
    for token in markdown.parse(detail):
        yield from token.children or (token,)


def _secrets(answer: Any, call: Json, secrets: Collection[str]) -> Iterator[Problem]:
    authorization = call.get("fhirAuthorization")
    known = {*secrets}
    if isinstance(authorization, dict) and isinstance(authorization.get("access_token"), str):
        known.add(authorization["access_token"])
    text = json.dumps(answer, default=str)
    for secret in known:
        if secret in text:
            yield Problem(45, "the answer", "a secret of the call")


def _empty(answer: Json) -> Iterator[str]:
    for name, member in answer.items():
        if (name, member) != ("cards", []):
            yield from empty_members(_without_resources(member), name)


def _without_resources(value: Any) -> Any:
    # FHIR has its own rule for null beside a primitive's extension; `orders` applies it.
    if isinstance(value, dict):
        return {
            name: "a resource" if name == "resource" and member else _without_resources(member)
            for name, member in value.items()
        }
    return [_without_resources(item) for item in value] if isinstance(value, list) else value


def _card(card: Json, where: str, call: Json) -> Iterator[Problem]:
    summary = card.get("summary")
    if blank(summary) or len(str(summary)) > LONGEST_SUMMARY or _has_control(str(summary)):
        yield Problem(24, f"{where}.summary", f"{len(str(summary))} characters, {summary!r}")
    if card.get("indicator") not in INDICATORS:
        yield Problem(25, f"{where}.indicator", repr(card.get("indicator")))
    yield from _source(card.get("source"), f"{where}.source")
    if "detail" in card:
        yield from _detail(card["detail"], f"{where}.detail")
    if "suggestions" in card:
        yield from _suggestions(card, where, call)
    elif "selectionBehavior" in card and card["selectionBehavior"] not in SELECTION_BEHAVIORS:
        yield Problem(28, f"{where}.selectionBehavior", repr(card["selectionBehavior"]))
    yield from _override_reasons(card, where)
    yield from _links(card, where)


def _has_control(text: str) -> bool:
    return any(not character.isprintable() for character in text)


def _source(source: Any, where: str) -> Iterator[Problem]:
    if not isinstance(source, dict) or blank(source.get("label")):
        yield Problem(26, where, repr(source))
        return
    for name in ("url", "icon"):
        if name in source and not _is_absolute(source[name]):
            yield Problem(26, f"{where}.{name}", repr(source[name]))
    if "topic" in source:
        yield from _coding(source["topic"], f"{where}.topic", 26, ("code", "system"))


def _is_absolute(url: Any) -> bool:
    if blank(url) or re.search(r"\s", url):
        return False
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _coding(coding: Any, where: str, assertion: int, members: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(coding, dict):
        yield Problem(assertion, where, repr(coding))
        return
    for name in members:
        if blank(coding.get(name)):
            yield Problem(assertion, f"{where}.{name}", repr(coding.get(name)))


def _detail(detail: Any, where: str) -> Iterator[Problem]:
    if blank(detail):
        yield Problem(27, where, repr(detail))
        return
    for token in tokens(detail):
        if token.type in ("html_inline", "html_block"):
            yield Problem(27, where, f"raw HTML {token.content!r}")


def _suggestions(card: Json, where: str, call: Json) -> Iterator[Problem]:
    suggestions, behavior = card["suggestions"], card.get("selectionBehavior")
    if behavior not in SELECTION_BEHAVIORS:
        yield Problem(28, f"{where}.selectionBehavior", repr(behavior))
    if not isinstance(suggestions, list) or not suggestions:
        yield Problem(28, f"{where}.suggestions", repr(suggestions))
        return
    recommended = 0
    for index, suggestion in enumerate(suggestions):
        spot = f"{where}.suggestions[{index}]"
        if not isinstance(suggestion, dict):
            yield Problem(28, spot, repr(suggestion))
            continue
        recommended += suggestion.get("isRecommended") is True
        yield from _suggestion(suggestion, spot, call)
    if behavior == "at-most-one" and recommended > 1:
        yield Problem(29, f"{where}.suggestions", f"{recommended} are recommended")


def _suggestion(suggestion: Json, where: str, call: Json) -> Iterator[Problem]:
    if blank(suggestion.get("label")):
        yield Problem(30, f"{where}.label", repr(suggestion.get("label")))
    if not isinstance(suggestion.get("isRecommended", False), bool):
        yield Problem(30, f"{where}.isRecommended", repr(suggestion["isRecommended"]))
    if "actionSelectionBehavior" in suggestion:
        yield Problem(39, f"{where}.actionSelectionBehavior", "present")
    if "actions" in suggestion:
        yield from _actions(suggestion["actions"], f"{where}.actions", 31, call)


def _actions(actions: Any, where: str, assertion: int, call: Json) -> Iterator[Problem]:
    if not isinstance(actions, list) or not actions:
        yield Problem(assertion, where, repr(actions))
        return
    whole = [action for action in actions if isinstance(action, dict)]
    if len(whole) < len(actions):
        yield Problem(assertion, where, "an action that is no object")
    for index, action in enumerate(whole):
        spot = f"{where}[{index}]"
        if action.get("type") not in ACTION_TYPES:
            yield Problem(31, f"{spot}.type", repr(action.get("type")))
        if blank(action.get("description")):
            yield Problem(32, f"{spot}.description", repr(action.get("description")))
    yield from orders.problems(whole, where, call)


def _override_reasons(card: Json, where: str) -> Iterator[Problem]:
    if "overrideReasons" not in card:
        return
    reasons = card["overrideReasons"]
    if not isinstance(reasons, list) or not reasons:
        yield Problem(36, f"{where}.overrideReasons", repr(reasons))
        return
    for index, reason in enumerate(reasons):
        spot = f"{where}.overrideReasons[{index}]"
        yield from _coding(reason, spot, 36, ("code", "system", "display"))


def _links(card: Json, where: str) -> Iterator[Problem]:
    if "links" not in card:
        return
    links = card["links"]
    if not isinstance(links, list) or not links:
        yield Problem(37, f"{where}.links", repr(links))
        return
    for index, link in enumerate(links):
        spot = f"{where}.links[{index}]"
        if isinstance(link, dict):
            yield from _link(link, spot)
        else:
            yield Problem(37, spot, repr(link))


def _link(link: Json, where: str) -> Iterator[Problem]:
    if blank(link.get("label")):
        yield Problem(37, f"{where}.label", repr(link.get("label")))
    if not _is_absolute(link.get("url")):
        yield Problem(37, f"{where}.url", repr(link.get("url")))
    if link.get("type") not in ("absolute", "smart"):
        yield Problem(37, f"{where}.type", repr(link.get("type")))
    if "appContext" in link and (link.get("type") != "smart" or blank(link["appContext"])):
        yield Problem(38, f"{where}.appContext", repr(link["appContext"]))
    if not isinstance(link.get("autolaunchable", False), bool):
        yield Problem(38, f"{where}.autolaunchable", repr(link["autolaunchable"]))


def _uuids(cards: list[Json]) -> Iterator[Problem]:
    seen: set[Any] = set()
    for where, holder in _identified(cards):
        uuid = holder.get("uuid")
        if not isinstance(uuid, str) or not UUID.fullmatch(uuid):
            yield Problem(40, f"{where}.uuid", repr(uuid))
        elif uuid in seen:
            yield Problem(40, f"{where}.uuid", f"{uuid} twice")
        else:
            seen.add(uuid)


def _identified(cards: list[Json]) -> Iterator[tuple[str, Json]]:
    for index, card in enumerate(cards):
        yield f"cards[{index}]", card
        suggestions = card.get("suggestions")
        for place, suggestion in enumerate(suggestions if isinstance(suggestions, list) else []):
            if isinstance(suggestion, dict):
                yield f"cards[{index}].suggestions[{place}]", suggestion


def uuids(answer: Any) -> list[str]:
    """The UUIDs of the cards and suggestions in a shape-valid answer."""
    return [str(holder["uuid"]) for _, holder in _identified(answer["cards"])]
