"""What drugs are called by systems and wards, and what is made of it: `cases/drugs.toml` and
`cases/names.toml`."""

from decimal import Decimal
from typing import Any

import pytest

from hooks.chart.codes import drugs
from hooks.chart.codes.drugs import DrugClass, Recognition
from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import SULFATE, Named
from tests.hooks.casefiles import cases

CODES = drugs.load()
ROUTES = {"none": None} | {route.value: route for route in Route}
KNOWN = {"name", "because", "texts", "routes", "magnesium"}


def recognized(text: str, route: Route | None = None, *ingredients: str) -> Recognition:
    return CODES.recognize((), (text,), route, [Named((), (each,)) for each in ingredients])


@pytest.mark.parametrize("name", [*cases("drugs.toml", "name"), *cases("names.toml", "name")])
def test_a_name_is_read_as_its_case_says(name: dict[str, Any]) -> None:
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


def test_magnesium_in_a_mixture_hides_no_other_drug() -> None:
    found = recognized("potassium chloride 20 MEQ / magnesium sulfate 2 GM", Route.INTRAVENOUS)
    assert (found.salt, found.is_mixture, found.strength) == (SULFATE, True, None)
    assert {kind for drug in found.drugs for kind in drug.classes} == {DrugClass.POTASSIUM}, (
        "potassium beside a low magnesium is named (clinical 5 b)"
    )


def test_a_salt_in_a_vein_is_no_magnesium_by_mouth() -> None:
    assert recognized("magnesium aspartate", Route.INTRAVENOUS).drugs == ()


def test_the_strength_of_a_mixture_is_nobodys() -> None:
    text = "thiamine 100 MG / magnesium sulfate 40 MG/ML"
    assert recognized(text, Route.INTRAVENOUS).strength is None
