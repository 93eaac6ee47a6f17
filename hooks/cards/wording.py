"""The words of a card: what the names in the protocol's sentences stand for in one assessment."""

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from decimal import Decimal
from functools import cached_property, lru_cache
from heapq import nlargest
from typing import Final

from hooks.cards.text import ago, clock, day, escaped, local, rounded, untagged, window
from hooks.chart.chart import Measurement, Unusable
from hooks.chart.dosage import Dosage
from hooks.chart.moments import Moment
from hooks.chart.order import Order
from hooks.chart.units import FACTORS, MAGNESIUM_MOLAR, Analyte, Unit
from hooks.protocol.assessment import Assessment, CardKind, Finding, PlannedLab
from hooks.protocol.choice import Choice, instant
from hooks.protocol.kidneys import Kidneys
from hooks.protocol.model import Band, Dosing, Gate, Row, Tier
from hooks.protocol.protocol import Protocol
from hooks.protocol.scale import plain, short
from hooks.protocol.template import Words, bullets, fill, fill_lines
from hooks.protocol.wording import CardText

_MOST_UNUSABLE: Final = 3
_MOST_DECIMALS: Final = 4
_MOST_TREND: Final = 3
_MOST_PARTS: Final = 3
#: Beyond a ton a number is no dose.
_MOST_GRAMS: Final = 1_000_000
_MOST_PROBLEMS: Final = 3
#: Of one kind of finding.
_MOST_ORDERS: Final = 5
_LONGEST_SUMMARY: Final = 139


