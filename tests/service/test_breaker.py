"""When a server is left alone, and when it is tried again."""

from service.fhir.breaker import FAILURES, REST_SECONDS, SILENCE_SECONDS, Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admits(), "it is asked until it has failed often enough"
        breaker.report(answered=False)
    return breaker


def test_a_server_that_fails_in_a_row_is_left_alone() -> None:
    assert not broken(Clock()).admits()


def test_an_answer_in_between_starts_the_count_anew() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for answered in [False] * (FAILURES - 1) + [True] + [False] * (FAILURES - 1):
        clock.now += SILENCE_SECONDS
        breaker.report(answered=answered)
    assert breaker.admits()


def test_failures_at_once_are_no_outage_if_an_answer_came_just_before() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    breaker.report(answered=True)
    for _ in range(FAILURES * 10):
        clock.now += SILENCE_SECONDS / FAILURES / 11
        breaker.report(answered=False)
    assert breaker.admits(), "it answered less than a second ago"
    clock.now += SILENCE_SECONDS
    breaker.report(answered=False)
    assert not breaker.admits()


def test_after_the_rest_one_call_tries() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += REST_SECONDS - 0.1
    assert not breaker.admits()
    clock.now += 0.2
    assert breaker.admits()
    assert not breaker.admits(), "the others wait for what the first one finds"


def test_a_trial_that_fails_begins_another_rest() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += REST_SECONDS
    assert breaker.admits()
    clock.now += 1.5
    breaker.report(answered=False)
    clock.now += REST_SECONDS - 0.1
    assert not breaker.admits()


def test_a_trial_that_succeeds_ends_it() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += REST_SECONDS
    assert breaker.admits()
    breaker.report(answered=True)
    assert breaker.admits()
    assert breaker.admits()


def test_a_trial_that_never_reports_does_not_close_it_for_ever() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += REST_SECONDS
    assert breaker.admits()
    clock.now += REST_SECONDS
    assert breaker.admits()
