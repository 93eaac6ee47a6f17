"""What Magnesia knows of medicine: the services that it offers. Nothing here knows HTTP."""

from hooks.chart.codes import LabCodes
from hooks.order_select import OrderSelect
from hooks.protocol.protocol import Protocol

__all__ = ["OrderSelect", "offered"]


def offered(
    protocol: Protocol, lab_codes: LabCodes, base_url: str | None
) -> tuple[OrderSelect, ...]:
    """The services offered by the protocol; `base_url` is the service's public address."""
    return (OrderSelect(protocol, lab_codes, base_url),)
