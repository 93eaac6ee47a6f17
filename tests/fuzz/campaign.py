"""A run of many attacks: each by its number, from a pool that grows with every new kind of answer.

The n-th attack follows from the seed, its number and the pool; the pool is kept beside the number
reached, so a run that was stopped goes on as if it had not been.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tests.fuzz import attack as files
from tests.fuzz import invariants, mutation
from tests.fuzz.attack import Attack
from tests.fuzz.invariants import Breach
from tests.fuzz.shrink import smallest
from tests.fuzz.target import Outcome, Target
from tests.vignettes.reading import ASSESSMENT

MOST = 3000
_LONGEST = 40_000
_DIGITS = re.compile(r"\d+")

Kind = tuple[Any, ...]


@dataclass
class Campaign:
    """`pool` are the attacks that others are made of, `seen` the kinds of answer so far."""

    target: Target
    pool: list[Attack]
    seed: int
    done: int = 0
    slowest: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    seen: set[Kind] = field(default_factory=set)
    found: list[Attack] = field(default_factory=list)

    def step(self) -> tuple[Attack, list[Breach]]:
        """Make the next attack, and say what is wrong with its answer."""
        chance = Random(f"{self.seed}:{self.done}")  # noqa: S311 - chooses attacks, no secret
        self.done += 1
        attack = mutation.mutated(chance.choice(self.pool), self.pool, chance)
        outcome = self.target.take(attack)
        self.statuses[outcome.status] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        self._learn(attack, outcome)
        return attack, invariants.breaches(attack, outcome)

    def shrunk(self, attack: Attack, breach: Breach) -> Attack:
        """The smallest attack that breaks the same rule."""

        def breaks(candidate: Attack) -> bool:
            outcome = self.target.take(candidate)
            rules = [each.rule for each in invariants.breaches(candidate, outcome)]
            return breach.rule in rules

        return smallest(attack, breaks)

    def _learn(self, attack: Attack, outcome: Outcome) -> None:
        """An attack whose answer is of a new kind may lead to more of them."""
        kind = kind_of(outcome)
        if kind in self.seen or len(self.seen) >= MOST:
            return
        self.seen.add(kind)
        if len(attack.body) <= _LONGEST:
            self.pool.append(attack)
            self.found.append(attack)

    def save(self, directory: Path) -> None:
        """Keep what is needed to go on."""
        for number, attack in enumerate(self.found):
            path = directory / f"{self.done:09}-{number:04}.json"
            files.save(attack, path, "a new kind of answer")
        self.found.clear()
        state = {"done": self.done, "statuses": dict(self.statuses), "slowest": self.slowest}
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "state").write_bytes(msgspec.json.encode(state))

    def resume(self, directory: Path) -> None:
        """Go on from what `save` kept, if it kept anything."""
        if not (directory / "state").exists():
            return
        state = msgspec.json.decode((directory / "state").read_bytes())
        self.done, self.slowest = state["done"], state["slowest"]
        self.statuses.update({int(name): count for name, count in state["statuses"].items()})
        for path in sorted(directory.glob("*.json")):
            attack = files.load(path)
            self.seen.add(kind_of(self.target.take(attack)))
            self.pool.append(attack)


def kind_of(outcome: Outcome) -> Kind:
    """What distinguishes an answer from others: not its texts, but what it decided and why."""
    try:
        document = msgspec.json.decode(outcome.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return (outcome.status,)
    if not isinstance(document, dict):
        return (outcome.status,)
    if "issue" in document:
        issues = [(issue.get("code"), issue["details"]["text"]) for issue in document["issue"]]
        texts = sorted({_DIGITS.sub("0", f"{code} {text}") for code, text in issues})
        return (outcome.status, *texts[:3])
    account = document.get("extension", {}).get(ASSESSMENT, {})
    return (
        outcome.status,
        *(str(account.get(name)) for name in ("band", "rule", "row", "silence", "tier")),
        *_sorted(one.get("id") for one in account.get("findings", ())),
        *_sorted(str(one.get("reasons")) for one in account.get("unusable", ())),
        *(
            f"{action['type']} {action['resource']['resourceType']}"
            for card in document.get("cards", ())
            for suggestion in card.get("suggestions", ())
            for action in suggestion["actions"]
        ),
    )


def _sorted(texts: Any) -> Sequence[str]:
    return sorted({str(text) for text in texts})
