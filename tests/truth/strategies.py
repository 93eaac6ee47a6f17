"""Charts without a plan: results, orders and conditions of every kind, also nonsense."""

from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from tests.truth.charts import (
    IV_BAG,
    PATIENT,
    UCUM,
    Json,
    condition,
    context,
    level,
    medication,
    observation,
    over_the_wire,
    searchset,
)

UNITS: Final = {
    "magnesium": ["mg/dL", "mmol/L", "meq/L"],
    "potassium": ["mmol/L"],
    "creatinine": ["mg/dL", "umol/L"],
    "weight": ["kg"],
}
_VALUES: Final = {
    "magnesium": [
        "0.3",
        "0.49",
        "0.5",
        "1.0",
        "1.2",
        "1.21525",
        "1.4",
        "1.49",
        "1.5",
        "1.7",
        "2.6",
    ],
    "potassium": ["2.9", "3.0", "3.49", "3.5", "4.1", "6.0"],
    "creatinine": ["0.6", "0.8", "1.2", "2.4", "3.9", "71", "210"],
    "weight": ["36", "70", "150"],
}
_ODD: Final[list[Any]] = [None, [], {}, "x", 7, True, [None], Decimal("-1")]
_CODES: Final = ["Z33.1", "O14.13", "I47.21", "G70.00", "I44.1", "Z95.0", "N18.6", "N18.5", "N18.4"]
_OTHER_CODES: Final = ["F10.20", "J45.901", "I45.81", "K50.0", "A00.0"]
_DRUGS: Final = [
    IV_BAG,
    ("829734", "50 ML magnesium sulfate 80 MG/ML Injection"),
    ("198741", "magnesium oxide 400 MG Oral Tablet"),
    ("1860239", "100 ML potassium chloride 0.2 MEQ/ML Injection"),
    ("5093", "haloperidol"),
    ("3407", "digoxin"),
    ("4603", "furosemide"),
    ("0", "magnesium sulfate"),
    ("0", ""),
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
]


@st.composite
def results(draw: st.DrawFn, analyte: str) -> Json:
    """A result: mostly sound, sometimes odd in one or two members."""
    unit = draw(st.sampled_from(UNITS[analyte]))
    found = observation(
        analyte,
        f"{draw(st.sampled_from(['', '', '', '<', '>=']))}"
        f"{draw(st.sampled_from(_VALUES[analyte]))} {unit}",
        hours=draw(st.sampled_from([0.0, 0.5, 1, 2, 2, 12, 30, 60, -1])),
        status=draw(st.sampled_from(["final", "final", "final", "preliminary", "corrected", "?"])),
        name=draw(st.sampled_from("abc")),
        note=draw(st.sampled_from([None, None, None, "Specimen hemolyzed"])),
    )
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        member = draw(st.sampled_from(sorted(found)))
        found[member] = draw(st.sampled_from(_ODD))
    return found


def _bundle(one: st.SearchStrategy[Json], most: int) -> st.SearchStrategy[Json]:
    return st.lists(one, max_size=most).map(searchset)


@st.composite
def doses(draw: st.DrawFn, /, **fixed: Any) -> Json:
    """A medication order with a dose, a duration and a rate, of which any may be missing or odd."""
    drug = fixed.pop("drug", None) or draw(st.sampled_from(_DRUGS))
    order = medication(
        drug,
        hours=draw(st.sampled_from([None, 0.2, 1, 3, 6, 12])),
        grams=draw(st.sampled_from([None, "0.5", "1", "1.9", "2", "3", "4"])),
        minutes=draw(st.sampled_from([None, "5", "10", "20", "60", "120", "480", "77.7"])),
        pills=draw(st.sampled_from([False, False, True])),
        reason=draw(st.sampled_from([None, None, None, "J45.901", "O14.13"])),
        by_vein=draw(st.booleans()),
        **fixed,
    )
    dosage = order.get("dosageInstruction", [{}])[0]
    if draw(st.booleans()) and "doseAndRate" in dosage:
        unit = draw(st.sampled_from(["mg", "g"]))
        number = draw(st.sampled_from(["7", "100", "150", "151"] if unit == "mg" else ["0.1", "2"]))
        dosage["doseAndRate"][0]["rateRatio"] = {
            "numerator": {"value": Decimal(number), "unit": unit, "system": UCUM, "code": unit},
            "denominator": {"value": 1, "unit": "min", "system": UCUM, "code": "min"},
        }
    return order


