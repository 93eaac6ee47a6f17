"""Repetition: whether words say that a dose is given again."""

import re
from typing import Final

from hooks.chart.codes.timing import Says, timing_words
from hooks.chart.directions import of_the_dose, plain_text

_HOURS: Final = rf"{timing_words(Says.HOURS)}(?!\w)"
_AMOUNT: Final = rf"{timing_words(Says.AMOUNT)}(?!\w)"
_MONITORED: Final = timing_words(Says.OF_THE_HEART, Says.WATCH)

_AND: Final = r"\s?(?:,|&|\+|/|and|und|et|y|en)\s?(?:at\s)?"

#: Texts are searched in small letters. The listed words, and what is known by its form.
_AGAIN: Final = re.compile(
    rf"""(?: [/]\s?{timing_words(Says.A_DAY)} | (?<!\w)(?:
        q\.?\s?\d\w* | q\.?\s?[dh]\.? | [btq]\.?i\.?d\.? | p\.?r\.?n\.?
      | [bo]\.d\.? | [tq]\.d\.s\.?
      | {timing_words(Says.TIMES)}\s(?:[2-9]|\d\d)(?!\w)(?!\s?{_HOURS})
      | x\s?(?:[2-9]|1\d)(?!\w)(?!\s?(?:{timing_words(Says.MEASURE)}|{_HOURS}))
      | [2-9]\s?x\s?\d{{1,3}}(?:[.,]\d)?\s?{_AMOUNT}(?!\s{timing_words(Says.CONTAINER)})
      | (?<!-)\d-\d-\d(?:-\d)?(?!-)
      | {timing_words(Says.GOES_ON)}(?!\w)
        (?!\s(?:(?!{timing_words(Says.INFUSED)})\w{{1,20}}\s)?{_MONITORED})
      | {timing_words(Says.RUN)}\s(?:\w{{1,20}}\s){{0,3}}?{timing_words(Says.ADVERB)}
      | {timing_words(Says.ADVERB)}(?!\w)(?!\s{_MONITORED})
      | {timing_words(Says.THEN)}(?!\w)
        (?!\s(?:please\s)?{timing_words(Says.WATCH, Says.ASIDE, Says.ENDED)}(?!\w))
      | {timing_words(Says.FOLLOWED)}
        (?!\s(?:(?:a|an|\d{{1,3}}\s?ml|0[.,]9\s?%?|[a-z]{{4,12}})\s){{0,4}}?{timing_words(Says.FLUSHED)}(?!\w))
      | \d{{1,2}}:\d\d{_AND}\d{{1,2}}:\d\d | at\s\d{{4}}{_AND}\d{{4}}
      | for\s(?!1\s)\d{{1,3}}\s{timing_words(Says.DAYS)}
      | {timing_words(Says.AGAIN, Says.NEEDED, Says.BY_PROTOCOL)}
    ))(?!\w)""",
    re.VERBOSE,
)
_BY_PROTOCOL: Final = re.compile(rf"(?<!\w){timing_words(Says.BY_PROTOCOL)}(?!\w)")
_ONE: Final = re.compile(r"(?<![\w.,])1\s?doses(?!\w)")


def says_again(text: str, *, single: bool = False) -> bool:
    """Whether a text says that the dose is given again.

    The name of its protocol says nothing of a dose that the codes call a `single` one.
    """
    plain = _ONE.sub("1 dose", plain_text(text))
    if _AGAIN.search(plain) is None:
        return False
    if single:
        plain = _BY_PROTOCOL.sub(" ", plain)
    return _AGAIN.search(of_the_dose(plain)) is not None
