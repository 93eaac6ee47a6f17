"""The services and their clients as a site has set them up, by its files."""

from collections.abc import Iterable

from hooks import OrderSelect, offered
from hooks.chart.codes import drugs, laboratory
from hooks.protocol import load as load_protocol
from service.hook import Hook
from service.settings import Settings
from service.trust.clients import Clients
from service.trust.clients import load as load_clients


def services(settings: Settings) -> tuple[OrderSelect, ...]:
    """The services offered with these settings; a file that is not set is the one shipped.

    Raises ProtocolError or CodeListError for a file that cannot be used.
    """
    return offered(
        load_protocol(settings.protocol),
        laboratory.load(settings.lab_codes),
        settings.base_url,
        drugs.load(settings.qt_drugs),
    )


def clients(settings: Settings, services: Iterable[Hook]) -> Clients:
    """The clients that may call; none where callers are not asked who they are.

    Raises ClientsError for a file that cannot be used.
    """
    if settings.clients is None or not settings.is_auth_required:
        return Clients()
    return load_clients(settings.clients, [service.id for service in services])
