"""Repetition: whether words say that a dose is given again."""

import re
from typing import Final

from hooks.chart.codes.timing import NUMBERS, Says, timing_words
from hooks.chart.directions import WARNED, lowered_text, of_the_dose

_HOURS: Final = rf"{timing_words(Says.HOURS)}(?!\w)"
_AMOUNT: Final = rf"{timing_words(Says.AMOUNT)}(?!\w)"
_MONITORED: Final = timing_words(Says.OF_THE_HEART, Says.WATCH)

_AND: Final = r"\s?(?:,|&|\+|/|and|und|et|y|en|e)\s?(?:at\s)?"
_CLOCK: Final = r"(?:[01]\d|2[0-3])[0-5]\d"
_NUMBER_WORDS: Final = rf"(?:{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
#: The times from dose to dose that are usual; `1 g/2 h` may be how fast one dose runs.
_INTERVAL: Final = rf"(?:4|6|8|12|24|36|48|72)[\s-]?{_HOURS}"
_WEEKDAY: Final = timing_words(Says.WEEKDAY)
_DAYTIME: Final = timing_words(Says.DAYTIME)

#: What says so of the protocol rather than of the dose: the codes may know better.
_LOOSE: Final = rf"""(?:
        {timing_words(Says.BY_PROTOCOL)}  # per sliding scale
        # magnesium drip
      | (?<!slow\s)(?<!slow\siv\s)(?<!intravenous\s)(?<!\Aiv\s)(?<!\d\s)
        {timing_words(Says.DRIP)}(?!\w)(?!\s?\(?{timing_words(Says.OF_A_DRIP)})
        # 2 g IV, scheduled
      | (?<!\w\s){timing_words(Says.FIELD)}(?=\s?(?:[,;.)]|\Z))
    )"""
