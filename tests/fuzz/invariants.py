"""What must hold of every answer, whatever the request was."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import fhirkit
import msgspec

from tests.conformance import directory, markup, shape
from tests.conformance.exchange import read
from tests.corpus import bodies
from tests.fuzz import tree
from tests.fuzz.attack import DISCOVERY, Attack
from tests.fuzz.hostile import MARK
from tests.fuzz.target import LIMIT, Outcome
from tests.vignettes.reading import ASSESSMENT

#: What the service documents; 2xx and 405 also answer methods and addresses beside the hook.
STATUSES = frozenset({200, 204, 400, 404, 405, 412, 413, 415, 422})
LONGEST_SECONDS = 2.0
#: Clinical 9: the rows of the decision table, in grams and minutes; no dose but these is created.
ROWS = frozenset({(2, 20), (2, 120), (1, 60), (1, 120)})
LARGEST_GRAMS = 2
#: The label's limit for the rate, in mg/min.
FASTEST = 150

#: Pages for people send these too: a form that leads back to its page, and one that asks for a key.
_OF_PAGES = frozenset({303, 401})
#: Markup of an attack, as it would have to stand in a page in order to work.
_WORKING = re.compile(rf"<[^>&]*{MARK}|on(error|load)\s*=\s*[\"']?\w*{MARK}".encode())

#: Ids of patients, which none of our own words can be taken for.
_PATIENT = re.compile(r"[a-z]+-[a-z-]*[0-9]+|fixture-[a-z-]+")
_TOKEN = "opaque-"
_TAG = re.compile(r"<[/!?a-zA-Z]")
_HEALTH = ("/health/live", "/health/ready")
#: docs/observe.md: the items of one report, and the accepted suggestions of an item.
MOST_ITEMS = 1000
MOST_SUGGESTIONS = 20
_BAD_REQUEST = 400
_SERVER_ERROR = 500
Json = dict[str, Any]


@dataclass(frozen=True)
class Breach:
    """One rule that an answer breaks, and what was found instead."""

    rule: str
    found: str

    def __str__(self) -> str:
        return f"{self.rule}; found: {self.found}"


def breaches(attack: Attack, outcome: Outcome) -> list[Breach]:
    """Everything that is wrong with the answer to an attack."""
    found = list(_always(attack, outcome))
    if attack.is_page:
        if _WORKING.search(outcome.body):
            found.append(Breach("markup of a request does nothing in a page", attack.target))
        return found
    if attack.method in {"HEAD", "OPTIONS"} or outcome.status >= _SERVER_ERROR:
        return found
    if outcome.status >= _BAD_REQUEST:
        found += _refusal(attack, outcome)
    elif outcome.status == 200:
        found += _answer(attack, outcome)
    return found


def _always(attack: Attack, outcome: Outcome) -> Iterator[Breach]:
    if outcome.status not in (STATUSES | _OF_PAGES if attack.is_page else STATUSES):
        where = outcome.log.replace("\n", " | ")
        yield Breach("the status is one of those documented", f"{outcome.status} {where}")
    if outcome.seconds > LONGEST_SECONDS:
        yield Breach("every answer comes within 2 s", f"{outcome.seconds:.1f} s")
    if MARK in outcome.log:
        yield Breach("nothing of a request is in the log", outcome.log)
    too_large = len(attack.body) > LIMIT
    told = all(name != "Content-Length" for name, _ in attack.headers)
    preflight = attack.method == "OPTIONS"
    refused = outcome.status == 413
    if told and not preflight and refused != too_large and not (refused and _is_too_long(attack)):
        yield Breach(
            "a body is refused with 413 if it or a list of feedback is over the limit, "
            "and only then",
            f"{outcome.status} to {len(attack.body)} bytes",
        )


def _is_too_long(attack: Attack) -> bool:
    items = _call(attack).get("feedback") if attack.target.endswith("/feedback") else None
    if not isinstance(items, list):
        return False
    accepted = [item.get("acceptedSuggestions") for item in items if isinstance(item, dict)]
    return len(items) > MOST_ITEMS or any(
        isinstance(suggestions, list) and len(suggestions) > MOST_SUGGESTIONS
        for suggestions in accepted
    )


# ------------------------------------------------------------------------------------- a refusal


def _refusal(attack: Attack, outcome: Outcome) -> Iterator[Breach]:
    if outcome.media_type != "application/fhir+json":
        yield Breach("a refusal is application/fhir+json", outcome.media_type)
    for complaint in _outcome_problems(outcome.body):
        yield Breach("a refusal is a valid OperationOutcome", complaint)
    for secret in (MARK, *_secrets_of(_call(attack))):
        if secret.encode() in outcome.body:
            yield Breach(
                "a refusal repeats nothing of the request", f"{secret!r} in {outcome.body[:500]!r}"
            )


@lru_cache(maxsize=4096)
def _outcome_problems(body: bytes) -> tuple[str, ...]:
    """Few refusals differ, so each is looked at once."""
    try:
        document = read(body)
        issues = fhirkit.parse(body.decode(), strict=True).issues
    except (AssertionError, fhirkit.ParseError, fhirkit.ValidationError) as problem:
        return (f"{problem} in {body[:300]!r}",)
    found = [str(issue) for issue in issues]
    if document.get("resourceType") != "OperationOutcome":
        found.append(f"a {document.get('resourceType')}")
    found += [
        f"an issue without severity or code: {issue}"
        for issue in document.get("issue", [])
        if not issue.get("severity") or not issue.get("code")
    ]
    return tuple(found)


def _secrets_of(call: Json) -> Iterator[str]:
    """The patient's id and the token of a call, as far as they can be told from our own words."""
    context, authorization = call.get("context"), call.get("fhirAuthorization")
    patient = context.get("patientId") if isinstance(context, dict) else None
    if isinstance(patient, str) and _PATIENT.fullmatch(patient):
        yield patient
    token = authorization.get("access_token") if isinstance(authorization, dict) else None
    if isinstance(token, str) and token.startswith(_TOKEN):
        yield token


