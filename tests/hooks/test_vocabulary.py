"""The names in the protocol's sentences: each is put into words, and in one place."""

from typing import Final

import pytest

from hooks.cards.words.vocabulary import VOCABULARY
from hooks.protocol.vocabulary import OF_A_CARD

#: Python has a function of this name already.
OTHERWISE_NAMED: Final = {"next": "next_step"}


def test_every_name_of_a_card_is_put_into_words() -> None:
    nobody, unasked = OF_A_CARD - set(VOCABULARY), set(VOCABULARY) - OF_A_CARD
    assert not nobody, f"a sentence may name {sorted(nobody)}, and nothing puts them into words"
    assert not unasked, f"{sorted(unasked)} are put into words, and no sentence may name them"


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_a_word_is_found_under_its_own_name(name: str) -> None:
    function = VOCABULARY[name].__name__
    assert function == OTHERWISE_NAMED.get(name, name), f"{{{name}}} is told by {function}"
