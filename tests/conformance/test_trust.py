"""Trust: assertions 89 to 96, 98 and 99, against a server in processes of its own.

Two workers answer, so what one of them has seen the other must know.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import time
from typing import Any

import pytest
import requests

from service.clock import utc_now
from tests.conformance.assertions import demand
from tests.conformance.exchange import DISCOVERY, SERVICE, read
from tests.conformance.stage import encode
from tests.durability.site import Site
from tests.fhir.script import FhirServer, Script, answer, serving
from tests.fhir.test_process import SEED
from tests.trust.forgeries import FORGERIES, World
from tests.trust.issuer import Issuer, encoded, packed, spare_key, write_clients

FEEDBACK = f"{SERVICE}/feedback"
PATIENT = SEED.request["context"]["patientId"]
SECONDS = 30


@dataclass
class House:
    """The service, its clients, and the server on which two of them publish keys."""

    site: Site
    web: FhirServer
    ehr: Issuer
    lab: Issuer
    bound: Issuer
    remote: Issuer
    sent: list[str] = field(default_factory=list)

    def audience(self, path: str = SERVICE) -> str:
        return f"{self.site.url}{path}"

    def call(self, token: str | None, path: str = SERVICE, **headers: str) -> requests.Response:
        """A call of `path` that is right but for its token."""
        if token is not None:
            self.sent.append(token)
            headers["Authorization"] = f"Bearer {token}"
        if path == DISCOVERY:
            return requests.get(self.site.url + path, headers=headers, timeout=SECONDS)
        feedback = {
            "card": "f6b95768-b1c8-40dc-8385-bf3504b82ffb",
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-23T10:00:00Z",
        }
        body = {"feedback": [feedback]} if path == FEEDBACK else SEED.freshened(utc_now())
        return requests.post(
            self.site.url + path,
            data=encode(body),
            headers={"Content-Type": "application/json", **headers},
            timeout=SECONDS,
        )

    def publish(self, issuer: Issuer) -> None:
        self.web.script.plays["/remote"] = answer(json.dumps(issuer.jwks()).encode())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    directory = tmp_path_factory.mktemp("trust")
    with serving(Script({}, "", {}, answer({}, 404), base="")) as web:
        remote = Issuer("Remote", "https://remote.example", jwks_url=f"{web.base}/remote")
        house = House(
            Site(directory, f"sqlite:///{directory / 'magnesia.sqlite'}"),
            web,
            Issuer("Example EHR", "https://ehr.example"),
            Issuer("Example laboratory", "https://lab.example", "RS384"),
            Issuer("Bound EHR", "https://bound.example", tenants=["ward-1"]),
            remote,
        )
        house.publish(remote)
        clients = write_clients(directory, house.ehr, house.lab, house.bound, remote)
        house.site.expect(
            MAGNESIA_AUTH="required",
            MAGNESIA_CLIENTS=str(clients),
            MAGNESIA_BASE_URL=house.site.url,
        )
        with house.site:
            yield house


def assert_refused(number: int, response: requests.Response, about: object) -> None:
    found = f"{about}: {response.status_code}"
    assert response.status_code == 401, demand(number, found)
    assert response.headers.get("WWW-Authenticate") == "Bearer", demand(89, found)
    (issue,) = read(response.content)["issue"]
    assert issue["code"] == "security", demand(89, f"{about}: {issue}")


def assert_accepted(number: int, response: requests.Response, about: object) -> None:
    found = f"{about}: {response.status_code} {response.text[:200]}"
    assert response.status_code == 200, demand(number, found)


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_a89_without_a_token_nothing_is_to_be_had(house: House, path: str) -> None:
    without = house.call(None, path)
    assert_refused(89, without, path)
    wrong = house.call(house.ehr.token("https://elsewhere.example"), path)
    nonsense = house.call("nonsense", path)
    assert without.content == wrong.content == nonsense.content, demand(89, "it says more")
    assert_accepted(89, house.call(house.ehr.token(house.audience(path)), path), path)


@pytest.mark.parametrize("name", FORGERIES["algorithm"])
def test_a90_no_algorithm_is_chosen_by_the_token(house: House, name: str) -> None:
    # Made for a moment and an address that are not these; what is tried here comes first anyway.
    world = World(house.ehr, house.lab, house.bound)
    assert_refused(90, house.call(FORGERIES["algorithm"][name](world)), name)


def test_a90_what_is_not_signed_by_the_client_is_refused(house: House) -> None:
    ehr, audience = house.ehr, house.audience()
    claims = ehr.claims(audience)
    good = ehr.signed(ehr.header(), claims).split(".")
    other = packed({**claims, "exp": claims["exp"] + 60})
    for about, token in {
        "a wrong key": ehr.signed(ehr.header(), claims, key=spare_key("ES384")),
        "tampered claims": ".".join([good[0], other, good[2]]),
        "tampered header": ".".join([packed(ehr.header(x=1)), *good[1:]]),
        "alg none": f"{packed(ehr.header(alg='none'))}.{good[1]}.",
        "alg none, signed": f"{packed(ehr.header(alg='none'))}.{good[1]}.{good[2]}",
        "an empty signature": f"{good[0]}.{good[1]}.{encoded(b'')}",
    }.items():
        assert_refused(90, house.call(token), about)
    assert_accepted(90, house.call(".".join(good)), "the token itself")


def test_a91_a_token_is_for_one_endpoint(house: House) -> None:
    audience = house.audience()
    for wrong in (
        house.site.url,
        house.audience(DISCOVERY),
        house.audience("/cds-services/other"),
        audience.replace("127.0.0.1", "localhost"),
        audience.replace("http:", "https:"),
        f"{audience}/",
        [house.site.url, house.audience(DISCOVERY)],
        [],
    ):
        assert_refused(
            91,
            house.call(house.ehr.signed(house.ehr.header(), house.ehr.claims(audience, aud=wrong))),
            wrong,
        )
    among: Any = ["https://elsewhere.example", audience]
    assert_accepted(91, house.call(house.ehr.token(among)), among)


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"iat": -400, "exp": -100},
    "no exp": {"exp": None},
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "no iss": {"iss": None},
    "too long": {"exp": 3700},
    "from the future": {"iat": 200, "exp": 400},
}


@pytest.mark.parametrize("about", WRONG)
def test_a92_a_token_says_when_and_of_whom_it_is(house: House, about: str) -> None:
    now = int(time())
    changes = {
        name: now + value if isinstance(value, int) else value
        for name, value in WRONG[about].items()
    }
    assert_refused(92, house.call(house.ehr.token(house.audience(), **changes)), about)


def test_a92_a_token_names_its_key_and_its_type(house: House) -> None:
    for changes in ({"kid": None}, {"kid": "unknown"}, {"typ": None}, {"typ": "at+jwt"}):
        header = house.ehr.header(**changes)
        token = house.ehr.signed(header, house.ehr.claims(house.audience()))
        assert_refused(92, house.call(token), changes)


def test_a93_a_token_is_good_once(house: House) -> None:
    tokens = [house.ehr.token(house.audience()) for _ in range(6)]
    for token in tokens:
        assert_accepted(93, house.call(token), "the first time")
    for token in tokens * 3:
        assert_refused(93, house.call(token), "another time, whichever worker answers")
    same = "the-same-jti"
    assert_accepted(93, house.call(house.ehr.token(house.audience(), jti=same)), "one client")
    assert_accepted(93, house.call(house.lab.token(house.audience(), jti=same)), "another client")
    assert_refused(93, house.call(house.lab.token(house.audience(), jti=same)), "again")


def test_a94_no_foreign_key_is_fetched(house: House) -> None:
    foreign = f"{house.web.base}/foreign"
    seen = len(house.web.script.seen)
    ehr, key = house.ehr, spare_key("ES384")
    for about, token in {
        "an unknown iss": ehr.token(house.audience(), iss="https://stranger.example"),
        "an unknown iss with its jku": ehr.signed(
            ehr.header(jku=foreign), ehr.claims(house.audience(), iss="https://stranger.example")
        ),
        "a foreign jku": ehr.signed(ehr.header(jku=foreign), ehr.claims(house.audience()), key=key),
        "a foreign jku over a good signature": ehr.signed(
            ehr.header(jku=foreign), ehr.claims(house.audience())
        ),
        "a foreign x5u": ehr.signed(ehr.header(x5u=foreign), ehr.claims(house.audience())),
        "a foreign jku of a client with a set elsewhere": house.remote.signed(
            house.remote.header(jku=foreign), house.remote.claims(house.audience()), key=key
        ),
    }.items():
        assert_refused(94, house.call(token), about)
    fetched = [one.target for one in house.web.script.seen[seen:]]
    assert fetched == [], demand(94, fetched)
    named = house.remote.header(jku=f"{house.web.base}/remote")
    token = house.remote.signed(named, house.remote.claims(house.audience()))
    assert_accepted(94, house.call(token), "the client's own jku")


def test_a95_known_keys_work_while_the_set_is_gone_and_asking_is_bounded(house: House) -> None:
    remote = house.remote
    assert_accepted(95, house.call(remote.token(house.audience())), "a published key")
    house.web.script.plays["/remote"] = answer({}, 503)
    for _ in range(10):
        assert_accepted(95, house.call(remote.token(house.audience())), "a known key")
        unknown = remote.signed(remote.header(kid="new"), remote.claims(house.audience()))
        assert_refused(95, house.call(unknown), "an unknown key")
    fetched = [one.target for one in house.web.script.seen if one.target == "/remote"]
    assert len(fetched) == 1, demand(95, f"fetched {len(fetched)} times by two workers")


def test_a96_both_recommended_algorithms_are_good(house: House) -> None:
    for issuer in (house.ehr, house.lab):
        assert_accepted(96, house.call(issuer.token(house.audience())), issuer.algorithm)


def test_a99_a_tenant_is_listed_or_refused(house: House) -> None:
    for tenant in (None, "ward-2", ["ward-1"], ""):
        token = house.bound.token(house.audience(), tenant=tenant)
        assert_refused(99, house.call(token), tenant)
    token = house.bound.token(house.audience(), tenant="ward-1")
    assert_accepted(99, house.call(token), "a listed tenant")
    assert_accepted(
        99, house.call(house.ehr.token(house.audience(), tenant="any")), "none is listed"
    )


def test_a98_no_token_and_no_patient_is_in_the_log(house: House) -> None:
    house.call(house.ehr.token(house.audience()), SERVICE)
    house.call(house.ehr.token("https://elsewhere.example"), SERVICE)
    log = house.site.log
    assert '"reason":"aud"' in log, demand(98, "nothing is logged, so nothing is shown by this")
    for token in house.sent:
        for part in token.split("."):
            assert len(part) < 20 or part not in log, demand(98, f"{part[:20]}...")
    family = SEED.request["prefetch"]["patient"]["name"][0]["family"]
    for word in (PATIENT, family, "Bearer ", "eyJ"):
        assert word not in log, demand(98, word)
