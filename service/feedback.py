"""POST /cds-services/<id>/feedback: what clinicians did with the cards.

A batch is kept whole or refused whole, and acknowledged only once it is durable. Each item is known
by what it says, so that a batch that is sent again is kept once. What EHRs really
send is understood: Epic's `overrideReasons` and its extension, reasons without display or system,
the same item twice, a card reported both accepted and overridden, cards that are not known here.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec

from service.outcomes import Issue, Refusal, refuse
from service.record import Record, StoreDown
from service.record.entries import FeedbackEvent
from service.record.tables import CARD

#: What the client is asked to wait, in seconds, before it sends its feedback again.
RETRY_AFTER = 5
#: The most items of a batch, and accepted suggestions of an item. A card offers a few; more of
#: either would hold up the feedback of others while it is written.
MAX_ITEMS = 1000
MAX_SUGGESTIONS = 20

_EPIC = "com.epic.cdshooks.feedback.overrideReason"
# RFC 3339, section 5.6: a date and a time with its offset.
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}):(\d{2})(?:\.(\d{1,40}))?([Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)

Json = dict[str, Any]


class _Fault(Exception):
    """A member is not what it must be."""

    def __init__(self, member: str, expected: str, code: str = "value") -> None:
        verb = "is required:" if code == "required" else "must be"
        super().__init__(f"`{member}` {verb} {expected}.")
        self.issue = Issue(code, str(self), member)


def read(
    body: Json, service: str, client: str | None, received_at: datetime
) -> tuple[FeedbackEvent, ...]:
    """The events of a batch; refuses the whole of it with 413 if it holds too much, else with 400,
    one issue for each item at fault."""
    items = body.get("feedback")
    if not isinstance(items, list) or not items:
        code = "value" if "feedback" in body else "required"
        fault = _Fault("feedback", "an array with at least one item", code)
        raise Refusal(HTTPStatus.BAD_REQUEST, (fault.issue,))
    _judge_size(items)
    events: list[FeedbackEvent] = []
    faults: list[Issue] = []
    for position, item in enumerate(items):
        try:
            events.append(_event(item, position, service, client, received_at))
        except _Fault as fault:
            faults.append(fault.issue)
    if faults:
        raise Refusal(HTTPStatus.BAD_REQUEST, tuple(faults))
    return tuple(events)


def keep(record: Record, events: tuple[FeedbackEvent, ...]) -> bytes:
    """The acknowledgment of `events`, once they are durable; refuses with 503 if they are not."""
    try:
        record.append(events)
    except StoreDown as error:
        refusal = refuse(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "transient",
            "The feedback could not be kept; please send it again later.",
        )
        raise Refusal(refusal.status, refusal.issues, {"Retry-After": str(RETRY_AFTER)}) from error
    return msgspec.json.encode({})


def _judge_size(items: list[Any]) -> None:
    counted = [("feedback", "items", len(items), MAX_ITEMS)]
    for position, item in enumerate(items[:MAX_ITEMS]):
        suggestions = item.get("acceptedSuggestions") if isinstance(item, dict) else None
        if isinstance(suggestions, list):
            member = f"feedback[{position}].acceptedSuggestions"
            counted.append((member, "suggestions", len(suggestions), MAX_SUGGESTIONS))
    faults = [
        Issue("too-costly", f"`{member}` holds more than {most:,} {what}.", member)
        for member, what, number, most in counted
        if number > most
    ]
    if faults:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, tuple(faults))


def _event(
    item: Any, position: int, service: str, client: str | None, received_at: datetime
) -> FeedbackEvent:
    path = f"feedback[{position}]"
    if not isinstance(item, dict):
        raise _Fault(path, "an object")
    outcome = _demanded(item, path, "outcome", "`accepted` or `overridden`")
    if not isinstance(outcome, str) or outcome not in {"accepted", "overridden"}:
        raise _Fault(f"{path}.outcome", "`accepted` or `overridden`")
    reason = _reason(item, path)
    said: Json = {
        "position": position,
        "service": service,
        "client": client,
        "card_id": _card(item, path),
        "outcome": outcome,
        "outcome_at": _moment(item, path),
        "accepted": _accepted(item, path) if outcome == "accepted" else (),
        **reason,
    }
    return FeedbackEvent(id=_identity(said), received_at=received_at, **said)


def _identity(said: Json) -> UUID:
    """The same for the same item at the same place of a batch, whenever it comes.

    It is a UUID of version 8: the moment of the outcome, so that new rows lie beside each other
    in an index, then a digest.
    """
    milliseconds = max(0, int(said["outcome_at"].timestamp() * 1000))
    digest = hashlib.sha256(msgspec.json.encode(said, order="deterministic")).digest()
    whole = bytearray(milliseconds.to_bytes(6, "big") + digest[:10])
    whole[6] = whole[6] & 0x0F | 0x80
    whole[8] = whole[8] & 0x3F | 0x80
    return UUID(bytes=bytes(whole))


def _card(item: Json, path: str) -> str:
    expected = f"the uuid of a card, a string of at most {CARD} characters"
    card = _demanded(item, path, "card", expected)
    return _identifier(card, f"{path}.card", expected)


def _accepted(item: Json, path: str) -> tuple[str, ...]:
    expected = 'an array with at least one object such as {"id": "..."}'
    suggestions = _demanded(item, path, "acceptedSuggestions", expected)
    if not isinstance(suggestions, list) or not suggestions:
        raise _Fault(f"{path}.acceptedSuggestions", expected)
    ids = []
    for index, suggestion in enumerate(suggestions):
        where = f"{path}.acceptedSuggestions[{index}]"
        if not isinstance(suggestion, dict):
            raise _Fault(where, "an object")
        named = f"the uuid of a suggestion, a string of at most {CARD} characters"
        ids.append(_identifier(_demanded(suggestion, where, "id", named), f"{where}.id", named))
    return tuple(ids)


def _moment(item: Json, path: str) -> datetime:
    expected = "a moment with its offset, such as 2026-11-23T10:00:00Z"
    text = _demanded(item, path, "outcomeTimestamp", expected)
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise _Fault(f"{path}.outcomeTimestamp", expected)
    day, minute, second, fraction, offset = found.groups()
    # RFC 3339 knows leap seconds and any number of digits; datetime does not.
    leap = second == "60"
    offset = "+00:00" if offset in {"Z", "z"} else offset
    try:
        moment = datetime.fromisoformat(
            f"{day}T{minute}:{'59' if leap else second}.{(fraction or '0')[:6]:0<6}{offset}"
        )
        return moment.astimezone(UTC) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise _Fault(f"{path}.outcomeTimestamp", expected) from None


def _reason(item: Json, path: str) -> dict[str, str | None]:
    """Why a card was overridden, as far as it is said."""
    # The specification has the singular; Epic sends the plural, with one object in it.
    name = "overrideReason" if item.get("overrideReason") is not None else "overrideReasons"
    where = f"{path}.{name}"
    reason = item.get(name)
    if isinstance(reason, list) and reason:
        reason = reason[0]
    if reason is None:
        return {}
    if not isinstance(reason, dict):
        raise _Fault(where, "an object")
    comment = _optional(reason, where, "userComment")
    coding = reason.get("reason")
    if coding is not None:
        return {**_coding(coding, f"{where}.reason"), "comment": comment}
    category = _of_epic(reason)
    if category is None and comment is None:
        raise _Fault(where, "an object with `reason` or `userComment`")
    return {**(category or {}), "comment": comment}


def _coding(coding: Any, where: str) -> dict[str, str | None]:
    if not isinstance(coding, dict):
        raise _Fault(where, "a Coding")
    code, display = _optional(coding, where, "code"), _optional(coding, where, "display")
    if code is None and display is None:
        raise _Fault(where, "a Coding with a `code`")
    system = _optional(coding, where, "system")
    return {"reason_system": system, "reason_code": code, "reason_display": display}


def _of_epic(reason: Json) -> dict[str, str | None] | None:
    """The reason that Epic puts into an extension where it is none of those that a card offered."""
    extension = reason.get("extension")
    if not isinstance(extension, dict):
        return None
    parts = {
        name: _clean(value)
        for name in ("reasonCategory", "reasonDisplay", "reasonTitle")
        if isinstance(value := extension.get(f"{_EPIC}.{name}"), str) and value.strip()
    }
    if not parts:
        return None
    return {
        "reason_system": _EPIC,
        "reason_code": parts.get("reasonCategory"),
        "reason_display": parts.get("reasonDisplay", parts.get("reasonTitle")),
    }


def _demanded(whole: Json, path: str, name: str, expected: str) -> Any:
    if whole.get(name) is None:
        raise _Fault(f"{path}.{name}", expected, "required")
    return whole[name]


def _optional(whole: Json, path: str, name: str) -> str | None:
    """A text; None where there is none. EHRs send null and "" for what was not said."""
    value = whole.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Fault(f"{path}.{name}", "a string")
    return _clean(value) if value.strip() else None


def _identifier(value: Any, member: str, expected: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > CARD:
        raise _Fault(member, expected)
    try:
        return str(UUID(value))
    except ValueError:
        # Of another service, or of a client that makes up its own: accepted, and unknown here.
        return _clean(value)


def _clean(text: str) -> str:
    # PostgreSQL has no character 0, and neither database keeps half a surrogate pair.
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()
