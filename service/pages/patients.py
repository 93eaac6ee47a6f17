"""Patients as an EHR shows them, and the made-up ones of order entry: the files of `fixtures/`.

Nothing here judges a value. Results are written as they were reported; what they mean is what the
service says of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hooks.cards.clock import ago, clock
from hooks.chart.patient import whole_years
from service import fixture
from service.fixture import EXTENSION, Fixture

#: Beside the packages in a clone; an installation without them has no patients to show.
FOLDER = Path(__file__).resolve().parents[2] / "fixtures"

_RESULTS = ("magnesium", "potassium", "creatinine", "qtc")
_LISTS = ("conditions", "medications")
_MOST_RESULTS = 4

Clock = Callable[[], datetime]
#: What a newcomer wants to see first; the others follow by name.
_FIRST = (
    "seed-mg-1.2",
    "moderate",
    "mild",
    "mild-qt-drug",
    "normal",
    "high",
    "after-dose",
    "low-potassium",
    "renal-reduced",
    "kidney-injury",
    "renal-excluded",
    "dialysis",
    "no-creatinine",
    "torsades",
    "obstetric",
)


@dataclass(frozen=True)
class Patient:
    """One request file: its name, title and story, and whether it is about an odd client."""

    id: str
    title: str
    story: str
    of_sandbox: bool
    fixture: Fixture

    @property
    def label(self) -> str:
        """The title where a list is read: under a heading that names the sandbox, without it."""
        shown = self.title.partition(": ")[2] if self.of_sandbox else self.title
        return f"{shown[:1].upper()}{shown[1:]}" or self.title


def load(folder: Path) -> Mapping[str, Patient]:
    """The patients by id, in the order in which they are offered; raises FixtureError."""
    found = {path.stem: _patient(path) for path in sorted(folder.glob("*.json"))}
    order = [name for name in _FIRST if name in found]
    order += [name for name in found if name not in _FIRST]
    return {name: found[name] for name in order}


def _patient(path: Path) -> Patient:
    case = fixture.load(path)
    about = _object(_object(case.request.get("extension")).get(EXTENSION))
    story = about.get("story")
    return Patient(
        path.stem,
        case.title or path.stem,
        story if isinstance(story, str) else "",
        path.stem.startswith("sandbox-"),
        case,
    )


def chart(patient: Patient, now: datetime) -> dict[str, Any]:
    """The patient as of `now`: banner, results, problems, orders, and the request of the file."""
    request = patient.fixture.freshened(now)
    request.pop("extension", None)
    return {
        "id": patient.id,
        "title": patient.title,
        "story": patient.story,
        **shown(_object(request.get("prefetch")), now),
        "request": request,
        "unread": {},
    }


def shown(prefetch: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a chart shows of a prefetch: banner, problems, orders, and of each kind of result the
    first few, which are the newest where the server sorts."""
    person = _object(prefetch.get("patient"))
    found = {key: list(resources(prefetch.get(key))) for key in (*_RESULTS, *_LISTS)}
    return {
        "name": _name(person),
        "facts": list(_facts(person, prefetch, now)),
        "problems": [_concept(item.get("code")) for item in found["conditions"]],
        "orders": [_order(item, now) for item in found["medications"]],
        "results": [_result(item, now) for key in _RESULTS for item in found[key][:_MOST_RESULTS]],
        "unlisted": _unlisted(sum(len(found[key][_MOST_RESULTS:]) for key in _RESULTS)),
    }


def _unlisted(number: int) -> str:
    return f"{number} more, further down in what the server answered" if number else ""


def listed(person: Mapping[str, Any]) -> dict[str, str]:
    """A Patient as a line of a list."""
    about = (str(person.get(name) or "") for name in ("birthDate", "gender"))
    return {
        "id": str(person.get("id")),
        "name": _name(person),
        "about": ", ".join(text for text in about if text),
    }


def _name(person: Mapping[str, Any]) -> str:
    names = person.get("name")
    first = _object(names[0]) if isinstance(names, list) and names else {}
    given = first.get("given")
    words = [part for part in (given if isinstance(given, list) else []) if isinstance(part, str)]
    parts = (first.get("family"), " ".join(words))
    name = ", ".join(part for part in parts if isinstance(part, str) and part)
    return name or str(first.get("text") or "No name")


def _facts(
    person: Mapping[str, Any], prefetch: Mapping[str, Any], now: datetime
) -> Iterator[tuple[str, str]]:
    """What a banner tells: age, sex, weight, each with its name."""
    try:
        born = date.fromisoformat(str(person.get("birthDate")))
    except ValueError:
        yield "Born", str(person.get("birthDate") or "unknown")
    else:
        yield "Age", f"{whole_years(born, now.date())} years"
    yield "Sex", str(person.get("gender", "unknown"))
    weights = list(resources(prefetch.get("weight")))
    yield (
        "Weight",
        f"{_quantity(weights[0])[0]} {_quantity(weights[0])[1]}" if weights else "not recorded",
    )


def _result(observation: Mapping[str, Any], now: datetime) -> dict[str, str]:
    value, unit = _quantity(observation)
    return {
        "reference": f"Observation/{observation.get('id')}",
        "name": _concept(observation.get("code")).partition(" [")[0],
        "value": value,
        "unit": unit,
        "status": str(observation.get("status", "")),
        # The column's heading says the zone.
        **_when(
            observation.get("effectiveDateTime") or observation.get("effectiveInstant"),
            now,
            zone="",
        ),
    }


def _order(order: Mapping[str, Any], now: datetime) -> dict[str, str]:
    return {
        "name": _concept(order.get("medicationCodeableConcept")),
        "status": str(order.get("status", "")),
        **_when(order.get("authoredOn"), now),
    }


def _when(text: object, now: datetime, zone: str = " UTC") -> dict[str, str]:
    try:
        at = fixture.moment(str(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        return {"time": str(text or "no time"), "ago": ""}
    time = clock(at, now.astimezone(UTC)).removesuffix(" UTC")
    return {"time": f"{time}{zone}", "ago": f"{ago(now - at)} ago"}


def _quantity(observation: Mapping[str, Any]) -> tuple[str, str]:
    quantity = _object(observation.get("valueQuantity"))
    value = f"{quantity.get('comparator', '')}{quantity.get('value', '')}"
    return value, str(quantity.get("unit") or quantity.get("code") or "")


def _concept(concept: object) -> str:
    words = _object(concept)
    codings = words.get("coding")
    first = _object(codings[0]) if isinstance(codings, list) and codings else {}
    return str(words.get("text") or first.get("display") or first.get("code") or "unnamed")


def resources(bundle: object) -> Iterator[Mapping[str, Any]]:
    """The resources of a Bundle; none of anything else."""
    entries = _object(bundle).get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = _object(entry).get("resource")
        if isinstance(resource, dict):
            yield resource


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
