"""Every combination of facts, decided by the service as the hand-written table says.

`table.toml` is the reading of settled.md and clinical.md; a failure names the rule and one chart of
each kind of difference.
"""

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from hooks import offered
from hooks.chart.codes import laboratory
from hooks.protocol import load
from tests.truth import facts as walk
from tests.truth.charts import NOW, request
from tests.truth.facts import Facts
from tests.truth.outcome import differences
from tests.truth.reading import KIDNEYS, ORDERS, POTASSIUM, expected

SERVICE: Final = offered(load(), laboratory.load(), None)[0]

Recorder = Callable[[str, object], None]

#: The walks of one order each, and how many charts they held.
COUNTED: Final[list[int]] = []


def walked(charts: Iterable[Facts]) -> str:
    """Decide all charts; what differs, by rule and difference, with the first chart of each."""
    told: dict[str, list[str]] = {}
    every = list(charts)
    for chart in every:
        want = expected(chart)
        said, prefetch = request(chart)
        answer = SERVICE.answer(SERVICE.read_context(said), prefetch, NOW)
        for difference in differences(want, answer):
            told.setdefault(f"{want.because}: expected {difference}", []).append(str(chart))
    COUNTED.append(len(every))
    return "\n".join(
        f"{what} [{len(where)} of {len(every)} charts, e.g. {where[0]}]"
        for what, where in sorted(told.items(), key=lambda item: -len(item[1]))[:8]
    )


@pytest.mark.parametrize("order", ORDERS)
def test_every_value_with_every_kidney_potassium_and_order(order: str) -> None:
    wrong = walked(walk.final_results(order, list(KIDNEYS), list(POTASSIUM)))
    assert not wrong, wrong


@pytest.mark.parametrize("order", ORDERS)
def test_every_gate_with_every_result_state_and_order(order: str) -> None:
    wrong = walked(walk.gates(order))
    assert not wrong, wrong


def test_every_age_with_every_order() -> None:
    wrong = walked(walk.ages(list(ORDERS)))
    assert not wrong, wrong


def test_thousands_of_charts_were_walked(record_testsuite_property: Recorder) -> None:
    if len(COUNTED) < 2 * len(ORDERS) + 1:
        pytest.skip("not every walk was selected")
    record_testsuite_property("charts of the truth table", sum(COUNTED))
    assert sum(COUNTED) > 50_000
