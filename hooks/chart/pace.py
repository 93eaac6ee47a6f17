"""Pace: whether the words of a dosage speak of another time or rate than its coded members.

Nothing is read from the words: they only say that the coded members may not be all that counts.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

#: A time with its number, a unit of time without one (`25 mL/h`, `half an hour`), or `over 4`. What
#: stands behind `every` is no time of one dose.
_SAID: Final = re.compile(
    r"(?<!\w)(?:every\s|q\s?)\d{1,3}\s?(?:min(?:ute)?s?|hs?|hrs?|hours?)(?!\w)"
    r"|(?P<any>(?:(?<![\d.,])(?P<number>\d{1,4}(?:[.,]\d{1,2})?)[\s-]?)?"
    r"(?<![^\W\d_])(?:(?P<minutes>min(?:ute)?s?)|hs?|hrs?|hours?)(?!\w)|(?<!\w)over(?=\s\d))",
    re.IGNORECASE,
)
_HOUR: Final = 60
#: A minute more or less is the same time: what follows from a rate has no end of digits.
_SAME: Final = Decimal(1)


def speaks_of_other_time(text: str, minutes: Iterable[Decimal | None]) -> bool:
    """Whether a text speaks of a time or a rate, and of none of these times, in minutes.

    Where it speaks of the coded time too, the others are of what is done beside the dose.
    """
    said = [
        None
        if found["number"] is None
        else Decimal(found["number"].replace(",", ".")) * (1 if found["minutes"] else _HOUR)
        for found in _SAID.finditer(" ".join(text.split()))
        if found["any"]
    ]
    known = [time for time in minutes if time is not None]
    return bool(said) and not any(
        abs(time - coded) < _SAME for time in said if time is not None for coded in known
    )
