"""The FHIR servers that may be read, and the addresses at which they may be reached.

An address is understood in one plain way or not at all. What another reader of the same text could
take for another place (a user before the host, a number for an address, a dot segment, a letter
beyond ASCII) is not the address of a FHIR server.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Self
from urllib.parse import unquote

_LONGEST = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# re.ASCII: without it, a Kelvin sign would pass for a k.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[a-z0-9._~!$&'()*+,;=:@%-]*)*)"
    r"(?P<query>\?[\x21\x24-\x3b\x3d\x3f-\x5b\x5d-\x7e]*)?",
    re.IGNORECASE | re.ASCII,
)
# What the system's own resolver would take for a number: 2130706433, 127.1, 0x7f.1, 0177.0.0.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAT64 = IPv6Network("64:ff9b::/96")
_THIS_NETWORK = 0

Address = IPv4Address | IPv6Address
# What `socket.socket` and its `connect` want: a family and an address of that family.
Target = tuple[socket.AddressFamily, tuple[Any, ...]]


@dataclass(frozen=True)
class FhirServer:
    """The base URL of a FHIR server, in the parts by which it is compared."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The server whose base URL `text` is. Raises ValueError for anything but an absolute http
        or https address with a plain host and path and nothing else."""
        server, path, query = cls._split(text)
        if query is not None or "%" in path or _has_odd_segments(path):
            raise ValueError("more than the address of a server and a plain path")
        return server

    @classmethod
    def _split(cls, text: str) -> tuple[Self, str, str | None]:
        found = _URL.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            raise ValueError("not a plain http or https address")
        scheme, path = found["scheme"].lower(), found["path"]
        port = int(found["port"] or _DEFAULT_PORTS[scheme])
        if port > _LAST_PORT:
            raise ValueError("not a port")
        server = cls(scheme, _plain_host(found["host"]), port, path.removesuffix("/"))
        return server, path, found["query"]

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is said to be on this machine."""
        return _is_loopback(self.host)

    def holds(self, url: str) -> bool:
        """Whether `url` is at this server and under its base path."""
        try:
            server, path, _ = self._split(url)
        except ValueError:
            return False
        if (server.scheme, server.host, server.port) != (self.scheme, self.host, self.port):
            return False
        return not _has_dot_segments(path) and f"{path}/".startswith(f"{self.path}/")


class ForbiddenAddressError(OSError):
    """A name resolves to no address at which a FHIR server may be."""


def targets(host: str, port: int) -> list[Target]:
    """Where to connect to for `host`: what its name resolves to now, without the addresses that
    are not a FHIR server's.

    Loopback, link-local, multicast, unspecified and reserved addresses are this machine's or
    nobody's; a name of another machine that resolves to one has been tampered with. A server that
    is said to be on this machine must be on this machine. Raises OSError.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    own = _is_loopback(host)
    permitted: list[Target] = [
        (family, sockaddr)
        for family, _, _, _, sockaddr in found
        if _is_permitted(ip_address(sockaddr[0]), own=own)
    ]
    if not permitted:
        raise ForbiddenAddressError("the name resolves to no address that may be connected to")
    return permitted


def _plain_host(host: str) -> str:
    if host.startswith("["):
        address = IPv6Address(host[1:-1])
        if _embedded(address) != address:
            raise ValueError("an IPv4 address in disguise")
        return address.compressed
    host = host.lower()
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return str(IPv4Address(host))
    return host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_permitted(address: Address, *, own: bool) -> bool:
    plain = _embedded(address)
    if own:
        return plain.is_loopback
    nobodys = isinstance(plain, IPv4Address) and plain.packed[0] == _THIS_NETWORK
    return not (
        nobodys
        or plain.is_loopback
        or plain.is_link_local
        or plain.is_multicast
        or plain.is_unspecified
        or plain.is_reserved
    )


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _has_odd_segments(path: str) -> bool:
    return "//" in path or _has_dot_segments(path)


def _has_dot_segments(path: str) -> bool:
    """Whether a server could read `path` as one that goes up: `..`, `%2e%2e`, `..;a=b`."""
    segments = unquote(path).replace("\\", "/").split("/")
    return any(segment.partition(";")[0] in {".", ".."} for segment in segments)
