"""The public keys of clients: kept, shared and renewed.

What has been fetched is shared by the worker processes of a host, so that all of them together ask
a client's server once. A set is read again for a key that is not in it and after ten minutes, and
never twice in a minute; meanwhile, and while its server cannot be reached, the keys that are known
go on serving.
"""

import logging
import struct
import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from service.running.slate import Slate
from service.trust.clients import Client
from service.trust.jwks import Key, KeysUnreadable, read
from service.trust.key_source import FETCH_SECONDS, MAX_BYTES, Source

#: A set is read again when it is so old, and not more often than that.
RENEW_SECONDS = 600.0
REST_SECONDS = 60.0
#: Of the threads that answer calls, at most so many wait for one set.
WAITERS = 32
_POLL_SECONDS = 0.01
# Counts readings, then when the last was begun, when it ended, when one last succeeded, and how
# many bytes that brought.
_HEAD = struct.Struct("<qdddq")

_log = logging.getLogger("magnesia.trust")


def _place(count: int, length: int) -> slice:
    """Where the content of one reading lies: beside that of the reading before it, which is good
    until the head names the new one."""
    start = _HEAD.size + count % 2 * MAX_BYTES
    return slice(start, start + length)


class KeySet:
    """The keys of one client, as all workers of this host know them."""

    def __init__(
        self,
        client: Client,
        source: Source,
        *,
        exposed: bool,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = client
        self._source = source
        self._exposed = exposed
        self._clock = clock
        self._slate = Slate(_HEAD.size + 2 * MAX_BYTES)
        self._waiters = threading.BoundedSemaphore(WAITERS)
        self._known: tuple[int, dict[tuple[str, str], Any]] = (0, {})
        long_ago = -RENEW_SECONDS
        with self._slate.held() as memory:
            _HEAD.pack_into(memory, 0, 0, long_ago, long_ago, long_ago, 0)

    def find(self, kid: str, algorithm: str) -> Any:
        """The key of this name, for this algorithm; None if there is none. Waits for the set only
        where it lacks the key and is just being read."""
        found = self._keys().get((kid, algorithm))
        if found is None:
            self._renew(0)
            if self._waiters.acquire(blocking=False):
                try:
                    self._wait()
                finally:
                    self._waiters.release()
            return self._keys().get((kid, algorithm))
        self._renew(RENEW_SECONDS)
        return found

    def load(self) -> tuple[Key, ...]:
        """Read the set now and keep it. Raises KeysUnreadable."""
        content = self._source()
        keys = read(content, self._client.algorithms, exposed=self._exposed)
        with self._slate.held() as memory:
            count, begun, _, _, _ = _HEAD.unpack_from(memory)
            now = self._clock()
            # The head last: a worker that is killed between the two has published nothing.
            memory[_place(count + 1, len(content))] = content
            _HEAD.pack_into(memory, 0, count + 1, max(begun, now), now, now, len(content))
        return keys

    def _keys(self) -> dict[tuple[str, str], Any]:
        count, *_ = self._head()
        if count != self._known[0]:
            with self._slate.held() as memory:
                count, _, _, _, length = _HEAD.unpack_from(memory)
                content = bytes(memory[_place(count, length)])
            try:
                keys = read(content, self._client.algorithms, exposed=self._exposed)
            except KeysUnreadable:
                # It could be read when it was put there, so the memory is torn.
                _log.warning(
                    "The shared key set of client %s is torn and is read anew. %d known keys go on "
                    "serving.",
                    self._client.name,
                    len({kid for kid, _ in self._known[1]}),
                )
                self._known = (count, self._known[1])
                self._renew(0)
                return self._known[1]
            self._known = (
                count,
                {(key.kid, name): key.public for key in keys for name in key.algorithms},
            )
        return self._known[1]

    def _head(self) -> tuple[int, float, float, float, int]:
        return _HEAD.unpack(self._slate.glance(_HEAD.size))

    def _renew(self, age: float) -> None:
        """Have the set read again if it is older than `age`, unless it was tried a moment ago."""
        _, begun, _, read_at, _ = self._head()
        now = self._clock()
        if now - read_at < age or now - begun < REST_SECONDS:
            return
        with self._slate.held() as memory:
            count, begun, ended, read_at, length = _HEAD.unpack_from(memory)
            if now - begun < REST_SECONDS:
                return
            _HEAD.pack_into(memory, 0, count, now, ended, read_at, length)
        threading.Thread(target=self._try, name="key-set", daemon=True).start()

    def _try(self) -> None:
        why: str | None = None
        try:
            self.load()
        except KeysUnreadable as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - a defect here must not take the keys away
            why = f"reading it failed ({type(error).__name__})"
        if why is None:
            return
        # Who waits for this reading goes on at once.
        with self._slate.held() as memory:
            count, begun, _, read_at, length = _HEAD.unpack_from(memory)
            _HEAD.pack_into(memory, 0, count, begun, self._clock(), read_at, length)
        keys = len({kid for kid, _ in self._known[1]})
        _log.warning(
            "The key set of client %s could not be read: %s. %d known keys go on serving.",
            self._client.name,
            why,
            keys,
        )

    def _wait(self) -> None:
        """Wait for a reading that is under way, in this worker or another."""
        while True:
            _, begun, ended, _, _ = self._head()
            # A worker that was killed never says that it has ended.
            if ended >= begun or self._clock() - begun > FETCH_SECONDS + 1:
                return
            sleep(_POLL_SECONDS)
