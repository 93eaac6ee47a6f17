"""Which result of a series counts: the newest that can be believed, or none and why."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from hooks.chart.chart import Measurement, Reason, Result, Series, Unusable
from hooks.chart.fact import Fact
from hooks.chart.moments import Moment
from hooks.chart.units import Analyte
from hooks.protocol.limits import Windows
from hooks.protocol.protocol import Protocol

#: Withdrawn, empty, foreign or future results stand in nobody's way (settled 16).
_NEVER_IN_THE_WAY: Final = frozenset(
    {
        Reason.STATUS,
        Reason.NO_VALUE,
        Reason.VALUE_DENIED,
        Reason.CODE_EXCLUDED,
        Reason.CODE_UNKNOWN,
        Reason.NO_PATIENT,
        Reason.NO_TIME,
        Reason.TIME_UNREADABLE,
        Reason.FUTURE,
    }
)

#: A dose depends on these: words that name one count although its code is not known.
_BELIEVED_BY_NAME: Final = frozenset({Analyte.MAGNESIUM, Analyte.CREATININE})

#: Nobody can tell what these would have said of this patient's total magnesium: not worth a word
#: on a card by themselves.
_SAYS_NOTHING: Final = frozenset(
    {Reason.STATUS, Reason.NO_VALUE, Reason.CODE_EXCLUDED, Reason.NO_PATIENT}
)

#: Of these the newest decides; a weight or a QTc of the same day does no harm.
_NEWEST_DECIDES: Final = frozenset({Analyte.MAGNESIUM, Analyte.POTASSIUM, Analyte.CREATININE})

Why = Reason | Literal["missing", "unavailable"]


class Choice(Fact, frozen=True):
    """What counts of one analyte.

    `measurement` is what counts; without it, `why` and `culprit` say what stood in the way, and
    `stale` is the newest believable result if it is only too old. `unusable` holds everything
    that could not be used, newest first.
    """

    measurement: Measurement | None
    why: Why | None = None
    culprit: Unusable | None = None
    stale: Measurement | None = None
    unusable: tuple[Unusable, ...] = ()
    complete: bool = True

    @property
    def worth_saying(self) -> tuple[Unusable, ...]:
        """The unusable results that might have been an answer."""
        return tuple(item for item in self.unusable if _SAYS_NOTHING.isdisjoint(item.reasons))


def instant(moment: Moment, windows: Windows) -> datetime:
    """The instant from which a moment's age is counted (settled 18)."""
    if moment.whole_day:
        return moment.at.replace(tzinfo=windows.date_zone.offset)
    return moment.at


def choose(series: Series, now: datetime, protocol: Protocol, analyte: Analyte) -> Choice:
    """The result that counts, by the protocol's windows and limits (clinical 8, settled 16-18)."""
    if not series.available:
        return Choice(None, "unavailable")
    windows = protocol.document.windows
    usable, refused = _Judge(analyte, now, protocol).judge(series.results)
    unusable = _told_once(refused, windows) if refused else ()

    def none(why: Why, culprit: Unusable | None = None, stale: Measurement | None = None) -> Choice:
        every = unusable
        if culprit is not None and all(culprit is not item for item in unusable):
            every = (culprit, *unusable)
        return Choice(None, why, culprit, stale, every, series.complete)

    if not usable:
        if not unusable:
            return none("missing")
        culprit = next(
            (item for item in unusable if _SAYS_NOTHING.isdisjoint(item.reasons)), unusable[0]
        )
        return none(culprit.reasons[0], culprit)
    newest, rivals = _newest(usable, windows)
    at = instant(newest.time, windows)
    obstacle = _obstacle(newest, at, unusable, windows) if unusable else None
    if obstacle is not None:
        return none(Reason.BLOCKED, obstacle)
    if len(rivals) > 1 and len({(item.value, item.comparator) for item in rivals}) > 1:
        return none(Reason.TIE, _refuse(newest, Reason.TIE))
    if analyte in _NEWEST_DECIDES and _is_order_unknown(newest, usable):
        return none(Reason.ORDER_UNKNOWN, _refuse(newest, Reason.ORDER_UNKNOWN))
    if newest.preliminary and analyte is Analyte.CREATININE:
        return none(Reason.PRELIMINARY, _refuse(newest, Reason.PRELIMINARY))
    if now - at > getattr(windows, analyte.value).value.span:
        return none(Reason.STALE, _refuse(newest, Reason.STALE), newest)
    return Choice(newest, unusable=unusable, complete=series.complete)


