"""Key sets: which keys are of use, and when a set is read again."""

import json
import mmap
import threading
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from service.settings import Settings
from service.trust.clients import Client
from service.trust.jwks import KeysUnreadable, read
from service.trust.key_source import MAX_BYTES, source
from service.trust.keys import _HEAD, RENEW_SECONDS, REST_SECONDS, KeySet
from tests.fhir.script import FhirServer, Play, Script, answer, drip_body, hang, say, serving
from tests.trust.issuer import Issuer, jwk, private_key, spare_key

BOTH = ("ES384", "RS384")


def read_one(entry: Any, permitted: tuple[str, ...] = BOTH, *, exposed: bool = False) -> Any:
    (key,) = read(json.dumps({"keys": [entry]}).encode(), permitted, exposed=exposed)
    return key


def entry(algorithm: str = "ES384", **members: Any) -> dict[str, Any]:
    return jwk(algorithm, spare_key(algorithm), "k", **members)


@pytest.mark.parametrize(
    ("good", "algorithms"),
    [
        (entry(), ("ES384",)),
        (entry("RS384"), ("RS384",)),
        (entry(use=None, alg=None), ("ES384",)),
        (entry(key_ops=["verify"]), ("ES384",)),
        (entry("RS384", alg=None), ("RS384",)),
        (entry(x5c=["AAAA"], more="x"), ("ES384",)),
    ],
)
def test_a_good_key_is_of_use(good: Any, algorithms: tuple[str, ...]) -> None:
    key = read_one(good)
    assert key.fault is None
    assert key.algorithms == algorithms


def test_a_key_serves_only_what_it_is_for() -> None:
    plain = entry("RS384", alg=None)
    assert read_one(plain, ("RS256", "PS384", "ES384")).algorithms == ("PS384", "RS256")
    assert read_one(entry("RS384"), ("RS256", "PS384")).fault == "it fits none of PS384, RS256"


SMALL = jwk("RS384", spare_key("RS384", 1024), "k")
SYMMETRIC = {"kty": "oct", "k": "AAAA", "kid": "k", "alg": "HS256"}
PRIVATE = {**entry(), "d": "AAAA"}
OFF_CURVE = {**entry(), "x": "A" * 64}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (SYMMETRIC, "neither EC nor RSA"),
        ({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "AAAA"}, "neither EC nor RSA"),
        (PRIVATE, "a private key"),
        ({**entry("RS384"), "p": "AAAA"}, "a private key"),
        (SMALL, "2048 to 8192 bits"),
        (OFF_CURVE, "make no key"),
        ({**entry(), "x": "AAAA"}, "make no key"),
        ({**entry(), "y": None}, "make no key"),
        ({**entry("RS384"), "e": "AQ"}, "make no key"),
        ({**entry("RS384"), "n": "!!"}, "make no key"),
        (entry(use="enc"), "use is not sig"),
        (entry(key_ops=["sign"]), "without verify"),
        (entry(key_ops="verify"), "without verify"),
        (entry("ES256"), "fits none"),
        (entry(alg="ES256"), "fits none"),
        (entry(alg="HS384"), "fits none"),
        ({**entry(), "crv": "P-256"}, "fits none"),
        ({**entry(), "kid": ""}, "no kid"),
        ({**entry(), "kid": 7}, "no kid"),
        ({**entry(), "kid": "k" * 300}, "no kid"),
        ("text", "not an object"),
        (None, "not an object"),
        ({**entry(), "kty": ["EC"]}, "neither EC nor RSA"),
        ({**entry(), "kty": {}}, "neither EC nor RSA"),
        ({**entry(), "x": {}}, "make no key"),
        ({**entry(), "x": ["AAAA"]}, "make no key"),
        ({**entry("RS384"), "x": {}, "n": {}}, "make no key"),
        ({**entry(), "crv": ["P-384"]}, "fits none"),
        ({**entry(), "alg": {}}, "fits none"),
        ({**entry(), "use": ["sig"]}, "use is not sig"),
    ],
)
def test_a_bad_entry_is_ignored_and_said(bad: Any, why: str) -> None:
    document = json.dumps({"keys": [bad, jwk("ES384", spare_key("ES384"), "good")]}).encode()
    first, second = read(document, BOTH, exposed=False)
    assert first.algorithms == ()
    assert why in str(first.fault)
    assert second.fault is None, "the other key of the set is of use"


