"""Small things that a site reads on a terminal: which setting, which file, what was meant."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hooks.chart.codes.laboratory import load as load_lab_codes
from hooks.errors import CodeListError, ProtocolError
from hooks.protocol import load as load_protocol
from service import cli
from service.settings import Settings, SettingsError
from service.trust.clients import ClientsError
from service.trust.clients import load as load_clients
from tests.protocol.edit import PROJECT

SEED = str(PROJECT / "fixtures" / "seed-mg-1.2.json")
REDUCED = str(PROJECT / "fixtures" / "renal-reduced.json")


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", **environ}).invoke(cli.main, arguments)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("")
    path.chmod(0)
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path)
    assert str(caught.value) == f"{path}: cannot be read: permission denied"


def test_a_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "gone.toml"
    said = f"{path}: cannot be read: no such file or directory"
    with pytest.raises(ProtocolError) as protocol:
        load_protocol(path)
    assert str(protocol.value) == said
    with pytest.raises(CodeListError) as codes:
        load_lab_codes(path)
    assert str(codes.value) == said
    with pytest.raises(ClientsError) as clients:
        load_clients(path, ["tea"])
    assert str(clients.value) == said
    path.write_bytes(b"\xff")
    with pytest.raises(ProtocolError) as binary:
        load_protocol(path)
    assert str(binary.value) == f"{path}: cannot be read: it is no text in UTF-8"


@pytest.mark.parametrize("setting", ["MAGNESIA_PROTOCOL", "MAGNESIA_LAB_CODES"])
@pytest.mark.usefixtures("undone")
def test_the_start_names_the_setting_of_a_file(setting: str, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("x = 1\n")
    result = run("serve", **{setting: str(path), "MAGNESIA_DATABASE_URL": f"sqlite:///{path}.db"})
    assert result.exit_code == 2
    assert result.stderr.startswith(f"magnesia: {setting}: {path}: line 1: ")


def test_a_setting_that_is_misspelled() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"MAGNESIA_PROTOCOLL": "x"})
    assert str(caught.value) == (
        "MAGNESIA_PROTOCOLL is not a setting; did you mean MAGNESIA_PROTOCOL?"
        " `magnesia settings` lists them."
    )


@pytest.mark.parametrize("variable", ["MAGNESIA_FOO", "MAGNESIA_XYZZY", "MAGNESIA_"])
def test_nothing_is_suggested_for_a_setting_that_is_like_none(variable: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({variable: "1"})
    assert str(caught.value) == (f"{variable} is not a setting. `magnesia settings` lists them.")


def test_a_table_of_clients_that_is_misspelled(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    path.write_text('[[clients]]\nname = "EHR"\n')
    with pytest.raises(ClientsError) as caught:
        load_clients(path, ["tea"])
    assert "line 1: clients: is not known; each client is a table [[client]]" in (
        caught.value.problems
    )


@pytest.mark.parametrize("url", ["foo", "foo:8000", "ftp://host/x", "http://", "http://[::1"])
def test_an_address_that_is_none(url: str) -> None:
    result = run("fire", SEED, "--url", url)
    assert result.exit_code == 2
    assert result.stderr == (
        f"magnesia: {url!r} is not an address, such as http://127.0.0.1:8000.\n"
    )


def test_renal_function_with_its_units() -> None:
    output = " ".join(run("explain", REDUCED).stdout.split())
    assert "eGFR 23.1 mL/min/1.73 m2 (CKD-EPI 2021)" in output
    assert "creatinine clearance 27.6 mL/min (Cockcroft-Gault), renal function: reduced" in output
