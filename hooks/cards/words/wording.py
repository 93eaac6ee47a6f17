"""The wording of a card: the protocol's sentences, filled in for one assessment."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

from hooks.cards.text import untagged
from hooks.cards.words.dose import dose_words
from hooks.cards.words.finding import Findings
from hooks.cards.words.moment import Moments
from hooks.cards.words.order import Orders
from hooks.cards.words.refusal import Refusals, Show
from hooks.cards.words.result import Results
from hooks.protocol.assessment import Assessment, CardKind
from hooks.protocol.model import Dosing
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import Words, fill, fill_lines
from hooks.protocol.wording import CardText

_LONGEST_SUMMARY: Final = 139

#: How each name is worked out that depends on the patient; None where it means nothing.
Vocabulary = Mapping[str, Callable[["Wording"], str | None]]


class Wording:
    """Puts one assessment into the protocol's words.

    A word is worked out when a sentence first names it: most answers need few of them.
    """

    def __init__(self, assessment: Assessment, protocol: Protocol, vocabulary: Vocabulary) -> None:
        self.assessment = assessment
        self.evidence = assessment.evidence
        self.protocol = protocol
        self.document = protocol.document
        self.phrases = phrases = protocol.document.words
        self.words = Words(protocol.words, self._word)
        self._vocabulary = vocabulary
        self.moments = Moments.of(assessment, protocol)
        self.results = Results(protocol, self.moments)
        self.refusals = Refusals(phrases.reasons, phrases.unknown, self.words, self.moments)
        self.orders = Orders(protocol.document, self.moments)

    def summary(self) -> str:
        """The card's summary: one plain line, shorter than 140 characters."""
        words, sentence = self.words, self._card_text().summary
        if self.assessment.card is CardKind.INDETERMINATE:
            reason = self.refusals.obstacle(self.evidence.magnesium, untagged)
            words = words.but(reason=reason, unjudged=self.unjudged(untagged) or "")
        text = fill(sentence, words)
        # Better without these than with its reason cut.
        for name in ("deed", "unjudged"):
            if len(text) > _LONGEST_SUMMARY:
                words = words.but(**{name: ""})
                text = fill(sentence, words)
        if len(text) <= _LONGEST_SUMMARY:
            return text
        return f"{text[: _LONGEST_SUMMARY - 1]}\N{HORIZONTAL ELLIPSIS}"

    def detail(self) -> str:
        """The card's detail in Markdown."""
        return fill_lines(self._card_text().detail, self.words)

    @cached_property
    def findings(self) -> tuple[str | None, ...]:
        """The sentence of each finding; None for one that is not worth a line."""
        findings = Findings(
            self.document, self.words, self.results, self.refusals, self.orders, self.moments
        )
        return tuple(map(findings.sentence, self.assessment.findings))

    def unjudged(self, show: Show) -> str | None:
        """The magnesium that could not be used, as it came."""
        reported = self.refusals.value(self.evidence.magnesium, show)
        return None if reported is None else fill(self.phrases.unjudged, {"reported": reported})

    def say(self, sentence: str) -> str:
        """A sentence of the protocol, filled in."""
        return fill(sentence, self.words)

    def dosing(self, dosing: Dosing, when: str | None = None) -> Words:
        """The words for a dose."""
        return self.words.but(**dose_words(dosing), when=when or "")

    def _word(self, name: str) -> str:
        """What a name stands for; empty for one that means nothing for this assessment."""
        work_out = self._vocabulary.get(name)
        if work_out is None:
            return ""
        # A sentence of a site may name itself.
        self.words[name] = ""
        return work_out(self) or ""

    def _card_text(self) -> CardText:
        cards = self.document.cards
        match self.assessment.card:
            case CardKind.DOSE:
                return cards.dose
            case CardKind.NO_DOSE:
                return cards.no_dose
            case CardKind.ORDERED:
                return cards.ordered
            case CardKind.MILD:
                return cards.mild
            case CardKind.NOT_LOW:
                return cards.not_low
            case CardKind.RATE:
                return cards.rate
            case CardKind.EMERGENCY:
                return cards.emergency
            case CardKind.OBSTETRIC:
                return cards.obstetric
            case CardKind.INDETERMINATE:
                return cards.indeterminate
            case None:
                raise AssertionError("a silent assessment has no card to word")
