"""What Magnesia knows of medicine: the services that it offers. Nothing here knows HTTP."""

from hooks.chart.codes import drugs
from hooks.chart.codes.drugs import DrugCodes
from hooks.chart.codes.laboratory import LabCodes
from hooks.order_select import OrderSelect
from hooks.protocol.protocol import Protocol

__all__ = ["OrderSelect", "offered"]


def offered(
    protocol: Protocol,
    lab_codes: LabCodes,
    base_url: str | None,
    drug_codes: DrugCodes | None = None,
) -> tuple[OrderSelect, ...]:
    """The services offered by the protocol; `base_url` is the service's public address.

    Without `drug_codes`, the drugs shipped with the service are known.
    """
    return (OrderSelect(protocol, lab_codes, drug_codes or drugs.load(), base_url),)
