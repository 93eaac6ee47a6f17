"""What a spreadsheet must not take for a formula."""

#: What one may begin with, also after a break or a tab, and in full width where that is usual.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """The text of a cell as text to every spreadsheet; a dash alone is none."""
    return f"'{text}" if text.startswith(_FORMULA) and text != "-" else text