class Wording:
    """Puts one assessment into the protocol's words.

    A word is worked out when a sentence first names it: most answers need few of them.
    """

    def __init__(self, assessment: Assessment, protocol: Protocol) -> None:
        self.assessment = assessment
        self.protocol = protocol
        self.document = protocol.document
        self.now = assessment.chart.now
        self.place = protocol.place
        self.zone = self.place or _zone(assessment)
        self.words = Words(protocol.words, self._word)

    # ------------------------------------------------------------------ whole texts

    def summary(self) -> str:
        """The card's summary: one plain line, shorter than 140 characters."""
        words = self.words
        if self.assessment.card is CardKind.INDETERMINATE:
            problem = self._problem(self.assessment.evidence.magnesium, untagged)
            words = words.but(reason=problem)
        text = fill(self._card_text().summary, words)
        if len(text) <= _LONGEST_SUMMARY:
            return text
        return f"{text[: _LONGEST_SUMMARY - 1]}\N{HORIZONTAL ELLIPSIS}"

    def detail(self) -> str:
        """The card's detail in Markdown."""
        return fill_lines(self._card_text().detail, self.words)

    @cached_property
    def findings(self) -> tuple[str | None, ...]:
        """The sentence of each finding; None for one that is not worth a line."""
        return tuple(self._finding(finding) for finding in self.assessment.findings)

    def _finding(self, finding: Finding) -> str | None:
        sentence = self.document.findings[finding.kind].text
        if sentence is None:
            return None
        words = self.words.but(drug=finding.drug or "")
        if finding.measurement is not None:
            words[finding.measurement.analyte.value] = (
                rounded(finding.measurement.value, 2)
                if finding.measurement.analyte is Analyte.CREATININE
                else self.level(finding.measurement)
            )
        if finding.earlier is not None:
            words["earlier"] = rounded(finding.earlier.value, 2)
        if finding.condition is not None:
            words["condition"] = words["reason"] = finding.condition
        if finding.dosing is not None:
            words.update(_told(finding.dosing))
        if finding.order is not None:
            words.update(self._order(finding.order))
        if finding.unusable is not None:
            words["newer"] = self.unusable(finding.unusable)
        if finding.why is not None:
            words["reason"] = self.reason(finding.why, drug=finding.drug)
        if finding.analyte is not None:
            words["analyte"] = self.document.words.analytes[finding.analyte]
        return _capitalized(fill(sentence, words))

    def _lines(self) -> Iterator[str]:
        """The sentences of the findings; of many orders of one kind the weightiest, and how many
        more there are."""
        said = [
            (finding, line)
            for finding, line in zip(self.assessment.findings, self.findings, strict=True)
            if line
        ]
        by_kind: dict[str, dict[int, Order]] = {}
        for index, (finding, _) in enumerate(said):
            if finding.order is not None:
                by_kind.setdefault(finding.kind, {})[index] = finding.order
        left_out: set[int] = set()
        behind: dict[int, str] = {}
        for orders in by_kind.values():
            more = len(orders) - _MOST_ORDERS
            if more > 0:
                told = nlargest(_MOST_ORDERS, orders, key=lambda index: _weight(orders[index]))
                left_out |= orders.keys() - set(told)
                behind[max(told)] = fill(self.document.words.more_orders, {"more": str(more)})
        for index, (_, line) in enumerate(said):
            if index not in left_out:
                yield line
            if index in behind:
                yield behind[index]

    def dosing(self, dosing: Dosing, when: str | None = None) -> Words:
        """The words for a dose."""
        return self.words.but(**_told(dosing), when=when or "")

    def lab(self, lab: PlannedLab) -> Words:
        """The words for a level to order."""
        return self.words.but(recheck_window=self._window(lab))

    def _window(self, lab: PlannedLab) -> str:
        return window(local(lab.start, self.zone), local(lab.end, self.zone))

    def _order(self, order: Order) -> Mapping[str, str]:
        """The words for a drafted, running or given order."""
        phrases = self.document.words
        dosage = order.dosage
        parts = dosage.parts if len(dosage.parts) <= _MOST_PARTS else ()
        dose = " + ".join(map(self._amount, parts or (dosage,)))
        rate = ""
        if dosage.rate is not None:
            rate = self._rate(dosage.rate)
        when = self._when(order.authored) if order.authored else ""
        what = dose if order.magnesium is not None else escaped(order.name or phrases.an_order)
        return {
            "order": ", ".join(part for part in (what, when, self._planned_for(order)) if part),
            "draft_dose": dose,
            "draft_rate": rate,
            "draft_total": self._total(order) if dosage.recurring or dosage.endless else "",
            "past": fill(phrases.past_dose, {"draft_dose": dose, "at": when}),
            "places": phrases.places[order.place],
            "magnesium_order": self._called(order),
            "salt": order.salt or phrases.no_salt,
            "order_reason": escaped(order.unclear_reason or order.other_reason or ""),
        }

    def _planned_for(self, order: Order) -> str:
        """When an order begins that is to come; empty for one that may have begun."""
        starts = order.dosage.timing.starts
        if starts is None or order.is_over or starts.earliest <= self.now:
            return ""
        at = day(starts.at) if starts.whole_day else clock(starts.at, self.now, self.place)
        return fill(self.document.words.planned, {"at": at})

    def _amount(self, dosage: Dosage) -> str:
        """How much an order or one of its instructions gives, and over what time."""
        phrases = self.document.words
        if dosage.grams is not None:
            dose = f"{rounded(dosage.grams, 2).rstrip('0').rstrip('.')} g"
            if dosage.minutes is not None:
                minutes = rounded(dosage.minutes, 1).removesuffix(".0")
                # An order may tell two times: too fast is the one, still running the other.
                if dosage.shortest is not None and dosage.shortest < dosage.minutes:
                    least = rounded(dosage.shortest, 1).removesuffix(".0")
                    minutes = minutes if least == minutes else f"{least}-{minutes}"
                dose = f"{dose} over {minutes} minutes"
            return dose
        if dosage.endless and dosage.rate is not None and not dosage.parts:
            return fill(phrases.endless, {"draft_rate": self._rate(dosage.rate)})
        return phrases.dose_unknown

    def _total(self, order: Order) -> str:
        """What an order that repeats or runs on comes to within the time of the maximum."""
        maximum = self.document.renal.maximum
        total = order.dosage.grams_within(maximum.within.value)
        if total is None or total > _MOST_GRAMS:
            return self.document.words.dose_unknown
        return f"{rounded(total, 1, (maximum.dose.value,)).removesuffix('.0')} g"

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
        words = self.words.but(drug=drug or "")
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
            return f"{sign}{rounded(result.value, 2, self.protocol.limits)} mg/dL"
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

    def _word(self, name: str) -> str:
        """What a name stands for; empty for one that means nothing for this assessment."""
        work_out = _WORDS.get(name)
        if work_out is None:
            return ""
        # A sentence of a site may name itself.
        self.words[name] = ""
        return work_out(self) or ""

    def _not_checked(self) -> str:
        phrases, unknown = self.document.words, self.assessment.chart.unknown
        return ", ".join(
            (phrases.not_checked, *(phrases.not_received[key] for key in sorted(unknown)))
        )

    def _condition(self) -> str | None:
        if self.assessment.condition is None and self.assessment.rule == "G7":
            return fill(self.document.words.low_function, self.words)
        return self.assessment.condition

    def _review(self) -> str:
        phrases = self.document.words
        approved = self.document.protocol.status == "approved"
        said = fill(phrases.approved if approved else phrases.draft, self.words)
        beyond = self.document.rate.above_label
        return said if beyond is None else f"**{beyond}** {said}"

    def _level_of(self, choice: Choice) -> str:
        result = choice.measurement
        return self.document.words.unknown if result is None else self.level(result)

    def _trend(self) -> str | None:
        magnesium = self.assessment.evidence.magnesium.measurement
        earlier = self.assessment.evidence.earlier
        if magnesium is None or not earlier:
            return None
        before = [
            f"{self.level(item)} ({clock(item.time.at, self.now, self.place)})"
            for item in reversed(earlier[:_MOST_TREND])
        ]
        return " \N{RIGHTWARDS ARROW} ".join([*before, self.level(magnesium)])

    def _creatinine_problem(self) -> str | None:
        creatinine = self.assessment.evidence.creatinine
        return None if creatinine.why is None else self._problem(creatinine)

    def _kidneys(self, value: Callable[[Kidneys], Decimal | None]) -> str | None:
        """A renal function, rounded so that it stays on its side of the limits."""
        kidneys = self.assessment.evidence.kidneys
        number = None if kidneys is None else value(kidneys)
        return None if number is None else rounded(number, 0, self.protocol.renal_limits)

    def _weight(self) -> str | None:
        kidneys = self.assessment.evidence.kidneys
        if kidneys is None or kidneys.weight is None:
            return None
        return rounded(kidneys.weight.value, 0)

    def _renal_basis(self) -> str | None:
        kidneys, phrases = self.assessment.evidence.kidneys, self.document.words
        if kidneys is None:
            return None
        whole = kidneys.clearance is not None and kidneys.weight is not None
        basis = fill(phrases.egfr_and_clearance if whole else phrases.egfr, self.words)
        reported = self.assessment.evidence.egfr.measurement
        if reported is None:
            return basis
        shown = f"{reported.comparator or ''}{reported.reported_value:f}"
        return f"{basis}; {fill(phrases.reported_egfr, {'egfr': shown})}"

    def _renal_tier(self) -> str:
        kidneys = self.assessment.evidence.kidneys
        tier = Tier.UNKNOWN if kidneys is None else kidneys.tier
        return fill(self.document.words.tiers[tier], self.words)

    def _band(self) -> Band | None:
        return next((band for band in self.protocol.bands if band.id == self.assessment.band), None)

    def _threshold(self) -> str | None:
        band = self._band()
        upper = None if band is None else band.upper
        if upper is None:
            return None
        other = (
            f"{rounded(upper.value / MAGNESIUM_MOLAR, 3)} mmol/L"
            if upper.written.endswith("mg/dL")
            else f"{rounded(upper.value, 3)} mg/dL"
        )
        return f"{upper} ({other})"

    def _why(self) -> str | None:
        band = self._band()
        return None if band is None or band.why is None else fill(band.why, self.words)

    def _gate(self, sentence: Callable[[Gate], str | None]) -> str | None:
        """What the gate that decided says; None if none did."""
        gate = self.protocol.gates.get(self.assessment.rule)
        return None if gate is None else fill(sentence(gate) or "", self.words)

    def _rule_basis(self) -> str:
        reason = self._gate(lambda gate: gate.reason)
        return fill(self.document.words.rule_basis, self.words) if reason is None else reason

    def _ordered_kind(self) -> str:
        """G6: the most important thing said of the orders."""
        said = {finding.kind for finding in self.assessment.findings}
        return next((kind for kind in self.document.words.ordered if kind in said), "right")

    @cached_property
    def _ordered_words(self) -> Words:
        """G6: the words, with those for the order that the most important thing is said of."""
        kind, assessment = self._ordered_kind(), self.assessment
        orders = [finding.order for finding in assessment.findings if finding.kind == kind]
        orders += assessment.evidence.replacement.selected
        order = next((order for order in orders if order is not None), None)
        return self.words if order is None else self.words.but(**self._order(order))

    def _reason(self) -> str | None:
        match self.assessment.card:
            case CardKind.ORDERED:
                return fill(self.document.words.ordered[self._ordered_kind()], self._ordered_words)
            case CardKind.INDETERMINATE:
                return self._problem(self.assessment.evidence.magnesium)
            case _:
                return self._gate(lambda gate: gate.reason)

    def _lead(self) -> str | None:
        phrases = self.document.words
        if self.assessment.card is CardKind.ORDERED:
            unreadable = self._ordered_kind() == "order-unreadable"
            sentence = phrases.unreadable_lead if unreadable else phrases.ordered_lead
            return _capitalized(fill(sentence, self._ordered_words))
        lead = self._gate(lambda gate: gate.lead)
        return None if lead is None else _capitalized(lead)

    def _next(self) -> str | None:
        phrases, offers = self.document.words, self.assessment.offers
        match self.assessment.card:
            case CardKind.ORDERED:
                kinds = {offer.kind for offer in offers}
                step = phrases.no_next
                if "correct" in kinds:
                    step = phrases.correct_next
                elif "recheck" in kinds:
                    step = phrases.recheck_next
                elif "level" in kinds:
                    step = phrases.level_now
                return fill(step, self.words)
            case CardKind.INDETERMINATE:
                return fill(phrases.level_now, self.words) if offers else self._asked()
            case _:
                return self._gate(lambda gate: gate.next)

    def _asked(self) -> str | None:
        """What to do about a magnesium that cannot be used; None where nobody knows."""
        choice = self.assessment.evidence.magnesium
        reasons = choice.culprit.reasons if choice.culprit is not None else (choice.why or "",)
        known = self.document.words.next
        said = next((known[reason] for reason in reasons if reason in known), None)
        return None if said is None else fill(said, self.words)

    def _planned(self, name: str) -> str | None:
        """One of the words for the dose that is suggested."""
        dosing = self.assessment.dosing
        return None if dosing is None else _told(dosing)[name]

    def _of_the_row(self, sentence: Callable[[Row], str | None]) -> str | None:
        """What the row that decided says, with its own dose filled in."""
        row = self.assessment.row
        said = None if row is None else sentence(row)
        if row is None or said is None:
            return None
        return fill(said, self.words if row.dosing is None else self.dosing(row.dosing))

    def _recheck_window(self) -> str | None:
        recheck = self.assessment.recheck
        return None if recheck is None else self._window(recheck)

    def _reference_dose(self) -> str | None:
        reference = self.assessment.reference
        if reference is None:
            return None
        return fill(self.document.words.reference, self.dosing(reference))

    def _unusable(self) -> str:
        told = self.assessment.evidence.magnesium.worth_saying[:_MOST_UNUSABLE]
        return "; ".join(map(self.unusable, told))

    def _barred_by_mouth(self) -> bool:
        return any(finding.kind == "barred-by-mouth" for finding in self.assessment.findings)

    def _warns(self) -> bool:
        """Whether an order was found that deserves more than information."""
        return any(finding.indicator == "warning" for finding in self.assessment.findings)

    def _check(self) -> str | None:
        return fill(self.document.words.check, self.words) if self._warns() else None

    def _other_indication(self) -> str:
        """What another indication means: that the card may be ignored, or nothing."""
        replacement = self.assessment.evidence.replacement
        named = any(order.selected for order in replacement.elsewhere)
        phrases = self.document.words
        checked = named or self._warns()
        return fill(phrases.any_indication if checked else phrases.other_indication, self.words)

    def _problems(self) -> str:
        """The problems that no code tells: some of them by name, the others by their number."""
        phrases = self.document.words
        unread = self.assessment.chart.unread_problems
        named = list(dict.fromkeys(filter(None, unread)))
        names = [escaped(text) for text in named[:_MOST_PROBLEMS]]
        more = len(named) - len(names)
        nameless = sum(not text for text in unread)
        rest = (phrases.more_problems, more), (phrases.nameless_problems, nameless)
        told = (fill(sentence, {"more": str(count)}) for sentence, count in rest if count)
        return ", ".join((*names, *told))

    def _preliminary_basis(self) -> str | None:
        awaited = self.assessment.evidence.awaited
        return None if awaited is None else self._result(awaited)

    def _advice(self) -> str:
        phrases = self.document.words
        if self._warns():
            return fill(phrases.check_advice, self.words)
        barred = self._barred_by_mouth()
        return fill(phrases.no_oral_advice if barred else phrases.oral_advice, self.words)

    def _organic_salts(self) -> str | None:
        if self._barred_by_mouth():
            return None
        return fill(self.document.words.organic_salts, self.words)

    def _toward_target(self) -> str | None:
        """The target, where the level is not known to be above it already."""
        result = self.assessment.evidence.magnesium.measurement
        target = self.document.target.above.value.value
        if result is not None and result.value > target and (result.comparator or ">")[0] == ">":
            return None
        return fill(self.document.words.toward_target, self.words)

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
        return self._result(result)

    def _result(self, result: Measurement) -> str:
        parts = [f"{self._reported(result)}{self._converted(result)}", result.status]
        parts.append(self._when(result.time))
        return ", ".join(parts)

    def _reported(self, result: Measurement) -> str:
        value = result.reported_value
        shown = f"{value:f}"
        if -int(value.as_tuple().exponent) > _MOST_DECIMALS:
            factor = FACTORS[result.analyte][result.reported_unit]
            limits = tuple([limit / factor for limit in self._limits_of(result.analyte)])
            shown = rounded(value, _MOST_DECIMALS, limits)
        return f"{result.comparator or ''}{shown} {result.reported_unit}"

    def _limits_of(self, analyte: Analyte) -> tuple[Decimal, ...]:
        """The limits that a value of the analyte must not seem to cross."""
        if analyte is Analyte.POTASSIUM:
            limits = self.document.potassium
            return limits.low_below.value.value, limits.very_low_below.value.value
        return self.protocol.limits if analyte is Analyte.MAGNESIUM else ()

    def _converted(self, result: Measurement) -> str:
        if result.analyte is Analyte.MAGNESIUM and result.reported_unit is Unit.MG_DL:
            molar = rounded(result.value / MAGNESIUM_MOLAR, 3, self.protocol.molar_limits)
            return f" ({result.comparator or ''}{molar} mmol/L)"
        if result.reported_unit is Unit.MG_DL or result.analyte is Analyte.POTASSIUM:
            return ""
        limits = self.protocol.limits if result.analyte is Analyte.MAGNESIUM else ()
        return f" ({result.comparator or ''}{rounded(result.value, 2, limits)} mg/dL)"

    def _when(self, moment: Moment) -> str:
        phrases = self.document.words
        words = {"age": ago(self.now - instant(moment, self.document.windows))}
        if moment.whole_day:
            return fill(phrases.day, {**words, "at": day(moment.at)})
        return fill(phrases.time, {**words, "at": clock(moment.at, self.now, self.place)})


