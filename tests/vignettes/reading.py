"""An answer read by a clinician's questions: what is offered, for when, and what is said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from tests.conformance import shape
from tests.conformance.exchange import answered

Json = dict[str, Any]

ASSESSMENT = "org.magnesia.assessment"
MAGNESIUM_LEVELS = {"19123-9", "2601-3"}
CREATININE_LEVELS = {"2160-0", "14682-9"}


@dataclass(frozen=True)
class Dose:
    """Magnesium sulfate in an order of an answer."""

    grams: Decimal
    minutes: Decimal


@dataclass(frozen=True)
class Level:
    """A laboratory order of an answer: `magnesium` or `creatinine`, and when it is due."""

    analyte: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Answer:
    """The answer to one call."""

    cards: list[Json]
    assessment: Json

    @property
    def suggestions(self) -> list[Json]:
        """The suggestions of all cards, as offered."""
        return [one for card in self.cards for one in card.get("suggestions", [])]

    @property
    def recommended(self) -> list[Json]:
        """The actions of the suggestion that is recommended; none without one."""
        for suggestion in self.suggestions:
            if suggestion.get("isRecommended"):
                actions: list[Json] = suggestion["actions"]
                return actions
        return []

    @property
    def created(self) -> list[Json]:
        """Every resource that a suggestion would create."""
        return [
            action["resource"]
            for suggestion in self.suggestions
            for action in suggestion["actions"]
            if action["type"] == "create"
        ]

    @property
    def medications(self) -> list[Json]:
        """Every medication order that a suggestion would create or update."""
        return [
            action["resource"]
            for suggestion in self.suggestions
            for action in suggestion["actions"]
            if action["resource"]["resourceType"] == "MedicationRequest"
        ]

    @property
    def card(self) -> str:
        """What a clinician reads: summary, detail, labels and what the buttons do."""
        return "\n".join(self._lines())

    @property
    def findings(self) -> str:
        """The findings of the assessment, also where there is no card."""
        return "\n".join(one.get("text", "") for one in self.assessment.get("findings", []))

    @property
    def found(self) -> list[str]:
        """The ids of the findings."""
        return [str(one["id"]) for one in self.assessment.get("findings", [])]

    def text(self, where: str) -> str:
        """What is said: on the `card`, in the `findings`, or `anywhere`, silence included."""
        match where:
            case "card":
                return self.card
            case "findings":
                return self.findings
            case "anywhere":
                unusable = [one["text"] for one in self.assessment.get("unusable", [])]
                silence = self.assessment.get("silence", "")
                return "\n".join([self.card, self.findings, *unusable, silence])
        raise ValueError(where)

    def _lines(self) -> Iterator[str]:
        for card in self.cards:
            yield card["summary"]
            yield card["detail"]
        for suggestion in self.suggestions:
            yield suggestion["label"]
            for action in suggestion["actions"]:
                yield action["description"]


def ask(client: FlaskClient, call: Json) -> Answer:
    """Send the call; whatever leaves is whole CDS Hooks and valid R4."""
    document = answered(client, call)
    assert [str(problem) for problem in shape.problems(document, call)] == []
    return Answer(document["cards"], document["extension"][ASSESSMENT])


def dose_of(order: Json) -> Dose:
    """The dose of a medication order that left; its ways of telling dose and time agree.

    A changed draft need not have a duration in its timing; a new order has.
    """
    (instruction,) = order["dosageInstruction"]
    (given,) = instruction["doseAndRate"]
    quantity, ratio = given["doseQuantity"], given["rateRatio"]
    assert quantity["code"] == "g", "the dose is in g of magnesium sulfate"
    assert ratio["numerator"]["value"] == quantity["value"], "the rate is of another dose"
    assert ratio["denominator"]["code"] == "min"
    minutes = Decimal(ratio["denominator"]["value"])
    repeat = instruction.get("timing", {}).get("repeat", {})
    if "duration" in repeat:
        assert (Decimal(repeat["duration"]), repeat["durationUnit"]) == (minutes, "min")
    return Dose(Decimal(quantity["value"]), minutes)


def level_of(order: Json) -> Level:
    """What a laboratory order that left is for, and when."""
    codes = {coding["code"] for coding in order["code"]["coding"]}
    if codes & MAGNESIUM_LEVELS:
        analyte = "magnesium"
    else:
        assert codes & CREATININE_LEVELS, f"a level of {codes}"
        analyte = "creatinine"
    period = order["occurrencePeriod"]
    return Level(
        analyte,
        datetime.fromisoformat(period["start"]),
        datetime.fromisoformat(period["end"]),
    )


def recommended_dose(answer: Answer) -> Dose | None:
    """The dose that the recommended suggestion orders, as a new order or a changed draft."""
    doses = [
        dose_of(action["resource"])
        for action in answer.recommended
        if action["resource"]["resourceType"] == "MedicationRequest"
    ]
    assert len(doses) <= 1, "a suggestion with two magnesium orders"
    return doses[0] if doses else None


def recommended_levels(answer: Answer) -> list[Level]:
    """The laboratory orders of the recommended suggestion."""
    return [
        level_of(action["resource"])
        for action in answer.recommended
        if action["resource"]["resourceType"] == "ServiceRequest"
    ]


def window(end: datetime, hours: list[int]) -> tuple[datetime, datetime]:
    """The window that begins and ends so many hours after a planned end."""
    first, last = hours
    return end + timedelta(hours=first), end + timedelta(hours=last)
