"""The facts of one chart of the walk, as words that `table.toml` and `charts.py` both know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Final


@dataclass(frozen=True, slots=True)
class Facts:
    """One chart in words. `level` is what the value looks like, by clinical 2.4."""

    level: str = "severe"
    value: str = "1.2 mg/dL"
    result: str = "final"
    kidneys: str = "standard"
    potassium: str = "4.1"
    order: str = "acetaminophen"
    condition: str = "none"
    age: str = "adult"

    def __str__(self) -> str:
        """The facts that are not the ordinary ones, after the value."""
        plain = Facts()
        odd = [
            f"{field.name}: {getattr(self, field.name)}"
            for field in fields(self)
            if field.name not in {"level", "value"}
            and getattr(self, field.name) != getattr(plain, field.name)
        ]
        return "; ".join([f"magnesium {self.value} ({self.level})", *odd])


#: Values by band, at the thresholds and on both sides of them (clinical 2.4; settled 15).
VALUES: Final[Mapping[str, Sequence[str]]] = {
    "severe": [
        "1.2 mg/dL",
        "0.3 mg/dL",
        "1.21524 mg/dL",
        "0.49 mmol/L",
        "0.99 meq/L",
        "<0.5 mg/dL",
    ],
    "moderate": ["1.4 mg/dL", "1.21525 mg/dL", "0.50 mmol/L", "1.00 meq/L", "1.49 mg/dL"],
    "mild": ["1.6 mg/dL", "1.5 mg/dL", "1.69 mg/dL"],
    "normal": ["1.9 mg/dL", "1.7 mg/dL", "2.6 mg/dL"],
    "high": ["3.0 mg/dL", "2.61 mg/dL", "1.2 mmol/L", ">2.6 mg/dL", ">=2.61 mg/dL"],
}

#: The value that stands for each band where the values are not what a walk is about.
TYPICAL: Final = {level: values[0] for level, values in VALUES.items()}

LEVELS: Final = [(level, value) for level, values in VALUES.items() for value in values]
BANDS: Final = list(TYPICAL.items())

RESULTS: Final = [
    "final",
    "preliminary",
    "newer preliminary",
    "newer preliminary, normal",
    "stale",
    "unit missing",
    "only ionized",
    "none",
    "tie",
    "newer unusable, same draw",
    "code against unit",
]
CONDITIONS: Final = [
    "none",
    "pregnancy",
    "pre-eclampsia",
    "torsades",
    "myasthenia",
    "AV block",
    "AV block with pacemaker",
    "N18.5 alone",
]


#: Of kidneys and potassium, where they are crossed with gates and result states: one of a kind.
_FEW_KIDNEYS: Final = ["standard", "15 to 30", "dialysis, creatinine missing", "creatinine stale"]
_LOW: Final = "3.49"


def final_results(order: str, kidneys: Sequence[str], potassium: Sequence[str]) -> Iterator[Facts]:
    """Every value x kidneys, and every band x potassium, of a patient without a gate."""
    for (level, value), kidney, k in product(LEVELS, kidneys, ["4.1", _LOW]):
        yield Facts(level, value, kidneys=kidney, potassium=k, order=order)
    for (level, value), kidney, k in product(BANDS, _FEW_KIDNEYS, potassium):
        yield Facts(level, value, kidneys=kidney, potassium=k, order=order)


def gates(order: str) -> Iterator[Facts]:
    """Every band x result state x condition, with a kidney and a potassium of each kind."""
    others = [*((kidney, "4.1") for kidney in _FEW_KIDNEYS), ("standard", _LOW)]
    for (level, value), result, condition, (kidney, k) in product(
        BANDS, RESULTS, CONDITIONS, others
    ):
        if result in {"only ionized", "none"} and level != "severe":
            continue
        if result == "newer preliminary, normal" and level not in {"severe", "moderate"}:
            continue
        yield Facts(level, value, result, kidney, k, order, condition)


def ages(orders: Sequence[str]) -> Iterator[Facts]:
    """Every band x age x order."""
    for (level, value), age, order in product(BANDS, ["minor", "unknown", "18 today"], orders):
        yield Facts(level, value, age=age, order=order)
