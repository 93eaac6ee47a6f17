"""A finding in words: the protocol's sentence for it, with what it was found in."""

from msgspec import Struct

from hooks.cards.number import rounded
from hooks.cards.text import capitalized
from hooks.cards.words.dose import dose_words
from hooks.cards.words.moment import Moments
from hooks.cards.words.order import Orders
from hooks.cards.words.refusal import Refusals
from hooks.cards.words.result import Results
from hooks.chart.units import Analyte
from hooks.protocol.assessment import Finding
from hooks.protocol.document import Document
from hooks.protocol.template import Words, fill


class Findings(Struct, frozen=True):
    """Tells findings, in words that hold for the whole card and in those of each finding."""

    document: Document
    words: Words
    results: Results
    refusals: Refusals
    orders: Orders
    moments: Moments

    def sentence(self, finding: Finding) -> str | None:
        """The sentence of a finding; None for one that is not worth a line."""
        text = self.document.findings[finding.kind].text
        return None if text is None else capitalized(fill(text, self._words(finding)))

    def _words(self, finding: Finding) -> Words:
        words = self.words.but(drug=finding.drug or "")
        if finding.measurement is not None:
            words[finding.measurement.analyte.value] = (
                rounded(finding.measurement.value, 2)
                if finding.measurement.analyte is Analyte.CREATININE
                else self.results.level(finding.measurement)
            )
        if finding.earlier is not None:
            words["earlier"] = rounded(finding.earlier.value, 2)
        if finding.condition is not None:
            words["condition"] = words["reason"] = finding.condition
        if finding.dosing is not None:
            words.update(dose_words(finding.dosing))
        if finding.order is not None:
            words.update(self.orders.words(finding.order))
        if finding.unusable is not None:
            words["newer"] = self.refusals.line(finding.unusable)
        if finding.why is not None:
            words["reason"] = self.refusals.reason(finding.why, drug=finding.drug)
        if finding.planned is not None:
            words["at"] = self.moments.planned(finding.planned)
        if finding.analyte is not None:
            words["analyte"] = self.document.words.analytes[finding.analyte]
        return words
