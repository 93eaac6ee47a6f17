"""An order as a fact: what is drafted, running or given, and which levels are ordered."""

from collections.abc import Mapping
from enum import StrEnum

from hooks.chart.codes.drugs import DrugClass
from hooks.chart.codes.routes import Route
from hooks.chart.dosage import Dosage
from hooks.chart.fact import Fact
from hooks.chart.moments import Moment
from hooks.chart.units import Analyte


class Place(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    STOPPED = "stopped"


class Order(Fact, frozen=True):
    """One medication order of this patient.

    `name` is text from the request: not safe to show before it is escaped; without `is_readable`
    neither a name nor a known code came: it may be any drug. `classes` maps why the drug matters to
    the drug's own name, `route` is the ordered one where it is known. `magnesium` says how the
    order's magnesium sulfate or chloride is given, None if it holds none. `indication` is another
    reason that the order itself certainly names, `unclear_reason` the words that may name or deny
    one, `other_reason` those that say nothing of what magnesium is replaced for. `salt` is the name
    of its magnesium's salt, None if nobody named one. A draft that `is_recorded` is an order that
    is being signed again: it may be running already. What is `in_fluid` was added to a large bag,
    which runs at its own rate; what is `in_large_bag` is that, or a premixed bag of many doses.
    """

    reference: str
    place: Place
    selected: bool
    name: str | None
    is_readable: bool
    route: Route | None
    classes: Mapping[DrugClass, str]
    magnesium: Route | None
    dosage: Dosage
    authored: Moment | None
    indication: str | None
    unclear_reason: str | None = None
    salt: str | None = None
    is_recorded: bool = False
    other_reason: str | None = None
    in_fluid: bool = False
    in_large_bag: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it runs no longer: given to its end, or stopped before it."""
        return self.place in (Place.COMPLETED, Place.STOPPED)

    @property
    def is_parenteral_magnesium(self) -> bool:
        """Whether the order puts magnesium into a vein or a muscle, or may do so."""
        return self.magnesium is not None and self.magnesium is not Route.ENTERAL

    @property
    def is_magnesium(self) -> bool:
        """Whether the order gives magnesium at all."""
        return self.magnesium is not None or DrugClass.ORAL_MAGNESIUM in self.classes


class LabOrder(Fact, frozen=True):
    """A level that is ordered: `due` is the end of its time, None if none is named.

    `begins` is the beginning of a period, None for any other time.
    """

    analyte: Analyte
    place: Place
    authored: Moment | None
    due: Moment | None
    begins: Moment | None = None
