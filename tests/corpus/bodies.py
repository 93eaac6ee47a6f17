"""Real request bodies, sent in three ways, and what became of each."""

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.conformance.exchange import fire, read
from tests.conftest import NOW
from tests.corpus import archive
from tests.corpus.archive import Json
from tests.corpus.frozen import Frozen
from tests.vignettes.reading import ASSESSMENT
from tests.vignettes.request import prefetch_of, vignettes

#: The bodies of public repositories; those after them were written for the corpus.
PUBLIC: Final = archive.ORDER_BODIES
WRITTEN: Final = (archive.EPIC_SHAPED, archive.BELGIAN)

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SEED: Final = next(one for one in vignettes() if one["id"] == "PUB-01")
# Any valid hookInstance will do where a body has none.
_INSTANCE: Final = "7d1c2f64-1c1e-4f5a-9b55-0a3c6f0f9f01"


@dataclass(frozen=True)
class Outcome:
    """What became of one body: the status, and in words why."""

    file: str
    call: Json
    status: int
    answer: Json
    reason: str

    @property
    def cards(self) -> list[Json]:
        """The cards; a refusal has none."""
        cards: list[Json] = self.answer.get("cards", [])
        return cards


def as_posted(body: Json, _: datetime) -> Json:
    """The body as its repository has it."""
    return body


def as_order_select(body: Json, _: datetime) -> Json:
    """The body with nothing but the name of the hook changed."""
    return body | {"hook": "order-select"}


def completed(body: Json, now: datetime) -> Json:
    """The body as a whole `order-select` call: its own drafts, and what it lacks put in.

    Missing are mostly `userId`, `selections` (all drafts are selected then) and the prefetch: an
    adult with the seed's results, magnesium 1.2 mg/dL, under the id of the context's patient.
    """
    call = copy.deepcopy(body) | {"hook": "order-select"}
    if not _UUID.fullmatch(str(call.get("hookInstance"))):
        call["hookInstance"] = _INSTANCE
    context = call["context"]
    context.setdefault("userId", "Practitioner/example")
    if "selections" not in context:
        context["selections"] = [
            f"{order['resourceType']}/{order['id']}" for order in drafts(call) if "id" in order
        ]
    sent = call["prefetch"] if isinstance(call.get("prefetch"), dict) else {}
    call["prefetch"] = prefetch_of(_SEED, patient_of(call), now) | sent
    return call


WAYS: Final[dict[str, Callable[[Json, datetime], Json]]] = {
    "as posted": as_posted,
    "as order-select": as_order_select,
    "completed": completed,
}


def played(shared: Path, way: str, *names: str) -> Iterator[Outcome]:
    """Every body of the corpus files, sent in one way at its own moment."""
    service = Frozen()
    for name in names:
        for line in archive.lines(shared, name):
            now = moment_of(line["body"])
            call = WAYS[way](line["body"], now)
            response = fire(service.at(now), call)
            answer = read(response.get_data())
            yield Outcome(line["file"], call, response.status_code, answer, _reason(answer))


def counted(outcomes: list[Outcome]) -> Counter[tuple[int, str]]:
    """How many bodies had which status, for which reason."""
    return Counter((outcome.status, outcome.reason) for outcome in outcomes)


def moment_of(body: Json) -> datetime:
    """When the body was sent: an hour after its newest result; without one, the tests' moment."""
    times = [
        datetime.fromisoformat(time)
        for time in _times(body.get("prefetch"))
        if re.search(r"T.*(Z|[+-]\d\d:\d\d)$", time)
    ]
    return max(times) + timedelta(hours=1) if times else NOW


def drafts(call: Json) -> list[Json]:
    """The draft orders of a call; none where there is no Bundle of them."""
    bundle = call["context"].get("draftOrders")
    entries = bundle.get("entry", []) if isinstance(bundle, dict) else []
    return [entry["resource"] for entry in entries]


def patient_of(call: Json) -> str:
    """The bare id of the patient of the context."""
    return str(call["context"]["patientId"]).removeprefix("Patient/")


def is_foreign(call: Json) -> bool:
    """Whether every draft of the call says that it is for somebody else."""
    own = f"Patient/{patient_of(call)}"
    subjects = [order.get("subject") or order.get("patient") for order in drafts(call)]
    return bool(subjects) and all(
        isinstance(subject, dict) and subject.get("reference") not in (None, own)
        for subject in subjects
    )


def bare_encounter(call: Json) -> Json:
    """The call with the encounter's id alone, as the checker of conformance reads it."""
    context = dict(call["context"])
    if "encounterId" in context:
        context["encounterId"] = str(context["encounterId"]).removeprefix("Encounter/")
    return call | {"context": context}


def _times(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("resourceType") == "Observation":
            for name in ("effectiveDateTime", "issued"):
                if isinstance(value.get(name), str):
                    yield value[name]
        for member in value.values():
            yield from _times(member)
    elif isinstance(value, list):
        for item in value:
            yield from _times(item)


def _reason(answer: Json) -> str:
    """Why a call was refused, what an answer decided, or why it is silent."""
    if answer.get("resourceType") == "OperationOutcome":
        return " ".join(str(issue["details"]["text"]) for issue in answer["issue"])
    assessment = answer["extension"][ASSESSMENT]
    if not answer["cards"]:
        return f"Silent: {assessment['silence']}"
    words = f"Card: {assessment['band']}, {assessment['rule']}"
    found = [one["id"] for one in assessment.get("findings", []) if "text" in one]
    return ", ".join([words, *found])
