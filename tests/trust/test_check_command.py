"""`magnesia clients check`, the example files, and the specification's own example."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.settings import Settings
from service.trust import Trust, key_sets, tokens
from service.trust.clients import Client, Clients, ClientsError
from service.trust.clients import load as load_clients
from service.trust.keys import KeySet
from tests.fhir.script import Script, answer, serving
from tests.trust.issuer import Issuer, write_clients

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
AUDIENCE = "https://cds.example.org/cds-services/magnesium-replacement"


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(
        main, ["clients", "check", *map(str, arguments)], env={"COLUMNS": "200", **environment}
    )


def checked(file: Path, token: str) -> Result:
    return CliRunner().invoke(
        main,
        ["clients", "check", str(file), "--token", "-"],
        input=token,
        env={"COLUMNS": "200", "MAGNESIA_BASE_URL": "https://cds.example.org"},
    )


def test_the_example_is_fine_and_shows_everything() -> None:
    shown = run(EXAMPLES / "clients.toml")
    assert shown.exit_code == 0, shown.output
    for part in (
        "Example EHR, production",
        "https://ehr.example.org",
        "general-hospital",
        "magnesium-replacement",
        "500 calls a second",
        "ehr-2026-11",
        "ES384",
        "RS384",
        "live",
    ):
        assert part in shown.output


def test_no_example_holds_a_private_key() -> None:
    for file in EXAMPLES.glob("*.json"):
        for key in json.loads(file.read_text())["keys"]:
            assert not {"d", "p", "q", "k"} & key.keys(), f"{file.name} gives a key away"


def test_the_sandbox_is_a_client_for_this_machine_alone() -> None:
    file = EXAMPLES / "sandbox-client.toml"
    here = run(file)
    assert here.exit_code == 0
    assert "anyone can sign as this client" in here.output
    exposed = run(file, MAGNESIA_BASE_URL="https://cds.example.org")
    assert exposed.exit_code == 1
    assert "its private half is published" in exposed.output
    settings = Settings(auth="required", clients=file, base_url="https://cds.example.org")
    with pytest.raises(ClientsError, match="private half is published"):
        key_sets(load_clients(file, ["magnesium-replacement"]), settings)


def test_the_file_of_the_environment_is_checked(tmp_path: Path) -> None:
    file = write_clients(tmp_path, Issuer("Environment", "https://e.example"))
    assert "Environment" in run(MAGNESIA_CLIENTS=str(file)).output
    without = run()
    assert without.exit_code == 2
    assert "MAGNESIA_CLIENTS" in without.output


def test_mistakes_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text('[[client]]\nname = "A"\nrate = 0\n')
    shown = run(file)
    assert shown.exit_code == 2
    assert "has 2 mistakes:" in shown.output
    assert "line 3: client 1 (A): rate: " in shown.output


def test_a_client_without_a_usable_key_fails_the_check(tmp_path: Path) -> None:
    with serving(Script({}, "", {}, answer({}, 404), base="")) as web:
        good = Issuer("Good", "https://good.example")
        gone = Issuer("Gone", "https://gone.example", jwks_url=f"{web.base}/gone")
        web.script.plays["/symmetric"] = answer(
            {"keys": [{"kty": "oct", "k": "AAAA", "kid": "s", "alg": "HS256"}]}
        )
        weak = Issuer("Weak", "https://weak.example", jwks_url=f"{web.base}/symmetric")
        shown = run(write_clients(tmp_path, good, gone, weak))
    assert shown.exit_code == 1
    assert f"{web.base}/gone answers with status 404" in shown.output
    assert "no: its kty is neither EC nor RSA" in shown.output
    assert "No key can be used." in shown.output


def test_odd_entries_of_a_key_file_are_shown_and_ignored(tmp_path: Path) -> None:
    issuer = Issuer("Example EHR", "https://ehr.example")
    file = write_clients(tmp_path, issuer)
    (good,) = issuer.jwks()["keys"]
    odd = [{"kid": "odd", "kty": ["EC"]}, {**good, "kid": "\ud800", "x": {}}]
    (tmp_path / "client-1.json").write_text(json.dumps({"keys": [*odd, good]}))
    shown = run(file)
    assert shown.exit_code == 0, shown.output
    assert "no: its kty is neither EC nor RSA" in shown.output
    assert r"\ud800" in shown.output
    assert issuer.kid in shown.output
    settings = Settings(auth="required", clients=file, base_url="https://cds.example.org")
    sets = key_sets(load_clients(file, ["magnesium-replacement"]), settings)
    assert sets["Example EHR"].find(issuer.kid, "ES384") is not None, "the service starts with it"


def test_a_token_is_explained(tmp_path: Path) -> None:
    issuer = Issuer("Example EHR", "https://ehr.example")
    file = write_clients(tmp_path, issuer)
    for text in (issuer.token(AUDIENCE), f"Authorization: Bearer {issuer.token(AUDIENCE)}\n"):
        shown = checked(file, text)
        assert shown.exit_code == 0, shown.output
        assert "would be accepted, once, as one of Example EHR" in shown.output
        assert text.split(".")[-1].strip() not in shown.output
    for token, said in (
        (issuer.token("https://elsewhere.example"), "(aud): `aud` is not the address"),
        (issuer.token(AUDIENCE, iat=1, exp=2), "(expired)"),
        (issuer.token(AUDIENCE, iss="https://x.example"), "(iss): `iss` is that of no client"),
        ("nonsense", "(malformed)"),
    ):
        shown = checked(file, token)
        assert shown.exit_code == 1
        assert f"The token would be refused {said}" in shown.output


#: The example of CDS Hooks 2.0, "Trusting CDS Clients".
SAMPLE = (
    "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImV4YW1wbGUta2lkIiwiamt1IjoiaHR0cHM6Ly9maGlyLWVoc"
    "i5leGFtcGxlLmNvbS9qd2tfdXJpIn0.eyJpc3MiOiJodHRwczovL2ZoaXItZWhyLmV4YW1wbGUuY29tLyIsInN1YiI6Im"
    "NsaWVudF9pZCIsImF1ZCI6Imh0dHBzOi8vY2RzLmV4YW1wbGUub3JnL2Nkcy1zZXJ2aWNlcy9zb21lLXNlcnZpY2UiLCJl"
    "eHAiOjE0MjI1Njg4NjAsImlhdCI6MTMxMTI4MDk3MCwianRpIjoiZWUyMmIwMjEtZTFiNy00NjExLWJhNWItOGVlYzZhMzN"
    "hYzFlIiwidGVuYW50IjoiMmRkZDZjM2EtOGU5YS00NGM2LWEzMDUtNTIxMTFhZDMwMmEyIn0.CUFPkplnWd6YGIvzoHolWC"
    "QBDsCL8QtTWKGg_QFpS169WrqDGzktRi-_we6-6rVzbjerU27ZKww_SW0-b9RTz-dPJNcqsueMio8r6EqXUXhbLm_ch3XFS"
    "bDlGHDl_tqo"
)
SAMPLE_KEYS = {
    "keys": [
        {
            "kty": "EC",
            "use": "sig",
            "crv": "P-384",
            "kid": "example-kid",
            "x": "46SDH7Znh821wblCBglA61sNE9ZrHYKKt3qRtRTmSXyOI_FIGBLWrWa0GPUkDCEk",
            "y": "XMcRuuoGW7CXjQdy-F5i3FeBE0x9hPLdeFdSoDd3ELmx404tLX0VRRcqzAsPhXcI",
            "alg": "ES384",
        }
    ]
}
YEARS = 1422568860 - 1311280970


def sample_trust(lifetime: int) -> Trust:
    """A service that trusts the client of the example, in the middle of its token's long life."""
    client = Client(
        name="Specification",
        iss="https://fhir-ehr.example.com/",
        jwks_url="https://fhir-ehr.example.com/jwk_uri",
        tenants=frozenset({"2ddd6c3a-8e9a-44c6-a305-52111ad302a2"}),
    )
    keys = KeySet(client, json.dumps(SAMPLE_KEYS).encode, exposed=False)
    moment = datetime(2013, 1, 1, tzinfo=UTC)
    base_url = "https://cds.example.org"
    return Trust(base_url, Clients([client]), {client.name: keys}, None, lambda: moment, lifetime)


def test_the_token_of_the_specification_is_good() -> None:
    audience = ["https://cds.example.org/cds-services/some-service"]
    token = tokens.read(f"Bearer {SAMPLE}")
    assert sample_trust(YEARS).check(token, audience).name == "Specification"
    with pytest.raises(tokens.Distrusted, match="seconds after `iat`"):
        sample_trust(tokens.LIFETIME).check(token, audience)
    with pytest.raises(tokens.Distrusted, match="not the address"):
        sample_trust(YEARS).check(token, ["https://cds.example.org/cds-services"])
