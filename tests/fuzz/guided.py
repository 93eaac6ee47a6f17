"""The same attacks, guided by the lines of code that they reach: `make fuzz-guided`.

Needs atheris (tests/fuzz/requirements.txt), whose wheels are for x86-64 Linux only; that is why
it is in no lock. It drives the same target with the same mutations and the same invariants.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["hooks", "service"]):
    from tests.fuzz import attack as files
    from tests.fuzz import invariants, mutation, seeds, target
    from tests.fuzz.attack import CORPUS, FEEDBACK, Attack
    from tests.fuzz.target import Target

_POOL = seeds.ROOT / "build" / "fuzz" / "guided"


def main() -> None:
    """Run until something breaks, or for as long as libFuzzer's options say."""
    honest = list(seeds.own())
    _POOL.mkdir(parents=True, exist_ok=True)
    for number, attack in enumerate(honest):
        (_POOL / f"seed-{number:04}").write_bytes(attack.body)
    with tempfile.TemporaryDirectory() as directory, target.running(Path(directory)) as service:

        def mutate(data: bytes, largest: int, seed: int) -> bytes:
            chance = Random(seed)  # noqa: S311 - chooses attacks, no secret
            if chance.random() < 0.2:
                return bytes(atheris.Mutate(data, largest))
            return mutation.mutated(_attack(data), honest, chance).body[:largest]

        options = ["-max_len=100000", "-timeout=10", f"-artifact_prefix={_POOL}/", str(_POOL)]
        atheris.Setup(
            [sys.argv[0], *options, *sys.argv[1:]],
            lambda data: _one(service, data),
            custom_mutator=mutate,
        )
        atheris.Fuzz()


def _attack(data: bytes) -> Attack:
    return Attack(data, target=FEEDBACK) if b'"feedback"' in data[:40] else Attack(data)


def _one(service: Target, data: bytes) -> None:
    attack = _attack(data)
    breaches = invariants.breaches(attack, service.take(attack))
    if breaches:
        files.save(attack, CORPUS / "guided.json", str(breaches[0])[:300])
        raise AssertionError("\n".join(map(str, breaches)))


if __name__ == "__main__":
    main()