def test_a_number_beyond_all_measure_spoils_its_own_entry_alone() -> None:
    good = json.dumps(jwk("ES384", spare_key("ES384"), "good"))
    document = f'{{"keys": [{{"kid": {"9" * 6000}, "kty": "EC"}}, {good}]}}'.encode()
    first, second = read(document, BOTH, exposed=False)
    assert (first.fault, second.fault) == ("it has no kid", None)


def test_a_byte_order_mark_is_no_part_of_the_set() -> None:
    document = b"\xef\xbb\xbf" + json.dumps({"keys": [entry()]}).encode()
    assert [key.fault for key in read(document, BOTH, exposed=False)] == [None]


def test_two_keys_of_one_name_are_both_of_no_use() -> None:
    other = jwk("ES384", private_key("ES384"), "k")
    document = json.dumps({"keys": [entry(), other]}).encode()
    assert [key.algorithms for key in read(document, BOTH, exposed=False)] == [(), ()]


def test_the_same_key_twice_and_one_name_for_two_algorithms_do_no_harm() -> None:
    document = json.dumps({"keys": [entry(), entry(), entry("RS384")]}).encode()
    assert all(key.fault is None for key in read(document, BOTH, exposed=False))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        b'{"keys": {}}',
        b"\xff\xfe",
        json.dumps({"keys": [{}] * 101}).encode(),
        b"[" * 10_000,
    ],
)
def test_what_is_no_key_set_is_not_read(document: bytes) -> None:
    with pytest.raises(KeysUnreadable):
        read(document, BOTH, exposed=False)


SANDBOX = {
    "kty": "EC",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
}


def test_a_key_whose_private_half_is_published_is_for_this_machine_alone() -> None:
    assert read_one(SANDBOX).fault is None
    assert read_one(SANDBOX).published
    assert "published" in str(read_one(SANDBOX, exposed=True).fault)
    assert read_one(entry(), exposed=True).fault is None


class Server:
    """A key set's server as a `KeySet` sees it, and a clock."""

    def __init__(self, issuer: Issuer) -> None:
        self.now = 1000.0
        self.document: bytes | None = b""
        self.asked = 0
        self.going = threading.Event()
        self.going.set()
        self.publish(issuer)

    def publish(self, *issuers: Issuer) -> None:
        keys = [key for issuer in issuers for key in issuer.jwks()["keys"]]
        self.document = json.dumps({"keys": keys}).encode()

    def read(self) -> bytes:
        self.asked += 1
        self.going.wait(10)
        if self.document is None:
            raise KeysUnreadable("it is raining")
        return self.document


@pytest.fixture
def issuer() -> Issuer:
    return Issuer("Example EHR", "https://ehr.example")


@pytest.fixture
def server(issuer: Issuer) -> Server:
    return Server(issuer)


@pytest.fixture
def keys(issuer: Issuer, server: Server) -> KeySet:
    client = Client(name="Example EHR", iss=issuer.iss, jwks_url="https://ehr.example/jwks")
    return KeySet(client, server.read, exposed=False, clock=lambda: server.now)


def settled(server: Server, asked: int) -> bool:
    """Whether the set has been asked for so often, in the end; a renewal runs beside the calls."""
    for _ in range(200):
        if server.asked >= asked:
            break
        threading.Event().wait(0.01)
    return server.asked == asked


def test_the_set_is_read_once_for_many_calls(keys: KeySet, server: Server, issuer: Issuer) -> None:
    for _ in range(5):
        assert keys.find(issuer.kid, "ES384") is not None
    assert server.asked == 1


def test_a_new_key_is_found_after_a_minute_and_not_before(
    keys: KeySet, server: Server, issuer: Issuer
) -> None:
    old = issuer.kid
    assert keys.find(old, "ES384") is not None
    issuer.rotate()
    server.publish(issuer)
    server.now += REST_SECONDS - 1
    assert keys.find(issuer.kid, "ES384") is None
    assert server.asked == 1, "read twice in a minute"
    server.now += 1
    assert keys.find(issuer.kid, "ES384") is not None
    assert server.asked == 2
    assert keys.find(old, "ES384") is None, "a key that was taken back is not accepted"


