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
        "magnesium_window",
        "creatinine_window",
        "potassium_window",
        "weight_window",
    }
)

#: Facts of one patient's assessment.
OF_THE_PATIENT: Final = frozenset(
    {
        "magnesium",
        "band",
        "threshold",
        "why",
        "potassium",
        "creatinine",
        "renal",
        "renal_tier",
        "magnesium_basis",
        "potassium_basis",
        "creatinine_basis",
        "renal_basis",
        "creatinine_problem",
        "rule",
        "rule_basis",
        "unusable",
        "findings",
        "dose",
        "duration",
        "rate",
        "monitoring",
        "caveat",
        "when",
        "recheck_window",
        "reference_dose",
        "reason",
        "lead",
        "next",
        "not_checked",
        "review",
        "analyte",
        "earlier",
        "detail",
        "status",
        "age",
        "reported",
        "at",
        "egfr",
        "clearance",
        "weight",
        "drug",
        "condition",
        "order",
        "draft_dose",
        "draft_rate",
        "past",
        "trend",
        "qtc",
        "places",
        "order_reason",
        "advice",
        "organic_salts",
        "newer",
        "magnesium_order",
        "salt",
    }
)

NAMES: Final = OF_THE_PROTOCOL | OF_THE_PATIENT
