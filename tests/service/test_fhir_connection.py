"""Connections: to the address that was checked, under the name that was asked for, in time."""

import socket
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import requests
from urllib3 import Timeout

from service.envelope import Envelope
from service.fhir.client import FhirClient
from service.fhir.connection import GuardedAdapter
from service.prefetch import Prefetched
from service.settings import Settings
from tests.fhir.script import TLS, FhirServer, Handler, Script, answer, serving
from tests.fhir.traffic import trap, watched

TEMPLATES = {"leaves": "Observation?patient={{context.patientId}}&code=http://tea.example|leaf"}
LEAVES = {"resourceType": "Bundle", "type": "searchset", "total": 0}
TOKEN = "opaque-tea-access"


def script() -> Script:
    return Script(TEMPLATES, "guest-1", {"leaves": answer(LEAVES)}, answer(LEAVES, 400))


def read(base: str, **settings: Any) -> Prefetched:
    """What a call that lacks its leaves gets from the server of this base URL."""
    client = FhirClient(Settings(fhir_servers=settings.pop("listed", base), **settings))
    return ask(client, base)


def ask(client: FhirClient, base: str) -> Prefetched:
    received = Envelope.model_validate(
        {
            "hook": "order-select",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"patientId": "guest-1"},
            "fhirServer": base,
            "fhirAuthorization": {
                "access_token": TOKEN,
                "token_type": "Bearer",
                "expires_in": 300,
            },
        }
    )
    absent = Prefetched({}, {"leaves": "was not sent"}, {"leaves"})
    return client.complete(TEMPLATES, absent, received)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """From now on names resolve to these addresses, one after the other; which were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_to_this_machine_draws_no_packet(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with trap("0.0.0.0") as elsewhere, watched() as traffic:
        resolve_to(monkeypatch, address)
        found = read(f"https://ehr.example:{elsewhere.port}/fhir")
        assert elsewhere.contacts == 0
    assert traffic.connected == []
    assert "could not be read" in found.unavailable["leaves"]


def test_a_name_is_resolved_once_and_cannot_change_its_mind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(script()) as server, trap("127.0.0.2", server.port) as elsewhere:
        asked = resolve_to(monkeypatch, "127.0.0.1", "127.0.0.2")
        base = server.base.replace("127.0.0.1", "localhost")
        with watched() as traffic:
            assert read(base).data == {"leaves": LEAVES}
        assert asked == ["localhost"]
        assert traffic.connected == [("127.0.0.1", server.port)]
        assert elsewhere.contacts == 0
        assert server.script.seen[0].headers["Host"] == f"localhost:{server.port}"


def test_a_name_that_takes_for_ever_to_resolve_does_not_keep_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        waiting.wait(5)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    began = perf_counter()
    found = read("https://ehr.example/fhir", fetch_deadline_ms=200)
    seconds = perf_counter() - began
    waiting.set()
    assert seconds < 0.5
    assert "in time" in found.unavailable["leaves"]


def late_and_silent(handler: Handler) -> None:
    """Sends a little just before the time is up, and then nothing."""
    handler.close_connection = True
    handler.script.ended.wait(0.5)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    handler.script.ended.wait(5)


def test_a_byte_gains_no_time() -> None:
    slow = Script(TEMPLATES, "guest-1", {}, late_and_silent)
    with serving(slow) as server:
        request = requests.Request("GET", f"{server.base}/Patient/1").prepare()
        timeout: Any = Timeout(total=0.6)
        began = perf_counter()
        with pytest.raises(requests.Timeout):
            GuardedAdapter().send(request, stream=True, timeout=timeout)
        assert 0.5 < perf_counter() - began < 0.9


def test_the_connection_is_kept() -> None:
    with serving(script()) as server:
        client = FhirClient(Settings.from_environment({"MAGNESIA_FHIR_SERVERS": server.base}))
        for _ in range(5):
            assert ask(client, server.base).data == {"leaves": LEAVES}
        assert server.script.connections == 1
        assert len(server.script.seen) == 5


class TestTLS:
    """A server whose certificate is for `localhost`, of an authority that nobody knows."""

    def test_the_certificate_is_checked_for_the_name_not_for_the_address(self) -> None:
        with serving(script(), "localhost.pem") as server:
            found = read(server.base, fhir_ca=TLS / "authority.pem")
            assert found.data == {"leaves": LEAVES}
            assert server.names == ["localhost"]

    def test_an_authority_that_is_not_known_is_not_trusted(self) -> None:
        with serving(script(), "localhost.pem") as server:
            assert "could not be read" in read(server.base).unavailable["leaves"]
            assert server.script.seen == []

    @pytest.mark.parametrize("certificate", ["other-name.pem", "localhost.pem"])
    def test_a_certificate_of_another_name_is_not_accepted(self, certificate: str) -> None:
        with serving(script(), certificate) as server:
            base = server.base
            if certificate == "localhost.pem":
                base = base.replace("localhost", "127.0.0.1")
            found = read(base, fhir_ca=TLS / "authority.pem")
            assert "could not be read" in found.unavailable["leaves"]
            assert server.script.seen == []

    def test_a_handshake_that_never_ends_is_cut_off(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            began = perf_counter()
            found = read(f"https://127.0.0.1:{silent.getsockname()[1]}/fhir", fetch_deadline_ms=200)
            assert perf_counter() - began < 0.5
        assert "in time" in found.unavailable["leaves"]


class TestSurroundings:
    """What the environment says to other programs is not said to this one."""

    @pytest.fixture
    def server(self) -> Any:
        with serving(script()) as server:
            yield server

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    def test_its_proxies_are_not_used(
        self, monkeypatch: pytest.MonkeyPatch, server: FhirServer, name: str
    ) -> None:
        with trap() as elsewhere:
            monkeypatch.setenv(name, f"http://127.0.0.1:{elsewhere.port}")
            assert read(server.base).data == {"leaves": LEAVES}
            assert elsewhere.contacts == 0

    def test_its_passwords_are_not_used(
        self, monkeypatch: pytest.MonkeyPatch, server: FhirServer, tmp_path: Path
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("default login guest password secret\n", encoding="ascii")
        monkeypatch.setenv("NETRC", str(netrc))
        assert read(server.base).data == {"leaves": LEAVES}
        assert server.script.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"

    def test_its_authorities_are_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(TLS / "authority.pem"))
        monkeypatch.setenv("CURL_CA_BUNDLE", str(TLS / "authority.pem"))
        with serving(script(), "localhost.pem") as server:
            assert "could not be read" in read(server.base).unavailable["leaves"]


class TestProxy:
    """A proxy that the site names for Magnesia."""

    @staticmethod
    def refusing() -> tuple[socket.socket, list[bytes], threading.Thread]:
        """A proxy that refuses, and what it was told."""
        listener = socket.create_server(("127.0.0.1", 0))
        told: list[bytes] = []

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                told.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return listener, told, thread

    def test_other_machines_are_read_through_it_and_it_never_sees_a_token(self) -> None:
        listener, told, thread = self.refusing()
        with listener, watched() as traffic:
            port = listener.getsockname()[1]
            found = read("https://ehr.example/fhir", fhir_proxy=f"http://127.0.0.1:{port}")
            thread.join(5)
        assert told[0].startswith(b"CONNECT ehr.example:443 HTTP/1.")
        assert TOKEN.encode() not in told[0]
        assert b"guest-1" not in told[0]
        assert traffic.looked_up == ["127.0.0.1"], "names are the proxy's to resolve"
        assert "could not be read" in found.unavailable["leaves"]

    @pytest.mark.parametrize("certificate", [None, "localhost.pem"])
    def test_a_server_on_this_machine_is_read_without_it(self, certificate: str | None) -> None:
        with serving(script(), certificate) as server, trap() as elsewhere:
            found = read(
                server.base,
                fhir_proxy=f"http://127.0.0.1:{elsewhere.port}",
                fhir_ca=TLS / "authority.pem",
            )
            assert found.data == {"leaves": LEAVES}
            assert elsewhere.contacts == 0
