"""The names in the protocol's sentences: each is put into words, and in one place."""

from typing import Final

import pytest

from hooks.cards.words.vocabulary import VOCABULARY
from hooks.protocol.vocabulary import OF_THE_PATIENT

#: What only the sentence of one result, reason, finding, order or offer may name.
OF_ONE_THING: Final = frozenset(
    {
        *("at", "age", "detail", "status", "reported", "newer"),
        *("analyte", "creatinine", "earlier", "qtc", "drug"),
        *("order", "magnesium_order", "salt", "places", "past", "order_reason", "more"),
        *("draft_dose", "draft_rate", "draft_total"),
        "when",
    }
)
#: Python has a function of this name already.
OTHERWISE_NAMED: Final = {"next": "next_step"}


def test_every_name_of_a_patient_is_put_into_words() -> None:
    known = set(VOCABULARY) | OF_ONE_THING
    nobody, unasked = OF_THE_PATIENT - known, known - OF_THE_PATIENT
    assert not nobody, f"a sentence may name {sorted(nobody)}, and nothing puts them into words"
    assert not unasked, f"{sorted(unasked)} are put into words, and no sentence may name them"


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_a_word_is_found_under_its_own_name(name: str) -> None:
    function = VOCABULARY[name].__name__
    assert function == OTHERWISE_NAMED.get(name, name), f"{{{name}}} is told by {function}"
