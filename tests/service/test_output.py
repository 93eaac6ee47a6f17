"""What commands write for people to take away: whole or not at all, and never a traceback."""

import csv
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from service.commands.output import OutputError, lines
from service.commands.spreadsheet import harmless
from service.record import backup as backing_up
from service.record import export as exporting
from service.record.store import Store
from tests.durability.site import MAGNESIA
from tests.record.conftest import feedback

ROOT = Path(__file__).resolve().parents[2]
EXPORT = ("record", "export", "--what", "feedback", "--format", "csv")
SHIPPED = ROOT / "hooks" / "protocol" / "adult_magnesium.toml"
REPLAY = ("replay", str(ROOT / "fixtures"), "--protocol", str(SHIPPED))


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store(f"sqlite:///{tmp_path / 'magnesia.sqlite'}")
    store.append([feedback("card")])
    store.close()
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", store.url)
    return store


def magnesia(*arguments: str, to: str = os.devnull) -> tuple[int, str]:
    with Path(to).open("w") as out:
        done = subprocess.run(
            [MAGNESIA, *arguments],
            check=False,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    return done.returncode, done.stderr


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize("command", [(*EXPORT, "--output"), (*REPLAY, "--csv")])
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/nonexistent/x.csv", "No such file or directory"),
        ("/dev/full", "No space left on device"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_line(
    command: tuple[str, ...], place: str, reason: str
) -> None:
    assert magnesia(*command, place) == (1, f"magnesia: {place} cannot be written: {reason}.\n")


@pytest.mark.usefixtures("record")
def test_a_standard_output_that_is_full_is_one_line() -> None:
    assert magnesia(*EXPORT, to="/dev/full") == (
        1,
        "magnesia: Standard output cannot be written: No space left on device.\n",
    )


@pytest.mark.usefixtures("record")
def test_an_export_of_nothing_has_its_header(tmp_path: Path) -> None:
    headers = []
    for what in ("decisions", "feedback"):
        file = tmp_path / what
        status, errors = magnesia(
            "record", "export", "--what", what, "--format", "csv", "--output", str(file)
        )
        assert status == 0, errors
        headers.append(file.read_text().splitlines())
    nothing, one = headers
    assert nothing[0].startswith("id,at,")
    assert nothing[0].endswith(",cards")
    assert (len(nothing), len(one)) == (1, 2)
    assert one[0].endswith(",known,counts,card,accepted_suggestions")


def test_a_file_appears_when_it_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with lines(out) as file:
        file.write("a")
        assert not out.exists()
    assert out.read_text() == "a"
    assert out.stat().st_mode & 0o777 == 0o600


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("the last one")

    def break_off() -> None:
        with lines(out) as file:
            file.write("half of the ne")
            raise OSError(28, os.strerror(28))

    with pytest.raises(OutputError, match=r"out\.csv cannot be written: No space left"):
        break_off()
    assert out.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [out]


WRITE = """
import signal, sys
from pathlib import Path
from service.commands import output
# Whoever runs the tests under nohup has them ignore it from the start.
signal.signal(signal.SIGHUP, signal.SIG_IGN if sys.argv[2] == "nohup" else signal.SIG_DFL)
if sys.argv[2] == "early":
    make = output.mkstemp
    def mkstemp(**names):
        made = make(**names)
        signal.raise_signal(int(sys.argv[3]))
        return made
    output.mkstemp = mkstemp
with output.lines(Path(sys.argv[1])) as file:
    file.write("half of the ne")
    file.flush()
    print("ready", flush=True)
    sys.stdin.read()
"""


def writing(out: Path, how: str = "", told: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(out), how, str(int(told))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_leaves_nothing_half_written(
    tmp_path: Path, told: signal.Signals
) -> None:
    """Hidden beside the file, with what clinicians wrote in it, nobody would know of it."""
    out = tmp_path / "out.csv"
    out.write_text("the last one")
    process = writing(out)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert len(list(tmp_path.iterdir())) == 2
    process.send_signal(told)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (128 + told, "")
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_text() == "the last one"


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_while_the_file_is_made_leaves_none(
    tmp_path: Path, told: signal.Signals
) -> None:
    process = writing(tmp_path / "out.csv", "early", told)
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, said, errors) == (128 + told, "", "")
    assert list(tmp_path.iterdir()) == []


def test_under_nohup_the_end_of_the_terminal_is_none(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    process = writing(out, "nohup")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert out.read_text() == "half of the ne"


@pytest.mark.parametrize(
    "command",
    [("export", "--what", "feedback", "--with-comments", "--output"), ("backup",)],
    ids=["export", "backup"],
)
def test_a_command_on_the_record_that_is_told_to_end(
    record: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    out = tmp_path / "taken" / "out"
    out.parent.mkdir()

    def told(*_: object) -> None:
        assert len(list(out.parent.iterdir())) == 1
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(exporting, "write", told)
    monkeypatch.setattr(backing_up, "back_up", told)
    result = CliRunner().invoke(main, ["record", *command, str(out)])
    assert result.exit_code == 128 + signal.SIGTERM, result.output
    assert list(out.parent.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    record.append([feedback("card", position=2)])


def test_a_thread_writes_a_file_too(tmp_path: Path) -> None:
    """Only the main thread may listen to signals."""
    out = tmp_path / "out.csv"

    def write() -> None:
        with lines(out) as file:
            file.write("a")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write).result(20)
    assert out.read_text() == "a"


def test_through_a_link_the_file_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with lines(link) as file:
        file.write("a")
    assert link.is_symlink()
    assert target.read_text() == "a"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_what_a_spreadsheet_takes_for_a_formula(begin: str) -> None:
    assert harmless(f"{begin}=2+2") == f"'{begin}=2+2"
    assert harmless(f"2{begin}2") == f"2{begin}2"


def test_a_line_feed_before_a_formula_is_defused(record: Store, tmp_path: Path) -> None:
    record.append([feedback("card", reason_display="\n=2+2", position=1)])
    record.close()
    out = tmp_path / "out.csv"
    status, errors = magnesia(*EXPORT, "--output", str(out))
    assert status == 0, errors
    with out.open(newline="") as file:
        assert [row["reason_display"] for row in csv.DictReader(file)] == ["", "'\n=2+2"]
