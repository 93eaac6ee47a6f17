"""A call with ten times as many results, orders or problems takes no more than ten times the work.

What is counted is what the interpreter does, so that a slow machine changes nothing; a quadratic
walk through ten times as much takes a hundred times the work.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import pytest

from service import site
from service.app import assemble
from service.settings import Settings
from tests.conftest import NOW
from tests.linear.calls import CALLS
from tests.linear.work import work

_ADDRESS: Final = "/cds-services/magnesium-replacement"
_FEW: Final = 40
#: Ten times as much may take ten times the work, and what sorting adds.
_TENFOLD: Final = 11.5
_CLIENT: Final = assemble(
    Settings(max_body_bytes=50_000_000), site.services(Settings()), lambda: NOW
).test_client()


def _answering(body: bytes) -> Callable[[], object]:
    def act() -> None:
        response = _CLIENT.post(_ADDRESS, data=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 200, response.get_data(as_text=True)

    return act


@pytest.mark.parametrize("what", CALLS)
def test_ten_times_as_much_takes_ten_times_the_work(what: str) -> None:
    none, few, many = (_work_of(CALLS[what](count)) for count in (1, _FEW, 10 * _FEW))
    assert many - none <= _TENFOLD * (few - none), (
        f"{10 * _FEW} {what} take {many - none} steps and {_FEW} take {few - none}"
    )


def _work_of(call: Any) -> int:
    body = msgspec.json.encode(call)
    act = _answering(body)
    # What is remembered from one call to the next is not counted.
    act()
    return work(act)


def test_a_quadratic_walk_would_be_found() -> None:
    def pairs(count: int) -> Callable[[], object]:
        return lambda: [left for left in range(count) for _ in range(count)]

    few, many = work(pairs(_FEW)), work(pairs(10 * _FEW))
    assert many > _TENFOLD * few, "the counter does not see a walk through all pairs"
