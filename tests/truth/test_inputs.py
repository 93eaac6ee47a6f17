"""What changed the decision is named: by the card, or where there is none, by the account.

Each chart is decided again with one of its facts made ordinary. If another decision comes out, the
fact was a reason for the first one, and the first answer has to name it (clinical 10.1; issue 3).
"""

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, Final

import msgspec
import pytest

from tests.truth.charts import NOW, request
from tests.truth.facts import CONDITIONS, Facts
from tests.truth.outcome import offered
from tests.truth.reading import KIDNEYS, ORDERS, POTASSIUM
from tests.truth.test_walk import SERVICE

_encode = msgspec.json.Encoder(decimal_format="number").encode

LEVELS: Final = [
    ("severe", "1.1 mg/dL"),
    ("moderate", "1.4 mg/dL"),
    ("mild", "1.6 mg/dL"),
    ("normal", "1.9 mg/dL"),
    ("high", "3.0 mg/dL"),
]

#: Words of which one has to stand in the answer, by fact.
KIDNEY_WORDS: Final = {
    "no weight": ["weight"],
    "exactly 60": ["1.3 mg/dL"],
    "just below 60": ["1.3 mg/dL"],
    "exactly 30": ["1.3 mg/dL"],
    "just below 30": ["1.3 mg/dL"],
    "30 to 60": ["1.3 mg/dL"],
    "15 to 30": ["2.4 mg/dL"],
    "exactly 15": ["2.6 mg/dL"],
    "just below 15": ["2.6 mg/dL"],
    "below 15": ["6.8 mg/dL"],
    "falling creatinine": ["1.0 mg/dL"],
    "AKI by 0.3 in 48 h": ["creatinine has risen"],
    "AKI by half in 7 days": ["creatinine has risen"],
    "dialysis": ["dialysis"],
    "dialysis, creatinine missing": ["dialysis"],
    "creatinine stale": ["creatinine"],
    "creatinine missing": ["creatinine"],
    "creatinine preliminary": ["creatinine"],
    "creatinine code against unit": ["creatinine"],
}
POTASSIUM_WORDS: Final = {
    "3.49": ["3.49 mmol/l"],
    "2.8": ["2.8 mmol/l"],
    "5.6": ["5.6 mmol/l"],
    "exactly 3.5": ["3.5 mmol/l"],
    "missing": ["potassium unknown"],
    "hemolyzed 3.0": ["hemolyzed"],
}
CONDITION_WORDS: Final = {
    "pregnancy": ["pregnan"],
    "pre-eclampsia": ["eclampsia"],
    "torsades": ["torsades"],
    "myasthenia": ["myasthenia"],
    "AV block": ["av block"],
    "AV block with pacemaker": ["av block"],
    "N18.5 alone": ["kidney disease"],
}
ORDER_WORDS: Final = {
    "haloperidol, a QT drug": ["haloperidol"],
    "digoxin": ["digoxin"],
    "potassium chloride": ["potassium chloride"],
    "furosemide, wastes magnesium": ["furosemide"],
    "magnesium oxide by mouth": ["magnesium oxide", "oral magnesium", "magnesium is being ordered"],
}
_MAGNESIUM_WORDS: Final = [
    "drafted",
    "ordered",
    "given",
    "iv magnesium",
    "other indication",
    "another indication",
    "magnesium order",
]

Decision = tuple[Any, ...]


@cache
def decided(facts: Facts) -> tuple[Decision, str]:
    """The decision, and everything that the answer says of it, in small letters."""
    said, prefetch = request(facts)
    answer = SERVICE.answer(SERVICE.read_context(said), prefetch, NOW)
    account = answer.assessment
    decision = (
        account["band"],
        account.get("rule"),
        account.get("row"),
        bool(answer.cards),
        tuple((one.kind, one.medications) for one in offered(answer)),
    )
    told = [part for card in answer.cards for part in (card["summary"], card["detail"])]
    if not told:
        told = [account.get("silence", ""), _encode(account).decode()]
    return decision, "\n".join(told).lower()


def changes(facts: Facts, fact: str) -> bool:
    """Whether another decision comes out once the fact is made ordinary."""
    ordinary = getattr(Facts(), fact)
    if getattr(facts, fact) == ordinary:
        return False
    return decided(facts)[0] != decided(replace(facts, **{fact: ordinary}))[0]


@pytest.mark.parametrize("fact", ["kidneys", "potassium", "condition", "order"])
def test_what_changed_the_decision_is_named(fact: str) -> None:
    words: dict[str, list[str]] = {
        "kidneys": KIDNEY_WORDS,
        "potassium": POTASSIUM_WORDS,
        "condition": CONDITION_WORDS,
        "order": {**dict.fromkeys(ORDERS, _MAGNESIUM_WORDS), **ORDER_WORDS},
    }[fact]
    few: dict[str, list[str]] = {
        "kidneys": list(KIDNEYS) if fact == "kidneys" else ["standard", "15 to 30"],
        "potassium": list(POTASSIUM) if fact == "potassium" else ["4.1", "3.49"],
        "order": list(ORDERS)
        if fact == "order"
        else ["acetaminophen", "draft 2 g / 20 min", "draft 1 g / 60 min", "digoxin"],
        "condition": list(CONDITIONS) if fact == "condition" else ["none", "myasthenia"],
    }
    changed = [
        Facts(level, value, result, *others)
        for (level, value), result in product(LEVELS, ["final", "stale", "none"])
        for others in product(*few.values())
        if changes(Facts(level, value, result, *others), fact)
    ]
    unsaid = [
        f"{facts}: the {fact} changed the decision, and none of {said} is said"
        for facts in changed
        for said in [words[getattr(facts, fact)]]
        if not any(word.lower() in decided(facts)[1] for word in said)
    ]
    assert len(changed) > 20, "the walk is about facts that change decisions"
    assert not unsaid, "\n".join([f"{len(unsaid)} of {len(changed)} charts", *unsaid[:8]])


@pytest.mark.parametrize(("level", "value"), LEVELS)
def test_the_magnesium_value_is_named(level: str, value: str) -> None:
    for kidneys, order, condition in product(
        KIDNEYS, ORDERS, ["none", "myasthenia", "N18.5 alone"]
    ):
        facts = Facts(level, value, kidneys=kidneys, order=order, condition=condition)
        told = decided(facts)[1]
        number = value.partition(" ")[0]
        assert value.lower() in told or f'"value":{number}' in told, f"{facts}: {value} is not said"