def _call(attack: Attack) -> Json:
    """The body as an object; of a member that comes twice, the last."""
    try:
        document = tree.decode(attack.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        document = _with_halves(attack.body)
    return document if isinstance(document, dict) else {}


def _with_halves(body: bytes) -> Any:
    """What the standard library, which takes half a surrogate pair, reads; with U+FFFD for it."""
    try:
        return _whole(json.loads(body, parse_float=Decimal))
    except (ValueError, RecursionError, ArithmeticError):
        return {}


def _whole(value: Any) -> Any:
    match value:
        case dict():
            return {_whole(name): _whole(member) for name, member in value.items()}
        case list():
            return [_whole(item) for item in value]
        case str():
            return re.sub("[\ud800-\udfff]", "\ufffd", value)
    return value


# ------------------------------------------------------------------------------------- an answer


def _answer(attack: Attack, outcome: Outcome) -> Iterator[Breach]:
    media_type = outcome.media_type.partition(";")[0]
    if media_type != "application/json":
        yield Breach("an answer is application/json", outcome.media_type)
    try:
        document = read(outcome.body)
    except AssertionError as problem:
        yield Breach("an answer is strict JSON", str(problem))
        return
    if attack.is_call:
        yield from _cards(document, _call(attack))
    elif attack.is_feedback:
        if document != {}:
            yield Breach("feedback is acknowledged with {}", repr(document))
    elif attack.path.rstrip("/") == DISCOVERY:
        for fault in directory.problems(document):
            yield Breach("the discovery document keeps its shape", str(fault))
    elif attack.path not in _HEALTH:
        yield Breach("nothing else is answered with 200", attack.target)


def _cards(answer: Json, call: Json) -> Iterator[Breach]:
    try:
        found = shape.problems(answer, _checkable(call))
    except RecursionError:
        found = []
    for each in found:
        yield Breach("an answer passes the checks of conformance", str(each))
    assessment = answer.get("extension", {}).get(ASSESSMENT)
    if not isinstance(assessment, dict):
        yield Breach("an answer explains itself", f"{assessment!r}")
        return
    cards = answer["cards"]
    if bool(cards) == ("silence" in assessment):
        yield Breach("an answer has a card or a reason for silence, never both or neither", "")
    for card in cards:
        yield from _texts(card)
        yield from _doses(card)


def _checkable(call: Json) -> Json:
    """The call as the checks of conformance read it: no word of ours is taken for a token."""
    call = bodies.bare_encounter(call)
    if any(secret.startswith(_TOKEN) for secret in _secrets_of(call)):
        return call
    return {name: member for name, member in call.items() if name != "fhirAuthorization"}


def _texts(card: Json) -> Iterator[Breach]:
    for text in shape.texts(_without_resources(card)):
        if tag := _TAG.search(text):
            yield Breach("no text of a card holds HTML", repr(text[tag.start() :][:80]))
    detail = card.get("detail", "")
    # Most details say nothing of what is hostile, and need not be read a second time.
    for found in markup.working(detail, MARK) if MARK in detail or "evil" in detail else ():
        yield Breach("text from a request does nothing in a card", found)


def _without_resources(card: Json) -> Json:
    """The card without the orders in it, which are no text to read."""
    bare = dict(card)
    bare["suggestions"] = [
        suggestion
        | {
            "actions": [
                {name: value for name, value in action.items() if name != "resource"}
                for action in suggestion.get("actions", [])
            ]
        }
        for suggestion in card.get("suggestions", [])
    ]
    return bare


def _doses(card: Json) -> Iterator[Breach]:
    for suggestion in card.get("suggestions", []):
        for action in suggestion.get("actions", []):
            resource = action.get("resource", {})
            if resource.get("resourceType") == "MedicationRequest":
                yield from _dose(action["type"], resource)


def _dose(kind: str, resource: Json) -> Iterator[Breach]:
    (dosage,) = resource["dosageInstruction"]
    # A draft that tells its dose several times is corrected in all of them.
    for told in dosage["doseAndRate"]:
        dose, ratio = told["doseQuantity"], told["rateRatio"]
        grams, minutes = dose["value"], ratio["denominator"]["value"]
        units = (dose["code"], ratio["numerator"]["code"], ratio["denominator"]["code"])
        said = f"{kind} {grams} {units} over {minutes}"
        if units != ("g", "g", "min") or ratio["numerator"]["value"] != grams:
            yield Breach("a dose is in g, and its rate that many g over min", said)
        elif not 0 < grams <= LARGEST_GRAMS:
            yield Breach(f"no dose is above {LARGEST_GRAMS} g", said)
        elif grams * 1000 > FASTEST * minutes:
            yield Breach(f"no rate is above {FASTEST} mg/min", said)
        elif kind == "create" and (grams, minutes) not in ROWS:
            yield Breach("only the rows of the decision table are created", said)
