"""The words of a card: what the names in the protocol's sentences stand for in one assessment."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from hooks.cards.text import ago, clock, escaped, number, plain, rounded, window
from hooks.chart.chart import Measurement, Unusable
from hooks.chart.moments import Moment
from hooks.chart.order import Order
from hooks.chart.units import FACTORS, Analyte, Unit
from hooks.protocol.assessment import Assessment, CardKind, Finding, PlannedLab
from hooks.protocol.choice import Choice, instant
from hooks.protocol.model import CardText, Dosing, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.template import bullets, fill, fill_lines

_MOST_UNUSABLE: Final = 3
_MOST_DECIMALS: Final = 4
_MOST_TREND: Final = 3
_LONGEST_SUMMARY: Final = 139


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
        words = self.words
        if self.assessment.card is CardKind.INDETERMINATE:
            problem = self._problem(self.assessment.evidence.magnesium, plain)
            words = {**words, "reason": problem}
        text = fill(self._card_text().summary, words)
        if len(text) <= _LONGEST_SUMMARY:
            return text
        return f"{text[: _LONGEST_SUMMARY - 1]}\N{HORIZONTAL ELLIPSIS}"

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
        words["drug"] = finding.drug or ""
        words["condition"] = finding.condition or words.get("condition", "")
        if finding.dosing is not None:
            words.update(self.dosing(finding.dosing))
        if finding.order is not None:
            words.update(self._order(finding.order))
        if finding.unusable is not None:
            words["newer"] = self.unusable(finding.unusable)
        if finding.why is not None:
            words["reason"] = self.reason(finding.why, drug=finding.drug)
        if finding.analyte is not None:
            words["analyte"] = self.document.words.analytes[finding.analyte]
        return _capitalized(fill(sentence, words))

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

    def _order(self, order: Order) -> Mapping[str, str]:
        """The words for a drafted, running or given order."""
        phrases = self.document.words
        dosage = order.dosage
        dose = phrases.dose_unknown
        if dosage.grams is not None:
            dose = f"{rounded(dosage.grams, 2).rstrip('0').rstrip('.')} g"
            if dosage.minutes is not None:
                minutes = rounded(dosage.minutes, 1).removesuffix(".0")
                dose = f"{dose} over {minutes} minutes"
        rate = ""
        if dosage.rate is not None:
            rate = self._rate(dosage.rate)
        when = self._when(order.authored) if order.authored else ""
        what = dose if order.magnesium is not None else escaped(order.name or phrases.an_order)
        return {
            "order": ", ".join(part for part in (what, when) if part),
            "draft_dose": dose,
            "draft_rate": rate,
            "past": fill(phrases.past_dose, {"draft_dose": dose, "at": when}),
            "places": phrases.places[order.place],
            "magnesium_order": self._called(order),
            "salt": order.salt or phrases.no_salt,
            "order_reason": escaped(order.unclear_reason or ""),
        }

    def _called(self, order: Order) -> str:
        """What an order is called: by its route and salt; without magnesium only an order."""
        phrases = self.document.words
        if order.magnesium is None or order.magnesium not in phrases.by_route:
            return phrases.an_order
        return fill(phrases.by_route[order.magnesium], {"salt": order.salt or phrases.no_salt})

    def _rate(self, per_minute: Decimal) -> str:
        """An order's rate in mg/min, and in g/h beside it where the site's ceiling is in g/h."""
        ceiling = self.document.rate.ceiling.value
        shown = rounded(per_minute, 1, (ceiling.per_minute,)).removesuffix(".0")
        if not str(ceiling).endswith("g/h"):
            return f"{shown} mg/min"
        hourly = rounded(per_minute * 60 / 1000, 1, (ceiling.per_minute * 60 / 1000,))
        return f"{hourly.removesuffix('.0')} g/h"

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

    def reason(
        self,
        why: str,
        item: Unusable | None = None,
        drug: str | None = None,
        show: Callable[[str], str] = escaped,
    ) -> str:
        """A reason in words; `show` makes text from the request fit for Markdown or plain text."""
        words = {**self.words, "drug": drug or ""}
        if item is not None:
            words["detail"] = show(item.detail or "")
            words["status"] = show(item.status or self.document.words.unknown)
            words["reported"] = show(item.reported or "")
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

    def _learn(self) -> None:
        assessment, document = self.assessment, self.document
        words = self.words
        words["band"] = document.words.bands[assessment.band]
        words["rule"] = assessment.rule
        words["not_checked"] = ", ".join(
            (
                document.words.not_checked,
                *(
                    document.words.not_received[key]
                    for key in sorted(document.words.not_received)
                    if key in assessment.chart.unknown
                ),
            )
        )
        if assessment.condition is not None:
            words["condition"] = assessment.condition
        approved = document.protocol.status == "approved"
        words["review"] = fill(document.words.approved if approved else document.words.draft, words)
        beyond = document.rate.above_label
        if beyond is not None:
            words["review"] = f"**{beyond}** {words['review']}"
        self._learn_levels()
        self._learn_kidneys()
        self._learn_plan()
        self._learn_band()
        words["unusable"] = "; ".join(
            self.unusable(item)
            for item in assessment.evidence.magnesium.worth_saying[:_MOST_UNUSABLE]
        )
        if any(finding.kind == "barred-by-mouth" for finding in assessment.findings):
            words["advice"] = fill(document.words.no_oral_advice, words)
        else:
            words["advice"] = fill(document.words.oral_advice, words)
            words["organic_salts"] = fill(document.words.organic_salts, words)
        said = (self.finding(finding) for finding in assessment.findings)
        words["findings"] = bullets(line for line in said if line)

    def _learn_levels(self) -> None:
        assessment, words = self.assessment, self.words
        unknown = self.document.words.unknown
        magnesium = assessment.evidence.magnesium.measurement
        words["magnesium"] = self.level(magnesium) if magnesium else unknown
        words["magnesium_basis"] = self._basis(assessment.evidence.magnesium)
        words["potassium"] = (
            self.level(assessment.evidence.potassium.measurement)
            if assessment.evidence.potassium.measurement
            else unknown
        )
        words["potassium_basis"] = self._basis(assessment.evidence.potassium)
        words["creatinine_basis"] = self._basis(assessment.evidence.creatinine)
        if magnesium is not None and assessment.evidence.earlier:
            before = reversed(assessment.evidence.earlier[:_MOST_TREND])
            levels = [f"{self.level(item)} ({clock(item.time.at, self.now)})" for item in before]
            words["trend"] = " \N{RIGHTWARDS ARROW} ".join([*levels, self.level(magnesium)])
        creatinine = assessment.evidence.creatinine
        if creatinine.why is not None:
            words["creatinine_problem"] = self._problem(creatinine)

    def _learn_kidneys(self) -> None:
        kidneys = self.assessment.evidence.kidneys
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
            reported = self.assessment.evidence.egfr.measurement
            if reported is not None:
                shown = f"{reported.comparator or ''}{reported.reported_value:f}"
                said = fill(phrases.reported_egfr, {"egfr": shown})
                words["renal_basis"] = f"{words['renal_basis']}; {said}"
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
            if self.assessment.rule == "G7" and self.assessment.condition is None:
                words["condition"] = fill(self.document.words.low_function, words)
            words["reason"] = fill(gate.reason, words)
            words["lead"] = _capitalized(fill(gate.lead or "", words))
            words["next"] = fill(gate.next or "", words)
            words["rule_basis"] = words["reason"]
        else:
            words["rule_basis"] = fill(self.document.words.rule_basis, words)
        if self.assessment.card is CardKind.ORDERED:
            self._learn_ordered()
        if self.assessment.card is CardKind.INDETERMINATE:
            words["reason"] = self._problem(self.assessment.evidence.magnesium)
            wanted = bool(self.assessment.offers)
            next_step = self.document.words.level_now if wanted else self.document.words.no_next
            words["next"] = fill(next_step, words)

    def _learn_ordered(self) -> None:
        """G6: the most important thing said of the orders becomes the reason of the card."""
        phrases, words = self.document.words, self.words
        said = {finding.kind for finding in self.assessment.findings}
        kind = next((kind for kind in phrases.ordered if kind in said), "right")
        orders = [finding.order for finding in self.assessment.findings if finding.kind == kind]
        orders += self.assessment.evidence.replacement.selected
        order = next((order for order in orders if order is not None), None)
        known = words if order is None else {**words, **self._order(order)}
        words["reason"] = fill(phrases.ordered[kind], known)
        only_unreadable = kind == "order-unreadable"
        lead = phrases.unreadable_lead if only_unreadable else phrases.ordered_lead
        words["lead"] = _capitalized(fill(lead, known))
        kinds = tuple(offer.kind for offer in self.assessment.offers)
        step = phrases.no_next
        if "correct" in kinds:
            step = phrases.correct_next
        elif "recheck" in kinds:
            step = phrases.recheck_next
        words["next"] = fill(step, words)

    def _learn_plan(self) -> None:
        assessment, words = self.assessment, self.words
        if assessment.recheck is not None:
            words.update(self.lab(assessment.recheck))
        if assessment.dosing is not None:
            words.update(self.dosing(assessment.dosing))
        if assessment.reference is not None:
            dose = self.dosing(assessment.reference)
            words["reference_dose"] = fill(self.document.words.reference, dose)
        row = assessment.row
        if row is not None:
            words["monitoring"] = row.monitoring or ""
            words["caveat"] = row.caveat or ""

    def _problem(self, choice: Choice, show: Callable[[str], str] = escaped) -> str:
        culprit = choice.culprit
        if culprit is not None:
            return ", ".join(self.reason(why, culprit, show=show) for why in culprit.reasons)
        return self.reason(choice.why or "missing")

    def _basis(self, choice: Choice) -> str:
        """One input as a line: value, converted value, status and time; or why there is none."""
        result = choice.measurement
        if result is None:
            reported = choice.culprit.reported if choice.culprit is not None else None
            said = f"{escaped(reported)}: " if reported else ""
            return f"{self.document.words.unknown} ({said}{self._problem(choice)})"
        parts = [f"{self._reported(result)}{self._converted(result)}", result.status]
        parts.append(self._when(result.time))
        return ", ".join(parts)

    def _reported(self, result: Measurement) -> str:
        value = result.reported_value
        shown = f"{value:f}"
        if -int(value.as_tuple().exponent) > _MOST_DECIMALS:
            factor = FACTORS[result.analyte][result.reported_unit]
            limits = tuple(limit / factor for limit in self._limits_of(result.analyte))
            shown = rounded(value, _MOST_DECIMALS, limits)
        return f"{result.comparator or ''}{shown} {result.reported_unit}"

    def _limits_of(self, analyte: Analyte) -> tuple[Decimal, ...]:
        """The limits that a value of the analyte must not seem to cross."""
        if analyte is Analyte.POTASSIUM:
            limits = self.document.potassium
            return limits.low_below.value.value, limits.very_low_below.value.value
        return self._limits if analyte is Analyte.MAGNESIUM else ()

    def _converted(self, result: Measurement) -> str:
        if result.analyte is Analyte.MAGNESIUM and result.reported_unit is Unit.MG_DL:
            molar = result.value / FACTORS[Analyte.MAGNESIUM][Unit.MMOL_L]
            limits = tuple(
                limit / FACTORS[Analyte.MAGNESIUM][Unit.MMOL_L] for limit in self._limits
            )
            return f" ({result.comparator or ''}{rounded(molar, 3, limits)} mmol/L)"
        if result.reported_unit is Unit.MG_DL or result.analyte is Analyte.POTASSIUM:
            return ""
        limits = self._limits if result.analyte is Analyte.MAGNESIUM else ()
        return f" ({result.comparator or ''}{rounded(result.value, 2, limits)} mg/dL)"

    def _when(self, moment: Moment) -> str:
        phrases = self.document.words
        words = {"age": ago(self.now - instant(moment, self.document.windows))}
        if moment.whole_day:
            return fill(phrases.day, {**words, "at": f"{moment.at:%d %b %Y}"})
        return fill(phrases.time, {**words, "at": clock(moment.at, self.now)})


def _zone(assessment: Assessment) -> tzinfo | None:
    """The zone in which the patient's results are told: that of the magnesium, else the call's."""
    result = assessment.evidence.magnesium.measurement or assessment.evidence.magnesium.stale
    if result is not None and not result.time.whole_day:
        return result.time.at.tzinfo
    return assessment.chart.now.tzinfo


def _capitalized(line: str) -> str:
    """A sentence that begins with a capital letter, also behind Markdown's stars."""
    at = next((index for index, char in enumerate(line) if char.isalpha()), 0)
    return f"{line[:at]}{line[at : at + 1].upper()}{line[at + 1 :]}"
