"""The words of a card: what the names in the protocol's sentences stand for in one assessment."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from hooks.cards.text import ago, clock, escaped, number, rounded, window
from hooks.chart.chart import Measurement, Moment, Unusable
from hooks.chart.units import FACTORS, Analyte, Unit
from hooks.protocol.assessment import Assessment, CardKind, Finding, PlannedLab
from hooks.protocol.choice import Choice, instant
from hooks.protocol.model import CardText, Dosing, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import bullets, fill, fill_lines

_MOST_UNUSABLE: Final = 3
_MOST_DECIMALS: Final = 4


class Wording:
    """Puts one assessment into the protocol's words."""

    def __init__(self, assessment: Assessment, protocol: Protocol) -> None:
        self.assessment = assessment
        self.protocol = protocol
        self.document = protocol.document
        self.now = assessment.chart.now
        self.zone = _zone(assessment)
        self._limits = tuple(
            limit.value for band in protocol.bands for limit in (band.lower, band.upper) if limit
        )
        self.words: dict[str, str] = dict(protocol.words)
        self._learn()

    # ------------------------------------------------------------------ whole texts

    def summary(self) -> str:
        """The card's summary: one plain line, shorter than 140 characters."""
        words = {**self.words, "magnesium": self.words["magnesium_plain"]}
        text = fill(self._card_text().summary, words)
        return text if len(text) < 140 else f"{text[:138]}\N{HORIZONTAL ELLIPSIS}"

    def detail(self) -> str:
        """The card's detail in Markdown."""
        return fill_lines(self._card_text().detail, self.words)

    def finding(self, finding: Finding) -> str | None:
        """A finding's sentence; None for one that is not worth a line."""
        sentence = self.document.findings[finding.kind].text
        if sentence is None:
            return None
        words = dict(self.words)
        if finding.measurement is not None:
            shown = self.level(finding.measurement)
            words[finding.measurement.analyte.value] = shown
            if finding.measurement.analyte is Analyte.CREATININE:
                words["creatinine"] = rounded(finding.measurement.value, 2)
        if finding.earlier is not None:
            words["earlier"] = rounded(finding.earlier.value, 2)
        if finding.why is not None:
            words["reason"] = self.reason(finding.why)
        if finding.analyte is not None:
            words["analyte"] = self.document.words.analytes[finding.analyte]
        return fill(sentence, words)

    def dosing(self, dosing: Dosing, when: str | None = None) -> Mapping[str, str]:
        """The words for a dose."""
        minutes = number(dosing.over.value)
        return {
            **self.words,
            "dose": f"{number(dosing.dose.value)} g",
            "duration": f"{minutes} minutes",
            "rate": f"{rounded(dosing.rate.per_minute, 1).removesuffix('.0')} mg/min",
            "when": when or "",
        }

    def lab(self, lab: PlannedLab) -> Mapping[str, str]:
        """The words for a level to order."""
        span = window(lab.start.astimezone(self.zone), lab.end.astimezone(self.zone))
        return {**self.words, "recheck_window": span}

    def silence(self) -> str | None:
        """Why nothing is said; None if something is."""
        reason = self.assessment.silence
        return None if reason is None else self.document.silence[reason]

    def unusable(self, item: Unusable) -> str:
        """A result that could not be used, as a line: what it said, when, and why it was not."""
        reasons = ", ".join(self.reason(reason, item) for reason in item.reasons)
        reported = escaped(item.reported) if item.reported else ""
        when = self._when(item.time) if item.time else ""
        said = ", ".join(part for part in (reported, when) if part)
        return f"{said}: {reasons}" if said else reasons

    def reason(self, why: str, item: Unusable | None = None) -> str:
        """A reason in words."""
        words = {**self.words, "detail": "", "status": "", "age": "", "reported": ""}
        if item is not None:
            words["detail"] = escaped(item.detail or "")
            words["status"] = escaped(item.status or self.document.words.unknown)
            words["reported"] = escaped(item.reported or "")
            if item.time is not None:
                words["age"] = ago(self.now - instant(item.time, self.document.windows))
        return fill(self.document.words.reasons[why], words)

    def level(self, result: Measurement) -> str:
        """A value with its unit: magnesium in mg/dL, with digits enough to stay in its band."""
        if result.analyte is Analyte.MAGNESIUM and result.reported_unit is not Unit.MG_DL:
            sign = result.comparator or ""
            return f"{sign}{rounded(result.value, 2, self._limits)} mg/dL"
        return self._reported(result)

    # ------------------------------------------------------------------ the parts

    def _card_text(self) -> CardText:
        cards = self.document.cards
        match self.assessment.card:
            case CardKind.DOSE:
                return cards.dose
            case CardKind.NO_DOSE:
                return cards.no_dose
            case CardKind.INDETERMINATE:
                return cards.indeterminate
            case None:
                raise AssertionError("a silent assessment has no card to word")

    def _learn(self) -> None:
        assessment, document = self.assessment, self.document
        words = self.words
        words["band"] = document.words.bands[assessment.band]
        words["rule"] = assessment.rule
        words["not_checked"] = document.words.not_checked
        approved = document.protocol.status == "approved"
        words["review"] = fill(document.words.approved if approved else document.words.draft, words)
        self._learn_levels()
        self._learn_kidneys()
        self._learn_band()
        self._learn_plan()
        words["unusable"] = "; ".join(
            self.unusable(item) for item in assessment.magnesium.worth_saying[:_MOST_UNUSABLE]
        )
        said = (self.finding(finding) for finding in assessment.findings)
        words["findings"] = bullets(line for line in said if line)

    def _learn_levels(self) -> None:
        assessment, words = self.assessment, self.words
        unknown = self.document.words.unknown
        magnesium = assessment.magnesium.measurement
        words["magnesium"] = self.level(magnesium) if magnesium else unknown
        words["magnesium_plain"] = words["magnesium"]
        words["magnesium_basis"] = self._basis(assessment.magnesium)
        words["potassium"] = (
            self.level(assessment.potassium.measurement)
            if assessment.potassium.measurement
            else unknown
        )
        words["potassium_basis"] = self._basis(assessment.potassium)
        words["creatinine_basis"] = self._basis(assessment.creatinine)
        creatinine = assessment.creatinine
        if creatinine.why is not None:
            words["creatinine_problem"] = self._problem(creatinine)

    def _learn_kidneys(self) -> None:
        kidneys = self.assessment.kidneys
        if kidneys is None:
            tier = Tier.UNKNOWN
        else:
            tier = kidneys.tier
            limits = [
                limit.value.value
                for limit in (
                    self.document.renal.excluded_below,
                    self.document.renal.reduced_below,
                    self.document.renal.caution_below,
                )
            ]
            words, phrases = self.words, self.document.words
            words["renal"] = rounded(kidneys.lowest, 0, limits)
            words["egfr"] = rounded(kidneys.egfr, 0, limits)
            words["renal_basis"] = fill(phrases.egfr, words)
            if kidneys.clearance is not None and kidneys.weight is not None:
                words["clearance"] = rounded(kidneys.clearance, 0, limits)
                words["weight"] = rounded(kidneys.weight.value, 0)
                words["renal_basis"] = fill(phrases.egfr_and_clearance, words)
        self.words["renal_tier"] = fill(self.document.words.tiers[tier], self.words)

    def _learn_band(self) -> None:
        band = next((band for band in self.protocol.bands if band.id == self.assessment.band), None)
        if band is not None:
            upper = band.upper
            if upper is not None:
                molar = FACTORS[Analyte.MAGNESIUM][Unit.MMOL_L]
                other = (
                    f"{rounded(upper.value / molar, 3)} mmol/L"
                    if upper.written.endswith("mg/dL")
                    else f"{rounded(upper.value, 3)} mg/dL"
                )
                self.words["threshold"] = f"{upper} ({other})"
            if band.why is not None:
                self.words["why"] = fill(band.why, self.words)
        gate = self.protocol.gates.get(self.assessment.rule)
        words = self.words
        if gate is not None:
            words["reason"] = fill(gate.reason, words)
            words["lead"] = fill(gate.lead or "", words)
            words["next"] = fill(gate.next or "", words)
            words["rule_basis"] = words["reason"]
        else:
            words["rule_basis"] = fill(self.document.words.rule_basis, words)
        if self.assessment.card is CardKind.INDETERMINATE:
            words["reason"] = self._problem(self.assessment.magnesium)
            wanted = bool(self.assessment.offers)
            next_step = self.document.words.level_now if wanted else self.document.words.no_next
            words["next"] = fill(next_step, words)

    def _learn_plan(self) -> None:
        assessment, words = self.assessment, self.words
        if assessment.recheck is not None:
            words.update(self.lab(assessment.recheck))
        if assessment.dosing is not None:
            words.update(self.dosing(assessment.dosing))
        if assessment.reference is not None:
            dose = self.dosing(assessment.reference)
            words["reference_dose"] = fill(self.document.words.reference, dose)
        row = next((row for row in self.document.rows if row.id == assessment.row), None)
        if row is not None:
            words["monitoring"] = row.monitoring or ""
            words["caveat"] = row.caveat or ""

    def _problem(self, choice: Choice) -> str:
        if choice.culprit is not None:
            return ", ".join(
                self.reason(reason, choice.culprit) for reason in choice.culprit.reasons
            )
        return self.reason(choice.why or "missing")

    def _basis(self, choice: Choice) -> str:
        """One input as a line: value, converted value, status and time; or why there is none."""
        result = choice.measurement
        if result is None:
            return f"{self.document.words.unknown} ({self._problem(choice)})"
        parts = [f"{self._reported(result)}{self._converted(result)}", result.status]
        parts.append(self._when(result.time))
        return ", ".join(parts)

    def _reported(self, result: Measurement) -> str:
        shown = result.reported_value
        if -int(shown.as_tuple().exponent) > _MOST_DECIMALS:
            return (
                f"{result.comparator or ''}{rounded(shown, _MOST_DECIMALS)} {result.reported_unit}"
            )
        return f"{result.comparator or ''}{shown:f} {result.reported_unit}"

    def _converted(self, result: Measurement) -> str:
        if result.analyte is Analyte.MAGNESIUM and result.reported_unit is Unit.MG_DL:
            molar = result.value / FACTORS[Analyte.MAGNESIUM][Unit.MMOL_L]
            limits = tuple(
                limit / FACTORS[Analyte.MAGNESIUM][Unit.MMOL_L] for limit in self._limits
            )
            return f" ({rounded(molar, 3, limits)} mmol/L)"
        if result.reported_unit is Unit.MG_DL or result.analyte is Analyte.POTASSIUM:
            return ""
        limits = self._limits if result.analyte is Analyte.MAGNESIUM else ()
        return f" ({rounded(result.value, 2, limits)} mg/dL)"

    def _when(self, moment: Moment) -> str:
        phrases = self.document.words
        words = {"age": ago(self.now - instant(moment, self.document.windows))}
        if moment.whole_day:
            return fill(phrases.day, {**words, "at": f"{moment.at:%d %b %Y}"})
        return fill(phrases.time, {**words, "at": clock(moment.at, self.now)})


def _zone(assessment: Assessment) -> tzinfo | None:
    """The zone in which the patient's results are told: that of the magnesium, else the call's."""
    result = assessment.magnesium.measurement or assessment.magnesium.stale
    if result is not None and not result.time.whole_day:
        return result.time.at.tzinfo
    return assessment.chart.now.tzinfo
