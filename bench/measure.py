"""A case, measured: the service and the floors in turn, round by round."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from bench import load
from bench.case import Case
from bench.load import BadLoad, Load
from bench.process import Memory, Process, floor, service
from bench.signer import Signer

SERVICE, LEAN, PLAIN = "service", "lean floor", "plain floor"
#: Tokens for a load, at the least; later loads know how fast the service is.
_FEWEST_TOKENS = 5000
_WARM_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds of so many seconds, at so many connections, with `workers`
    processes of each server."""

    rounds: int
    seconds: float
    connections: int = 16
    workers: int = 2


@dataclass(frozen=True)
class Round:
    """One server under load for a while. `cpu` is CPU time of all its processes for each call, in
    microseconds."""

    cpu: float
    load: Load


@dataclass
class Measured:
    """The rounds of each server, in order, and what they were about."""

    case: Case
    connections: int
    request_bytes: int
    answer_bytes: int
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    memory: list[Memory] = field(default_factory=list)

    def cpu(self, server: str) -> float:
        """The median CPU time of a call, in microseconds."""
        return median(one.cpu for one in self.rounds[server])

    def ratio(self, other: str) -> float:
        """CPU time of the service to that of `other`: the median of the ratios of the rounds, as
        what disturbs one half of a round mostly disturbs the other."""
        pairs = zip(self.rounds[SERVICE], self.rounds[other], strict=True)
        return median(own.cpu / floor.cpu for own, floor in pairs)


class Stage:
    """The servers of one case, all running, one of them under load at a time."""

    def __init__(self, case: Case, plan: Plan, directory: Path, floors: Sequence[str]) -> None:
        self._case = case
        self.plan = plan
        self._directory = directory / case.name
        self._floors = floors
        self._signer = Signer(self._directory / "keys") if case.auth else None
        self._rate = 0.0
        self._open = ExitStack()

    def __enter__(self) -> "Stage":
        settings = self._signer.settings() if self._signer else {}
        with ExitStack() as opening:
            workers = self.plan.workers
            own = opening.enter_context(service(self._directory / "service", workers, **settings))
            self.bodies = self._case.bodies()
            self._calls = load.write_calls(self._directory / "calls", self._case.path, self.bodies)
            answer = self._answer(own)
            self.servers = {SERVICE: own}
            for name in self._floors:
                kind = name.partition(" ")[0]
                self.servers[name] = opening.enter_context(
                    floor(kind, self._directory / kind, workers, answer)
                )
            self.answer_bytes = len(answer)
            for name in self.servers:
                self._load(name, _WARM_SECONDS)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def rounds(self) -> Measured:
        """Load each server in turn; every other round in the other order."""
        measured = Measured(
            self._case, self.plan.connections, len(self.bodies[0]), self.answer_bytes
        )
        for number in range(self.plan.rounds):
            for name in _alternating(list(self.servers), number):
                one = self._round(name)
                measured.rounds.setdefault(name, []).append(one)
        measured.memory = self.servers[SERVICE].memory()
        return measured

    def half(self, seconds: float) -> Load:
        """The service at half of the rate that it reached at most."""
        most = self._load(SERVICE, seconds).rate
        self.servers[SERVICE].rest()
        return load.steady(
            self.servers[SERVICE].port, most / 2, seconds, self._case.path, self.bodies
        )

    def _round(self, name: str) -> Round:
        server = self.servers[name]
        server.rest()
        before = server.cpu_seconds()
        done = self._load(name, self.plan.seconds)
        server.rest()
        return Round((server.cpu_seconds() - before) / done.requests * 1e6, done)

    def _load(self, name: str, seconds: float) -> Load:
        own = name == SERVICE
        tokens = None
        if own and self._signer:
            count = max(_FEWEST_TOKENS, int(self._rate * seconds * 2))
            tokens = self._signer.write(self._directory / "tokens", count, self._case.path)
        done = load.full(
            self.servers[name].port,
            self.plan.connections,
            seconds,
            self._calls,
            self._case.status if own else 200,
            tokens,
        )
        if own:
            self._rate = max(self._rate, done.rate)
        return done

    def _answer(self, own: Process) -> bytes:
        """What the service answers to the first call."""
        headers = {"Content-Type": "application/json"}
        if self._signer:
            headers["Authorization"] = f"Bearer {self._signer.token(self._case.path)}"
        connection = HTTPConnection("127.0.0.1", own.port, timeout=30)
        connection.request("POST", self._case.path, self.bodies[0], headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status != self._case.status:
            said = content[:300].decode("utf-8", "replace")
            raise BadLoad(f"the first call was answered {answer.status}: {said}")
        return content


def _alternating(names: list[str], number: int) -> Iterator[str]:
    yield from (names if number % 2 == 0 else reversed(names))


def ready_seconds(directory: Path, times: int, workers: int) -> list[float]:
    """How long the service takes from its start until it is ready, several times."""
    taken = []
    for number in range(times):
        with service(directory / f"start-{number}", workers) as started:
            taken.append(started.ready_after)
    return taken
