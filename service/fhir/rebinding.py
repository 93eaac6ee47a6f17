"""DNS rebinding: a web page elsewhere whose name suddenly means this machine.

To the browser such a page and the service are then of one origin, so no rule of the browser keeps
them apart. What gives the page away is the name that it calls by, in `Host`.
"""

from urllib.parse import urlsplit

from flask import Request

from service.settings import Settings, is_loopback


def is_own_name(asked: Request, settings: Settings) -> bool:
    """Whether the request calls the service by a name of its own.

    A service that is for this machine alone, as it listens on a loopback address or as its base
    URL says, has the loopback names and that of its base URL. Any other has whatever names others
    have given it.
    """
    base_host = urlsplit(settings.base_url or "").hostname
    if not settings.on_loopback and not is_loopback(base_host):
        return True
    host = _host(asked.host)
    return host is not None and (is_loopback(host) or host == base_host)


def _host(named: str) -> str | None:
    try:
        return urlsplit(f"//{named}").hostname
    except ValueError:
        return None
