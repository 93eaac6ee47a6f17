"""An order in words: its name, how much it gives and how fast, where it stands and since when."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct, field

from hooks.cards.number import rounded, tenths
from hooks.cards.text import escaped
from hooks.cards.words.moment import Moments
from hooks.chart.dosage import Dosage
from hooks.chart.order import Order
from hooks.protocol.document import Document
from hooks.protocol.template import fill

_MOST_PARTS: Final = 3
#: Beyond a ton a number is no dose.
_MOST_GRAMS: Final = 1_000_000


class Orders(Struct, frozen=True):
    """Tells drafted, running and given orders of one assessment."""

    document: Document
    moments: Moments
    #: By the order's own identity. Several findings, and the lead of a card, speak of one order.
    told: dict[int, Mapping[str, str]] = field(default_factory=dict)

    def words(self, order: Order) -> Mapping[str, str]:
        """The words for an order."""
        words = self.told.get(id(order))
        if words is None:
            words = self.told[id(order)] = self._words(order)
        return words

    def _words(self, order: Order) -> Mapping[str, str]:
        phrases = self.document.words
        dosage = order.dosage
        parts = dosage.parts if len(dosage.parts) <= _MOST_PARTS else ()
        dose = " + ".join(map(self._amount, parts or (dosage,)))
        when = self.moments.told(order.authored) if order.authored else ""
        what = dose if order.magnesium is not None else escaped(order.name or phrases.an_order)
        return {
            "order": ", ".join(part for part in (what, when, self._planned(order)) if part),
            "draft_dose": dose,
            "draft_rate": "" if dosage.rate is None else self._rate(dosage.rate),
            "draft_total": self._total(dosage) if dosage.recurring or dosage.endless else "",
            "past": fill(phrases.past_dose, {"draft_dose": dose, "at": when}),
            "places": phrases.places[order.place],
            "magnesium_order": self._name(order),
            "salt": order.salt or phrases.no_salt,
            "order_reason": escaped(order.unclear_reason or order.other_reason or ""),
        }

    def _name(self, order: Order) -> str:
        """What an order is called: by its route and salt; without magnesium only an order."""
        phrases = self.document.words
        if order.magnesium is None or order.magnesium not in phrases.by_route:
            return phrases.an_order
        return fill(phrases.by_route[order.magnesium], {"salt": order.salt or phrases.no_salt})

    def _planned(self, order: Order) -> str:
        """When an order begins that is to come; empty for one that may have begun."""
        starts = order.dosage.timing.starts
        return "" if starts is None or order.is_over else self.moments.begins(starts)

    def _amount(self, dosage: Dosage) -> str:
        """How much an order or one of its instructions gives, and over what time."""
        phrases = self.document.words
        if dosage.grams is not None:
            dose = f"{rounded(dosage.grams, 2).rstrip('0').rstrip('.')} g"
            if dosage.minutes is not None:
                minutes = tenths(dosage.minutes)
                # An order may tell two times: too fast is the one, still running the other.
                if dosage.shortest is not None and dosage.shortest < dosage.minutes:
                    least = tenths(dosage.shortest)
                    minutes = minutes if least == minutes else f"{least}-{minutes}"
                dose = f"{dose} over {minutes} minutes"
            return dose
        if dosage.endless and dosage.rate is not None and not dosage.parts:
            return fill(phrases.endless, {"draft_rate": self._rate(dosage.rate)})
        return phrases.dose_unknown

    def _total(self, dosage: Dosage) -> str:
        """What an order that repeats or runs on comes to within the time of the maximum."""
        maximum = self.document.renal.maximum
        total = dosage.grams_within(maximum.within.value)
        if total is None or total > _MOST_GRAMS:
            return self.document.words.dose_unknown
        return f"{tenths(total, (maximum.dose.value,))} g"

    def _rate(self, per_minute: Decimal) -> str:
        """A rate in mg/min, or in g/h where the site's ceiling is in g/h."""
        ceiling = self.document.rate.ceiling.value
        if not str(ceiling).endswith("g/h"):
            return f"{tenths(per_minute, (ceiling.per_minute,))} mg/min"
        hourly = tenths(per_minute * 60 / 1000, (ceiling.per_minute * 60 / 1000,))
        return f"{hourly} g/h"
