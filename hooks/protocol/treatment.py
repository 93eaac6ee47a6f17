"""Who is treated differently by another protocol: which values change their class, and what dose
that means.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hooks.chart.units import CANONICAL, Analyte
from hooks.protocol import scale
from hooks.protocol.change import becomes, reordered
from hooks.protocol.document import Document
from hooks.protocol.inventory import Path, name_of
from hooks.protocol.limits import Plausible
from hooks.protocol.model import DOSED, Band, Dosing, Option, Row
from hooks.protocol.notation import dose
from hooks.protocol.protocol import Protocol, span
from hooks.protocol.scale import Scale

_CALLED: Final[Mapping[str, str]] = {"qtc": "QTc", "egfr": "eGFR"}
_TIERS: Final = ("standard", "reduced")
#: What is said of a tier of renal function, and its rows in the file; without a dose it has none.
_BY_TIER: Final[Mapping[str, str | None]] = {
    "no dose": None,
    "reduced dose": "reduced",
    "standard dose": "standard",
}


def limits(old: Document, new: Document) -> Iterator[tuple[str, str]]:
    """Which values change their class by a limit: what the limit is about, and a sentence."""
    for title, scales in _SCALES:
        for was, now in zip(scales(old), scales(new), strict=True):
            for move in scale.moves(was, now):
                yield title, str(move)
                if move.was in _BY_TIER and move.now in _BY_TIER:
                    for sentence in _given(move, old, new):
                        yield title, sentence


def _given(move: scale.Move, old: Document, new: Document) -> Iterator[str]:
    """What patients get in each band whose renal function is of another tier now."""
    for band in DOSED:
        was = _tiered(old, band, _BY_TIER[move.was])
        now = _tiered(new, band, _BY_TIER[move.now])
        if not _is_same_dosing(was, now):
            yield f"{move.values}, {band}: {_dose(was)} becomes {_dose(now)}"


def _tiered(document: Document, band: str, tier: str | None) -> Dosing | None:
    return None if tier is None else _dosing(document, band, tier)


def bands(before: Protocol, after: Protocol) -> Iterator[str]:
    """Which levels change their band, and what dose that means in each renal tier."""
    for move in scale.moves(_band_scale(before), _band_scale(after)):
        yield str(move)
        for tier in _TIERS:
            was = _dosing(before.document, move.was, tier)
            now = _dosing(after.document, move.now, tier)
            if not _is_same_dosing(was, now):
                yield f"{move.values}, {tier} renal function: {_dose(was)} becomes {_dose(now)}"


def _band_scale(protocol: Protocol) -> Scale:
    cuts = tuple(_beginning(band) for band in protocol.bands[1:])
    return Scale("magnesium", "mg/dL", cuts, tuple(band.id for band in protocol.bands))


def _beginning(band: Band) -> scale.Cut:
    if band.from_ is not None:
        return scale.before(band.from_)
    if band.above is not None:
        return scale.behind(band.above)
    raise AssertionError("only the lowest band of a checked protocol has no lower limit")


def _dosing(document: Document, band: str, tier: str) -> Dosing | None:
    row = next(row for row in document.rows if row.band == band and row.tier in (tier, None))
    return row.dosing


def _dose(dosing: Dosing | None) -> str:
    return "no dose" if dosing is None else dose(dosing)


def _is_same_dosing(was: Dosing | None, now: Dosing | None) -> bool:
    if was is None or now is None:
        return was is now
    return was.dose.value == now.dose.value and was.over.value == now.over.value


def doses(old: Document, new: Document, told: set[Path]) -> Iterator[str]:
    """Which rows change their dose or options; what is said as a whole is added to `told`."""
    rows = {name_of(row, ()): row for row in new.rows}
    for row in old.rows:
        yield from _rows(row, rows[name_of(row, ())], told)
    if (old.recheck.from_.value, old.recheck.to.value) != (
        new.recheck.from_.value,
        new.recheck.to.value,
    ):
        was, now = (span(str(part.recheck.from_), str(part.recheck.to)) for part in (old, new))
        yield f"repeat level after the end of every dose: {was} becomes {now}"


def _rows(was: Row, now: Row, told: set[Path]) -> Iterator[str]:
    whom = f"{was.band}, {was.tier} renal function" if was.tier else was.band
    if was.id != now.id:
        yield f"{whom}: row {was.id} is now called {now.id}"
    whom = f"{whom} ({now.id})"
    if not _is_same_dosing(was.dosing, now.dosing):
        yield f"{whom}: {_dose(was.dosing)} becomes {_dose(now.dosing)}"
    if was.product != now.product:
        yield becomes(f"{whom}: product", was.product, now.product)
    if was.priority != now.priority:
        yield becomes(f"{whom}: priority", was.priority, now.priority)
    old, new = ({option.id: option for option in row.options} for row in (was, now))
    for name, option in old.items():
        if name in new:
            yield from _options(whom, option, new[name])
        else:
            yield f"{whom}: the option {_option(option)} is gone"
    for name, option in new.items():
        if name not in old:
            yield f"{whom}: the option {_option(option)} is new"
    told |= {("rows", now.id, "options", name) for name in old.keys() ^ new.keys()}
    yield from reordered(list(old), list(new), f"{whom}: the options")


def _options(whom: str, was: Option, now: Option) -> Iterator[str]:
    if not _is_same_dosing(was, now) or was.when != now.when:
        yield f"{whom}: the option {_option(was)} becomes {_option(now)}"
    if was.product != now.product:
        yield becomes(f"{whom}: product of the option {was.id}", was.product, now.product)


def _option(option: Option) -> str:
    return f"{dose(option)} {option.when}"


def _ages(document: Document) -> Iterator[Scale]:
    age = document.scope.age
    cuts = (scale.before(age.from_), scale.behind(age.to))
    yield Scale("age", "y", cuts, ("no advice", "advice", "no advice"))


def _kidneys(document: Document) -> Iterator[Scale]:
    renal = document.renal
    yield Scale(
        "renal function",
        "mL/min",
        (scale.before(renal.excluded_below.value), scale.before(renal.reduced_below.value)),
        tuple(_BY_TIER),
    )
    caution = scale.before(renal.caution_below.value)
    yield Scale("renal function", "mL/min", (caution,), ("caution", "no caution"))


def _results(document: Document) -> Iterator[Scale]:
    target, potassium, extreme = document.target, document.potassium, document.extreme.magnesium
    yield Scale(
        "magnesium after a dose",
        "mg/dL",
        (scale.before(target.redose_below.value),),
        ("additional dose considered", "no additional dose"),
    )
    deficient = scale.before(target.deficient_below.value)
    yield Scale("magnesium", "mg/dL", (deficient,), ("deficient", "not deficient"))
    yield Scale(
        "potassium",
        "mmol/L",
        (
            scale.before(potassium.very_low_below.value),
            scale.before(potassium.low_below.value),
        ),
        ("very low", "low", "not low"),
    )
    long = scale.before(document.qtc.long_from.value)
    yield Scale("QTc", "ms", (long,), ("not long", "long"))
    ends = (scale.before(extreme.below), scale.behind(extreme.above))
    yield Scale("magnesium", "mg/dL", ends, ("extreme", "not extreme", "extreme"))
    for name in Plausible.model_fields:
        limits = getattr(document.plausible, name)
        unit = CANONICAL[Analyte(name)]
        ends = (scale.before(limits.from_), scale.behind(limits.to))
        what = _CALLED.get(name, name)
        yield Scale(what, unit, ends, ("not plausible", "plausible", "not plausible"))


_SCALES: Final[tuple[tuple[str, Callable[[Document], Iterator[Scale]]], ...]] = (
    ("For whom", _ages),
    ("Renal function", _kidneys),
    ("Limits", _results),
)
