"""The small interpreter of `table.toml`: facts in words go in, what must come out comes out.

It knows nothing of the service. A rule of the table fits when every fact that it names has one of
the values named; the first that fits decides. Where the table is silent, `None` says: open.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.truth.facts import Facts

Span = tuple[int, int]
Row = Mapping[str, Any]

TABLE: Final[Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("table.toml").read_text(encoding="utf-8")
)

ORDERS: Final[Mapping[str, Row]] = TABLE["orders"]
KIDNEYS: Final[Mapping[str, Row]] = TABLE["kidneys"]
POTASSIUM: Final[Mapping[str, Row]] = TABLE["potassium"]

#: A repeat level is due in four to six hours (S10).
RECHECK: Final[Span] = (240, 360)


@dataclass(frozen=True, slots=True)
class Dose:
    """Grams over minutes, as the table writes them."""

    grams: str
    minutes: str

    @classmethod
    def of(cls, text: str) -> "Dose":
        """`2 g / 20 min`."""
        grams, minutes = text.removesuffix(" min").split(" g / ")
        return cls(grams, minutes)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out; None: the references leave it open, an empty tuple: nothing.

    `offers` lists the allowed kinds of suggestions, `doses` the doses to be offered in their order,
    `ends` the planned ends, in minutes from now, from which a recheck may count.
    """

    because: str
    rule: str | None
    band: str | None
    row: str | None
    row_open: bool
    card: bool | None
    indicator: str | None
    offers: tuple[tuple[str, ...], ...] | None
    doses: tuple[Dose, ...]
    ends: tuple[Span, ...] | None
    found: frozenset[str]
    exactly: bool


def expected(facts: Facts) -> Expected:
    """The hand-written table's word on a chart."""
    words = _words(facts)
    for rule in TABLE["rules"]:
        if all(words[name] in values for name, values in rule["if"].items()):
            return _outcome(rule, facts, words)
    raise LookupError(f"no rule fits: {facts}")


def _words(facts: Facts) -> dict[str, Any]:
    order = order_words(facts.order)
    kidneys = KIDNEYS[facts.kidneys]
    return {
        "age": facts.age,
        "condition": facts.condition,
        "result": facts.result,
        "level": facts.level,
        "unusable": facts.result in TABLE["unusable"],
        "potassium_low": POTASSIUM[facts.potassium].get("low", False),
        "kidneys_excluded": kidneys.get("excluded", False),
        "kidneys_unknown": kidneys.get("unknown", False),
        "kidneys_reduced": kidneys.get("severe") == "DT2",
        **{
            f"order_{word}": order.get(word, False)
            for word in (
                "related",
                "reason",
                "mg",
                "iv",
                "counts",
                "recorded",
                "beside",
                "asthma",
                "fast",
            )
        },
    }


@cache
def order_words(order: str) -> Row:
    """The line of an order, with the words of its kind."""
    line = ORDERS[order]
    return {**TABLE["kinds"].get(line.get("kind"), {}), **line}


def _outcome(rule: Row, facts: Facts, words: Row) -> Expected:
    order = order_words(facts.order)
    kidneys = KIDNEYS[facts.kidneys]
    row = kidneys.get(facts.level) if "row" in rule else None
    line: Row = order.get(row, {}) if row and words["order_counts"] else {}
    ends = _end(line.get("ends", order.get("ends")))
    offers = rule.get("offers")
    indicator = rule.get("indicator")
    doses: tuple[Dose, ...] = ()
    because = rule["because"]
    if offers == "by order":
        indicator = line.get("indicator")
        if "update" in line:
            offers, doses = [["update"]], (Dose.of(line["update"]),)
            ends = _end(int(doses[0].minutes))
        elif "settled" in line:
            offers = [[]]
        elif ends is not None:
            offers = [["level"]] if ends[1] + RECHECK[1] <= 0 else [["recheck"]]
        else:
            offers = None
    elif offers == [["dose"]]:
        doses = tuple(Dose.of(text) for text in TABLE["rows"][row]["doses"])
        ends = _end(int(doses[0].minutes))
        because = f"{TABLE['rows'][row]['because']} ({because})"
    if indicator == "warning if severe":
        indicator = "warning" if facts.level == "severe" else None
    card = rule.get("card")
    if "settled" in line:
        card = False
    elif order.get("leveled") and offers is not None and offers != [["dose"]]:
        offers = [*offers, *_without_magnesium(offers)]
        card = card if [] not in offers else None
    found = frozenset(rule.get("says", ()))
    if card is not False and rule.get("modifiers"):
        found |= {
            modifier
            for source in (kidneys, POTASSIUM[facts.potassium], order, line)
            for modifier in source.get("says", ())
        }
    return Expected(
        because,
        row if rule["id"] == "by kidneys" else rule["id"],
        facts.level if rule.get("band") == "as the value" else rule.get("band"),
        row,
        "row" not in rule,
        card,
        indicator,
        None if offers is None else tuple(tuple(sorted(one)) for one in offers),
        doses,
        _from(rule.get("from"), ends),
        found,
        bool(rule.get("modifiers")) and card is not False,
    )


def _without_magnesium(offers: list[list[str]]) -> list[list[str]]:
    """The same answers where the magnesium level stands in the orders already."""
    left = {"recheck": [], "level": [], "creatinine+recheck": ["creatinine"]}
    return [[word for kind in one for word in left.get(kind, [kind])] for one in offers]


def _end(said: int | list[int] | None) -> Span | None:
    if said is None:
        return None
    return (said, said) if isinstance(said, int) else (said[0], said[1])


def _from(said: str | None, end: Span | None) -> tuple[Span, ...] | None:
    """The planned ends a recheck may count from."""
    match said:
        case "now":
            return ((0, 0),)
        case "end":
            return None if end is None else (end,)
        case "now or end":
            return ((0, 0),) if end is None else ((0, 0), end)
        case _:
            return None
