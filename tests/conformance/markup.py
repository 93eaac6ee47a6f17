"""Markup of a request that works in a card's detail, where it must be plain text or absent."""

from collections.abc import Iterator

from tests.conformance import shape


def working(detail: str, mark: str) -> Iterator[str]:
    """Everything in the detail that is more than text; `mark` is in all that came with the call."""
    for token in shape.tokens(detail):
        kind = token.type
        if kind.startswith("html"):
            yield f"raw HTML {token.content!r} in {detail!r}"
        if kind == "image":
            yield f"an image in {detail!r}"
        target = str(token.attrs.get("href", ""))
        if mark in target or "evil" in target or target.startswith("javascript"):
            yield f"a link to {target!r} in {detail!r}"
        if kind in ("code_inline", "code_block", "fence") and mark in token.content:
            yield f"code {token.content!r} in {detail!r}"
    for address in ("https://evil.example", "www.evil.example"):
        # GitHub's flavor makes a link of a bare address; the tokens here would not show it.
        if address in detail:
            yield f"a bare address in {detail!r}"
