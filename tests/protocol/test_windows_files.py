"""A site's files as editors of Windows save them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hooks.chart.codes import drugs
from hooks.chart.codes.laboratory import load as load_lab_codes
from hooks.errors import ProtocolError, SiteFileError
from hooks.protocol import load
from service.trust import clients
from tests.protocol.edit import SHIPPED

MARK = b"\xef\xbb\xbf"
CLIENTS = """[[client]]
name = "EHR"
iss = "https://ehr.example.org"
jwks_url = "https://ehr.example.org/jwks.json"
"""

ROOT = Path(__file__).resolve().parents[2]

FILES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "protocol": (SHIPPED, load),
    "lab codes": ((ROOT / "examples/mimic-lab-codes.toml").read_text("utf-8"), load_lab_codes),
    "QT drugs": ((ROOT / "hooks/chart/codes/qt_drugs.toml").read_text("utf-8"), drugs.load),
    "clients": (CLIENTS, lambda path: clients.load(path, ["magnesium-replacement"])),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_byte_order_mark_does_not_matter(name: str, ends: str, tmp_path: Path) -> None:
    text, read = FILES[name]
    path = tmp_path / "site.toml"
    path.write_bytes(MARK + text.replace("\n", ends).encode())
    assert read(path) is not None


def test_a_protocol_with_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(MARK + SHIPPED.encode())
    assert load(path) == load()
    assert load(path).digest == load().digest


def test_a_mistake_has_its_line_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(MARK + b"[protocol]\nid = 7\n")
    with pytest.raises(ProtocolError) as caught:
        load(path)
    assert any(said.startswith("line 2: protocol.id: ") for said in caught.value.problems)


@pytest.mark.parametrize("name", FILES)
def test_utf_16_is_refused_in_words(name: str, tmp_path: Path) -> None:
    text, read = FILES[name]
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-16")
    with pytest.raises(SiteFileError) as caught:
        read(path)
    assert caught.value.problems == ("cannot be read: it is no text in UTF-8",)
