"""The lists of words: none stands twice, and each can be found in a text as names are looked up."""

import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from hooks.chart.codes import products
from hooks.chart.codes.mixture import MixtureNames
from hooks.chart.codes.unnamed import UnnamedMagnesium
from hooks.chart.codes.words import folded

WORDS = products.load()
LISTS = tomllib.loads(
    resources.files("hooks.chart.codes").joinpath("magnesium_products.toml").read_text("utf-8")
)
TIMING = tomllib.loads(
    resources.files("hooks.chart.codes").joinpath("timing.toml").read_text("utf-8")
)
#: These are looked for in texts as they came: there a hyphen or a raised letter is another one.
RAW = {"elemental"}


def lists() -> Iterator[Any]:
    for ingredient in LISTS["ingredient"]:
        for name in ("names", "symbols"):
            words = ingredient.get(name, [])
            yield pytest.param(words, id=f"{ingredient['name']}: {name}")
    for part in LISTS.keys() - {"ingredient", "product"} - RAW:
        for name, words in LISTS[part].items():
            if isinstance(words, list) and not name.endswith("_codes"):
                yield pytest.param(words, id=f"{part}: {name}")


@pytest.mark.parametrize("words", [*lists()])
def test_no_word_stands_twice(words: list[str]) -> None:
    told = [folded(word).lower() for word in words]
    assert [word for word in told if told.count(word) > 1] == []


def test_no_word_of_timing_says_the_same_twice() -> None:
    said: dict[str, list[str]] = {}
    for listed in TIMING["words"]:
        said.setdefault(listed["says"], []).extend(listed["names"])
    twice = [
        (says, name) for says, names in said.items() for name in names if names.count(name) > 1
    ]
    assert twice == []


@pytest.mark.parametrize(
    "name", [*WORDS.mixture.diluents, *WORDS.mixture.solutions, *WORDS.mixture.fluids]
)
def test_a_diluent_is_found_by_its_name(name: str) -> None:
    assert MixtureNames(WORDS.mixture).is_diluent(folded(name)), "no word that no text can hold"


@pytest.mark.parametrize("name", WORDS.unnamed.ions_of)
def test_ions_of_a_fluid_are_none_that_anybody_gives(name: str) -> None:
    unnamed = UnnamedMagnesium(WORDS.unnamed)
    assert unnamed.is_by_free_symbol(folded("Infusion (Na, K, Mg)")), "else the case tells nothing"
    assert not unnamed.is_by_free_symbol(folded(f"{name} (Na, K, Mg)")), name


@pytest.mark.parametrize("name", WORDS.unnamed.listed_beside)
def test_what_a_protocol_is_for_is_none_that_is_given(name: str) -> None:
    unnamed = UnnamedMagnesium(WORDS.unnamed)
    assert unnamed.is_by_free_symbol(folded("Order set per K/Mg protocol")), "else it tells nothing"
    assert not unnamed.is_by_free_symbol(folded(f"{name} per K/Mg protocol")), name


@pytest.mark.parametrize("name", WORDS.unnamed.bound_to)
def test_the_salt_of_another_drug_is_none_that_is_given(name: str) -> None:
    unnamed = UnnamedMagnesium(WORDS.unnamed)
    assert not unnamed.is_named(unnamed.unbound(folded(f"{name} magnesium")).lower()), name