def refuse(choice: Choice, reason: Reason) -> Choice:
    """The same choice without its measurement, which turned out not to be usable."""
    if choice.measurement is None:
        return choice
    culprit = _refuse(choice.measurement, reason)
    return Choice(
        None, reason, culprit, None, (culprit, *choice.unusable), complete=choice.complete
    )


class _Judge:
    """Why a result that can be read is not to be believed."""

    def __init__(self, analyte: Analyte, now: datetime, protocol: Protocol) -> None:
        limits = getattr(protocol.document.plausible, analyte.value)
        self._lowest: Decimal = limits.from_.value
        self._highest: Decimal = limits.to.value
        self._now = now
        self._ahead = protocol.document.windows.clock_difference.value.span
        self._hemolysis_matters = analyte is Analyte.POTASSIUM

    def judge(self, results: Iterable[Result]) -> tuple[list[Measurement], list[Unusable]]:
        """The results that can be believed, and the others."""
        usable: list[Measurement] = []
        refused: list[Unusable] = []
        for result in results:
            if isinstance(result, Unusable):
                refused.append(result)
            elif (reason := self._objection(result)) is not None:
                refused.append(_refuse(result, reason))
            else:
                usable.append(result)
        return usable, refused

    def _objection(self, result: Measurement) -> Reason | None:
        """The first thing that speaks against the result, if anything does."""
        at = result.time.earliest
        if at > self._now and at - self._now > self._ahead:
            return Reason.FUTURE
        if not self._lowest <= result.value <= self._highest:
            return Reason.IMPLAUSIBLE
        if result.hemolyzed and self._hemolysis_matters:
            return Reason.HEMOLYZED
        return None


def _refuse(result: Measurement, reason: Reason) -> Unusable:
    sign = result.comparator or ""
    return Unusable(
        result.analyte,
        (reason,),
        reported=f"{sign}{result.reported_value:f} {result.reported_unit}",
        value=result.value,
        time=result.time,
        status=result.status,
        reference=result.reference,
    )


def _obstacle(
    newest: Measurement, at: datetime, unusable: Iterable[Unusable], windows: Windows
) -> Unusable | None:
    """A result of the same draw or at the same minute that cannot be read, and may contradict."""
    minute = _minute(at)
    for item in unusable:
        if item.time is None or not _may_contradict(item):
            continue
        taken = instant(item.time, windows)
        if taken < minute:
            continue
        later = taken - at
        same_minute = _minute(taken) == minute
        if same_minute and item.value == newest.value:
            continue
        if same_minute or timedelta(0) < later < windows.same_draw.value.span:
            return item
    return None


def _may_contradict(item: Unusable) -> bool:
    """Whether a result that cannot be used is one of its analyte, as far as anybody can tell."""
    passed = _NEVER_IN_THE_WAY.intersection(item.reasons)
    if item.named and item.analyte in _BELIEVED_BY_NAME:
        passed -= {Reason.CODE_UNKNOWN}
    return not passed


def _newest(usable: list[Measurement], windows: Windows) -> tuple[Measurement, list[Measurement]]:
    """The result that is newest, and all results of its minute."""
    if len(usable) == 1:
        return usable[0], usable
    placed = [(instant(item.time, windows), item) for item in usable]
    minute = _minute(max([at for at, _ in placed]))
    rivals = [item for at, item in placed if at >= minute]
    if len(rivals) == 1:
        return rivals[0], rivals
    return max(rivals, key=lambda item: _order(item, windows)), rivals


def _is_order_unknown(newest: Measurement, usable: Iterable[Measurement]) -> bool:
    """Whether a date without a time leaves open that another value is the newer one."""
    return any(
        (item.time.whole_day or newest.time.whole_day)
        and (item.value, item.comparator) != (newest.value, newest.comparator)
        and item.time.latest > newest.time.earliest
        for item in usable
    )


def _order(item: Measurement, windows: Windows) -> tuple[datetime, bool, datetime, str]:
    """Newest last, and among equals the same one whatever order they came in."""
    at = instant(item.time, windows)
    identity = f"{item.reported_unit} {item.reported_value} {item.status} {item.reference}"
    return _minute(at), not item.preliminary, item.issued or at, identity


def _told_once(items: Iterable[Unusable], windows: Windows) -> tuple[Unusable, ...]:
    """Unusable results, newest first, in an order of their own; what came twice is told once."""

    def place(item: Unusable) -> tuple[float, str]:
        at = 0.0 if item.time is None else -instant(item.time, windows).timestamp()
        return at, f"{item.reported} {item.reasons} {item.status} {item.reference}"

    told: dict[tuple[object, ...], Unusable] = {}
    for item in sorted(items, key=place):
        told.setdefault((item.time, item.reported, item.reasons, item.status), item)
    return tuple(told.values())


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
