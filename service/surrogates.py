"""Half a surrogate pair in JSON: what is left of a character where a text was cut in its middle.

A system that counts text in UTF-16 cuts an emoji to `\\ud83d`. RFC 8259 (section 8.2) calls that
JSON, and no library for UTF-8 can hold it. In text for people it is mended to U+FFFD. Anywhere else
two different ids or codes could become one by it, and so it is not mended there.
"""

import re
from typing import Any, Final

REPLACEMENT: Final = "\ufffd"
#: Members that hold text for people, in FHIR and in CDS Hooks; none is compared with another.
_FOR_PEOPLE: Final = frozenset(
    {
        "text",
        "display",
        "div",
        "description",
        "comment",
        "patientInstruction",
        "family",
        "given",
        "userComment",
    }
)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
# Every escape is taken whole, so that the second half of an escaped backslash begins none.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def mended(body: bytes) -> bytes | None:
    """JSON without lone halves; None if it holds nothing like one."""
    if _HALF.search(body) is None:
        return None
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape[0], body)


def is_for_people(document: Any) -> bool:
    """Whether U+FFFD stands nowhere in `document` but in text for people."""
    level: list[tuple[str, Any]] = [("", document)]
    while level:
        name, value = level.pop()
        match value:
            case dict():
                if any(REPLACEMENT in key for key in value):
                    return False
                level += value.items()
            case list():
                level += [(name, item) for item in value]
            case str() if REPLACEMENT in value and name not in _FOR_PEOPLE:
                return False
    return True
