"""Reads the chart of a call: what came with it becomes facts about one patient."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hooks.chart.bundle import is_partial
from hooks.chart.chart import Chart, Series
from hooks.chart.codes.conditions import ConditionCodes
from hooks.chart.codes.drugs import DrugCodes
from hooks.chart.codes.laboratory import LabCodes
from hooks.chart.context import OrderContext
from hooks.chart.indication import ConditionIndex
from hooks.chart.labs import read_series
from hooks.chart.order import LabOrder, Order
from hooks.chart.orders import OrderReader, told_once
from hooks.chart.patient import read_patient
from hooks.chart.problems import Problems, read_problems
from hooks.chart.units import Analyte

#: The resources by their prefetch keys. None was looked for and not found; a key that is not
#: there is not available.
Prefetch = Mapping[str, dict[str, Any] | None]

#: The keys beside the patient and the analytes; each may stay away, and a card then says so.
_ORDERS_AND_PROBLEMS: Final = ("medications", "labOrders", "conditions")


class ChartReader:
    """Reads charts with the code lists of a site.

    `read` is the whole; what it is made of is here for whoever measures what each part costs.
    """

    def __init__(
        self, lab_codes: LabCodes, drug_codes: DrugCodes, conditions: ConditionCodes
    ) -> None:
        self._codes = lab_codes
        self._conditions = conditions
        self._orders = OrderReader(drug_codes, conditions, lab_codes)

    def read(self, context: OrderContext, prefetch: Prefetch, now: datetime) -> Chart:
        """The chart of the call at `now`. Raises MissingData if the patient is somebody else."""
        patient = read_patient(prefetch.get("patient"), context.patient_id)
        results = {analyte.value: self.results(analyte, context, prefetch) for analyte in Analyte}
        problems = self.problems(context, prefetch, now)
        return Chart(
            now,
            patient,
            orders=self.orders(context, prefetch),
            lab_orders=self.levels(context, prefetch),
            conditions=problems.known,
            unread_problems=problems.unread,
            unknown=frozenset(
                [
                    key
                    for key in _ORDERS_AND_PROBLEMS
                    if key not in prefetch or is_partial(prefetch[key])
                ]
            ),
            **results,
        )

    def results(self, analyte: Analyte, context: OrderContext, prefetch: Prefetch) -> Series:
        """The results of one analyte."""
        if analyte not in prefetch:
            return Series(available=False)
        return read_series(analyte, prefetch[analyte], context.patient_id, self._codes)

    def orders(self, context: OrderContext, prefetch: Prefetch) -> tuple[Order, ...]:
        """The medication orders: drafted, running and given, each of them once."""
        index = ConditionIndex(prefetch.get("conditions"), context.patient_id)
        return told_once(
            self._orders.drafts(context, index),
            self._orders.recorded(prefetch.get("medications"), context.patient_id, index),
        )

    def levels(self, context: OrderContext, prefetch: Prefetch) -> tuple[LabOrder, ...]:
        """The levels that are drafted or ordered."""
        return (
            *self._orders.lab_drafts(context.drafts),
            *self._orders.lab_orders(prefetch.get("labOrders"), context.patient_id),
        )

    def problems(self, context: OrderContext, prefetch: Prefetch, now: datetime) -> Problems:
        """The problem list at `now`: the known conditions, and the problems that no code tells."""
        return read_problems(prefetch.get("conditions"), context.patient_id, self._conditions, now)