@lru_cache(maxsize=256)
def _dosing(grams: Decimal, minutes: Decimal) -> Mapping[str, str]:
    """The words for so many grams over so many minutes, the same for every patient."""
    rate = grams * 1000 / minutes
    return {
        "dose": f"{plain(grams)} g",
        "duration": f"{plain(minutes)} minutes",
        "rate": f"{rounded(rate, 1).removesuffix('.0')} mg/min",
        "hourly_rate": f"{short(rate * 60 / 1000)} g/h",
    }


def _told(dosing: Dosing) -> Mapping[str, str]:
    return _dosing(dosing.dose.value, dosing.over.value)


def _weight(order: Order) -> tuple[bool, Decimal, Decimal, float]:
    """Of many orders the selected are told first, then the fastest, the largest, the newest."""
    rate, dose = order.dosage.rate, order.dosage.largest
    authored = float("-inf") if order.authored is None else order.authored.at.timestamp()
    return order.selected, rate or Decimal(0), dose or Decimal(0), authored


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


#: How each word is worked out that depends on the patient.
_WORDS: Final[Mapping[str, Callable[[Wording], str | None]]] = {
    "band": lambda of: of.document.words.bands[of.assessment.band],
    "rule": lambda of: of.assessment.rule,
    "not_checked": Wording._not_checked,
    "condition": Wording._condition,
    "review": Wording._review,
    "magnesium": lambda of: of._level_of(of.assessment.evidence.magnesium),
    "magnesium_basis": lambda of: of._basis(of.assessment.evidence.magnesium),
    "potassium": lambda of: of._level_of(of.assessment.evidence.potassium),
    "potassium_basis": lambda of: of._basis(of.assessment.evidence.potassium),
    "creatinine_basis": lambda of: of._basis(of.assessment.evidence.creatinine),
    "creatinine_problem": Wording._creatinine_problem,
    "trend": Wording._trend,
    "renal": lambda of: of._kidneys(lambda kidneys: kidneys.lowest),
    "egfr": lambda of: of._kidneys(lambda kidneys: kidneys.egfr),
    "clearance": lambda of: of._kidneys(lambda kidneys: kidneys.clearance),
    "weight": Wording._weight,
    "renal_basis": Wording._renal_basis,
    "renal_tier": Wording._renal_tier,
    "threshold": Wording._threshold,
    "why": Wording._why,
    "reason": Wording._reason,
    "lead": Wording._lead,
    "next": Wording._next,
    "rule_basis": Wording._rule_basis,
    "dose": lambda of: of._planned("dose"),
    "duration": lambda of: of._planned("duration"),
    "rate": lambda of: of._planned("rate"),
    "hourly_rate": lambda of: of._planned("hourly_rate"),
    "recheck_window": Wording._recheck_window,
    "reference_dose": Wording._reference_dose,
    "monitoring": lambda of: of._of_the_row(lambda row: row.monitoring),
    "caveat": lambda of: of._of_the_row(lambda row: row.caveat),
    "unusable": Wording._unusable,
    "advice": Wording._advice,
    "organic_salts": Wording._organic_salts,
    "toward_target": Wording._toward_target,
    "check": Wording._check,
    "other_indication": Wording._other_indication,
    "problems": Wording._problems,
    "preliminary_basis": Wording._preliminary_basis,
    "findings": lambda of: bullets(of._lines()),
}
