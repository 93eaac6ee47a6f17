"""A short version of what `make load` runs in full, and that each of its rules can be broken."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.load import trial
from tests.load.storm import End, Sent
from tests.load.trial import Steady, Stopped, Trial
from tests.load.verdict import faults
from tests.load.watch import Held


def test_a_short_load_and_a_stop_in_the_middle_of_it(tmp_path: Path) -> None:
    found = trial.run(tmp_path, rate=40, seconds=2, settle=1)
    assert len(found.steady.sent) == 80, "every call is sent, whatever became of the others"
    assert found.steady.statuses[200] > 60
    assert found.stopped.before[End.ANSWERED] > 0, "the stop is in the middle"
    assert found.stopped.after.total() > 0, "the stop is in the middle"
    assert faults(found) == []


HELD = Held(3, 100, 50, 20, 300.0)
CALL = Sent("one", 0, due=0.0, began=0.0, ended=0.1, end=End.ANSWERED, status=200)
GOOD = Trial(
    Steady(200, [CALL], HELD, HELD, HELD, 0),
    Stopped(
        3.0,
        0,
        Counter({End.ANSWERED: 5}),
        Counter({End.ANSWERED: 1, End.REFUSED: 2, End.CLOSED: 3}),
        Counter({200: 6}),
        0,
        0,
        0.1,
    ),
)


def load_with(call: Sent = CALL, after: Held = HELD, unrecorded: int = 0) -> Trial:
    return replace(GOOD, steady=Steady(200, [call], HELD, HELD, after, unrecorded))


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (load_with(replace(CALL, end=End.CLOSED, status=None)), "every call is answered"),
        (load_with(replace(CALL, status=500)), "the answers are 200 or 412"),
        (load_with(replace(CALL, due=-2.0)), "every answer comes within 2 s"),
        (load_with(unrecorded=1), "every answered call is in the record"),
        (load_with(after=replace(HELD, threads=240)), "no threads are leaked"),
        (load_with(after=replace(HELD, sockets=60)), "no sockets are leaked"),
        (load_with(after=replace(HELD, files=90)), "no files are leaked"),
        (load_with(after=replace(HELD, megabytes=400.0)), "memory is given back"),
    ],
)
def test_a_load_that_goes_wrong_is_found(broken: Trial, rule: str) -> None:
    (fault,) = faults(broken)
    assert fault.startswith(rule)


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({"before": Counter({End.ANSWERED: 5, End.CLOSED: 1})}, "every call sent before the stop"),
        ({"after": Counter({End.CUT: 1})}, "a call after the stop is answered whole or turned"),
        ({"processed_unanswered": 1}, "no call is worked on and left without its answer"),
        ({"answered_unrecorded": 1}, "every call that was answered is in the record"),
        ({"statuses": Counter({503: 1})}, "the answers are 200 or 412"),
        ({"exit_status": -9}, "the service ends with status 0"),
    ],
)
def test_a_stop_that_goes_wrong_is_found(broken: dict[str, object], rule: str) -> None:
    stopped = Stopped(**{**vars(GOOD.stopped), **broken})
    (fault,) = faults(replace(GOOD, stopped=stopped))
    assert fault.startswith(rule)


def test_a_good_trial_has_no_fault() -> None:
    assert faults(GOOD) == []
