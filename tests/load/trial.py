"""One trial: load beside a failing FHIR server, then more of it with a stop in the middle."""

import copy
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service import fixture, site
from service.settings import Settings
from tests.durability.kills import recorded
from tests.durability.load import SEED, Call
from tests.durability.site import Site
from tests.load import trouble
from tests.load.storm import Credentials, End, Sent, Storm
from tests.load.watch import Held, Watch, held

TOKEN = {
    "access_token": "opaque-load-1",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/*.read",
    "subject": "magnesia",
}
#: Out of six calls, four bring everything; of the others one lacks what no answer can do without.
WHOLE, OPTIONAL, REQUIRED = "full prefetch", "creatinine and potassium missing", "magnesium missing"
KINDS = (WHOLE, WHOLE, OPTIONAL, WHOLE, WHOLE, REQUIRED)
_MISSING: dict[str, tuple[str, ...]] = {
    WHOLE: (),
    OPTIONAL: ("creatinine", "potassium"),
    REQUIRED: ("magnesium",),
}
#: Of an answer to such calls: a dose or silence, or 412 where the FHIR server gave nothing.
EXPECTED = frozenset({200, 412})
LONGEST_SECONDS = 2.0


@dataclass(frozen=True)
class Steady:
    """The load itself, and what the service held before, at most meanwhile, and after."""

    rate: float
    sent: Sequence[Sent]
    before: Held
    most: Held
    after: Held
    #: Answered calls whose decision is not in the record.
    unrecorded: int

    @property
    def statuses(self) -> Counter[int | None]:
        """How many answers had which status; None: no answer."""
        return Counter(each.status for each in self.sent)

    def times(self, kind: str | None = None) -> list[float]:
        """Seconds that callers waited, of all calls or of one kind."""
        return [each.seconds for each in self.sent if kind in (None, KINDS[each.kind])]


@dataclass(frozen=True)
class Stopped:
    """A stop under load. A call is `before` if it was sent whole before the stop was."""

    seconds_to_end: float
    exit_status: int
    before: Counter[End]
    after: Counter[End]
    statuses: Counter[int | None]
    #: Calls without a whole answer whose decision is in the record: worked on, and not answered.
    processed_unanswered: int
    #: Calls with an answer whose decision is not in the record.
    answered_unrecorded: int
    #: How long a call waited at most to be turned away, in seconds; 0 if none was.
    longest_turned_away: float


@dataclass(frozen=True)
class Trial:
    """Both."""

    steady: Steady
    stopped: Stopped


def run(
    directory: Path,
    rate: float,
    seconds: float,
    settle: float,
    settings: dict[str, str] | None = None,
    credentials: Credentials = dict,
) -> Trial:
    """Warm up for a third of the time, load for `seconds`, stop under the same load."""
    request = fixture.load(SEED).freshened(datetime.now(UTC))
    (hook,) = site.services(Settings())
    # Where the fixture has nothing, the client looked and found nothing.
    request["prefetch"] = dict.fromkeys(hook.prefetch) | request["prefetch"]
    url = f"sqlite:///{directory / 'magnesia.sqlite'}"
    with trouble.server(request["context"]["patientId"], request["prefetch"]) as base:
        calls = [Call(_lacking(request, base, _MISSING[kind])) for kind in KINDS]
        listed = {"MAGNESIA_FHIR_SERVERS": base, **(settings or {})}
        host = Site(directory / "host", url)
        host.expect(**listed)
        with host:

            def storm(lasting: float) -> Storm:
                return Storm(host.port, calls, rate, lasting, credentials)

            _through(storm(seconds / 3))
            time.sleep(settle)
            before = held(host)
            with Watch(host) as watch:
                steady = _through(storm(seconds))
            time.sleep(settle)
            after = held(host)
            last = storm(min(10.0, seconds))
            stop = _stopped(host, last)
    there = set(recorded(url))
    return Trial(
        Steady(rate, steady, before, watch.most, after, _missing(steady, there)),
        _account(last.sent, stop, there),
    )


@dataclass(frozen=True)
class _Stop:
    at: float
    ended: float
    status: int


def _through(storm: Storm) -> Sequence[Sent]:
    storm.start()
    storm.finish()
    return storm.sent


def _stopped(host: Site, storm: Storm) -> _Stop:
    storm.start()
    time.sleep(storm.seconds / 2)
    at = time.monotonic()
    host.tell_to_stop()
    status = host.wait()
    ended = time.monotonic()
    storm.finish()
    return _Stop(at, ended, status)


def _account(sent: Sequence[Sent], stop: _Stop, there: set[str]) -> Stopped:
    before = [each for each in sent if each.began < stop.at]
    after = [each for each in sent if each.began >= stop.at]
    return Stopped(
        stop.ended - stop.at,
        stop.status,
        Counter(each.end for each in before),
        Counter(each.end for each in after),
        Counter(each.status for each in sent if each.end is End.ANSWERED),
        sum(each.end is not End.ANSWERED and each.name in there for each in sent),
        _missing(sent, there),
        max((each.taken for each in after if each.end is not End.ANSWERED), default=0),
    )


def _missing(sent: Sequence[Sent], there: set[str]) -> int:
    return sum(each.end is End.ANSWERED and each.name not in there for each in sent)


def _lacking(request: dict[str, Any], base: str, keys: Sequence[str]) -> dict[str, Any]:
    """The request with leave to read the FHIR server, without the prefetch of these keys."""
    call = copy.deepcopy(request) | {"fhirServer": base, "fhirAuthorization": TOKEN}
    for key in keys:
        del call["prefetch"][key]
    return call
