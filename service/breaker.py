"""When to leave a server alone: after it has failed several times in a row, for a short while."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

# One call that gets nothing may be a pause of the server's; three in a row are an outage.
FAILURES = 3
# Long enough that a server in trouble is not kept busy, short enough that nobody waits for advice
# once it is back.
REST_SECONDS = 5.0


class Breaker:
    """Counts the calls in a row that got nothing from a server. Used by many threads at once."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._rests_until = 0.0

    def admits(self) -> bool:
        """Whether the server may be asked now. After each rest, one call may try it."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            now = self._clock()
            if now < self._rests_until:
                return False
            self._rests_until = now + REST_SECONDS
            return True

    def report(self, *, answered: bool) -> None:
        """Say whether the server answered anything at all in a call."""
        with self._lock:
            if answered:
                self._failures = 0
                return
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = self._clock() + REST_SECONDS
