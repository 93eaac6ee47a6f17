"""Renal function from creatinine: CKD-EPI 2021, Cockcroft-Gault, and a rise that means injury.

Formulas only. Which value decides what is the protocol's business.
"""

from decimal import Context, Decimal
from functools import lru_cache
from typing import Final

from hooks.chart.chart import Sex

#: Fifteen digits: far beyond what a creatinine carries, and a third of the time of twenty-eight.
_ARITHMETIC: Final = Context(prec=15)


@lru_cache(maxsize=4096)
def ckd_epi_2021(creatinine: Decimal, age: int, sex: Sex) -> Decimal:
    """Estimated GFR in mL/min/1.73 m2 from creatinine in mg/dL; adults (NEJM 2021;385:1737).

    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age x 1.012 if female; race-free.
    Raises ValueError for a creatinine that is not above zero.
    """
    if creatinine <= 0:
        raise ValueError("creatinine must be above zero")
    female = sex is Sex.FEMALE
    kappa = Decimal("0.7") if female else Decimal("0.9")
    alpha = Decimal("-0.241") if female else Decimal("-0.302")
    ratio = _ARITHMETIC.divide(creatinine, kappa)
    one = Decimal(1)
    exponent, part = (alpha, ratio) if ratio < one else (Decimal("-1.200"), ratio)
    egfr = _ARITHMETIC.multiply(Decimal(142), _ARITHMETIC.power(part, exponent))
    egfr = _ARITHMETIC.multiply(egfr, _ARITHMETIC.power(Decimal("0.9938"), age))
    return _ARITHMETIC.multiply(egfr, Decimal("1.012")) if female else egfr


def cockcroft_gault(creatinine: Decimal, age: int, sex: Sex, weight: Decimal) -> Decimal:
    """Creatinine clearance in mL/min from mg/dL and kg (Nephron 1976;16:31).

    (140 - age) x kg / (72 x Scr), x 0.85 if female; actual weight.
    Raises ValueError for a creatinine that is not above zero.
    """
    if creatinine <= 0:
        raise ValueError("creatinine must be above zero")
    clearance = _ARITHMETIC.divide((140 - age) * weight, 72 * creatinine)
    return _ARITHMETIC.multiply(clearance, Decimal("0.85")) if sex is Sex.FEMALE else clearance
