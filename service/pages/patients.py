"""The made-up patients of order entry: the request files of `fixtures/`, shown as an EHR would.

Nothing here judges a value. Results are written as they were reported; what they mean is what the
service says of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hooks.cards.text import ago, clock
from hooks.chart.patient import whole_years
from service import fixture
from service.fixture import EXTENSION, Fixture

#: Beside the packages in a clone; an installation without them has no patients to show.
FOLDER = Path(__file__).resolve().parents[2] / "fixtures"

_RESULTS = ("magnesium", "potassium", "creatinine", "qtc")
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
    prefetch = _object(request.get("prefetch"))
    person = _object(prefetch.get("patient"))
    return {
        "id": patient.id,
        "title": patient.title,
        "story": patient.story,
        "name": _name(person),
        "facts": list(_facts(person, prefetch, now)),
        "problems": [_concept(item.get("code")) for item in _resources(prefetch, "conditions")],
        "orders": [_order(item, now) for item in _resources(prefetch, "medications")],
        "results": [_result(item, now) for key in _RESULTS for item in _resources(prefetch, key)],
        "request": request,
    }


def _name(person: Mapping[str, Any]) -> str:
    names = person.get("name")
    first = _object(names[0]) if isinstance(names, list) and names else {}
    given = first.get("given")
    parts = [first.get("family"), *(given if isinstance(given, list) else [])]
    return ", ".join(part for part in parts if isinstance(part, str)) or "No name"


def _facts(
    person: Mapping[str, Any], prefetch: Mapping[str, Any], now: datetime
) -> Iterator[tuple[str, str]]:
    """What a banner tells: age, sex, weight, each with its name."""
    try:
        born = date.fromisoformat(str(person.get("birthDate")))
    except ValueError:
        yield "Age", "unknown"
    else:
        yield "Age", f"{whole_years(born, now.date())} years"
    yield "Sex", str(person.get("gender", "unknown"))
    weights = list(_resources(prefetch, "weight"))
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
        **_when(observation.get("effectiveDateTime"), now),
    }


def _order(order: Mapping[str, Any], now: datetime) -> dict[str, str]:
    return {
        "name": _concept(order.get("medicationCodeableConcept")),
        "status": str(order.get("status", "")),
        **_when(order.get("authoredOn"), now),
    }


def _when(text: object, now: datetime) -> dict[str, str]:
    try:
        at = fixture.moment(str(text))
    except ValueError:
        return {"time": str(text or "no time"), "ago": ""}
    return {"time": clock(at, now), "ago": f"{ago(now - at)} ago"}


def _quantity(observation: Mapping[str, Any]) -> tuple[str, str]:
    quantity = _object(observation.get("valueQuantity"))
    value = f"{quantity.get('comparator', '')}{quantity.get('value', '')}"
    return value, str(quantity.get("unit") or quantity.get("code") or "")


def _concept(concept: object) -> str:
    words = _object(concept)
    codings = words.get("coding")
    first = _object(codings[0]) if isinstance(codings, list) and codings else {}
    return str(words.get("text") or first.get("display") or first.get("code") or "unnamed")


def _resources(prefetch: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    entries = _object(prefetch.get(key)).get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = _object(entry).get("resource")
        if isinstance(resource, dict):
            yield resource


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
