"""An Assessment becomes a card, with the orders that it suggests."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from hooks.cards.account import Accounts
from hooks.cards.card import Action, Card, Json, Source, Suggestion
from hooks.cards.clock import window
from hooks.cards.correction import correct
from hooks.cards.identity import new_id
from hooks.cards.orders import Addressee, OrderTemplates
from hooks.cards.words.vocabulary import VOCABULARY
from hooks.cards.words.wording import Wording
from hooks.chart.context import Draft
from hooks.chart.units import Analyte
from hooks.protocol.assessment import Assessment, Finding, Offer, PlannedLab
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import fill

_NOT_CORRECTED: Final = "not-corrected"


class CardWriter:
    """Puts assessments by one protocol into CDS Hooks words; it decides nothing."""

    def __init__(self, protocol: Protocol, base_url: str | None) -> None:
        self._accounts = Accounts(protocol)
        self._protocol = protocol
        self._templates = OrderTemplates.of(protocol)
        self._url = None if base_url is None else f"{base_url.rstrip('/')}/protocol"
        document = protocol.document
        head = document.protocol
        self._source = f"{head.label} (draft)" if head.status == "draft" else head.label
        self._override_reasons = [reason.model_dump() for reason in document.override_reasons]
        self._labels = {name.replace("_", "-"): offer.label for name, offer in document.offers}

    def silent(self, reason: str, now: datetime) -> Json:
        """The account of a call that gave no reason to look at the patient; `reason` says why."""
        return self._accounts.silence(reason, now)

    def write(
        self, assessment: Assessment, addressee: Addressee, drafts: Collection[Draft]
    ) -> tuple[Card | None, Json]:
        """The card of an assessment, None where nothing is to be said, and the account of it.

        `drafts` are the drafted orders: a correction sends one back whole.
        """
        wording = Wording(assessment, self._protocol, VOCABULARY)
        if assessment.card is None:
            return None, self._accounts.of(wording)
        corrected = self._corrected(wording, drafts)
        if len(corrected) < sum(offer.replaces is not None for offer in assessment.offers):
            # What cannot be sent back must not be announced either.
            assessment = self._without_lost(assessment, corrected)
            wording = Wording(assessment, self._protocol, VOCABULARY)
        card = self._card(wording, addressee, corrected)
        return card, self._accounts.of(wording)

    def _corrected(self, wording: Wording, drafts: Collection[Draft]) -> Mapping[str, Json]:
        """The corrected drafts by `Type/id`, without those that would not be valid R4."""
        corrections = [
            (offer.replaces.reference, offer.dosing)
            for offer in wording.assessment.offers
            if offer.replaces is not None and offer.dosing is not None
        ]
        by_reference = _told_apart(drafts) if corrections else {}
        corrected: dict[str, Json] = {}
        for reference, dosing in corrections:
            draft = by_reference.get(reference)
            dosage = fill(self._protocol.document.orders.dosage, wording.dosing(dosing))
            order = None if draft is None else correct(draft.resource, dosing, dosage)
            if order is not None:
                corrected[reference] = order
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

    def _card(self, wording: Wording, addressee: Addressee, corrected: Mapping[str, Json]) -> Card:
        assessment, addressed = wording.assessment, addressee.members()
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
        if offer.labs:
            # Each offer has a window of its own, and the label may be all that an EHR shows of it.
            due = wording.moments.due(offer.labs[-1])
            words = words.but(recheck_window=window(*due))
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
        start, end = wording.moments.due(lab)
        resource = self._templates.lab(lab.analyte, start, end, lab.priority, addressed)
        words = wording.words.but(recheck_window=window(start, end))
        return Action("create", fill(sentence, words), resource)


def _told_apart(drafts: Collection[Draft]) -> Mapping[str, Draft]:
    """The drafts by `Type/id`; two of one id cannot be told apart in an update."""
    times = Counter([draft.reference for draft in drafts])
    return {draft.reference: draft for draft in drafts if times[draft.reference] == 1}
