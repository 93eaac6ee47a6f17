"""What drugs are called by systems and wards, and what is made of it: `cases/names.toml`."""

from decimal import Decimal
from typing import Any

import pytest

from hooks.chart.codes.drugs import Recognition
from tests.hooks import test_order_cases
from tests.hooks.casefiles import cases
from tests.hooks.test_drug_cases import ROUTES, recognized

KNOWN = {"name", "because", "texts", "routes", "magnesium"}


@pytest.mark.parametrize("case", cases("names.toml"))
def test_order(case: dict[str, Any]) -> None:
    test_order_cases.test_order(case)


@pytest.mark.parametrize("name", cases("names.toml", "name"))
def test_a_name(name: dict[str, Any]) -> None:
    """Each of the texts, by each of the routes, is what the case says."""
    for text in name["texts"]:
        for route in name["routes"]:
            found = recognized(text, ROUTES[route])
            rule = f"{name['because']}: {text!r} by route {route}"
            given = "no" if found.magnesium is None else found.magnesium.value
            assert given in name["magnesium"].split(" or "), rule
            for member in name.keys() - KNOWN:
                assert told(found, member) == name[member], f"{rule}: {member}"


def told(found: Recognition, member: str) -> Any:
    match member:
        case "salt":
            return found.salt or "not named"
        case "mixture":
            return found.is_mixture
        case "fluid":
            return found.in_fluid
        case "strength":
            held = found.strength
            return "none" if held is None else f"{held.mg_per_ml.normalize():f} mg/mL"
        case "drugs":
            return [drug.name for drug in found.drugs]
        case _:
            raise AssertionError(f"the case file says {member}, which nothing checks")


def test_a_volume_is_read_by_its_strength() -> None:
    held = recognized("magnesium sulfate 2 g in sodium chloride 0.9 % 50 mL").strength
    assert held is not None
    assert held.grams(Decimal(50)) == 2, "2 g in 50 mL"
    assert held.grams(Decimal(100)) is None, "more than the bag holds may be a mixture"
    assert held.running is None, "what runs of a diluted vial is the mixture"
