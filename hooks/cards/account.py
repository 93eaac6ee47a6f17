"""The account of a decision: what was decided and from what, beside every answer."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hooks.cards.card import Json
from hooks.cards.text import one_line
from hooks.cards.words.wording import Wording
from hooks.chart.chart import Measurement, Unusable
from hooks.protocol.assessment import NOT_APPLICABLE, Assessment
from hooks.protocol.protocol import Protocol

#: A number is never empty; to compare one with texts and lists takes a Decimal long.
_NUMBER: Final = (int, Decimal)
_TENTH: Final = Decimal("0.1")


class Accounts:
    """Accounts for decisions by one protocol, for the response's extension."""

    def __init__(self, protocol: Protocol) -> None:
        self._head: Json = protocol.document.protocol.model_dump(
            include={"id", "version", "status"}
        )
        self._silence = protocol.document.silence

    def silence(self, reason: str, now: datetime) -> Json:
        """The account of a call that needed no look at the patient."""
        return {
            "band": NOT_APPLICABLE,
            "protocol": self._head,
            "evaluatedAt": now.isoformat(),
            "silence": self._silence[reason],
        }

    def of(self, wording: Wording) -> Json:
        """The account of an assessment, without empty members."""
        assessment, evidence = wording.assessment, wording.evidence
        account: Json = {
            "band": assessment.band,
            "rule": assessment.rule,
            "row": assessment.row.id if assessment.row else None,
            "protocol": self._head,
            "evaluatedAt": assessment.chart.now.isoformat(),
            "inputs": _pruned(
                {
                    "magnesium": _input(evidence.magnesium.measurement),
                    "potassium": _input(evidence.potassium.measurement),
                    "creatinine": _input(evidence.creatinine.measurement),
                    **_renal(assessment),
                }
            ),
            "dose": _dose(assessment),
            "recheck": _recheck(assessment),
            "findings": [
                _pruned(
                    {
                        "id": finding.kind,
                        "rule": finding.rule,
                        "text": text,
                    }
                )
                for finding, text in zip(assessment.findings, wording.findings, strict=True)
            ],
            "unusable": [_unusable(item, wording) for item in assessment.unusable],
            "silence": self._silence[assessment.silence] if assessment.silence else None,
        }
        return _pruned(account)


def _pruned(members: Json) -> Json:
    """Without members that are empty: CDS Hooks has no word for nothing."""
    return {name: value for name, value in members.items() if value or isinstance(value, _NUMBER)}


def _input(result: Measurement | None) -> Json | None:
    if result is None:
        return None
    return _pruned(
        {
            "value": result.reported_value,
            "comparator": result.comparator,
            "unit": result.reported_unit,
            "canonical": result.value,
            "time": result.time.at.date().isoformat()
            if result.time.whole_day
            else result.time.at.isoformat(),
            "status": result.status,
            "reference": result.reference,
        }
    )


def _renal(assessment: Assessment) -> dict[str, Any]:
    kidneys = assessment.evidence.kidneys
    if kidneys is None:
        return {}
    return {
        "weight": _input(kidneys.weight),
        "egfr": _tenths(kidneys.egfr),
        "creatinineClearance": None if kidneys.clearance is None else _tenths(kidneys.clearance),
        "renalTier": kidneys.tier,
    }


def _tenths(value: Decimal) -> Decimal:
    return value.quantize(_TENTH)


def _dose(assessment: Assessment) -> Json | None:
    dosing = assessment.dosing
    if dosing is None:
        return None
    return {"grams": dosing.dose.value, "minutes": dosing.over.value}


def _recheck(assessment: Assessment) -> Json | None:
    recheck = assessment.recheck
    if recheck is None:
        return None
    return {"start": recheck.start.isoformat(), "end": recheck.end.isoformat()}


def _unusable(item: Unusable, wording: Wording) -> Json:
    return _pruned(
        {
            "analyte": item.analyte,
            "reported": one_line(item.reported) if item.reported else None,
            "time": item.time.at.isoformat() if item.time else None,
            "reference": item.reference,
            "reasons": list(item.reasons),
            "text": wording.refusals.line(item),
        }
    )
