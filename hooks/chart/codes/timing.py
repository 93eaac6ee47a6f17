"""Words of dosage texts: which say that a dose is given again, or once, and what units are."""

import re
from enum import StrEnum
from typing import Final

from pydantic import PositiveInt, model_validator

from hooks.chart.codes.files import Entry, Text, shipped


class Says(StrEnum):
    """What a word tells of a dose, alone or in the form of words that its list names.

    `WATCH` and `ASIDE` name what is done beside the dose; from `AMOUNT` on they are units and
    what stands in the place of one.
    """

    AGAIN = "again"
    BY_PROTOCOL = "by-protocol"
    DIRECTED = "directed"
    STANDING = "standing"
    NEEDED = "needed"
    DRIP = "drip"
    OF_A_DRIP = "of-a-drip"
    MAINTAINED = "maintained"
    FIELD = "field"
    DENIED = "denied"
    WEEKDAY = "weekday"
    DAYTIME = "daytime"
    GOES_ON = "goes-on"
    INFUSED = "infused"
    OF_THE_HEART = "of-the-heart"
    ADVERB = "adverb"
    RUN = "run"
    THEN = "then"
    ENDED = "ended"
    FOLLOWED = "followed"
    FLUSHED = "flushed"
    TIMES = "times"
    A_DAY = "a-day"
    DAYS = "days"
    MOST = "most"
    WITHIN_A_DAY = "within-a-day"
    SUM = "sum"
    PER = "per"
    AT = "at"
    OVER = "over"
    LOADED = "loaded"
    BEGINS = "begins"
    DATE = "date"
    ONCE = "once"
    ONE_DOSE = "one-dose"
    NOTHING = "nothing"
    WATCH = "watch"
    AHEAD = "ahead"
    SIGN = "sign"
    MEANWHILE = "meanwhile"
    GIVEN = "given"
    REPLACED = "replaced"
    BY_LEVEL = "by-level"
    ASIDE = "aside"
    NO_ASIDE = "no-aside"
    PACED = "paced"
    IN_HOURS = "in-hours"
    VITAL = "vital"
    CLEARANCE = "clearance"
    WARNED = "warned"
    STORED = "stored"
    APART = "apart"
    ROUND = "round"
    OTHER_DRUG = "other-drug"
    SALT = "salt"
    FLUID = "fluid"
    BESIDE = "beside"
    ALONGSIDE = "alongside"
    USUAL = "usual"
    WARD = "ward"
    MORE = "more"
    FAST = "fast"
    SLOW = "slow"
    AMOUNT = "amount"
    VOLUME = "volume"
    IN_VOLUME = "in-volume"
    TIME = "time"
    HOURS = "hours"
    MEASURE = "measure"
    CONTAINER = "container"
    PACKED = "packed"


class _Words(Entry):
    says: Says
    names: tuple[Text, ...]
    source: Text


class _Daily(Entry):
    times: PositiveInt
    codes: tuple[Text, ...]
    source: Text


class _Number(Entry):
    number: Text
    names: tuple[Text, ...]
    source: Text


class _Bag(Entry):
    milligrams: PositiveInt
    source: Text


class _Timing(Entry):
    bag: _Bag
    words: tuple[_Words, ...]
    numbers: tuple[_Number, ...]
    daily: tuple[_Daily, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> "_Timing":
        # A pattern of no words would find itself in every text.
        missing = set(Says) - {listed.says for listed in self.words if listed.names}
        if missing:
            raise ValueError(f"no word says `{min(missing)}`")
        names = [name for listed in self.words for name in listed.names]
        shouted = next((name for name in names if name != name.lower()), None)
        if shouted is not None:
            raise ValueError(f"{shouted} is not in small letters, and would never be found")
        return self


_SIGNS: Final = {" ": r"[\s-]?", "#": r"\d{1,3}[\s-]?", "+": r"(?:[2-9]|\d\d)\s?", "*": r"\w*"}
_LISTED: Final = shipped(_Timing, "timing.toml")

#: How many times a day a code of the timing says.
TIMES_A_DAY: Final = {code: listed.times for listed in _LISTED.daily for code in listed.codes}

#: So many mg of a bag that a rate empties are no one dose.
BAG: Final = _LISTED.bag.milligrams

#: The numbers, in digits, that stand in words before a unit of time.
NUMBERS: Final = {name: listed.number for listed in _LISTED.numbers for name in listed.names}


def timing_words(*says: Says, strictly: bool = False) -> str:
    """A pattern of any word that says so, for texts in small letters; its ends are not bound.

    `strictly`, for words by which a repeat is taken for none: a blank is a blank.
    """
    signs = {**_SIGNS, " ": r"\s"} if strictly else _SIGNS
    names = {name for listed in _LISTED.words if listed.says in says for name in listed.names}
    ordered = sorted(names, key=lambda name: (-len(name), name))
    # By their first letters: no text is held against each of some hundred words at each of its own.
    rests: dict[str, list[str]] = {}
    for name in ordered:
        first, *rest = [signs.get(one) or re.escape(one) for one in name]
        rests.setdefault(first, []).append("".join(rest))
    patterns = [f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items()]
    return f"(?:{'|'.join(patterns)})"
