"""Base URLs of FHIR servers: how they are read and compared, and where their names may lead."""

import socket
from typing import Any

import pytest

from service.fhir.servers import FhirServer, ForbiddenAddressError, targets

SAME = {
    "https://ehr.example/fhir/r4": [
        "https://ehr.example/fhir/r4/",
        "https://EHR.Example/fhir/r4",
        "HTTPS://ehr.example/fhir/r4",
        "https://ehr.example:443/fhir/r4",
    ],
    "https://ehr.example": ["https://ehr.example/", "https://ehr.example:443"],
    "http://127.0.0.1:8080/fhir": ["http://127.0.0.1:8080/fhir/"],
    "http://127.0.0.1/fhir": ["http://127.0.0.1:80/fhir"],
    "https://[2001:db8::1]/fhir": ["https://[2001:DB8:0:0::1]:443/fhir/"],
    "https://fhir_server.internal:8443/a.b~c/$x": ["https://FHIR_server.internal:8443/a.b~c/$x/"],
}

DIFFERENT = [
    ("https://ehr.example/fhir", "http://ehr.example/fhir"),
    ("https://ehr.example/fhir", "https://ehr.example/FHIR"),
    ("https://ehr.example/fhir", "https://ehr.example/fhir/r4"),
    ("https://ehr.example/fhir", "https://ehr.example"),
    ("https://ehr.example/fhir", "https://ehr.example:8443/fhir"),
    ("https://ehr.example/fhir", "https://ehr.example.evil.example/fhir"),
    ("https://ehr.example/fhir", "https://xehr.example/fhir"),
    ("https://[::1]/fhir", "https://127.0.0.1/fhir"),
]

NO_SERVER = [
    "",
    "ehr.example",
    "//ehr.example/fhir",
    "file:///fhir",
    "https:///fhir",
    "https://",
    "https://u@ehr.example/fhir",
    "https://ehr.example/fhir?",
    "https://ehr.example/fhir?a=b",
    "https://ehr.example/fhir#",
    "https://ehr.example/a/../fhir",
    "https://ehr.example/fhir/.",
    "https://ehr.example//fhir",
    "https://ehr.example/fhir//",
    "https://ehr.example/%66hir",
    "https://ehr.example./fhir",
    "https://ehr..example/fhir",
    "https://-ehr.example/fhir",
    "https://" + "a" * 64 + ".example/fhir",
    "https://ehr.example:/fhir",
    "https://ehr.example:0/fhir",
    "https://ehr.example:0443/fhir",
    "https://ehr.example:65536/fhir",
    "https://ehr.example:443:443/fhir",
    "https://ehr.example\\@evil.example/fhir",
    "https://ehr.example/fhir\n",
    "https://ehr.example/fh ir",
    "https://ehr\u3002example/fhir",
    "https://\u212aehr.example/fhir",
    "https://2130706433/fhir",
    "https://127.1/fhir",
    "https://0177.0.0.1/fhir",
    "https://127.0.0.01/fhir",
    "https://0x7f.0.0.1/fhir",
    "https://1.2.3.4.5/fhir",
    "https://256.1.1.1/fhir",
    "https://a.0x1/fhir",
    "https://[127.0.0.1]/fhir",
    "https://[::ffff:10.0.0.1]/fhir",
    "https://[2002:7f00:1::]/fhir",
    "https://[64:ff9b::7f00:1]/fhir",
    "https://[fe80::1%25eth0]/fhir",
    "https://[::1/fhir",
    "https://ehr.example/" + "a" * 2048,
]


@pytest.mark.parametrize("listed", SAME)
def test_different_spellings_of_one_server(listed: str) -> None:
    server = FhirServer.parse(listed)
    assert server.url == listed
    for other in SAME[listed]:
        assert FhirServer.parse(other) == server, other


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_servers(one: str, other: str) -> None:
    assert FhirServer.parse(one) != FhirServer.parse(other)


@pytest.mark.parametrize("text", NO_SERVER)
def test_what_is_no_plain_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        FhirServer.parse(text)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1/fhir", True),
        ("http://127.9.9.9/fhir", True),
        ("http://[::1]/fhir", True),
        ("http://LOCALHOST/fhir", True),
        ("http://localhost.example/fhir", False),
        ("http://10.0.0.1/fhir", False),
        ("http://0.0.0.0/fhir", False),
        ("http://ehr.example/fhir", False),
    ],
)
def test_which_servers_are_on_this_machine(url: str, loopback: bool) -> None:
    assert FhirServer.parse(url).is_loopback is loopback


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.example/fhir",
        "https://ehr.example/fhir?_getpages=a-b&_getpagesoffset=20",
        "https://ehr.example/fhir/Observation?code=http://loinc.org|2601-3",
        "https://EHR.example:443/fhir/Observation/%C3%A9",
        "https://ehr.example/fhir/Patient/..a",
    ],
)
def test_what_a_server_holds(url: str) -> None:
    assert FhirServer.parse("https://ehr.example/fhir").holds(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.example/",
        "https://ehr.example/fhirs/Observation",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/%2E%2e/admin",
        "https://ehr.example/fhir/..%2Fadmin",
        "https://ehr.example/fhir/..;x/admin",
        "https://ehr.example/fhir/%2e",
        "https://ehr.example/fhir#a",
        "https://u@ehr.example/fhir",
        "https://ehr.example:8443/fhir",
        "http://ehr.example/fhir",
        "/fhir/Observation",
    ],
)
def test_what_a_server_does_not_hold(url: str) -> None:
    assert not FhirServer.parse("https://ehr.example/fhir").holds(url)


def test_a_server_without_a_path_holds_every_path() -> None:
    assert FhirServer.parse("https://ehr.example").holds("https://ehr.example/Patient/1")


FORBIDDEN = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a9fe:a9fe::1",
]  # fmt: skip
PERMITTED = ["10.1.2.3", "172.16.0.9", "192.168.1.1", "100.64.0.1", "203.0.113.5", "fd00::5",
             "2001:db8::1", "64:ff9b::cb00:7105"]  # fmt: skip


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET6, 1, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, 1, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_name_may_not_lead_to_this_machine_or_to_nobody(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(ForbiddenAddressError):
        targets("ehr.example", 443)


@pytest.mark.parametrize("address", PERMITTED)
def test_a_name_may_lead_into_the_network_of_a_hospital(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolving(monkeypatch, address)
    ((_, sockaddr),) = targets("ehr.example", 443)
    assert sockaddr[:2] == (address, 443)


def test_of_several_addresses_the_permitted_ones_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.1", "10.0.0.1", "169.254.169.254", "10.0.0.2")
    assert [address for _, address in targets("ehr.example", 443)] == [
        ("10.0.0.1", 443),
        ("10.0.0.2", 443),
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_on_this_machine_must_be_there(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    resolving(monkeypatch, "10.0.0.1", "169.254.169.254")
    with pytest.raises(ForbiddenAddressError):
        targets(host, 80)
    resolving(monkeypatch, "127.0.0.1", "::1")
    assert len(targets(host, 80)) == 2
