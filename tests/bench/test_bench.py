"""The bench's own sums and calls: what it says can be relied on."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import load
from bench.__main__ import main
from bench.case import CASES, VARIANTS, Case
from bench.load import BadLoad, Load
from bench.measure import LEAN, PLAIN, SERVICE, Measured, Round
from bench.process import service
from bench.result import Result
from service.settings import Settings

needs_wrk = pytest.mark.skipif(load.WRK is None, reason="wrk is not installed: the load tool")
SEED = CASES[0]


def rounds(*costs: float) -> list[Round]:
    return [Round(cost, Load(1000, 2.0, 1.0, 5.0)) for cost in costs]


def test_the_ratio_is_that_of_the_rounds_not_of_the_medians() -> None:
    measured = Measured(SEED, 16, 1, 1)
    # The machine was half as fast in the second round, and the floor alone had luck in the third.
    measured.rounds = {SERVICE: rounds(300, 600, 300), LEAN: rounds(200, 400, 100)}
    assert measured.cpu(SERVICE) == 300
    assert measured.ratio(LEAN) == 1.5


@pytest.mark.parametrize(
    ("share", "expected"), [(50, 2), (51, 3), (99, 4), (100, 4), (1, 1), (0, 1)]
)
def test_a_percentile_is_a_value_that_occurred(share: int, expected: int) -> None:
    assert load.percentile([1, 2, 3, 4], share) == expected


def test_the_rate_is_calls_in_a_second() -> None:
    assert Load(3000, 2.0, 1.0, 2.0).rate == 1500


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_calls_of_a_case_differ_and_are_small_enough(case: Case) -> None:
    bodies = case.bodies()
    assert len(bodies) == VARIANTS
    assert len(set(bodies)) == VARIANTS, "no two calls are alike, so that nothing is remembered"
    assert max(map(len, bodies)) < Settings().max_body_bytes


def test_a_file_of_calls_says_how_long_each_is(tmp_path: Path) -> None:
    written = load.write_calls(tmp_path / "calls", "/path", [b"one\n", b"four"])
    assert written.read_bytes() == b"/path\n4\none\n\n4\nfour\n"


def test_what_is_kept_names_no_host_and_no_path() -> None:
    measured = Measured(SEED, 16, 3877, 8894)
    measured.rounds = {SERVICE: rounds(300), LEAN: rounds(200), PLAIN: rounds(400)}
    kept = json.dumps(Result("short", [measured], {"auth": "why"}, None, [1.25]).document())
    document = json.loads(kept)
    assert document["cases"][0]["cpu_of_service_to"] == {LEAN: 1.5, PLAIN: 0.75}
    assert document["start_to_ready_seconds"] == [1.25]
    for secret in (os.uname().nodename, str(Path.cwd()), str(Path.home())):
        assert f'"{secret}' not in kept, f"{secret} is in what is kept"


def test_cpu_time_is_that_of_every_process(tmp_path: Path) -> None:
    with service(tmp_path, 1) as one:
        one.rest()
        before = one.cpu_seconds()
        load.steady(one.port, 50, 1, SEED.path, SEED.bodies())
        used = one.cpu_seconds() - before
        assert 0.005 < used < 10, f"50 calls used {used} s"
        assert all(held.rss > held.pss > 10 for held in one.memory())


def test_a_steady_load_that_is_refused_is_no_result(tmp_path: Path) -> None:
    with service(tmp_path, 1) as one, pytest.raises(BadLoad, match=r"answered HTTP/1\.1 404"):
        load.steady(one.port, 50, 0.5, "/cds-services/no-such-service", SEED.bodies())


@needs_wrk
def test_wrk_counts_what_was_answered(tmp_path: Path) -> None:
    calls = load.write_calls(tmp_path / "calls", SEED.path, SEED.bodies())
    with service(tmp_path / "service", 1) as one:
        done = load.full(one.port, 4, 1, calls, 200, None)
        assert done.requests > 0
        assert done.seconds == pytest.approx(1, abs=0.7)
        assert 0 < done.p50 <= done.p99


@needs_wrk
def test_wrong_answers_are_no_result(tmp_path: Path) -> None:
    calls = load.write_calls(tmp_path / "calls", SEED.path, [b"{}"])
    with service(tmp_path / "service", 1) as one, pytest.raises(BadLoad, match="another answer"):
        load.full(one.port, 2, 1, calls, 200, None)


@needs_wrk
def test_a_short_run_measures_every_server_and_keeps_the_result(tmp_path: Path) -> None:
    ran = CliRunner().invoke(
        main,
        ["--case", "412", "--rounds", "1", "--seconds", "1", "--results", str(tmp_path)],
        catch_exceptions=False,
    )
    assert ran.exit_code == 0, ran.output
    (kept,) = tmp_path.glob("*.json")
    (case,) = json.loads(kept.read_text())["cases"]
    assert set(case["servers"]) == {SERVICE, LEAN, PLAIN}
    assert all(server["cpu_us_median"] > 0 for server in case["servers"].values())
    assert all(ratio > 0 for ratio in case["cpu_of_service_to"].values())
