"""Blanks: which names are ever filled in at a place of a protocol file.

A name that nothing fills there leaves a hole in a sentence, and takes a line of a card away.
"""

from collections.abc import Mapping
from typing import Final

from hooks.lines import Path
from hooks.protocol.document import Document
from hooks.protocol.vocabulary import OF_A_CARD, OF_AN_ORDER, OF_THE_PROTOCOL

Names = frozenset[str]

CARDS: Final[Names] = frozenset(
    {
        *("dose", "no-dose", "ordered", "mild", "not-low", "rate"),
        *("emergency", "obstetric", "indeterminate"),
    }
)
_OF_A_GATE: Final[Names] = frozenset({"no-dose", "ordered", "emergency", "obstetric"})

#: The names of a card that only some cards fill, by the cards that do.
_ONLY_ON: Final[Mapping[str, Names]] = {
    **dict.fromkeys(
        ("dose", "duration", "rate", "hourly_rate", "monitoring", "caveat"),
        frozenset({"dose", "ordered"}),
    ),
    "recheck_window": CARDS - {"not-low", "rate", "emergency", "obstetric"},
    "reference_dose": frozenset({"no-dose", "ordered"}),
    "preliminary_basis": frozenset({"no-dose"}),
    "creatinine_problem": CARDS - {"dose", "ordered"},
    "condition": _OF_A_GATE - {"ordered"},
    "lead": _OF_A_GATE,
    "reason": _OF_A_GATE | {"indeterminate"},
    **dict.fromkeys(("next", "deed"), frozenset({"no-dose", "ordered", "indeterminate"})),
}

#: The card that tells a gate.
_TELLS: Final[Mapping[str, str]] = {
    "G2": "obstetric",
    "G3": "emergency",
    "G4": "indeterminate",
    "G6": "ordered",
    **dict.fromkeys(("G5", "G7", "G8", "G9"), "no-dose"),
}

#: What the sentence of a finding may name beside what its card may.
FOUND: Final[Mapping[str, Names]] = {
    **dict.fromkeys(
        (
            *("ordered-reduced", "already-ordered", "on-hold", "already-drafted", "already-given"),
            *("doses-since", "stopped", "duplicate", "order-unreadable", "being-ordered"),
            *("rate-high", "rate-unreadable", "route-unread", "reason-unclear", "time-unread"),
            *("repeats", "other-salt", "intramuscular", "signed-again"),
            *("additional-dose", "dose-unrecorded", "dose-stopped", "recovered"),
            *("rate-above-row", "not-corrected", "several-doses", "duration-assumed"),
            *("dose-unreadable", "dose-low", "dose-high", "dose-high-reduced"),
            *("total-high-reduced", "despite-gate", "large-bag"),
        ),
        OF_AN_ORDER,
    ),
    **dict.fromkeys(
        (
            *("oral-ordered", "qt-drug", "wasting-drug", "potassium-order"),
            *("neuromuscular-blocker", "calcium-channel-blocker", "level-wanted"),
        ),
        frozenset({"drug"}),
    ),
    "kidney-injury": frozenset({"creatinine", "earlier"}),
    "qtc-long": frozenset({"qtc"}),
    "newer-unread": frozenset({"analyte", "newer"}),
    **dict.fromkeys(("report-time", "incomplete"), frozenset({"analyte"})),
    "level-later": frozenset({"analyte", "at"}),
}

#: Words that are put together from these alone.
_ALONE: Final[Mapping[str, Names]] = {
    "past-dose": frozenset({"draft_dose", "at"}),
    "endless": frozenset({"draft_rate"}),
    "by-route": frozenset({"salt"}),
    "planned": frozenset({"at"}),
    "unjudged": frozenset({"reported"}),
    "deed": frozenset({"next"}),
    **dict.fromkeys(("time", "day"), frozenset({"at", "age"})),
    **dict.fromkeys(("more-orders", "more-problems", "nameless-problems"), frozenset({"more"})),
    "reported-egfr": frozenset({"egfr"}),
    # Also told where there is no card.
    **dict.fromkeys(("tiers", "low-function"), OF_THE_PROTOCOL),
    # Shown as they stand.
    **dict.fromkeys(
        (
            *("unknown", "not-checked", "not-received", "an-order", "dose-unknown", "no-salt"),
            *("places", "bands", "analytes"),
        ),
        frozenset(),
    ),
}

_OF_A_RESULT: Final[Names] = frozenset({"detail", "status", "reported", "age"})


def filled(document: Document, path: Path) -> Names:
    """The names that are filled in, for some patient at least, in the sentence at a place.

    What a row or a new dose says is said on the card of the dose, whichever else it is said on.
    """
    return _filled(document, path) - _itself(path)


def _filled(document: Document, path: Path) -> Names:
    match path:
        case ("cards", str(card), "summary" | "detail"):
            return _said_on(frozenset({card}))
        case ("bands", int(), "why"):
            return _said_on(CARDS)
        case ("rows", int(), "monitoring" | "caveat"):
            return _said_on(frozenset({"dose"}))
        case ("gates", int(), "asks"):
            return OF_THE_PROTOCOL
        case ("gates", int(index), "reason" | "lead" | "next"):
            tells = _TELLS.get(document.gates[index].id)
            return _said_on(CARDS if tells is None else frozenset({tells}))
        case ("findings", str(kind), "text"):
            return _said_on(CARDS) | FOUND.get(kind, frozenset())
        case ("offers", "option", "label") | ("orders", "medication" | "dosage"):
            return _said_on(frozenset({"dose"})) | {"when"}
        case ("offers", "dose", "label"):
            return _said_on(frozenset({"dose"}))
        case ("offers", str(), "label") | ("orders", str()):
            return _said_on(CARDS)
        case ("words", *rest):
            return _word(str(rest[0]), str(rest[-1]))
    return frozenset()


def _word(name: str, kind: str) -> Names:
    """The names for one of the words; `kind` is which of several it is."""
    if name in _ALONE:
        return _ALONE[name]
    match name:
        case "reasons":
            said = frozenset({"drug"}) if kind.startswith("wanted-") else _OF_A_RESULT
            return _said_on(CARDS) | said
        case "ordered" | "ordered-lead" | "unreadable-lead":
            return _said_on(frozenset({"ordered"})) | OF_AN_ORDER
    return _said_on(CARDS)


def _said_on(cards: Names) -> Names:
    """The names that at least one of the cards fills, in whatever it says."""
    missing = {name for name, only in _ONLY_ON.items() if not only & cards}
    return OF_THE_PROTOCOL | (OF_A_CARD - missing)


def _itself(path: Path) -> Names:
    """The name that the sentence itself is told by; it cannot stand in its own words."""
    match path:
        case ("findings", *_):
            return frozenset({"findings"})
        case ("words", "draft" | "approved"):
            return frozenset({"review"})
        case ("words", "egfr" | "egfr-and-clearance"):
            return frozenset({"renal_basis"})
        case ("words", "reference"):
            return frozenset({"reference_dose"})
        case ("words", "any-indication"):
            return frozenset({"other_indication"})
        case ("words", "oral-advice" | "no-oral-advice" | "check-advice"):
            return frozenset({"advice"})
        case ("words", "level-now" | "no-next" | "correct-next" | "recheck-next" | "next", *_):
            return frozenset({"next"})
        case ("words", "ordered", *_):
            return frozenset({"reason"})
        case ("words", "ordered-lead" | "unreadable-lead"):
            return frozenset({"lead"})
        case ("words", str(name)) | ("rows" | "bands" | "gates", int(), str(name)):
            return frozenset({name.replace("-", "_")})
    return frozenset()
