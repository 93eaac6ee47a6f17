"""The names that sentences of a protocol file may use, and what each stands for."""

from typing import Final

#: Constants of the protocol itself, the same for every patient.
OF_THE_PROTOCOL: Final = frozenset(
    {
        "label",
        "version",
        "approved_by",
        "target",
        "redose",
        "deficient_below",
        "deficient_mg_dl",
        "ceiling",
        "recheck",
        "excluded_below",
        "reduced_below",
        "caution_below",
        "maximum",
        "maximum_within",
        "magnesium_window",
        "creatinine_window",
        "potassium_window",
        "weight_window",
    }
)

#: What is worked out of one patient's assessment for a whole card; any sentence of it may say it.
OF_A_CARD: Final = frozenset(
    {
        # The results.
        *("magnesium", "magnesium_basis", "preliminary_basis", "trend", "unusable"),
        *("potassium", "potassium_basis", "creatinine_basis", "creatinine_problem"),
        # The band of the magnesium.
        *("band", "threshold", "why", "toward_target"),
        # The kidneys.
        *("renal", "egfr", "clearance", "weight", "renal_basis", "renal_tier"),
        # The gate or row that decided.
        *("rule", "rule_basis", "condition", "reason", "lead", "next"),
        # The dose and the level after it.
        *("dose", "duration", "rate", "hourly_rate", "monitoring", "caveat"),
        *("recheck_window", "reference_dose"),
        # What was found, what to mind, and what the card cannot vouch for.
        *("findings", "advice", "check", "other_indication", "organic_salts"),
        *("not_checked", "problems", "review"),
    }
)

#: What only the sentences about one order may say.
OF_AN_ORDER: Final = frozenset(
    {
        *("order", "magnesium_order", "salt", "places", "past", "order_reason"),
        *("draft_dose", "draft_rate", "draft_total"),
    }
)

#: What only the sentences about one result, reason, finding, order or offer may say.
OF_ONE_THING: Final = OF_AN_ORDER | {
    *("at", "age", "detail", "status", "reported", "newer"),
    *("analyte", "creatinine", "earlier", "qtc", "drug"),
    *("more", "when"),
}

#: Facts of one patient's assessment.
OF_THE_PATIENT: Final = OF_A_CARD | OF_ONE_THING

NAMES: Final = OF_THE_PROTOCOL | OF_THE_PATIENT
