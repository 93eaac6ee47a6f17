"""The file of clients: what it may say, and every mistake by its line and member."""

from pathlib import Path

import pytest

from service.trust.clients import ClientsError, load
from tests.trust.issuer import Issuer, write_clients

GOOD = """
[[client]]
name = "Example EHR"
iss = "https://ehr.example"
jwks_file = "ehr.json"
"""
SERVICES = ("magnesium-replacement", "tea")


def written(directory: Path, text: str) -> Path:
    file = directory / "clients.toml"
    file.write_text(text)
    return file


def mistakes(directory: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ClientsError) as refused:
        load(written(directory, text), SERVICES)
    return refused.value.problems


def test_what_a_client_has_if_nothing_is_said(tmp_path: Path) -> None:
    (client,) = load(written(tmp_path, GOOD), SERVICES)
    assert client.jwks_file == tmp_path / "ehr.json", "relative to the file"
    assert client.algorithms == {"ES384", "RS384"}
    assert client.tenants is None
    assert client.rate == 500
    assert client.mode == "live"
    assert client.may_use("anything")
    assert not client.accepts_jku("https://ehr.example/jwks")


def test_what_a_client_may_say(tmp_path: Path) -> None:
    text = """
[[client]]
name = "Städtisches Klinikum"
iss = "https://ehr.example"
jwks_url = "https://ehr.example/jwks?tenant=1"
jku = "https://public.example/jwks"
algorithms = ["PS256"]
tenants = ["ward-1"]
services = ["tea"]
rate = 0.5
mode = "silent"
"""
    clients = load(written(tmp_path, text), SERVICES)
    (client,) = clients
    assert client.may_use("tea")
    assert not client.may_use("magnesium-replacement")
    assert client.accepts_jku("https://ehr.example/jwks?tenant=1")
    assert client.accepts_jku("https://public.example/jwks")
    assert not client.accepts_jku("https://ehr.example/jwks")
    assert not client.accepts_jku(None)
    assert clients.is_silent("Städtisches Klinikum")
    assert not clients.is_silent("somebody")
    assert not clients.is_silent(None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('rate = "many"', "line 6: client 1 (Example EHR): rate: input should be a valid number"),
        ("rate = 0", "line 6: client 1 (Example EHR): rate: input should be greater than 0"),
        ("rate = nan", "line 6: client 1 (Example EHR): rate: input should be"),
        ("rate = true", "line 6: client 1 (Example EHR): rate: input should be a valid number"),
        ('mode = "loud"', "line 6: client 1 (Example EHR): mode: input should be 'live' or"),
        ('algorithms = ["HS256"]', "line 6: client 1 (Example EHR): algorithms: input should be"),
        ('algorithms = ["none"]', "line 6: client 1 (Example EHR): algorithms: input should be"),
        ("algorithms = []", "line 6: client 1 (Example EHR): algorithms: must hold at least one"),
        ("services = []", "line 6: client 1 (Example EHR): services: must hold at least one"),
        ('services = ["coffee"]', "line 6: client 1 (Example EHR): services: 'coffee' is not"),
        ('tenant = "x"', "line 6: client 1 (Example EHR): tenant: is not known; a client has name"),
        ('jwks_url = "https://e.example/k"', "line 2: client 1 (Example EHR): needs exactly one"),
        ('jku = ""', "line 6: client 1 (Example EHR): jku: string should have at least 1"),
        ("iss = 3", "line 6: not valid TOML: `iss` stands twice in client.Example EHR (lines"),
    ],
)
def test_a_mistake_is_named_by_line_client_and_member(tmp_path: Path, line: str, said: str) -> None:
    problems = mistakes(tmp_path, f"{GOOD}{line}\n")
    assert len(problems) == 1, problems
    assert problems[0].startswith(said)
    assert "\n" not in problems[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/jwks",
        "http://10.0.0.1/jwks",
        "ehr.example/jwks",
        "file:///etc/passwd",
        "https://user@ehr.example/jwks",
        "https://ehr.example/jwks#x",
        "https://ehr.example/../jwks",
        "https://2130706433/jwks",
        "ftp://ehr.example/jwks",
    ],
)
def test_keys_come_from_a_plain_https_address(tmp_path: Path, url: str) -> None:
    (problem,) = mistakes(tmp_path, GOOD.replace('jwks_file = "ehr.json"', f'jwks_url = "{url}"'))
    assert problem.startswith("line 5: client 1 (Example EHR): jwks_url: must be")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/jwks", "http://localhost/jwks"])
def test_keys_of_this_machine_need_no_encryption(tmp_path: Path, url: str) -> None:
    text = GOOD.replace('jwks_file = "ehr.json"', f'jwks_url = "{url}"')
    (client,) = load(written(tmp_path, text), SERVICES)
    assert client.jwks_url == url


def test_every_mistake_is_named(tmp_path: Path) -> None:
    text = GOOD + '[[client]]\nname = "Second"\nrate = -1\n' + '[[client]]\niss = "x"\n'
    said = "\n".join(mistakes(tmp_path, text))
    for part in ("client 2 (Second): iss: is missing", "client 2 (Second): rate", "client 3: name"):
        assert part in said


def test_two_clients_are_two(tmp_path: Path) -> None:
    problems = mistakes(tmp_path, GOOD + GOOD)
    assert problems == (
        "line 8: client 2 (Example EHR): name: is that of client 1 too",
        "line 9: client 2 (Example EHR): iss: is that of client 1 too",
    )


@pytest.mark.parametrize("text", ["", "client = 3", 'colour = "red"', "[client]\nname = 'x'"])
def test_a_file_without_clients_is_refused(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClientsError, match="cannot be read"):
        load(tmp_path, SERVICES)


def test_the_issuer_of_the_tests_writes_good_files(tmp_path: Path) -> None:
    file = write_clients(tmp_path, Issuer("A", "https://a.example", rate=3), Issuer("B", "b"))
    assert [(client.name, client.rate) for client in load(file, SERVICES)] == [("A", 3), ("B", 500)]
