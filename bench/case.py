"""The calls that are measured, made from the fixtures so that they are of now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from service import fixture
from service.clock import utc_now

SERVICE = "/cds-services/magnesium-replacement"
#: Calls of one case that are sent in turn: other patients, other times.
VARIANTS = 50
_FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

Json = dict[str, Any]
encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class Case:
    """One kind of call. `body` makes a call of a given moment."""

    name: str
    title: str
    body: Callable[[datetime], Json]
    status: int = 200
    path: str = SERVICE
    auth: bool = False

    def bodies(self) -> Sequence[bytes]:
        """VARIANTS calls as of now."""
        now = utc_now()
        return [encode(self.body(now - timedelta(seconds=7 * back))) for back in range(VARIANTS)]


def _fixture(name: str) -> Callable[[datetime], Json]:
    def body(moment: datetime) -> Json:
        call = fixture.load(_FIXTURES / f"{name}.json").freshened(moment)
        call.pop("extension", None)
        return _of_a_patient_of_its_own(call)

    return body


def _of_a_patient_of_its_own(call: Json) -> Json:
    patient = call["context"]["patientId"]
    text: bytes = encode(call)
    renamed = text.replace(patient.encode(), f"patient-{uuid4().hex[:8]}".encode())
    decoded: Json = msgspec.json.Decoder(float_hook=Decimal).decode(renamed)
    return decoded


def _without_magnesium(moment: datetime) -> Json:
    call = _fixture("seed-mg-1.2")(moment)
    # Nothing may be fetched, so what is missing stays so.
    call.pop("fhirServer", None)
    del call["prefetch"]["magnesium"]
    return call


def _with_observations(count: int) -> Callable[[datetime], Json]:
    """The seed call with `count` magnesium results: the last as ever, the others older."""

    def body(moment: datetime) -> Json:
        call = _fixture("seed-mg-1.2")(moment)
        bundle = call["prefetch"]["magnesium"]
        (newest,) = bundle["entry"]
        taken = datetime.fromisoformat(newest["resource"]["effectiveDateTime"])
        for number in range(1, count):
            older = {
                **newest["resource"],
                "id": f"older-{number}",
                "effectiveDateTime": (taken - timedelta(hours=6 * number)).isoformat(),
            }
            bundle["entry"].append({"resource": older, "search": newest["search"]})
        bundle["total"] = count
        return call

    return body


def _feedback(moment: datetime) -> Json:
    accepted = {
        "card": str(uuid4()),
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": str(uuid4())}],
        "outcomeTimestamp": moment.isoformat(),
    }
    return {"feedback": [accepted]}


_SEED = _fixture("seed-mg-1.2")

CASES = (
    Case("seed", "severe, a card with orders", _SEED),
    Case("normal", "normal magnesium, no card", _fixture("normal")),
    Case("not-relevant", "an imaging order, no card", _fixture("sandbox-imaging")),
    Case("412", "no magnesium came, 412", _without_magnesium, status=412),
    Case("20-observations", "20 magnesium results", _with_observations(20)),
    Case("200-observations", "200 magnesium results", _with_observations(200)),
    Case("2000-observations", "2,000 magnesium results", _with_observations(2000)),
    Case("auth", "the seed call with a fresh ES384 token", _SEED, auth=True),
    Case("feedback", "one outcome of one card", _feedback, path=f"{SERVICE}/feedback"),
)
