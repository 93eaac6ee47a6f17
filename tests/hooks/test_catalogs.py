"""Orders as catalogs and order sentences write them, and what is read in them: `catalogs.toml`."""

from typing import Any

import pytest

from hooks.chart.order import Order
from tests.hooks.casefiles import cases
from tests.hooks.ordermaker import asked

SAID = {"text", "sig", "route", "dose", "running", "over"}
READ = {"is", "g", "min", "times"}
KINDS = {"none", "other", "sulfate", "sulfate, intramuscular", "chloride", "aspartate", "unnamed"}


@pytest.mark.parametrize("catalog", cases("catalogs.toml", "catalog"))
def test_orders(catalog: dict[str, Any]) -> None:
    """Every order of a catalog is read as the pharmacist reads it."""
    drafts = [
        {name: row[name] for name in SAID & row.keys()} | {"id": f"row-{number}"}
        for number, row in enumerate(catalog["orders"])
    ]
    chart = asked(drafts).chart
    assert chart is not None
    found = {order.reference: order for order in chart.orders}
    wrong = []
    for number, row in enumerate(catalog["orders"]):
        assert not row.keys() - SAID - READ, f"nothing reads this of {row}"
        assert row["is"] in KINDS, f"the list above the rows has no {row['is']}"
        told = read(found[f"MedicationRequest/row-{number}"])
        missed = {name: told[name] for name in READ & row.keys() if told[name] != row[name]}
        if missed:
            wrong.append(f"{row} is read as {missed}")
    assert not wrong, "a dose is never guessed, and magnesium never missed:\n" + "\n".join(wrong)


def read(order: Order) -> dict[str, str]:
    """What was made of an order, in the words of the case file."""
    grams, minutes = order.dosage.grams, order.dosage.minutes
    return {
        "is": kind(order),
        "g": "unread" if grams is None else f"{grams:.2f}",
        "min": "none" if minutes is None else f"{minutes.normalize():f}",
        "times": "many" if order.dosage.recurring else "one",
    }


def kind(order: Order) -> str:
    if order.magnesium is None or order.magnesium.value == "enteral":
        return "none"
    if order.magnesium.value == "other":
        return "other"
    if order.salt is None:
        return "unnamed"
    salt = order.salt.removeprefix("magnesium ")
    return salt if order.magnesium.value == "intravenous" else f"{salt}, {order.magnesium.value}"
