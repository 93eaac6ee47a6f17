"""The services as a site has set them up: by its protocol, its laboratory codes, its QT drugs."""

from hooks import OrderSelect, offered
from hooks.chart import codes
from hooks.chart.codes import drugs
from hooks.protocol import load as load_protocol
from service.settings import Settings


def services(settings: Settings) -> tuple[OrderSelect, ...]:
    """The services offered with these settings; a file that is not set is the one shipped.

    Raises ProtocolError or LabCodesError for a file that cannot be used.
    """
    return offered(
        load_protocol(settings.protocol),
        codes.load(settings.lab_codes),
        settings.base_url,
        drugs.load(settings.qt_drugs),
    )
