"""Real orders of the MIMIC-IV demo, each played at its own moment with the labs before it."""

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.conformance.exchange import answered
from tests.corpus import archive
from tests.corpus.archive import Json
from tests.corpus.frozen import Frozen, without_new_uuids
from tests.vignettes.reading import ASSESSMENT, Answer, dose_of

_PROJECT = Path(__file__).resolve().parents[2]
LAB_CODES: Final = next(
    path
    for path in (
        _PROJECT / "examples" / "mimic-lab-codes.toml",
        Path(__file__).with_name("mimic_lab_codes.toml"),
    )
    if path.is_file()
)

#: What the labels of the corpus stand for, in the order of the tables.
KINDS: Final = {
    "mg-iv": "IV magnesium",
    "mg-oral": "oral magnesium",
    "k": "potassium",
    "loop": "loop diuretic",
    "qt": "QT drug",
    "other": "unrelated drug",
}
DIALECTS: Final = ("local", "loinc")

#: What a check of a drafted IV magnesium can find.
VERDICTS: Final = (
    "rate-high",
    "rate-above-row",
    "rate-unreadable",
    "dose-low",
    "dose-high",
    "dose-high-reduced",
    "dose-unreadable",
    "duplicate",
    "despite-gate",
    "ordered-reduced",
    "not-low",
)


@dataclass(frozen=True)
class Replayed:
    """One order: what it was, what was known, and what the service answered."""

    kind: str
    name: str
    now: datetime
    latest: Json
    call: Json
    document: Json

    @property
    def answer(self) -> Answer:
        """The answer, to be read."""
        return Answer(self.document["cards"], self.document["extension"][ASSESSMENT])

    @property
    def draft(self) -> Json:
        """The order itself."""
        draft: Json = self.call["context"]["draftOrders"]["entry"][0]["resource"]
        return draft

    @property
    def decision(self) -> tuple[str, str]:
        """Band and rule."""
        assessment = self.answer.assessment
        return assessment["band"], assessment["rule"]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What the check of the draft found."""
        return tuple(kind for kind in self.answer.found if kind in VERDICTS)

    @property
    def offer(self) -> str:
        """What the recommended suggestion does, in words."""
        return _in_words(self.answer.recommended)


def replayed(shared: Path, dialect: str, *, named: bool) -> list[Replayed]:
    """Every order in one dialect; `named` puts the drug's name into the display of its reference.

    The Medications that the orders refer to are not in the corpus. Epic sends the name as the
    display of the reference; without it nobody can tell the drug.
    """
    service = Frozen(LAB_CODES if dialect == "local" else None)
    found = []
    for line in archive.lines(shared, archive.REPLAY):
        if line["dialect"] != dialect:
            continue
        call = _named(line) if named else line["body"]
        now = datetime.fromisoformat(line["now"])
        document = answered(service.at(now), call)
        found.append(
            Replayed(line["order"], line["orderName"], now, line["latest"], call, document)
        )
    return found


def decisions(orders: Iterable[Replayed]) -> Counter[tuple[str, str, str, tuple[str, ...], str]]:
    """How many orders had which decision: kind, band, rule, verdicts, and what was offered."""
    return Counter(
        (one.kind, *one.decision, one.verdicts, one.offer if one.answer.cards else "silent")
        for one in orders
    )


def agree(first: Replayed, second: Replayed) -> bool:
    """Whether two answers say the same, uuids aside."""
    return bool(
        without_new_uuids(first.document, first.call)
        == without_new_uuids(second.document, second.call)
    )


@dataclass(frozen=True)
class Alerts:
    """Of some orders, how many drew a card, and of those how many did what."""

    orders: int
    cards: int
    doses: int
    changes: int
    levels: int
    warnings: int


def alerts(orders: Iterable[Replayed]) -> dict[str, Alerts]:
    """How often each kind of order drew a card, and what the card offered."""
    every = list(orders)
    return {name: _alerts([one for one in every if one.kind == name]) for name in KINDS}


def _alerts(orders: list[Replayed]) -> Alerts:
    answers = [one.answer for one in orders]
    return Alerts(
        orders=len(orders),
        cards=sum(bool(answer.cards) for answer in answers),
        doses=sum(_does(answer, "create", "MedicationRequest") for answer in answers),
        changes=sum(_does(answer, "update", "MedicationRequest") for answer in answers),
        levels=sum(_does(answer, "create", "ServiceRequest") for answer in answers),
        warnings=sum(card["indicator"] == "warning" for answer in answers for card in answer.cards),
    )


def _does(answer: Answer, verb: str, kind: str) -> bool:
    return any(
        action["type"] == verb and action["resource"]["resourceType"] == kind
        for suggestion in answer.suggestions
        for action in suggestion["actions"]
    )


def _named(line: Json) -> Json:
    call: Json = copy.deepcopy(line["body"])
    for entry in call["context"]["draftOrders"]["entry"]:
        reference = entry["resource"].get("medicationReference")
        if reference is not None:
            reference["display"] = line["orderName"]
    return call


def _in_words(actions: list[Json]) -> str:
    words = []
    for action in actions:
        resource: dict[str, Any] = action["resource"]
        if resource["resourceType"] == "MedicationRequest":
            dose = dose_of(resource)
            verb = "order" if action["type"] == "create" else "change to"
            words.append(f"{verb} {dose.grams} g over {dose.minutes} min")
        else:
            words.append("level")
    return ", ".join(words) or "no order"
