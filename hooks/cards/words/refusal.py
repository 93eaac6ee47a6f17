"""A refusal in words: why a laboratory result could not be used, or why there is none."""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hooks.cards.text import escaped
from hooks.cards.words.moment import Moments
from hooks.chart.chart import Reason, Unusable
from hooks.protocol.choice import Choice
from hooks.protocol.template import Words, fill

#: Makes text from a request fit for where it is shown: Markdown, or plain text.
Show = Callable[[str], str]

#: Why a value cannot be used that is the patient's and of the right test all the same, and the only
#: one of its time.
_CERTAIN: Final = frozenset(
    {
        Reason.UNIT_MISSING,
        Reason.UNIT_UNKNOWN,
        Reason.UNIT_FOREIGN,
        Reason.CODE_AGAINST_UNIT,
        Reason.IMPLAUSIBLE,
        Reason.STALE,
    }
)
#: A value that can be taken for nothing else, such as a dose (`2 g`) or an address: a short number,
#: alone or with one unit by another.
_VALUE: Final = re.compile(
    r"[<>]?=? ?[0-9]{1,4}(?:\.[0-9]{1,4})?(?: [A-Za-z\u00b5\u03bc]{1,6}/[dm]?[lL])?"
)


class Refusals(Struct, frozen=True):
    """Tells what stood in a result's way, in the protocol's `reasons`."""

    reasons: dict[str, str]
    unknown: str
    words: Words
    moments: Moments

    def line(self, item: Unusable) -> str:
        """A result that could not be used: what it said, when, and why it was not."""
        reasons = ", ".join(self.reason(why, item) for why in item.reasons)
        reported = escaped(item.reported) if item.reported else ""
        when = self.moments.told(item.time) if item.time else ""
        said = ", ".join(part for part in (reported, when) if part)
        return f"{said}: {reasons}" if said else reasons

    def obstacle(self, choice: Choice, show: Show = escaped) -> str:
        """Why no result of an analyte counts."""
        culprit = choice.culprit
        if culprit is not None:
            return ", ".join(self.reason(why, culprit, show=show) for why in culprit.reasons)
        return self.reason(choice.why or "missing")

    def value(self, choice: Choice, show: Show) -> str | None:
        """The one value that no result counts for, as it came; None for one that is odd, or that
        may not be the patient's serum magnesium."""
        culprit = choice.culprit
        if culprit is None or culprit.reported is None or not _CERTAIN.issuperset(culprit.reasons):
            return None
        return show(culprit.reported) if _VALUE.fullmatch(culprit.reported) else None

    def reason(
        self,
        why: str,
        item: Unusable | None = None,
        drug: str | None = None,
        show: Show = escaped,
    ) -> str:
        """One reason; it may name what is known of the result, or a drug."""
        words = self.words.but(drug=drug or "")
        if item is not None:
            words["detail"] = show(item.detail or "")
            words["status"] = show(item.status or self.unknown)
            words["reported"] = show(item.reported or "")
            if item.time is not None:
                words["age"] = self.moments.age(item.time)
        return fill(self.reasons[why], words)
