"""The honest requests that attacks are made of."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from service import fixture
from service.fixture import Fixture
from tests.conformance.calls import CALLS
from tests.conformance.request import order_select
from tests.conformance.stage import AUTHORIZATION
from tests.conftest import NOW
from tests.corpus import archive, bodies
from tests.corpus.archive import Json
from tests.fuzz import attack
from tests.fuzz.attack import CORPUS, DISCOVERY, FEEDBACK, JSON, Attack
from tests.hooks.casefiles import document
from tests.hooks.chartmaker import Case, bundle, context, order, result
from tests.vignettes.request import request_of, vignettes

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
#: A mutation costs about as much as the body is long.
LONGEST = 60_000

_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
_CARD = "0f5c2b0e-6a1f-4a7e-9d43-5f3f0f6f4c11"
_AT = "2026-11-23T10:00:00Z"
_EPIC = "com.epic.cdshooks.feedback.overrideReason"

_FEEDBACK: tuple[Json, ...] = (
    {
        "card": _CARD,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": _CARD}],
        "outcomeTimestamp": _AT,
    },
    {
        "card": _CARD,
        "outcome": "overridden",
        "overrideReason": {
            "reason": {"code": "other-plan", "system": "https://magnesia.example", "display": "x"},
            "userComment": "will discuss with renal",
        },
        "outcomeTimestamp": _AT,
    },
    {
        "card": _CARD,
        "outcome": "overridden",
        "overrideReasons": [
            {"extension": {f"{_EPIC}.reasonCategory": "1", f"{_EPIC}.reasonDisplay": "Refused"}}
        ],
        "outcomeTimestamp": _AT,
    },
)


@cache
def own() -> tuple[Attack, ...]:
    """Those of the repository: always there, and always in the same order."""
    found = [Attack(_encode(call)) for call in _calls()]
    found += [Attack(_encode({"feedback": [item]}), target=FEEDBACK) for item in _FEEDBACK]
    found += [Attack(_encode({"feedback": list(_FEEDBACK)}), target=FEEDBACK)]
    found += [Attack(b"", "GET", DISCOVERY, ()), Attack(b"", "OPTIONS", headers=JSON)]
    return tuple(found)


@cache
def kept() -> dict[str, Attack]:
    """The corpus: attacks that once broke something, or came near it, by the names of their
    files."""
    return {path.stem: attack.load(path) for path in sorted(CORPUS.glob("*.json"))}


def shared(directory: Path) -> Iterator[Attack]:
    """Those of the reference material beside the project: what other programs really send."""
    for path in sorted((directory / "captured").glob("order-*.json")):
        yield Attack(path.read_bytes())
    for path in sorted((directory / "captured").glob("feedback-*.json")):
        yield Attack(path.read_bytes(), target=FEEDBACK)
    for name in (archive.ORDER_BODIES, archive.EPIC_SHAPED, archive.BELGIAN):
        for line in archive.lines(directory, name):
            moment = bodies.moment_of(line["body"])
            call = bodies.completed(line["body"], moment)
            body = _encode(Fixture(call, now=moment).freshened(NOW) | {"hookInstance": _INSTANCE})
            if len(body) < LONGEST:
                yield Attack(body)


def _calls() -> Iterator[Json]:
    for path in sorted(FIXTURES.glob("*.json")):
        yield fixture.load(path).freshened(NOW) | {"hookInstance": _INSTANCE}
    for make in CALLS.values():
        yield make()
    for vignette in vignettes():
        yield request_of(vignette, NOW)
    for case in document("decisions.toml")["case"]:
        members = Case.__dataclass_fields__.keys() & case.keys()
        yield _call_of(Case(**{name: case[name] for name in members}).prefetch())
    for case in document("observations.toml")["case"]:
        analyte = case.get("analyte", "magnesium")
        odd = result(analyte, case.get("from", "1.2 mg/dL"))
        kept = {name: member for name, member in odd.items() if name not in case.get("drop", ())}
        changed = bundle([kept | case.get("change", {})])
        yield _call_of(Case().prefetch() | {analyte: changed})
    yield order_select() | {
        "fhirServer": "https://ehr.example.org/fhir",
        "fhirAuthorization": AUTHORIZATION,
    }


def _call_of(prefetch: Json) -> Json:
    active = bundle([order(id="active-1", status="active")])
    return {
        "hook": "order-select",
        "hookInstance": _INSTANCE,
        "context": context(),
        "prefetch": prefetch | {"medications": active, "labOrders": None},
    }


def _encode(document: Json) -> bytes:
    return msgspec.json.Encoder(decimal_format="number").encode(document)
