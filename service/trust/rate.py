"""How often each client may call: a bucket for each, shared by the worker processes of a host."""

import struct
from collections.abc import Callable, Sequence
from time import monotonic

from service.running.slate import Slate

_MOMENT = struct.Struct("<d")
# What a bucket holds when it is full, in seconds of its rate.
_BURST_SECONDS = 1.0
# What the rounding of sums may come to.
_ROUNDING_SECONDS = 1e-6


class Limiter:
    """One bucket for each of `rates`, in calls a second. A bucket that is full takes a second's
    worth of calls at once."""

    def __init__(self, rates: Sequence[float], clock: Callable[[], float] = monotonic) -> None:
        self._intervals = [1 / rate for rate in rates]
        self._clock = clock
        self._slate = Slate(_MOMENT.size * max(len(rates), 1))

    def wait(self, index: int) -> float:
        """How many seconds bucket `index` has nothing for this call; 0: it has been taken out."""
        interval, place = self._intervals[index], index * _MOMENT.size
        burst = max(_BURST_SECONDS, interval)
        with self._slate.held() as memory:
            now = self._clock()
            # The moment at which the bucket is full again.
            (full,) = _MOMENT.unpack_from(memory, place)
            full = max(full, now) + interval
            excess = float(full - now - burst)
            if excess > _ROUNDING_SECONDS:
                return excess
            _MOMENT.pack_into(memory, place, full)
            return 0.0
