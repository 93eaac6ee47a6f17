"""A small FHIR server on a loopback address that answers as a test tells it to.

Each query is known by the prefetch key whose template it is; what is no advertised query at all is
answered 400 and shows in `strays`.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

Json = dict[str, Any]
Play = Callable[["Handler"], None]

TLS = Path(__file__).parent / "tls"
SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """One request that came."""

    key: str | None
    method: str
    target: str
    headers: Mapping[str, str]


@dataclass
class Script:
    """What to answer under each key, and what has been asked."""

    templates: Mapping[str, str]
    patient_id: str
    plays: dict[str, Play]
    otherwise: Play
    base: str = "/fhir"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def keys(self) -> list[str | None]:
        """The keys that were asked for, in alphabetical order."""
        return sorted((one.key for one in self.seen), key=str)

    @property
    def strays(self) -> list[str]:
        """What was asked for and is no advertised query."""
        return [one.target for one in self.seen if one.key is None]

    def key_of(self, target: str) -> str | None:
        for key, template in self.templates.items():
            if _same(f"{self.base}/{template}", target, self.patient_id):
                return key
        return next((key for key in self.plays if target == f"{self.base}{key}"), None)


def _same(template: str, target: str, patient_id: str) -> bool:
    """Whether a target asks what a template asks, however its characters are written."""
    wanted, asked = urlsplit(template), urlsplit(target)
    path = wanted.path.replace("{{context.patientId}}", quote(patient_id, safe=""))
    parameters = wanted.query.replace("{{context.patientId}}", quote(patient_id, safe=""))
    return path == asked.path and sorted(parse_qsl(parameters)) == sorted(parse_qsl(asked.query))


class Handler(BaseHTTPRequestHandler):
    """Plays what the script says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Script

    def setup(self) -> None:
        super().setup()
        self.script.connections += 1

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            # The client has gone, as a client does at its deadline.
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        key = self.script.key_of(self.path)
        self.script.seen.append(Seen(key, self.command, self.path, dict(self.headers.items())))
        play = self.script.otherwise if key is None else self.script.plays.get(key)
        (play or self.script.otherwise)(self)

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - the names that the library calls

    def log_message(self, *_: Any) -> None:
        """A test needs no access log."""


def answer(
    document: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    after: float = 0.0,
) -> Play:
    """Answers with a document (bytes as they are, anything else as JSON), some seconds later."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()

    def play(handler: Handler) -> None:
        handler.script.ended.wait(after)
        handler.send_response(status)
        for name, value in {"Content-Type": "application/fhir+json", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return play


def hang(handler: Handler) -> None:
    """Takes the request and says nothing."""
    handler.close_connection = True
    handler.script.ended.wait(SECONDS)


def drop(handler: Handler) -> None:
    """Closes the connection without a word."""
    handler.close_connection = True


def drip_headers(handler: Handler) -> None:
    """Sends one byte of the headers now and then, for ever."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.script.ended.wait(0.05):
        handler.wfile.write(b"x")


def drip_body(handler: Handler) -> None:
    """Sends one byte of the body now and then, for ever."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not handler.script.ended.wait(0.05):
        handler.wfile.write(b" ")


def say(content: bytes) -> Play:
    """Sends bytes that need not be HTTP, and closes the connection."""

    def play(handler: Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(content)

    return play


class _Http(ThreadingHTTPServer):
    # A call reads up to ten keys at once; a connection that finds the queue full waits a second.
    request_queue_size = 128


class FhirServer:
    """The server, in threads of its own."""

    def __init__(self, script: Script, certificate: str | None, address: str) -> None:
        self.script = script
        handler = type("ScriptedHandler", (Handler,), {"script": script})
        self._http = _Http((address, 0), handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(TLS / certificate)
            context.sni_callback = self._note_name
            self._http.socket = context.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self.names: list[str | None] = []
        self.port = self._http.server_port
        host = "localhost" if certificate else address
        self.base = f"{'https' if certificate else 'http'}://{host}:{self.port}{script.base}"

    def _note_name(
        self, _socket: ssl.SSLSocket | ssl.SSLObject, name: str | None, _context: ssl.SSLContext
    ) -> None:
        self.names.append(name)

    @contextmanager
    def running(self) -> Iterator["FhirServer"]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.script.ended.set()
            self._http.shutdown()
            self._http.server_close()
            thread.join(SECONDS)


@contextmanager
def serving(
    script: Script, certificate: str | None = None, address: str = "127.0.0.1"
) -> Iterator[FhirServer]:
    """A server that plays `script` until the end of the block."""
    with FhirServer(script, certificate, address).running() as server:
        yield server
