"""Hemolysis: the codes and words by which a result says that its sample was hemolyzed."""

import re
from typing import Final

from hooks.chart.codes.files import Entry, Text, shipped
from hooks.chart.codes.words import any_of


class _Hemolysis(Entry):
    codes: frozenset[Text]
    beginnings: tuple[Text, ...]
    denied_by: tuple[Text, ...]
    measured_as: tuple[Text, ...]
    none_of_it: tuple[Text, ...]
    source: Text


_LISTED: Final = shipped(_Hemolysis, "hemolysis.toml")
_BEGINNING: Final = any_of(_LISTED.beginnings)
_AFFIRMED: Final = re.compile(rf"\b{_BEGINNING}", re.IGNORECASE)
_DENIED: Final = re.compile(
    rf"\b{any_of(_LISTED.denied_by)}[\s-]+(?:\w+\s+)?{_BEGINNING}\w*"
    rf"|\b{any_of(_LISTED.measured_as)} ?(?:[:=] ?)?{any_of(_LISTED.none_of_it)}\b",
    re.IGNORECASE,
)

#: The codes that stand for it.
HEMOLYZED: Final = _LISTED.codes


def says_hemolyzed(text: str) -> bool:
    """Whether words say that a sample was hemolyzed, and do not deny it (settled 17)."""
    # No two parts of a pattern may take the same blanks: of a text of many only single ones stay.
    return _AFFIRMED.search(_DENIED.sub("", " ".join(text.split()))) is not None
