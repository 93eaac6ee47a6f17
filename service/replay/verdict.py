"""What one protocol says about one kept request: a decision, or why there is none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

from hooks import offered
from hooks.chart.codes import laboratory
from hooks.errors import HookError, MissingData
from hooks.order_select import Answer
from hooks.protocol import load as load_protocol
from service import explanation
from service.outcomes import Refusal
from service.replay.kept import Kept


class Why(StrEnum):
    """Why a request was not decided."""

    UNREADABLE = "not readable"
    NO_MOMENT = "no moment"
    REFUSED = "refused"
    LACKS_DATA = "lacks data"


@dataclass(frozen=True, slots=True)
class Undecided:
    """A request that gets no decision. `reason` is a sentence without patient data."""

    why: Why
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided: two decisions are equal if they differ in no more than their wording.

    `card` and `silence` are the protocol's names for the card and for the reason to show none;
    `sentence` is that reason in words. `recheck` is when a repeat level is due.
    """

    band: str
    rule: str
    grams: Decimal | None
    minutes: Decimal | None
    card: str | None
    indicator: str | None
    silence: str | None
    recheck: tuple[str, str] | None
    findings: frozenset[str]
    sentence: str | None = field(compare=False)


Verdict = Decision | Undecided


@dataclass(frozen=True, slots=True)
class Judge:
    """One protocol, ready to decide. `title` is its id, version and status."""

    title: str
    decide: Callable[[Kept, datetime | None], Verdict]


def judge(protocol: Path | None, lab_codes: Path | None) -> Judge:
    """A judge by the protocol in a file; None: the one shipped, and the codes shipped.

    Raises ProtocolError or CodeListError.
    """
    loaded = load_protocol(protocol)
    hooks = offered(loaded, laboratory.load(lab_codes), None)
    head = loaded.document.protocol

    def decide(kept: Kept, now: datetime | None) -> Verdict:
        if kept.request is None:
            return Undecided(Why.UNREADABLE, kept.fault or "It cannot be read.")
        moment = now or kept.now
        if moment is None:
            return Undecided(Why.NO_MOMENT, "It names no moment; --now TIME can give one.")
        try:
            return _decision(explanation.answer_to(kept.request, moment, hooks))
        except Refusal as error:
            lacks = error.status == HTTPStatus.PRECONDITION_FAILED
            return Undecided(Why.LACKS_DATA if lacks else Why.REFUSED, str(error))
        except MissingData as error:
            return Undecided(Why.LACKS_DATA, error.message)
        except HookError as error:
            return Undecided(Why.REFUSED, error.message)

    return Judge(f"{head.id} {head.version} ({head.status})", decide)


def _decision(answer: Answer) -> Decision:
    account = answer.assessment
    decision = answer.decision
    dose = account.get("dose", {})
    recheck = account.get("recheck")
    return Decision(
        band=str(account["band"]),
        rule=str(account.get("rule", "-")),
        grams=dose.get("grams"),
        minutes=dose.get("minutes"),
        card=decision.card if decision and answer.cards else None,
        indicator=answer.cards[0]["indicator"] if answer.cards else None,
        silence=decision.silence if decision else "not asked",
        recheck=(recheck["start"], recheck["end"]) if recheck else None,
        findings=frozenset(str(finding["id"]) for finding in account.get("findings", ())),
        sentence=account.get("silence"),
    )