@pytest.fixture
def running(issuer: Issuer, server: Server) -> KeySet:
    """A set whose clock does not stand still, so that nobody waits for ever."""
    client = Client(name="Example EHR", iss=issuer.iss, jwks_url="https://ehr.example/jwks")
    return KeySet(client, server.read, exposed=False, clock=lambda: server.now + monotonic())


@pytest.mark.parametrize("odd", [{"kid": "odd", "kty": ["EC"]}, {**entry(), "x": {}}])
def test_a_new_key_beside_an_odd_entry_is_found(
    running: KeySet, server: Server, issuer: Issuer, odd: Any
) -> None:
    """Settled 22 and assertion 95: a bad entry in a set is ignored, and rotation works."""
    assert running.find(issuer.kid, "ES384") is not None
    issuer.rotate()
    server.document = json.dumps({"keys": [odd, *issuer.jwks()["keys"]]}).encode()
    server.now += REST_SECONDS
    assert running.find(issuer.kid, "ES384") is not None, "one odd entry stopped the rotation"


class Killed(BaseException):
    """What a worker process sees of `kill -9`: nothing after it."""


class Memory(mmap.mmap):
    """Shared memory whose writer is killed half-way, where `kills`."""

    kills = False

    def __setitem__(self, place: Any, content: Any) -> None:
        if not self.kills:
            super().__setitem__(place, content)
            return
        half = len(content) // 2
        super().__setitem__(slice(place.start, place.start + half), content[:half])
        raise Killed


def newcomer(keys: KeySet) -> KeySet:
    """The same set as a worker sees it that has just been started."""
    found = copy(keys)
    found._known = (0, {})
    return found


