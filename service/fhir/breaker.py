"""When to leave a server alone: after it has answered nothing for a while, for a short while."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

# A few calls that get nothing may be a pause of the server's, and under load they come at once;
# these in a row, with no answer in between for a second, are an outage. A server that fails every
# third call goes on being asked.
FAILURES = 5
SILENCE_SECONDS = 1.0
# Long enough that a server in trouble is not kept busy, short enough that nobody waits for advice
# once it is back.
REST_SECONDS = 5.0


class Breaker:
    """Counts the calls in a row that got nothing from a server. Used by many threads at once."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._answered_at: float | None = None
        self._rests_until: float | None = None

    @property
    def rests(self) -> bool:
        """Whether the server is left alone, but for one call after each rest."""
        return self._rests_until is not None

    def admits(self) -> bool:
        """Whether the server may be asked now. After each rest, one call may try it."""
        with self._lock:
            now = self._clock()
            if self._rests_until is None:
                return True
            if now < self._rests_until:
                return False
            self._rests_until = now + REST_SECONDS
            return True

    def report(self, *, answered: bool) -> None:
        """Say whether the server answered anything at all in a call."""
        with self._lock:
            now = self._clock()
            if answered:
                self._failures, self._answered_at, self._rests_until = 0, now, None
                return
            self._failures += 1
            silent = self._answered_at is None or now - self._answered_at >= SILENCE_SECONDS
            if self._failures >= FAILURES and silent:
                self._rests_until = now + REST_SECONDS
