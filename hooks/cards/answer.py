"""An Assessment becomes a card, and the account of the decision that goes with every answer."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from hooks.cards.card import Action, Card, Json, Source, Suggestion
from hooks.cards.correction import correct
from hooks.cards.identity import new_id
from hooks.cards.orders import Addressee, OrderTemplates
from hooks.cards.text import local, plain
from hooks.cards.wording import Wording
from hooks.chart.chart import Measurement, Unusable
from hooks.chart.units import Analyte
from hooks.protocol.assessment import NOT_APPLICABLE, Assessment, Finding, Offer, PlannedLab
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import fill

_NOT_CORRECTED: Final = "not-corrected"


class Answering:
    """Puts assessments by one protocol into CDS Hooks words; it decides nothing."""

    def __init__(self, protocol: Protocol, base_url: str | None) -> None:
        self._protocol = protocol
        self._templates = OrderTemplates.of(protocol)
        self._url = None if base_url is None else f"{base_url.rstrip('/')}/protocol"
        document = protocol.document
        head = document.protocol
        self._source = f"{head.label} (draft)" if head.status == "draft" else head.label
        self._head: Json = document.protocol.model_dump(include={"id", "version", "status"})
        self._override_reasons = [reason.model_dump() for reason in document.override_reasons]
        self._labels = {kind: offer.label for kind, offer in document.offers}

    def answer(
        self, assessment: Assessment, addressee: Addressee, drafts: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Card | None, Json]:
        """The card of an assessment, None where nothing is to be said, and the account of it.

        `drafts` are the drafted orders by `Type/id`: a correction sends one back whole.
        """
        wording = Wording(assessment, self._protocol)
        if assessment.card is None:
            return None, self._account(assessment, wording)
        corrected = self._corrected(assessment, wording, drafts)
        if len(corrected) < sum(offer.replaces is not None for offer in assessment.offers):
            # What cannot be sent back must not be announced either.
            assessment = self._without_lost(assessment, corrected)
            wording = Wording(assessment, self._protocol)
        card = self._card(assessment, wording, addressee, corrected)
        return card, self._account(assessment, wording)

    def _corrected(
        self, assessment: Assessment, wording: Wording, drafts: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Json]:
        """The corrected drafts by `Type/id`, without those that would not be valid R4."""
        corrected: dict[str, Json] = {}
        for offer in assessment.offers:
            if offer.replaces is None or offer.dosing is None:
                continue
            draft = drafts.get(offer.replaces.reference)
            dosage = fill(self._protocol.document.orders.dosage, wording.dosing(offer.dosing))
            order = None if draft is None else correct(draft, offer.dosing, dosage)
            if order is not None:
                corrected[offer.replaces.reference] = order
        return corrected

    def _without_lost(self, assessment: Assessment, kept: Mapping[str, Json]) -> Assessment:
        """The assessment as far as it can leave: a lost correction becomes a finding."""
        offers: list[Offer] = []
        lost: list[Offer] = []
        for offer in assessment.offers:
            leaves = offer.replaces is None or offer.replaces.reference in kept
            (offers if leaves else lost).append(offer)
        offers[:1] = [replace(offer, recommended=True) for offer in offers[:1]]
        text = self._protocol.document.findings[_NOT_CORRECTED]
        said = (
            Finding(
                _NOT_CORRECTED,
                text.rule,
                text.indicator,
                order=offer.replaces,
                dosing=offer.dosing,
            )
            for offer in lost
        )
        return replace(
            assessment,
            offers=tuple(offers),
            dosing=offers[0].dosing if offers else None,
            recheck=offers[0].labs[0] if offers else None,
            findings=(*assessment.findings, *said),
        )

    def _card(
        self,
        assessment: Assessment,
        wording: Wording,
        addressee: Addressee,
        corrected: Mapping[str, Json],
    ) -> Card:
        addressed = addressee.members()
        return Card(
            new_id(),
            wording.summary(),
            assessment.indicator,
            wording.detail(),
            Source(self._source, self._url, self._topic(assessment)),
            tuple(
                self._suggestion(offer, wording, addressed, corrected)
                for offer in assessment.offers
            ),
            self._override_reasons,
        )

    def _topic(self, assessment: Assessment) -> Json:
        """The same advice has the same code, so that an EHR can remember an override of it."""
        parts = [assessment.rule, assessment.band]
        dosing = assessment.dosing
        if dosing is not None:
            parts += [dosing.dose.written, dosing.over.written]
        code = "".join(filter(str.isalnum, "".join(parts)))
        words = self._protocol.document.words.bands[assessment.band]
        return {
            "system": self._protocol.document.protocol.topics,
            "code": code,
            "display": f"{assessment.rule}, {words}",
        }

    def _suggestion(
        self,
        offer: Offer,
        wording: Wording,
        addressed: Json,
        corrected: Mapping[str, Json],
    ) -> Suggestion:
        """An offer as a suggestion; `corrected` are the drafts that can be sent back."""
        words = wording.words
        actions: list[Action] = []
        if offer.dosing is not None:
            words = wording.dosing(offer.dosing, offer.when)
            orders = self._protocol.document.orders
            if offer.replaces is not None:
                draft = corrected[offer.replaces.reference]
                actions.append(Action("update", fill(orders.correction, words), draft))
            else:
                dosage = fill(orders.dosage, words)
                resource = self._templates.medication(
                    offer.dosing, dosage, offer.priority or "routine", addressed
                )
                actions.append(Action("create", fill(orders.medication, words), resource))
        actions += [self._level(lab, wording, addressed) for lab in offer.labs]
        label = fill(self._labels[offer.kind], words)
        return Suggestion(new_id(), label, offer.recommended, tuple(actions))

    def _level(self, lab: PlannedLab, wording: Wording, addressed: Json) -> Action:
        orders = self._protocol.document.orders
        if lab.now:
            sentence = (
                orders.creatinine_now if lab.analyte is Analyte.CREATININE else orders.magnesium_now
            )
        else:
            sentence = orders.magnesium
        resource = self._templates.lab(
            lab.analyte,
            local(lab.start, wording.zone),
            local(lab.end, wording.zone),
            lab.priority,
            addressed,
        )
        return Action("create", fill(sentence, wording.lab(lab)), resource)

    def silence(self, reason: str, now: datetime) -> Json:
        """The account of a call that needed no look at the patient."""
        return {
            "band": NOT_APPLICABLE,
            "protocol": self._head,
            "evaluatedAt": now.isoformat(),
            "silence": self._protocol.document.silence[reason],
        }

    def _account(self, assessment: Assessment, wording: Wording) -> Json:
        """What was decided and from what, for the response's extension; without empty members."""
        evidence = assessment.evidence
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
            "silence": wording.silence(),
        }
        return _pruned(account)


def _pruned(members: Json) -> Json:
    """Without members that are empty: CDS Hooks has no word for nothing."""
    return {
        name: value
        for name, value in members.items()
        # A number is never empty; to compare one with texts and lists takes a Decimal long.
        if value or isinstance(value, int | Decimal)
    }


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
    return value.quantize(Decimal("0.1"))


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
            "reported": plain(item.reported) if item.reported else None,
            "time": item.time.at.isoformat() if item.time else None,
            "reference": item.reference,
            "reasons": list(item.reasons),
            "text": wording.unusable(item),
        }
    )