def test_a_worker_killed_while_it_writes_takes_no_key_away(
    issuer: Issuer, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.running.slate.mmap.mmap", Memory)
    client = Client(name="Example EHR", iss=issuer.iss, jwks_url="https://ehr.example/jwks")
    keys = KeySet(client, server.read, exposed=False, clock=lambda: server.now)
    keys.load()
    server.publish(Issuer("Example laboratory", "https://lab.example"), issuer)
    Memory.kills = True
    try:
        with pytest.raises(Killed):
            keys.load()
    finally:
        Memory.kills = False
    for worker in (keys, newcomer(keys)):
        assert worker.find(issuer.kid, "ES384") is not None, "no restart is needed"


def test_a_torn_set_is_read_anew_and_known_keys_go_on_serving(
    keys: KeySet, server: Server, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    keys.load()
    assert keys.find(issuer.kid, "ES384") is not None
    with keys._slate.held() as memory:
        count, *times, length = _HEAD.unpack_from(memory)
        _HEAD.pack_into(memory, 0, count + 1, *times, length + 50)
    server.now += REST_SECONDS + 1
    assert keys.find(issuer.kid, "ES384") is not None
    assert "is torn" in caplog.text
    assert settled(server, 2), "it was read anew at once, not after ten minutes"
    assert newcomer(keys).find(issuer.kid, "ES384") is not None


def test_a_defect_in_reading_holds_up_nobody_and_is_said(
    running: KeySet, server: Server, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    assert running.find(issuer.kid, "ES384") is not None

    def broken() -> bytes:
        raise ZeroDivisionError

    running._source = broken
    server.now += REST_SECONDS
    began = monotonic()
    assert running.find("new", "ES384") is None
    assert monotonic() - began < 1, "the call waited for a reading that had ended"
    assert running.find(issuer.kid, "ES384") is not None, "what is known goes on serving"
    said = "client Example EHR could not be read: reading it failed (ZeroDiv"
    while said not in caplog.text and monotonic() - began < 5:
        sleep(0.01)
    assert said in caplog.text, "a defect of ours must be said"


def test_unknown_names_do_not_make_it_ask_again(keys: KeySet, server: Server) -> None:
    for number in range(50):
        assert keys.find(f"made-up-{number}", "ES384") is None
    assert server.asked == 1


def test_a_set_is_read_again_after_ten_minutes_beside_the_call(
    keys: KeySet, server: Server, issuer: Issuer
) -> None:
    assert keys.find(issuer.kid, "ES384") is not None
    server.now += RENEW_SECONDS - 1
    assert keys.find(issuer.kid, "ES384") is not None
    assert server.asked == 1
    server.going.clear()
    server.now += 1
    assert keys.find(issuer.kid, "ES384") is not None, "a call waits for nothing that it knows"
    server.going.set()
    assert settled(server, 2)


def test_what_is_known_serves_while_the_set_cannot_be_reached(
    keys: KeySet, server: Server, issuer: Issuer
) -> None:
    assert keys.find(issuer.kid, "ES384") is not None
    server.document = None
    for times in range(2, 5):
        server.now += RENEW_SECONDS
        assert keys.find(issuer.kid, "ES384") is not None
        assert settled(server, times)
    server.document = b"<html>maintenance</html>"
    server.now += RENEW_SECONDS
    assert keys.find(issuer.kid, "ES384") is not None
    assert settled(server, 5)
    assert keys.find(issuer.kid, "ES384") is not None


def test_a_set_that_was_emptied_is_empty(keys: KeySet, server: Server, issuer: Issuer) -> None:
    assert keys.find(issuer.kid, "ES384") is not None
    server.publish()
    server.now += RENEW_SECONDS
    keys.find(issuer.kid, "ES384")
    assert settled(server, 2)
    threading.Event().wait(0.05)
    assert keys.find(issuer.kid, "ES384") is None


def test_no_key_is_to_be_had_where_the_set_never_was(
    keys: KeySet, server: Server, issuer: Issuer
) -> None:
    server.document = None
    assert keys.find(issuer.kid, "ES384") is None
    assert keys.find(issuer.kid, "ES384") is None
    assert server.asked == 1


def test_calls_at_once_ask_once_and_all_find_it(
    keys: KeySet, server: Server, issuer: Issuer
) -> None:
    server.going.clear()
    found: list[Any] = []
    calls = [
        threading.Thread(target=lambda: found.append(keys.find(issuer.kid, "ES384")))
        for _ in range(20)
    ]
    for call in calls:
        call.start()
    threading.Event().wait(0.1)
    server.going.set()
    for call in calls:
        call.join(10)
    assert len(found) == 20
    assert None not in found
    assert server.asked == 1


@pytest.fixture
def web() -> Iterator[FhirServer]:
    """A server that plays what it is told under `/jwks`."""
    with serving(Script({}, "", {}, answer({}, 404), base="")) as server:
        yield server


def fetched(web: FhirServer, play: Play) -> bytes:
    web.script.plays["/jwks"] = play
    client = Client(name="x", iss="x", jwks_url=f"{web.base}/jwks")
    return source(client, Settings())()


def test_a_set_is_fetched_without_anything_else(web: FhirServer, issuer: Issuer) -> None:
    document = json.dumps(issuer.jwks()).encode()
    assert fetched(web, answer(document)) == document
    (seen,) = web.script.seen
    names = {name.lower() for name in seen.headers}
    assert not names & {"authorization", "cookie"}


@pytest.mark.parametrize(
    "play",
    [
        answer({}, 404),
        answer({}, 500),
        answer(b"", 302, {"Location": "/elsewhere"}),
        answer(b" " * (MAX_BYTES + 1)),
        hang,
        drip_body,
        say(b"\x16\x03\x01nonsense"),
        say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n" + b"x" * 100_000),
    ],
    ids=[
        "missing",
        "failing",
        "redirecting",
        "too large",
        "hanging",
        "dripping",
        "no HTTP",
        "a negative chunk",
    ],
)
def test_a_server_that_misbehaves_gives_no_keys(web: FhirServer, play: Play) -> None:
    with pytest.raises(KeysUnreadable):
        fetched(web, play)
    assert [one.target for one in web.script.seen] == ["/jwks"], "no redirect is followed"


def test_a_file_is_read_again_too(tmp_path: Path, issuer: Issuer) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(issuer.jwks()))
    client = Client(name="x", iss="x", jwks_file=file)
    now = [0.0]
    keys = KeySet(client, source(client, Settings()), exposed=False, clock=lambda: now[0])
    keys.load()
    issuer.rotate()
    file.write_text(json.dumps(issuer.jwks()))
    now[0] += REST_SECONDS
    assert keys.find(issuer.kid, "ES384") is not None


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    client = Client(name="x", iss="x", jwks_file=tmp_path / "gone.json")
    with pytest.raises(KeysUnreadable, match=r"gone\.json cannot be read"):
        source(client, Settings())()
