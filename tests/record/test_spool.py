"""The spool: what waits on disk, whose it is, and how much it may be."""

import errno
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.record import Record, RecordError
from service.record.errors import StoreDown
from service.record.spool import BATCH, Spool, SpoolFull

LEAVE = """
import os, sys
from pathlib import Path
from service.record.spool import Spool
spool = Spool(Path(sys.argv[1]), 10**6)
spool.append([b"left"])
print("ready", flush=True)
if sys.argv[2] == "dies":
    os.kill(os.getpid(), 9)
sys.stdin.read()
"""


def taken(spool: Spool) -> list[bytes]:
    lines: list[bytes] = []
    spool.hand_over(lines.extend)
    return lines


def process(directory: Path, fate: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", LEAVE, str(directory), fate],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def kill(directory: Path) -> None:
    """Leave a line of a process that was killed."""
    killed = process(directory, "dies")
    killed.communicate()
    assert killed.returncode == -9


def test_what_was_appended_is_handed_over_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "new" / "spool", 10**6)
    spool.append([b"one", b"two"])
    spool.append([b"three"])
    assert spool.waiting == 3
    assert taken(spool) == [b"one", b"two", b"three"]
    assert spool.waiting == 0
    assert taken(spool) == []
    spool.append([b"four"])
    assert taken(spool) == [b"four"]
    spool.close()
    assert list((tmp_path / "new" / "spool").iterdir()) == [], "an empty file is no use to anybody"


def test_what_is_not_taken_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    spool.append([b"%d" % number for number in range(BATCH + 5)])
    lines: list[bytes] = []

    def take(batch: Sequence[bytes]) -> None:
        if lines:
            raise StoreDown("again")
        lines.extend(batch)

    with pytest.raises(StoreDown):
        spool.hand_over(take)
    assert spool.waiting == 5
    assert lines + taken(spool) == [b"%d" % number for number in range(BATCH + 5)]
    spool.close()


def test_the_file_of_a_process_that_was_killed_is_adopted(tmp_path: Path) -> None:
    kill(tmp_path)
    spool = Spool(tmp_path, 10**6)
    assert taken(spool) == [b"left"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_adopted(tmp_path: Path) -> None:
    kill(tmp_path)
    unreadable = tmp_path / "a-directory.ndjson"
    unreadable.mkdir()
    lines: list[bytes] = []
    with pytest.raises(OSError, match="Is a directory") as failure:
        Spool(tmp_path, 10**6).hand_over(lines.extend)
    assert (lines, failure.value.filename) == ([b"left"], unreadable)
    assert list(tmp_path.iterdir()) == [unreadable]


def test_the_file_of_a_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    other = process(tmp_path, "lives")
    spool = Spool(tmp_path, 10**6)
    assert taken(spool) == []
    other.communicate("")
    assert taken(spool) == [b"left"]


def test_a_file_that_was_not_taken_is_adopted_again(tmp_path: Path) -> None:
    kill(tmp_path)
    spool = Spool(tmp_path, 10**6)

    def take(_: Sequence[bytes]) -> None:
        raise StoreDown("again")

    with pytest.raises(StoreDown):
        spool.hand_over(take)
    assert taken(spool) == [b"left"]


@pytest.mark.parametrize("times", [1, 3])
def test_a_file_that_another_process_removes_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Between its making and its lock a file is empty and nobody's: it is adopted, and removed."""
    spool, other = Spool(tmp_path, 10**6), Spool(tmp_path, 10**6)
    flock, raced = fcntl.flock, 0

    def race(descriptor: int, operation: int) -> None:
        nonlocal raced
        if not operation & fcntl.LOCK_NB and raced < times:
            raced += 1
            other.hand_over(lambda _: None)
            assert list(tmp_path.iterdir()) == [], "it has removed it"
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", race)
    spool.append([b"one"])
    assert raced == times
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"one\n"]
    assert taken(other) == [], "it is locked"
    assert taken(spool) == [b"one"]
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_locked_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it were nobody's, another process would remove it."""
    spool, other = Spool(tmp_path, 10**6), Spool(tmp_path, 10**6)

    def fail(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="No locks available"):
                spool.append([b"one"])
    spool.append([b"two"])
    assert taken(other) == []
    assert taken(spool) == [b"two"]
    spool.close()
    assert list(tmp_path.iterdir()) == [], "what was left empty is cleared away"


def test_all_files_together_stay_within_the_limit(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, 20), Spool(tmp_path, 20)
    first.append([b"0123456789"])
    with pytest.raises(SpoolFull):
        second.append([b"0123456789"])
    second.append([b"01234"])
    assert taken(first) == [b"0123456789"]
    second.append([b"0123456789"])
    assert taken(second) == [b"01234", b"0123456789"]
    first.close()
    second.close()


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, 10**6)
    spool.append([b"before"])
    real = os.write
    calls: list[int] = []

    def write(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            return real(descriptor, data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            spool.append([b"too much"])
    spool.append([b"after"])
    assert taken(spool) == [b"before", b"after"]
    spool.close()


def test_only_the_service_can_read_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 10**6)
    spool.append([b"one"])
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (tmp_path / "spool").iterdir())
    assert taken(spool) == [b"one"]
    spool.close()


@pytest.mark.parametrize("place", ["/proc/x", "/etc/passwd", "/etc/passwd/spool"])
def test_a_place_where_nothing_can_wait_stops_the_start(place: str, tmp_path: Path) -> None:
    record = Record(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", Path(place))
    with pytest.raises(RecordError, match=rf"^MAGNESIA_SPOOL: decisions cannot wait in {place}: "):
        record.prepare()


def test_a_spool_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    directory = tmp_path / "var" / "spool"
    Record(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", directory).prepare()
    assert list(directory.iterdir()) == []
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_does_not_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    Record(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool").prepare()
