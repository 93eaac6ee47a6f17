"""Which drug an order is, whose it is, and what it is for: `cases/drugs.toml`."""

from typing import Any

import pytest

from hooks.chart.codes import drugs
from hooks.chart.codes.drugs import DrugClass, Recognition
from hooks.chart.codes.routes import Route
from hooks.chart.codes.salts import SULFATE, Named
from tests.hooks import test_order_cases
from tests.hooks.casefiles import cases

CODES = drugs.load()
ROUTES = {"none": None} | {route.value: route for route in Route}


@pytest.mark.parametrize("case", cases("drugs.toml"))
def test_order(case: dict[str, Any]) -> None:
    test_order_cases.test_order(case)


def recognized(text: str, route: Route | None = None, *ingredients: str) -> Recognition:
    return CODES.recognize((), (text,), route, [Named((), (each,)) for each in ingredients])


@pytest.mark.parametrize("name", cases("drugs.toml", "name"))
def test_a_name(name: dict[str, Any]) -> None:
    """Each of the texts, by each of the routes, is the magnesium that the case says."""
    expected = name["magnesium"]
    for text in name["texts"]:
        for route in name["routes"]:
            found = recognized(text, ROUTES[route])
            given = "no" if found.magnesium is None else found.magnesium.value
            assert given == expected, f"{name['because']}: {text!r} by route {route}"
            if "salt" in name:
                assert (found.salt or "not named") == name["salt"], f"{name['because']}: {text!r}"


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
