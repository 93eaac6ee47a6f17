"""Two protocol files of one id and version are told apart; a changed copy is told to be renamed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hooks.protocol import load, parse
from service import create_app
from service.settings import Settings
from tests.conftest import record_of
from tests.protocol.conftest import Run, Write
from tests.protocol.edit import SHIPPED, STRICT_WARD, VERSION, Change, edited

DOSE: Change = ('over = "20 min"', 'over = "30 min"')
NAME: Change = ('id = "org.magnesia.adult-magnesium"', 'id = "org.example.ward"')
NUMBER: Change = (f'version = "{VERSION}"', 'version = "2027.1"')
BORROWED = (
    "protocol.version: this file differs from the shipped protocol and has its id and version:"
    " give it your own"
)


def digest(*changes: Change) -> str:
    return parse(edited(*changes), "site.toml").digest


@pytest.mark.parametrize(
    "change",
    [
        DOSE,
        NUMBER,
        ('ceiling = { value = "150 mg/min"', 'ceiling = { value = "149 mg/min"'),
        ('not-checked = "symptoms,', 'not-checked = "pain,'),
    ],
    ids=str,
)
def test_whatever_a_file_says_differently_gives_it_another_digest(change: Change) -> None:
    assert digest(change) != digest()


@pytest.mark.parametrize(
    "change",
    [
        ("# NOT REVIEWED BY A CLINICIAN.", "# Reviewed by nobody."),
        ('id = "DT1"\nband = "severe"', 'band = "severe"\nid   = "DT1"'),
    ],
    ids=str,
)
def test_comments_and_layout_do_not(change: Change) -> None:
    assert digest(change) == digest()


def test_the_digest_is_short_and_the_file_s_own() -> None:
    shipped = load()
    assert len(shipped.digest) == 12
    assert int(shipped.digest, 16) >= 0
    assert shipped.digest == digest() == parse(SHIPPED.replace("\n", "\r\n"), "dos.toml").digest


@pytest.mark.parametrize(
    ("changes", "is_said"),
    [((), False), ((DOSE,), True), ((DOSE, NAME), False), ((DOSE, NUMBER), False)],
    ids=["a plain copy", "changed", "changed, own id", "changed, own version"],
)
def test_check_says_that_a_changed_copy_has_the_shipped_name(
    run: Run, site: Write, changes: tuple[Change, ...], is_said: bool
) -> None:
    path = site(*changes)
    result = run("protocol", "check", str(path))
    assert result.exit_code == 0, "it is a remark, no mistake"
    line = path.read_text().splitlines().index(f'version = "{VERSION}"') + 1 if is_said else 0
    assert (f"  line {line}: {BORROWED}" in result.stdout.splitlines()) is is_said
    assert (BORROWED in result.stdout) is is_said


def test_our_example_has_its_own() -> None:
    assert not load(STRICT_WARD).borrows_name


def test_every_command_names_the_digest(run: Run, site: Write) -> None:
    shipped, own = load().digest, digest(DOSE)
    path = site(DOSE)
    lines = run("protocol", "diff", "shipped", str(path), columns=300).stdout.splitlines()
    assert lines[0].endswith(f"(draft, digest {shipped})")
    assert lines[1].endswith(f"(draft, digest {own})")
    shown = run("protocol", "show", str(path), columns=300).stdout.splitlines()[0]
    assert shown.endswith(f"(draft, digest {own})")
    assert f"(draft, digest {own})" in run("protocol", "check", str(path)).stdout


@pytest.fixture
def started(tmp_path: Path) -> Any:
    """Starts the service with a protocol, and stops it afterwards."""
    apps = []

    def start(path: Path) -> Any:
        url = f"sqlite:///{tmp_path / 'record.sqlite'}"
        apps.append(
            create_app(Settings.model_validate({"database_url": url, "protocol": str(path)}))
        )
        return apps[-1].test_client()

    yield start
    for app in apps:
        record_of(app).stop()


def test_health_and_metrics_name_the_digest(started: Callable[[Path], Any], site: Write) -> None:
    client = started(site(DOSE))
    own = digest(DOSE)
    assert client.get("/health/ready").get_json()["protocol"]["digest"] == own
    (sample,) = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("magnesia_protocol_info")
    ]
    assert f'digest="{own}"' in sample


@pytest.mark.parametrize(("change", "warns"), [(DOSE, True), (NAME, False)], ids=str)
def test_the_start_warns_of_a_borrowed_name(
    started: Callable[[Path], Any],
    site: Write,
    caplog: pytest.LogCaptureFixture,
    change: Change,
    warns: bool,
) -> None:
    path = site(change)
    started(path)
    said = f"{path}: {BORROWED.partition(': ')[2]}."
    assert (said in caplog.messages) is warns
