"""A protocol as JSON: every quantity as the file writes it, and in its canonical unit."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel

from hooks.chart.units import CANONICAL, Analyte
from hooks.protocol import quantity
from hooks.protocol.document import Document
from hooks.protocol.quantity import Quantity, Rate

#: A quantity does not carry its kind; the type of the field it stands in says it.
_UNITS: Final[Mapping[Any, str]] = {
    quantity.Magnesium: CANONICAL[Analyte.MAGNESIUM],
    quantity.Potassium: CANONICAL[Analyte.POTASSIUM],
    quantity.Creatinine: CANONICAL[Analyte.CREATININE],
    quantity.Weight: CANONICAL[Analyte.WEIGHT],
    quantity.Interval: CANONICAL[Analyte.QTC],
    quantity.Filtration: CANONICAL[Analyte.EGFR],
    quantity.Dose: "g",
    quantity.Time: "min",
    quantity.Age: "y",
    quantity.Clearance: "mL/min",
}


def as_json(document: Document) -> dict[str, Any]:
    """The document under the names of its file, without what the file leaves out."""
    return _part(document)


def _part(part: BaseModel) -> dict[str, Any]:
    members = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if value is not None:
            members[field.alias or name] = _value(value, _unit(field.rebuild_annotation()))
    return members


def _value(value: Any, unit: str | None) -> Any:
    match value:
        case BaseModel():
            return _part(value)
        case Quantity():
            return {"written": value.written, "value": value.value, "unit": unit}
        case Rate():
            return {"written": value.written, "value": value.per_minute, "unit": "mg/min"}
        case dict():
            return {str(key): _value(member, None) for key, member in value.items()}
        case tuple():
            return [_value(item, None) for item in value]
        case _:
            return value


def _unit(hint: Any) -> str | None:
    return next((_UNITS[kind] for kind in _kinds(hint) if kind in _UNITS), None)


def _kinds(hint: Any) -> Iterator[Any]:
    """A type, and the types that it is made of."""
    yield hint
    for argument in get_args(hint):
        if not isinstance(argument, str):
            yield from _kinds(argument)
