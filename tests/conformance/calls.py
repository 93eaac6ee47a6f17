"""Calls that make the service say different things, each a small edit of the seed call."""

from collections.abc import Callable

from tests.conformance.request import (
    Json,
    furosemide,
    magnesium_sulfate,
    medication_request,
    order_select,
    patient,
    result,
    searchset,
    service_request,
    with_results,
)

# Ids that clients send although FHIR does not allow them.
LONG_ID = "e" + "-Tx.9" * 34 + "3"
DOTTED_ID = "2.16.840.1.113883.order...7"
HYPHEN_ID = "order‐2026‐11‐23"

HALOPERIDOL = ("haloperidol 5 MG Oral Tablet", "310671")
POTASSIUM_CHLORIDE = ("100 ML potassium chloride 0.2 MEQ/ML Injection", "1863586")
ONDANSETRON = ("ondansetron 4 MG Oral Tablet", "198052")


def blank_draft() -> Json:
    """What the sandbox sends before a medication has been chosen."""
    order = furosemide()
    for name in ("intent", "medicationCodeableConcept", "dosageInstruction"):
        del order[name]
    return order


def sandbox_draft() -> Json:
    """What the sandbox sends afterwards: an object where R4 has a list."""
    order = furosemide()
    order["category"] = {"text": "community"}
    return order


def magnesium_as_the_sandbox_would() -> Json:
    """An intravenous dose with an object where R4 has a list and an element it does not know."""
    order = magnesium_sulfate(2, 5)
    order["category"] = order["category"][0]
    order["hospitalBed"] = "3-14"
    return order


def in_encounter() -> Json:
    call = order_select()
    call["context"]["encounterId"] = "89284"
    return call


def si_units() -> Json:
    return with_results(
        order_select(),
        magnesium=result("magnesium", 0.49, "mmol/L", loinc="2601-3"),
        creatinine=result("creatinine", 71, "umol/L", loinc="14682-9"),
    )


def without_a_unit() -> Json:
    magnesium = result("magnesium", 1.2)
    magnesium["valueQuantity"] = {"value": 1.2}
    return with_results(order_select(), magnesium=magnesium)


def below_detection() -> Json:
    magnesium = result("magnesium", 0.5)
    magnesium["valueQuantity"]["comparator"] = "<"
    return with_results(order_select(), magnesium=magnesium)


def hemolyzed() -> Json:
    potassium = result("potassium", 5.9)
    potassium["note"] = [{"text": "Specimen hemolyzed"}]
    return with_results(order_select(), potassium=potassium)


def sixteen_years_old() -> Json:
    call = order_select()
    call["prefetch"]["patient"]["birthDate"] = "2010-02-03"
    return call


def sex_unknown() -> Json:
    call = order_select()
    del call["prefetch"]["patient"]["gender"]
    return call


def nobody() -> Json:
    call = order_select()
    call["prefetch"]["patient"] = None
    return call


def only_the_required() -> Json:
    call = order_select()
    call["prefetch"] = {"patient": patient(), "magnesium": searchset(result("magnesium", 1.2))}
    return call


def two_values_in_one_minute() -> Json:
    call = order_select()
    call["prefetch"]["magnesium"] = searchset(
        result("magnesium", 1.2), result("magnesium", 1.9) | {"id": "magnesium-2"}
    )
    return call


def imaging_only() -> Json:
    return order_select(service_request())


CALLS: dict[str, Callable[[], Json]] = {
    "seed": order_select,
    "in an encounter": in_encounter,
    "SI units": si_units,
    "below detection": below_detection,
    "moderate": lambda: with_results(order_select(), magnesium=result("magnesium", 1.4)),
    "moderate, low potassium": lambda: with_results(
        order_select(), magnesium=result("magnesium", 1.4), potassium=result("potassium", 3.0)
    ),
    "mild, potassium ordered": lambda: with_results(
        order_select(medication_request(*POTASSIUM_CHLORIDE)),
        magnesium=result("magnesium", 1.6),
    ),
    "normal": lambda: with_results(order_select(), magnesium=result("magnesium", 2.0)),
    "normal, magnesium ordered": lambda: with_results(
        order_select(magnesium_sulfate(2, 20)), magnesium=result("magnesium", 2.0)
    ),
    "high, magnesium ordered": lambda: with_results(
        order_select(magnesium_sulfate(2, 20)), magnesium=result("magnesium", 4.0)
    ),
    "reduced kidneys": lambda: with_results(order_select(), creatinine=result("creatinine", 2.2)),
    "failed kidneys": lambda: with_results(order_select(), creatinine=result("creatinine", 6.8)),
    "no creatinine": lambda: with_results(order_select(), creatinine=None),
    "only the required keys": only_the_required,
    "no magnesium": lambda: with_results(order_select(), magnesium=None),
    "no magnesium, haloperidol ordered": lambda: with_results(
        order_select(medication_request(*HALOPERIDOL)), magnesium=None
    ),
    "stale": lambda: with_results(order_select(), magnesium=result("magnesium", 1.2, hours_ago=40)),
    "preliminary": lambda: with_results(
        order_select(), magnesium=result("magnesium", 1.2, status="preliminary")
    ),
    "two values in one minute": two_values_in_one_minute,
    "no unit": without_a_unit,
    "hemolyzed": hemolyzed,
    "sixteen years old": sixteen_years_old,
    "sex unknown": sex_unknown,
    "no such patient": nobody,
    "haloperidol ordered": lambda: order_select(medication_request(*HALOPERIDOL)),
    "right dose drafted": lambda: order_select(magnesium_sulfate(2, 20)),
    "drafted too fast": lambda: order_select(magnesium_sulfate(2, 5)),
    "drafted too small": lambda: order_select(magnesium_sulfate(1, 60)),
    "drafted too large for the kidneys": lambda: with_results(
        order_select(magnesium_sulfate(4, 60)), creatinine=result("creatinine", 2.2)
    ),
    "drafted beside furosemide": lambda: order_select(furosemide(), magnesium_sulfate(2, 5, "m")),
    "drafted under a long id": lambda: order_select(magnesium_sulfate(2, 5, LONG_ID)),
    "drafted under a dotted id": lambda: order_select(magnesium_sulfate(2, 5, DOTTED_ID)),
    "drafted under an odd hyphen": lambda: order_select(magnesium_sulfate(2, 5, HYPHEN_ID)),
    "drafted in invalid R4": lambda: order_select(magnesium_as_the_sandbox_would()),
    "two orders": lambda: order_select(furosemide(), medication_request(*ONDANSETRON, "o-2")),
    "sandbox draft": lambda: order_select(sandbox_draft()),
    "blank draft": lambda: order_select(blank_draft()),
    "imaging only": imaging_only,
}
