"""The public keys of clients: read from a file or fetched, kept, and renewed.

What has been fetched is shared by the worker processes of a host, so that all of them together ask
a client's server once. A set is read again for a key that is not in it and after ten minutes, and
never twice in a minute; meanwhile, and while its server cannot be reached, the keys that are known
go on serving.
"""

import json
import logging
import struct
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests
from jwt.algorithms import Algorithm, get_default_algorithms
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from service.clients import Client
from service.fhir_connection import GuardedAdapter
from service.fhir_servers import FhirServer
from service.settings import Settings
from service.slate import Slate

#: A set is read again when it is so old, and not more often than that.
RENEW_SECONDS = 600.0
REST_SECONDS = 60.0
FETCH_SECONDS = 2.0
#: Of the threads that answer calls, at most so many wait for one set.
WAITERS = 32
MAX_BYTES = 64 * 1024
MAX_KEYS = 100
_POLL_SECONDS = 0.01
_SHORTEST_RSA = 2048
_LONGEST_RSA = 8192
_LONGEST_KID = 256
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
#: Keys whose private half anybody can read, by their `x`: the public sandbox's, and the example
#: of the CDS Hooks specification.
_PUBLISHED = {
    "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "46SDH7Znh821wblCBglA61sNE9ZrHYKKt3qRtRTmSXyOI_FIGBLWrWa0GPUkDCEk",
}
# Counts readings, then when the last was begun, when it ended, when one last succeeded, and how
# many bytes that brought.
_HEAD = struct.Struct("<qdddq")

_log = logging.getLogger("magnesia.trust")
_ALGORITHMS: Mapping[str, Algorithm] = get_default_algorithms()


class KeysUnreadable(Exception):
    """A key set cannot be had; the message is a clause that says why."""


@dataclass(frozen=True)
class Key:
    """One entry of a key set: the algorithms that it serves, or why it serves none."""

    kid: str
    kty: str
    algorithms: tuple[str, ...]
    fault: str | None = None
    published: bool = False
    public: Any = field(default=None, repr=False)


def verify(algorithm: str, public: Any, signed: bytes, signature: bytes) -> bool:
    """Whether the signature was made with the private half of this key."""
    return bool(_ALGORITHMS[algorithm].verify(signed, public, signature))


def read(document: bytes, permitted: Collection[str], *, exposed: bool) -> tuple[Key, ...]:
    """The entries of a JWK Set, for a client that signs with one of `permitted`.

    Where the service is `exposed`, no key is of use whose private half is published. Raises
    KeysUnreadable.
    """
    try:
        # A number too long for an integer spoils its entry alone; no member of a key is a number.
        entries = json.loads(document.decode("utf-8"), parse_int=float)["keys"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise KeysUnreadable("it is no JWK Set") from error
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise KeysUnreadable(f"it is no JWK Set of at most {MAX_KEYS} keys")
    keys = [_key(entry, permitted, exposed=exposed) for entry in entries]
    return tuple(_without_doubt(keys))


def _without_doubt(keys: list[Key]) -> list[Key]:
    """Two different keys of one name and algorithm are both of no use."""
    owner: dict[tuple[str, str], Any] = {}
    doubtful = set()
    for key in keys:
        for algorithm in key.algorithms:
            known = owner.setdefault((key.kid, algorithm), key.public)
            if known.public_numbers() != key.public.public_numbers():
                doubtful.add(key.kid)
    return [
        Key(key.kid, key.kty, (), "another key has the same kid") if key.kid in doubtful else key
        for key in keys
    ]


def _key(entry: Any, permitted: Collection[str], *, exposed: bool) -> Key:
    if not isinstance(entry, dict):
        return Key("-", "-", (), "it is not an object")
    kid, kty = entry.get("kid"), entry.get("kty")
    shown = kty[:8] if isinstance(kty, str) else "-"
    if not isinstance(kid, str) or not kid.strip() or len(kid) > _LONGEST_KID:
        return Key("-", shown, (), "it has no kid")
    if not isinstance(kty, str) or kty not in {"EC", "RSA"}:
        return Key(kid, shown, (), "its kty is neither EC nor RSA")
    fault = _fault(entry)
    x = entry.get("x")
    published = isinstance(x, str) and x in _PUBLISHED
    if published and exposed:
        fault = "its private half is published, so anyone can sign with it"
    algorithms = tuple(sorted(name for name in permitted if _fits(entry, name)))
    if fault is None and not algorithms:
        fault = f"it fits none of {', '.join(sorted(permitted))}"
    if fault is not None:
        return Key(kid, kty, (), fault)
    try:
        public: Any = _ALGORITHMS[algorithms[0]].from_jwk(entry)
    except Exception:  # noqa: BLE001 - whatever the libraries raise, it spoils this entry alone
        return Key(kid, kty, (), "its numbers make no key")
    if kty == "RSA" and not _SHORTEST_RSA <= public.key_size <= _LONGEST_RSA:
        return Key(kid, kty, (), f"it is not {_SHORTEST_RSA} to {_LONGEST_RSA} bits long")
    return Key(kid, kty, algorithms, None, published, public)


def _fault(entry: Mapping[str, Any]) -> str | None:
    if _PRIVATE & entry.keys():
        return "it is a private key, which must not be given away"
    if entry.get("use", "sig") != "sig":
        return "its use is not sig"
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return "its key_ops are without verify"
    return None


def _fits(entry: Mapping[str, Any], algorithm: str) -> bool:
    if entry.get("alg", algorithm) != algorithm:
        return False
    if entry["kty"] == "EC":
        return _CURVES.get(algorithm) == entry.get("crv")
    return algorithm[0] != "E"


Source = Callable[[], bytes]


def source(client: Client, settings: Settings) -> Source:
    """What reads the key set of a client. It raises KeysUnreadable."""
    if client.jwks_file is not None:
        return partial(_from_file, client.jwks_file)
    return partial(_fetch, str(client.jwks_url), _sender(str(client.jwks_url), settings))


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KeysUnreadable(f"{path} cannot be read: {error.strerror}") from error
    return _bounded(content)


def _sender(url: str, settings: Settings) -> Callable[..., requests.Response]:
    """The adapter of FHIR reads: addresses checked, no redirects, no cookies, one time for all."""
    # At its own level the library logs whole addresses.
    logging.getLogger("urllib3").propagate = False
    is_own = FhirServer.parse(url.partition("?")[0]).is_loopback
    proxy = None if is_own else settings.fhir_proxy
    return partial(
        GuardedAdapter(pool_connections=1, pool_maxsize=1).send,
        stream=True,
        verify=True if settings.fhir_ca is None else str(settings.fhir_ca),
        proxies={} if proxy is None else {"https": proxy},
    )


def _fetch(url: str, send: Callable[..., requests.Response]) -> bytes:
    headers = {
        "Accept": "application/jwk-set+json, application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "Magnesia",
    }
    try:
        request = requests.Request("GET", url, headers=headers).prepare()
        response = send(request, timeout=Timeout(total=FETCH_SECONDS))
        try:
            content = response.raw.read(MAX_BYTES + 1, decode_content=False)
        finally:
            response.close()
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        # ValueError: what the HTTP library makes of a chunk of negative size, and its like.
        raise KeysUnreadable(f"{url} cannot be fetched ({type(error).__name__})") from error
    if response.status_code != HTTPStatus.OK:
        raise KeysUnreadable(f"{url} answers with status {response.status_code}")
    return _bounded(content)


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_BYTES:
        raise KeysUnreadable(f"it is larger than {MAX_BYTES} bytes")
    return content


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
