"""A short run of `make fuzz`, and every attack that once broke something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import invariants, seeds, target
from tests.fuzz.attack import Attack, load, save
from tests.fuzz.campaign import Campaign
from tests.fuzz.target import Target

BODIES = 1500
SEED = 20261123


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The application under attack."""
    with target.running(tmp_path_factory.mktemp("fuzz")) as service:
        yield service


def broken(service: Target, attack: Attack) -> list[str]:
    """The rules that the answer to an attack breaks, in words."""
    return [str(breach) for breach in invariants.breaches(attack, service.take(attack))]


def test_the_honest_requests_break_no_rule(service: Target) -> None:
    for attack in seeds.own():
        assert broken(service, attack) == [], attack.body[:300]


@pytest.mark.parametrize("name", seeds.kept())
def test_what_once_broke_a_rule_breaks_none(service: Target, name: str) -> None:
    assert broken(service, seeds.kept()[name]) == []


def test_hostile_requests_break_no_rule(tmp_path: Path) -> None:
    with target.running(tmp_path) as service:
        campaign = Campaign(service, list(seeds.own()), SEED)
        while campaign.done < BODIES:
            attack, breaches = campaign.step()
            found = [str(breach) for breach in breaches]
            assert found == [], f"attack {campaign.done} of seed {SEED}: {attack}"[:4000]
        assert service.unrecorded() == []
    met = {200, 400, 404, 405, 412, 413, 415, 422}
    assert met <= campaign.statuses.keys(), "the attacks reach every kind of refusal"
    assert campaign.statuses[200] > BODIES / 5, "many attacks get past the door"


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    service: Target, tmp_path: Path
) -> None:
    whole, stopped = (Campaign(service, list(seeds.own()), 7) for _ in range(2))
    expected = [whole.step()[0] for _ in range(120)]
    made = [stopped.step()[0] for _ in range(60)]
    stopped.save(tmp_path)
    resumed = Campaign(service, list(seeds.own()), 7)
    resumed.resume(tmp_path)
    assert resumed.done == 60
    made += [resumed.step()[0] for _ in range(60)]
    assert made == expected
    assert resumed.statuses == whole.statuses


@pytest.mark.parametrize("body", [b'{"a": "\xff"}', '{"a": "é"}'.encode(), b""])
def test_an_attack_is_kept_to_the_byte(tmp_path: Path, body: bytes) -> None:
    attack = Attack(body, "PUT", "/x?y", (("Content-Type", "a/b"), ("Host", "\xff")))
    save(attack, tmp_path / "one.json", "nothing")
    assert load(tmp_path / "one.json") == attack
