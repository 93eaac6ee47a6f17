"""Connections to FHIR servers that go where they were checked to go, and end in time.

A name is resolved once for each connection, and the connection is made to an address that was
checked, so that the name cannot mean another machine a moment later; certificate and Host header
are still the name's. A timeout is for a whole response: a server that sends a byte now and then
does not get longer than one that sends nothing.
"""

import io
import socket
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from service.fhir.servers import Target, targets


class _UntilDeadline(io.RawIOBase):
    """What a socket receives, up to a moment; reading goes on no longer than that."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._received = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        remaining = self._deadline - monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(remaining)
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()


class _WholeResponse(HTTPResponse):
    """A response that must have come to its end within the timeout that its socket has."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        deadline = monotonic() + (sock.gettimeout() or 0)
        self.fp = io.BufferedReader(_UntilDeadline(sock, deadline))


class _Connection(HTTPConnection):
    response_class = _WholeResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _TLSConnection(HTTPSConnection):
    response_class = _WholeResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _TunneledConnection(HTTPSConnection):
    """Through a proxy, which resolves names itself."""

    response_class = _WholeResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _TunneledPool(HTTPSConnectionPool):
    ConnectionCls = _TunneledConnection


class GuardedAdapter(HTTPAdapter):
    """The transport of `requests`, with the connections of this module."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        # No plain http: what goes through a proxy is encrypted from end to end.
        manager.pool_classes_by_scheme = {"https": _TunneledPool}
        return manager


def _connect(connection: HTTPConnection) -> socket.socket:
    """A socket to the first address of the connection's host that takes one."""
    deadline = monotonic() + (connection.timeout or 0)
    try:
        found = targets(connection.host, connection.port)
    except OSError as error:
        raise NewConnectionError(connection, f"nowhere to connect to: {error}") from error
    failure: OSError = TimeoutError("timed out")
    for index, target in enumerate(found):
        remaining = deadline - monotonic()
        if remaining <= 0:
            break
        try:
            sock = _connect_to(target, remaining / (len(found) - index))
        except OSError as error:
            failure = error
            continue
        # What is left is for the handshake, if there is one.
        sock.settimeout(max(deadline - monotonic(), 0.001))
        return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "the connection took too long") from failure
    raise NewConnectionError(connection, f"no connection: {failure}") from failure


def _connect_to(target: Target, timeout: float) -> socket.socket:
    family, address = target
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock
