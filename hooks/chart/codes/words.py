"""Words: any of many names in a text, each as a whole word."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_END: Final = ""


def spaced(texts: Iterable[str]) -> tuple[str, ...]:
    """Texts with single blanks: of patterns that allow for blanks, a thousand lead nowhere."""
    return tuple([" ".join(text.split()) for text in texts])


def any_of(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest first; its ends are not bound."""
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"


def whole_words(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the names as whole words, the longest first."""
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for letter in name.lower():
            node = node.setdefault(letter, {})
        node[_END] = {}
    firsts = "".join(map(re.escape, sorted(tree)))
    # A single hyphen joins words (`non-furosemide`), two of them only separate fields.
    return re.compile(rf"(?<!\w)(?<!\w-)(?=[{firsts}]){_alternatives(tree)}(?!-?\w)", re.IGNORECASE)


def _alternatives(tree: Mapping[str, Any]) -> str:
    """A pattern for the names in a tree of letters: each letter of a text is looked at once, not
    once for each name."""
    branches = [
        re.escape(letter) + _alternatives(rest)
        for letter, rest in sorted(tree.items())
        if letter != _END
    ]
    if not branches:
        return ""
    choice = f"(?:{'|'.join(branches)})"
    return f"{choice}?" if _END in tree else choice
