"""`assess`: what a protocol says about a chart. Pure: no FHIR, no clock, no state.

This is the decision table of clinical 9, from top to bottom, in the order of settled 1 and 2: the
gates before the band, the band, the gates that guard a dose, the row. The first gate that is shut
decides. Every step that is tried is kept, so that a decision can be explained.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hooks.chart.chart import Chart
from hooks.protocol import abstention, dose, gates, orders, stop
from hooks.protocol.assessment import Assessment
from hooks.protocol.case import Case, Shut
from hooks.protocol.evidence import gather
from hooks.protocol.model import DOSED, Band, BandId
from hooks.protocol.protocol import Protocol

#: Before the band: what follows where a gate of `gates.BEFORE_THE_BAND` is shut.
_STOPPED: Final[Mapping[str, Callable[[Case, Shut], Assessment]]] = {
    "G1": stop.out_of_scope,
    "G2": stop.obstetric,
    "G3": stop.emergency,
    "G4": stop.indeterminate,
}

#: Severe and moderate: what follows where a gate of `gates.GUARDS` is shut.
_GUARDED: Final[Mapping[str, Callable[[Case, Band, Shut], Assessment]]] = {
    "G5": dose.unconfirmed,
    "G7": dose.withheld,
    "G8": dose.withheld,
    "G9": dose.kidneys_unknown,
    "G6": orders.ordered,
}

#: No gate is shut: the rows of the band.
_ROWS: Final[Mapping[BandId, Callable[[Case, Band], Assessment]]] = {
    "severe": dose.suggested,  # DT1, DT2
    "moderate": dose.suggested,  # DT3, DT4
    "mild": abstention.mild,  # DT5
    "normal": abstention.normal,  # DT6
    "high": abstention.high,  # DT7
}


def assess(chart: Chart, protocol: Protocol) -> Assessment:
    """Decide what to say about the chart, by the protocol alone."""
    case = Case(gather(chart, protocol))
    stopped = case.first_shut(gates.BEFORE_THE_BAND)
    if stopped is not None:
        return _STOPPED[stopped.gate](case, stopped)
    band = case.band()
    if band.id in DOSED:
        case.examine_kidneys()
        guarded = case.first_shut(gates.GUARDS)
        if guarded is not None:
            return _GUARDED[guarded.gate](case, band, guarded)
    return _ROWS[band.id](case, band)