#: Texts are searched in small letters. The listed words, and what is known by its form; beside
#: each form stands a text that has it.
_AGAIN: Final = re.compile(
    rf"""(?:
        [/]\s?{timing_words(Says.A_DAY)}  # 2 g/day
      | (?<!\w)(?:
        q\.?\s?\d\w*  # q6h
      | q\.?\s?[dh]\.?  # q.d.
      | [btq]\.?i\.?d\.?  # b.i.d.
      | p\.?r\.?n\.?  # prn
      | [bo]\.d\.?  # b.d.
      | [tq]\.d\.s\.?  # t.d.s.
      | b\.\s?bed\.?  # b. Bed.
      | q\.?\s?{_NUMBER_WORDS}\s?{_HOURS}  # q six hours
        # 1 g/6 h
      | \d{{1,5}}(?:[.,]\d{{1,3}})?\s?{_AMOUNT}\s?(?:/|per\s|pro\s|par\s)\s?{_INTERVAL}
      | (?P<hours>\d{{1,2}})\s?/\s?(?P=hours)\s?{_HOURS}  # 8/8 h
      | c\s?/\s?\d{{1,2}}\s?{_HOURS}  # c/8 h
      | (?<!\d\s)(?<!ml\s)(?<!mls\s)(?<!cc\s)/\s?{_INTERVAL}  # dosis /8 h
      | (?:per|pro|par)\s24\s?{_HOURS}  # per 24 h
      | [2-9]\s?dd\d?  # 3dd1
      | (?:dose|bag)\s\d\sof\s[2-9]  # bag 1 of 2
      | \d{{1,2}}\s?h?\s?-\s?\d{{1,2}}\s?h?\s?-\s?\d{{1,2}}\s?(?:h|uhr)  # 8-14-20 Uhr
      | {_WEEKDAY}(?:{_AND}|\s){_WEEKDAY}  # Mon, Thu
      | {_DAYTIME}{_AND}(?:in\sthe\s)?{_DAYTIME}  # midday and in the evening
      | {_CLOCK}\s?/\s?{_CLOCK}  # 0800/2000
        # 0600, 1400, 2200
      | (?<![/.-])(?!20[2-5]\d)
        {_CLOCK}(?:,\s?|\s(?={_CLOCK}\s)){_CLOCK}(?:,?\s?(?:{_CLOCK}|2400))?(?!\w)
        (?!\s?(?:{_AMOUNT}|{timing_words(Says.VOLUME, Says.TIME)}(?!\w)))
        # now and 2 g; now and 6 h later
      | now\s(?:and|&|\+)\s(?:again|at|in|{_CLOCK}|\d{{1,4}}\s?{_AMOUNT}
        |\d{{1,2}}\s?{_HOURS}\slater)
        # days 1-3
      | days?\s\d{{1,2}}(?:-|\sto\s|\sand\s|\s?&\s?)\d{{1,2}}
        (?!\d|\s?(?:{_AMOUNT}|{timing_words(Says.VOLUME, Says.TIME)}))
      | {timing_words(Says.TIMES)}\s(?:[2-9]|\d\d)(?!\w)(?!\s?{_HOURS})  # times 3
      | x\s?(?:[2-9]|1\d)(?!\w)(?!\s?(?:{timing_words(Says.MEASURE)}|{_HOURS}))  # x2
      | x\s?(?:36|48|72|96)\s?{_HOURS}  # x 48 h
        # 2 x 2 g
      | [2-9]\s?x\s?\d{{1,3}}(?:[.,]\d)?\s?{_AMOUNT}(?!\s{timing_words(Says.CONTAINER)})
      | (?<!-)\d-\d-\d(?:-\d)?(?!-)  # 1-0-1
        # 2 g continuous
      | {timing_words(Says.GOES_ON)}(?!\w)
        (?!\s(?:(?!{timing_words(Says.INFUSED)})\w{{1,20}}\s)?{_MONITORED})
        # load, maintenance 1 g
      | {timing_words(Says.MAINTAINED)}(?!\w)
        (?!\s(?:iv\s)?(?:{timing_words(Says.FLUID)}|fluids?)(?!\w))
        # run it continuously
      | {timing_words(Says.RUN)}\s(?:\w{{1,20}}\s){{0,3}}?{timing_words(Says.ADVERB)}
      | {timing_words(Says.ADVERB)}(?!\w)(?!\s{_MONITORED})  # IV continuously
        # 4 g, then 2 g
      | {timing_words(Says.THEN)}(?!\w)
        (?!\s(?:please\s)?{timing_words(Says.WATCH, Says.ASIDE, Says.ENDED)}(?!\w))
        # 4 g followed by 2 g
      | {timing_words(Says.FOLLOWED)}
        (?!\s(?:(?:a|an|\d{{1,3}}\s?ml|0[.,]9\s?%?|[a-z]{{4,12}})\s){{0,4}}?{timing_words(Says.FLUSHED)}(?!\w))
      | \d{{1,2}}:\d\d{_AND}\d{{1,2}}:\d\d  # 08:00 and 20:00
      | at\s\d{{4}}{_AND}\d{{4}}  # at 0800 and 2000
      | for\s(?!1\s)\d{{1,3}}\s?(?:{timing_words(Says.DAYS)}|d)  # for 3 days
      | (?:for|x)\s(?!one\s)[a-z]{{3,6}}\s{timing_words(Says.DAYS)}  # for three days
      | {timing_words(Says.AGAIN, Says.NEEDED)}  # daily; as needed
      | {_LOOSE}
    ))(?!\w)""",
    re.VERBOSE,
)
#: Who says how often: `2 g IV per protocol`. Of a flush it says nothing of the dose.
_DIRECTED: Final = re.compile(
    rf"(?<!\w)(?:{timing_words(Says.DIRECTED)}"
    rf"|(?:per|by|according to)\s(?:[\w/-]{{1,20}}\s){{0,4}}?{timing_words(Says.STANDING)})(?!\w)"
)
_FLUSHED: Final = re.compile(
    rf"(?<!\w){timing_words(Says.FLUSHED)}(?:\s\w{{1,20}}){{0,4}}?(?=\s(?:per|as)\s)"
    r"\s(?:per|as)(?!\w)"
)
_ONE_DOSE: Final = re.compile(rf"(?<!\w){timing_words(Says.ONE_DOSE)}(?!\w)")
#: One dose behind the interval that a system demands of any order: `every 1 hour, 1 dose`.
_ONE_OF_AN_INTERVAL: Final = re.compile(
    rf"(?<!\w)(?:(?:every\s1\s?{_HOURS}|q1h)[,.]?\s(?:1\sdose|one)"
    rf"|(?:every\s\d{{1,2}}\s?{_HOURS}|q\d{{1,2}}h),?\sfor\s1\sdose)(?=[\s.;]*\Z)"
)
_BY_PROTOCOL: Final = re.compile(rf"(?<!\w){_LOOSE}(?!\w)", re.VERBOSE)
_DENIED: Final = re.compile(rf"(?<!\w){timing_words(Says.DENIED, strictly=True)}(?!\w)")
#: When somebody is called, and no dose is given: `notify MD whenever Mg < 1.2`.
_CALLED: Final = re.compile(
    rf"(?<!\w){timing_words(Says.WARNED)}(?:\s[a-z]{{1,12}}){{0,3}}?"
    r"\s(?:when|whenever|any\stime|each\stime)(?!\w)"
)
#: One dose, counted as a form counts them: `1 doses`, `# of doses: 1`.
_ONE: Final = re.compile(
    r"(?<![\w.,])[01]\s?doses(?!\w)|(?<!\w)doses\s?[:=]?\s?1(?![\w/-]|[.,]\d|\s?(?:of|to)\s"
    rf"|\s?{_AMOUNT})"
)


#: How many a package has, in fives: `5g/10ml ampoules x 10`, `50% 2 mL x10`; fewer may be doses.
_PACKAGE: Final = re.compile(
    rf"(?:(?<!\w){timing_words(Says.PACKED)}|%\s(?:w/v\s)?\d{{1,3}}\s?ml)\s?x\s?\d?[05](?!\w)"
)


def name_says_again(name: str, *, single: bool = False) -> bool:
    """Whether the name of an order says that its dose is given again; how many a package has does
    not."""
    return says_again(_PACKAGE.sub(" ", lowered_text(name)), single=single)


def says_again(text: str, *, single: bool = False) -> bool:
    """Whether a text says that the dose is given again.

    The name of its protocol says nothing of a dose that the codes call a `single` one.
    """
    lowered = _ONE_OF_AN_INTERVAL.sub("1 dose", _ONE.sub("1 dose", lowered_text(text)))
    if not single and _is_left_to_others(lowered):
        return True
    if _AGAIN.search(lowered) is None:
        return False
    if single:
        lowered = _BY_PROTOCOL.sub(" ", lowered)
    lowered = _CALLED.sub(" ", _DENIED.sub(" ", lowered))
    return _AGAIN.search(of_the_dose(lowered)) is not None


def _is_left_to_others(lowered: str) -> bool:
    """Whether a lowered text leaves it to a protocol or to somebody how often the dose is given."""
    if _DIRECTED.search(lowered) is None or _ONE_DOSE.search(lowered) is not None:
        return False
    dosed = _FLUSHED.sub(" ", WARNED.sub(" ", _CALLED.sub(" ", of_the_dose(lowered))))
    return _DIRECTED.search(dosed) is not None