@st.composite
def nonsense(draw: st.DrawFn) -> Json:
    """An order of this patient of which any other member may be anything."""
    order = deepcopy(draw(doses(name="draft-odd")))
    for _ in range(draw(st.integers(1, 3))):
        member = draw(st.sampled_from(sorted(set(order) - {"resourceType", "id", "subject"})))
        order[member] = draw(st.sampled_from(_ODD))
    return order


@st.composite
def people(draw: st.DrawFn) -> Json:
    """An adult."""
    human: Json = {
        "resourceType": "Patient",
        "id": PATIENT,
        "birthDate": f"{draw(st.integers(1912, 2007))}-05-14",
    }
    sex = draw(st.sampled_from(["female", "male", "other", None]))
    return human if sex is None else {**human, "gender": sex}


Call = tuple[Json, Json]


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Context and prefetch, not yet sent: two drafts at most beside what is nonsense."""
    drafts = [
        draw(doses(name=f"draft-{number}")) for number in range(1, 1 + draw(st.integers(1, 2)))
    ]
    drafts += draw(st.lists(nonsense(), max_size=1))
    selected = [draft["id"] for draft in drafts if draw(st.booleans())] or [drafts[0]["id"]]
    if draw(st.integers(0, 4)) == 0:
        drafts.append(level("draft"))
    codes = st.lists(st.sampled_from(_CODES), max_size=1) | st.lists(
        st.sampled_from(_OTHER_CODES), max_size=2
    )
    recorded = [
        draw(doses(name=f"past-{number}", status=draw(st.sampled_from(["active", "completed"]))))
        for number in range(draw(st.sampled_from([0, 0, 1, 2])))
    ]
    prefetch: Json = {
        "patient": draw(people()),
        "magnesium": draw(_bundle(results("magnesium"), 3)),
        "potassium": draw(_bundle(results("potassium"), 2)),
        "creatinine": draw(_bundle(results("creatinine"), 3)),
        "weight": draw(_bundle(results("weight"), 1)),
        "medications": searchset(recorded),
        "labOrders": searchset([level("active")] if draw(st.integers(0, 4)) == 0 else []),
        "conditions": searchset(condition(code) for code in draw(codes)),
    }
    for key in draw(st.lists(st.sampled_from(sorted(prefetch)), max_size=1)):
        if key not in {"patient", "magnesium"}:
            if draw(st.booleans()):
                prefetch[key] = None
            else:
                del prefetch[key]
    return context(drafts, selected), prefetch


@st.composite
def ready(draw: st.DrawFn) -> Call:
    """A call whose results would allow a dose: what an exclusion or an order must prevent."""
    said, prefetch = draw(calls())
    value = draw(st.sampled_from(["1.2 mg/dL", "0.4 mmol/L", "1.4 mg/dL", "1.1 meq/L"]))
    prefetch["magnesium"] = searchset([observation("magnesium", value)])
    creatinine = draw(st.sampled_from(["0.8 mg/dL", "1.3 mg/dL", "2.4 mg/dL", "71 umol/L"]))
    prefetch["creatinine"] = searchset([observation("creatinine", creatinine)])
    prefetch["weight"] = searchset([observation("weight", "70 kg")])
    prefetch["patient"]["birthDate"] = "1964-05-14"
    prefetch["conditions"] = searchset([])
    return said, prefetch


def sent(call: Call) -> Call:
    """The call as it arrives."""
    said, prefetch = call
    return over_the_wire(said), over_the_wire(prefetch)
