"""What is too much for one call, judged where it costs nothing: by the length of a list."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from service.envelope import Envelope
from service.outcomes import Issue, Refusal
from service.settings import Settings

_DRAFTS = "draftOrders"


def judge(received: Envelope, advertised: Iterable[str], settings: Settings) -> None:
    """Refuse with 413 a call with a Bundle of more entries than the settings allow.

    Bundles under keys that were not `advertised` are ignored by everyone, and so here.
    """
    sent = received.prefetch or {}
    faults = [
        Issue("too-costly", f"`{member}` holds more than {most:,} entries.", member)
        for member, bundle, most in (
            (f"context.{_DRAFTS}", received.context.get(_DRAFTS), settings.max_drafts),
            *((f"prefetch.{key}", sent.get(key), settings.max_entries) for key in advertised),
        )
        if entries(bundle) > most
    ]
    if faults:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, tuple(faults))


def entries(bundle: Any) -> int:
    """How many entries a Bundle holds; 0 for what is none."""
    listed = bundle.get("entry") if isinstance(bundle, dict) else None
    return len(listed) if isinstance(listed, list) else 0
