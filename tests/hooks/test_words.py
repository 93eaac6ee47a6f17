"""The word lists of dosage texts: what their words mean, and which lists are refused."""

from importlib import resources
from typing import Final

import pytest

from hooks.chart.codes import timing
from hooks.chart.codes.files import parse
from hooks.chart.codes.timing import Says
from hooks.errors import CodeListError

SHIPPED: Final = resources.files("hooks.chart.codes").joinpath("timing.toml").read_text("utf-8")


@pytest.mark.parametrize("says", [one for one in Says if one is not Says.AGAIN])
def test_a_list_that_lacks_a_kind_of_words_is_refused(says: Says) -> None:
    # A pattern of no words would find itself in every text.
    text = SHIPPED.replace(f'says = "{says}"\n', 'says = "again"\n')
    with pytest.raises(CodeListError, match="no word says"):
        parse(timing._Timing, text, "timing.toml")


def test_a_word_in_capital_letters_is_refused() -> None:
    with pytest.raises(CodeListError, match="PRN is not in small letters"):
        parse(timing._Timing, SHIPPED.replace('"prn"', '"PRN"'), "timing.toml")
