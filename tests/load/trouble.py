"""A FHIR server, in a process of its own, that fails or hangs for a third of what it is asked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from random import Random
from typing import Any

import msgspec

from service import site
from service.settings import Settings
from tests.fhir.script import Handler, Play, Script, answer, drip_body, drop, hang, serving

encode = msgspec.json.Encoder(decimal_format="number").encode

#: One of so many reads is answered by one of the troubles.
ONE_IN = 3
TROUBLES: tuple[Play, ...] = (hang, answer({}, 500), drop, drip_body)


@contextmanager
def server(patient: str, data: Mapping[str, Any]) -> Iterator[str]:
    """The base URL of a server that has `data` under the service's prefetch keys."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, patient, dict(data)), daemon=True)
    process.start()
    try:
        yield str(ours.recv())
    finally:
        ours.send("end")
        process.join(30)


def _serve(connection: Connection, patient: str, data: dict[str, Any]) -> None:
    chance = Random(1)  # noqa: S311 - chooses troubles, no secret
    plays = {key: _sometimes(answer(encode(document)), chance) for key, document in data.items()}
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    (hook,) = site.services(Settings())
    script = Script(hook.prefetch, patient, plays, _sometimes(answer(empty), chance))
    with serving(script) as running:
        connection.send(running.base)
        connection.recv()


def _sometimes(good: Play, chance: Random) -> Play:
    def play(handler: Handler) -> None:
        trouble = chance.randrange(ONE_IN) == 0
        (chance.choice(TROUBLES) if trouble else good)(handler)

    return play
