"""The words of a protocol file: what cards, findings, suggestions and orders say."""

from pydantic import Field

from hooks.protocol.model import Indicator, Tier
from hooks.protocol.part import Part, Sources, Text
from hooks.protocol.template import Sentence


class CardText(Part):
    """The text of a kind of card."""

    summary: Sentence
    detail: Sentence
    source: Sources


class Cards(Part):
    """The kinds of card."""

    dose: CardText
    no_dose: CardText = Field(alias="no-dose")
    ordered: CardText
    mild: CardText
    not_low: CardText = Field(alias="not-low")
    rate: CardText
    emergency: CardText
    obstetric: CardText
    indeterminate: CardText


class FindingText(Part):
    """A line that a card may carry, and the rule behind it; no text: known, not worth a line."""

    rule: Text
    text: Sentence | None = None
    indicator: Indicator = "info"
    source: Sources


class OfferText(Part):
    """What the button of a suggestion says."""

    label: Sentence
    source: Sources


class Offers(Part):
    """The suggestions."""

    dose: OfferText
    option: OfferText
    recheck: OfferText
    level: OfferText
    creatinine: OfferText
    creatinine_alone: OfferText = Field(alias="creatinine-alone")
    correct: OfferText


class OrderTexts(Part):
    """What suggested orders say of themselves."""

    medication: Sentence
    correction: Sentence
    dosage: Sentence
    magnesium: Sentence
    magnesium_now: Sentence = Field(alias="magnesium-now")
    creatinine_now: Sentence = Field(alias="creatinine-now")
    source: Sources


class Words(Part):
    """Single words and short phrases."""

    unknown: Text
    not_checked: Text = Field(alias="not-checked")
    not_received: dict[str, Text] = Field(alias="not-received")
    an_order: Text = Field(alias="an-order")
    dose_unknown: Text = Field(alias="dose-unknown")
    endless: Sentence
    past_dose: Sentence = Field(alias="past-dose")
    level_now: Sentence = Field(alias="level-now")
    oral_advice: Sentence = Field(alias="oral-advice")
    no_oral_advice: Sentence = Field(alias="no-oral-advice")
    check_advice: Sentence = Field(alias="check-advice")
    check: Sentence
    other_indication: Sentence = Field(alias="other-indication")
    any_indication: Sentence = Field(alias="any-indication")
    more_problems: Sentence = Field(alias="more-problems")
    nameless_problems: Sentence = Field(alias="nameless-problems")
    planned: Sentence
    more_orders: Sentence = Field(alias="more-orders")
    organic_salts: Sentence = Field(alias="organic-salts")
    no_next: Sentence = Field(alias="no-next")
    unjudged: Sentence
    deed: Sentence
    toward_target: Sentence = Field(alias="toward-target")
    next: dict[str, Sentence] = Field(default_factory=dict)
    rule_basis: Sentence = Field(alias="rule-basis")
    egfr: Sentence
    egfr_and_clearance: Sentence = Field(alias="egfr-and-clearance")
    reported_egfr: Sentence = Field(alias="reported-egfr")
    lowest_egfr: Sentence = Field(alias="lowest-egfr")
    lowest_clearance: Sentence = Field(alias="lowest-clearance")
    reference: Sentence
    time: Sentence
    day: Sentence
    draft: Sentence
    approved: Sentence
    low_function: Sentence = Field(alias="low-function")
    ordered_lead: Sentence = Field(alias="ordered-lead")
    unreadable_lead: Sentence = Field(alias="unreadable-lead")
    correct_next: Sentence = Field(alias="correct-next")
    recheck_next: Sentence = Field(alias="recheck-next")
    ordered: dict[str, Sentence]
    places: dict[str, Text]
    by_route: dict[str, Sentence] = Field(alias="by-route")
    no_salt: Text = Field(alias="no-salt")
    bands: dict[str, Text]
    tiers: dict[Tier, Sentence]
    analytes: dict[str, Text]
    reasons: dict[str, Sentence]
