"""Directions: the words of a dosage, made plain, and what in them is not of the dose."""

import re
from typing import Final

from hooks.chart.amounts import DIGITS, most
from hooks.chart.codes.timing import Says, timing_words

_AMOUNT: Final = rf"{timing_words(Says.AMOUNT)}(?!\w)"
_PACED: Final = timing_words(Says.PACED)
_PER: Final = r"\s?(?:/|per\s|an?\s)\s?"
_PER_UNIT: Final = rf"{timing_words(Says.TIME, Says.HOURS, Says.DAYS)}(?!\w)"
#: To the end of a clause, and over the commas of a list of what is watched.
_CLAUSE: Final = (
    rf"(?:,\s(?:and\s|&\s)?(?={timing_words(Says.SIGN)}(?!\w))|(?![.;,:](?:\s|\Z)|\d\s?{_AMOUNT}"
    rf"|(?<!\w){timing_words(Says.GIVEN, Says.REPLACED, strictly=True)}).)*"
)
#: A clause that begins with what is watched, or its end that does so behind a `then`, to its end or
#: to what may be a dose again, and what says how often it is watched `then`. A dose that stands
#: before it in the clause may be what is repeated. `monitor BP q15min, then q1h`.
_WATCH: Final = re.compile(
    rf"""(?:\A|[.;,:]\s|\(|\s-\s|(?<!\w)(?=then\s))
    (?:(?:q\s?\d{{1,3}}\s?\w{{1,9}}|every\s\d{{1,3}}\s\w{{1,9}}|{timing_words(Says.AHEAD)})[\s-])?
    {timing_words(Says.WATCH, Says.SIGN)}(?!\w):?
    {_CLAUSE}(?:[,;]\sthen\s(?:q|every\s|hourly|daily){_CLAUSE}(?=[.;,:](?:\s|\Z)|\Z))*
    """,
    re.VERBOSE,
)
#: What is given by what is watched: `check Mg q6h and replace`.
_REPLACED: Final = re.compile(rf"{timing_words(Says.REPLACED, strictly=True)}(?!\w)")
#: The same in a clause of its own, by the level: `check Mg q6h, give 2 g if low`.
_REPLACED_IF: Final = re.compile(
    rf"[,;.]\s(?:and\s|then\s)?{timing_words(Says.REPLACED, strictly=True)}(?!\w)"
    rf"(?:(?![.;](?:\s|\Z)).){{0,40}}?\s(?:if|when|for)\s(?:the\s)?{timing_words(Says.BY_LEVEL)}"
)
#: What all doses come to: `total daily dose: 4 g`.
_SUM: Final = re.compile(rf"(?<!\w){timing_words(Says.SUM)}(?!\w)")
#: What is done aside, as needed: `flush with 10 mL saline prn`, `call pharmacy if needed`.
_ASIDE: Final = re.compile(
    rf"(?<!\w){timing_words(Says.ASIDE)}"
    rf"(?:\s(?!{timing_words(Says.NO_ASIDE, strictly=True)})"
    rf"(?:\d{{1,2}}\s?ml|[a-z]{{1,20}})){{0,4}}?"
    rf"\s(?:{timing_words(Says.NEEDED, strictly=True)}|p\.?r\.?n\.?)(?!\w)"
)
#: `vitals q15min during the infusion`.
_MEANWHILE: Final = re.compile(rf"(?<!\w){timing_words(Says.MEANWHILE, strictly=True)}(?!\w)")
#: The most of a day: `max 4 g per day`, `4 g/24 h max.`
_MOST: Final = re.compile(
    rf"{most(words=3)}{DIGITS}\s?{_AMOUNT}"
    rf"\s?(?:/|per|in)\s?(?:{timing_words(Says.WITHIN_A_DAY)}|24\s?h\w{{0,5}})(?!\w)"
    # Behind it only at the end of a clause: `2 g/24 h max 4 g` is of another amount.
    rf"|(?<![\w.,]){DIGITS}\s?{_AMOUNT}\s?(?:/|per\s)\s?"
    rf"(?:{timing_words(Says.WITHIN_A_DAY)}|24\s?h\w{{0,5}})\s(?:max|maximum)(?=\s?[.;)]|\s?\Z)"
)

#: A vital sign with its number: `RR < 12/min`, `urine output below 30 mL/h`.
VITAL: Final = re.compile(
    rf"(?<!\w){timing_words(Says.VITAL)}(?![a-z])(?:\s?(?:[<>=\u2264\u2265]|(?!{_PACED})[a-z]{{1,8}}(?![a-z])))"
    rf"{{0,4}}?\s?{DIGITS}\s?(?:\w{{1,7}}\s?)?(?:/\s?kg\s?)?(?:/|per\s|in\s)\s?{_PER_UNIT}"
    # A clearance is by the minute and never by the hour: `CrCl low, 50 mL/hr` tells a rate.
    rf"|(?<!\w){timing_words(Says.CLEARANCE)}(?![a-z]):?(?:\s?[<>=\u2264\u2265]){{0,2}}"
    rf"(?:\s(?:is|of|below|above|under|less\sthan)(?!\w))?\s?{DIGITS}\s?ml\s?/\s?min(?:\s?/\s?1[.,]73\s?m2?)?(?!\w)"
)
#: Whom to call, and when to hold, until there is talk of how fast the dose runs.
WARNED: Final = re.compile(
    rf"(?<!\w){timing_words(Says.WARNED)}(?!\w)"
    rf"(?:(?![.;,](?:\s|\Z)|(?<!\w)(?:{_PACED}(?!\w)|at\s\d|\d{{1,4}}\s?{_AMOUNT})).)*"
)
#: The rate of a fluid that runs beside the dose: `run with NS at 75 mL/h`, `KVO 10 mL/h`. A drug
#: may be in a fluid: `in maintenance fluids at 75 mL/h` is no rate of another one.
FLUID: Final = re.compile(
    rf"(?:(?<!\w){timing_words(Says.RUN)}\s(?:along\s)?with\s{timing_words(Says.FLUID)}"
    rf"|(?:\A|[.;]\s){timing_words(Says.BESIDE)}\s{timing_words(Says.FLUID)}"
    rf"|(?:\A|[.;]\s){timing_words(Says.ALONGSIDE)})(?:\s(?:at|@))?\s?"
    rf"{DIGITS}\s?{timing_words(Says.VOLUME)}{_PER}{_PER_UNIT}"
)


def lowered_text(text: str) -> str:
    """In small letters, with single blanks and its lines as clauses."""
    return "; ".join([" ".join(line.split()) for line in text.lower().splitlines()])


def of_the_dose(lowered: str, *, unless: re.Pattern[str] | None = None) -> str:
    """A lowered text without what it says of limits, of what is watched and of what is done aside.

    What is watched stays where a dose depends on it, and where `unless` is found in it.
    """

    def watched(clause: re.Match[str]) -> str:
        if unless is not None and unless.search(clause[0]) is not None:
            return clause[0]
        string, end = clause.string, clause.end()
        replaced = _REPLACED.match(string, end) or _REPLACED_IF.match(string, end)
        return clause[0] if replaced else ";"

    dosed = _MEANWHILE.sub("", _SUM.sub("", _MOST.sub("", lowered)))
    return _ASIDE.sub("", _WATCH.sub(watched, dosed))
