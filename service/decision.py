"""What of a call goes into the record: the account of the decision, without the patient."""

import hmac
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from uuid_utils.compat import uuid7

from hooks.chart.patient import whole_years
from service.hook import Born
from service.observability import Call
from service.record.entries import CardEntry, DecisionEntry, SuggestionEntry
from service.record.tables import CARD, SHORT

Json = dict[str, Any]

#: The age bands of the record, each with the years from which it counts.
AGE_BANDS = ((80, "80+"), (65, "65-79"), (40, "40-64"), (18, "18-39"), (0, "0-17"))
UNKNOWN = "unknown"

_MICRO: Final = Decimal("0.000001")


def entry(call: Call, status: int, latency_ms: float) -> DecisionEntry:
    """The decision that `call` came to, as it is written down."""
    answer = call.answer
    account: Json = {} if answer is None else answer.assessment
    protocol = _object(account.get("protocol"))
    dose = _object(account.get("dose"))
    return DecisionEntry(
        id=uuid7(),
        at=call.at,
        service=call.service,
        status=status,
        latency_ms=round(latency_ms, 3),
        age_band=UNKNOWN if answer is None else age_band(answer.chart, call.at),
        client=call.client,
        hook_instance=None if call.instance == "-" else call.instance.lower(),
        hook=None if call.hook == "-" else call.hook,
        protocol_id=_short(protocol.get("id")),
        protocol_version=_short(protocol.get("version")),
        protocol_status=_short(protocol.get("status")),
        silent=call.silent,
        band=_short(account.get("band")),
        rule=_short(account.get("rule")),
        row=_short(account.get("row")),
        dose_grams=_number(dose.get("grams")),
        dose_minutes=_number(dose.get("minutes")),
        # Not their texts: these may repeat what the chart says in words of its own.
        findings=[
            {"id": _short(finding.get("id")), "rule": _short(finding.get("rule"))}
            for finding in _objects(account.get("findings"))
        ],
        unusable=[
            {"analyte": _short(item.get("analyte")), "reasons": _texts(item.get("reasons"))}
            for item in _objects(account.get("unusable"))
        ],
        silence=_text(account.get("silence")),
        cards=[] if answer is None else [_card(card) for card in answer.cards],
        patient_hash=call.patient_hash,
    )


def patient_hash(key: str | None, patient_id: object) -> str | None:
    """The patient's id under the site's key, so that repeats can be counted; None without one.

    `Patient/123` is the patient `123`.
    """
    if key is None or not isinstance(patient_id, str):
        return None
    plain = patient_id.removeprefix("Patient/")
    return hmac.digest(key.encode(), plain.encode(errors="surrogatepass"), "sha256").hex()


def age_band(chart: Any, at: datetime) -> str:
    """The band of the patient's age. A coarse birth date that could be in two bands is in none."""
    patient: Born | None = getattr(chart, "patient", None)
    if patient is None or patient.born_first is None or patient.born_last is None:
        return UNKNOWN
    bands = {_band(patient.born_first, at.date()), _band(patient.born_last, at.date())}
    return bands.pop() if len(bands) == 1 else UNKNOWN


def _band(born: date, on: date) -> str:
    years = whole_years(born, on)
    return next((band for start, band in AGE_BANDS if years >= start), UNKNOWN)


def _card(card: Json) -> CardEntry:
    source = _object(card.get("source"))
    return CardEntry(
        id=_id(card.get("uuid")),
        indicator=_short(card.get("indicator")),
        topic=_short(_object(source.get("topic")).get("code")),
        suggestions=[
            SuggestionEntry(
                id=_id(suggestion.get("uuid")),
                label=_text(suggestion.get("label")) or "",
                recommended=suggestion.get("isRecommended") is True,
                actions=[_action(action) for action in _objects(suggestion.get("actions"))],
            )
            for suggestion in _objects(card.get("suggestions"))
        ],
    )


def _action(action: Json) -> dict[str, Any]:
    """The kind of change and the code of what is ordered; the resource names the patient."""
    resource = _object(action.get("resource"))
    concept = resource.get("medicationCodeableConcept") or resource.get("code")
    coding = next(iter(_objects(_object(concept).get("coding"))), {})
    named = {}
    for name, holder in (
        ("type", action),
        ("resourceType", resource),
        ("system", coding),
        ("code", coding),
    ):
        value = _short(holder.get(name))
        if value is not None:
            named[name] = value
    return named


def _id(value: object) -> str:
    # A card without a uuid gets no feedback, but is a card all the same.
    return value if isinstance(value, str) and 0 < len(value) <= CARD else str(uuid7())


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    # PostgreSQL has no character 0.
    if isinstance(value, str):
        return value.replace("\0", "\ufffd") if "\0" in value else value
    return None


def _short(value: object) -> str | None:
    if isinstance(value, str):
        return (value.replace("\0", "\ufffd") if "\0" in value else value)[:SHORT]
    return None


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else []
    return [text for item in items if (text := _short(item)) is not None]


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        return Decimal(value).quantize(_MICRO).normalize()
    except InvalidOperation:
        return None
