"""Used tokens: once, whoever asks, and never at the cost of an answer."""

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select

from service.record import nonces as nonces_module
from service.record.ledger import MARGIN_SECONDS, Ledger
from service.record.nonces import ANSWER_SECONDS, Nonces, digest
from service.record.recent import Recent
from service.record.store import Store
from service.record.tables import Nonce
from tests.cluster import Cluster

NOW = 1_795_428_000
#: How long one call waits for a file of used tokens that is locked.
LOCK_SECONDS = 0.5
TOKEN = digest("https://ehr.example", "jti-1")
Host = Callable[[str], Nonces]


def prepared(url: str) -> Store:
    """A store with its tables, as the service makes them at the start."""
    store = Store(url)
    store.prepare()
    store.close()
    return store


def hosted(url: str, directory: Path) -> Nonces:
    """The used tokens as one host has them."""
    return Nonces(prepared(url), directory)


def ledger_of(url: str) -> Ledger:
    return Ledger(url, prepared(url))


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is not a database that is down."""
    monkeypatch.setattr(nonces_module, "ANSWER_SECONDS", 20.0)


@pytest.fixture
def host(database_url: str, tmp_path: Path, _patient: None) -> Iterator[Host]:
    """Makes a host of its own on the one database."""
    made: list[Nonces] = []

    def make(name: str) -> Nonces:
        made.append(hosted(database_url, tmp_path / name))
        return made[-1]

    yield make
    for nonces in made:
        nonces.stop()


def test_a_token_is_used_once(host: Host) -> None:
    nonces = host("a")
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    assert not nonces.is_first(TOKEN, NOW + 360, NOW)
    assert not nonces.is_first(TOKEN, NOW + 360, NOW + 359)
    assert nonces.is_first(digest("https://ehr.example", "jti-2"), NOW + 360, NOW)
    assert nonces.is_first(digest("https://other.example", "jti-1"), NOW + 360, NOW)


def test_issuer_and_identifier_do_not_run_into_each_other() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("1:a", "") != digest("1", ":a")
    assert digest("a", "\ud800") != digest("a", "?")


def test_a_second_start_and_a_second_host_know_it(host: Host) -> None:
    assert host("a").is_first(TOKEN, NOW + 360, NOW)
    assert not host("a").is_first(TOKEN, NOW + 360, NOW), "after a restart"
    assert not host("b").is_first(TOKEN, NOW + 360, NOW), "at another host"


def test_an_identifier_may_come_again_long_after_its_token_expired(host: Host) -> None:
    nonces = host("a")
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    late = NOW + 361 + MARGIN_SECONDS
    assert nonces.is_first(TOKEN, late + 360, late)
    assert not nonces.is_first(TOKEN, late + 360, late)


def test_of_many_at_once_one_is_the_first(host: Host) -> None:
    hosts = [host("a"), host("a"), host("b")]
    said: list[bool] = []
    start = threading.Barrier(12)

    def ask(nonces: Nonces) -> None:
        start.wait(10)
        said.append(nonces.is_first(TOKEN, NOW + 360, NOW))

    threads = [threading.Thread(target=ask, args=(hosts[i % 3],)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(said) == [False] * 11 + [True]


ASK = """
import sys
from pathlib import Path
from service.record import nonces
from service.record.store import Store
nonces.ANSWER_SECONDS = 30
asked = nonces.Nonces(Store(sys.argv[1]), Path(sys.argv[2]))
for number in range(50):
    print(int(asked.is_first(nonces.digest("i", str(number)), 1795428360, 1795428000)))
asked.stop()
"""


def test_several_processes_count_together(database_url: str, tmp_path: Path) -> None:
    hosted(database_url, tmp_path)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, database_url, str(tmp_path / name)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for name in ("a", "a", "b")
    ]
    said = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [sum(map(int, each)) for each in zip(*said, strict=True)] == [1] * 50


def test_what_has_expired_is_swept_away(database_url: str) -> None:
    ledger = ledger_of(database_url)
    for number in range(1500):
        ledger.enter(digest("old", str(number)), NOW - MARGIN_SECONDS - 1, NOW - 5000)
    ledger.enter(TOKEN, NOW, NOW)
    ledger.sweep(NOW)
    with ledger.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Nonce)) == 1
    assert not ledger.enter(TOKEN, NOW, NOW)
    ledger.close()


def test_nothing_that_was_said_is_kept_in_the_clear(database_url: str) -> None:
    ledger = ledger_of(database_url)
    ledger.enter(digest("https://ehr.example", "secret-jti"), NOW, NOW)
    with ledger.reading() as connection:
        ((kept, _),) = connection.execute(select(Nonce.digest, Nonce.expires)).all()
    assert len(kept) == 32
    assert b"secret" not in kept
    ledger.close()


def test_a_file_that_another_process_holds_costs_a_moment_and_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "magnesia-nonces.sqlite"
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    began = monotonic()
    other = digest("i", "while locked")
    assert nonces.is_first(other, NOW + 360, NOW)
    assert not nonces.is_first(other, NOW + 360, NOW), "the host itself remembers"
    assert monotonic() - began < 3
    assert nonces.state() == {"store": "down", "unshared": 0, "unwritten": 1}
    blocker.execute("ROLLBACK")
    blocker.close()
    assert wait_until(lambda: nonces.state()["store"] == "up"), "it never noticed"
    assert nonces.is_first(fresh("unlocked"), NOW + 360, NOW)
    assert nonces.state() == {"store": "up", "unshared": 0, "unwritten": 1}
    nonces.stop()


def test_a_file_that_stays_locked_holds_up_one_answer_for_a_moment(tmp_path: Path) -> None:
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    with locked(tmp_path / "magnesia-nonces.sqlite"):
        began = monotonic()
        assert nonces.is_first(fresh("first"), NOW + 360, NOW)
        assert monotonic() - began < LOCK_SECONDS + 0.5
        began = monotonic()
        for number in range(20):
            assert nonces.is_first(fresh(f"next {number}"), NOW + 360, NOW)
        assert monotonic() - began < 1.0, "only the first one waits"
        assert wait_until(lambda: monotonic() - began > 2.5)
        began = monotonic()
        assert nonces.is_first(fresh("later"), NOW + 360, NOW)
        assert monotonic() - began < 0.25, "the file is tried beside the calls"
        assert not nonces.is_first(fresh("first"), NOW + 360, NOW)
        assert nonces.state() == {"store": "down", "unshared": 0, "unwritten": 22}
    nonces.stop()


def test_many_calls_beside_a_locked_file_wait_no_longer_than_one(tmp_path: Path) -> None:
    """Without a way out they would queue for the connections, each for as long as the lock."""
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    with locked(tmp_path / "magnesia-nonces.sqlite"), ThreadPoolExecutor(100) as calls:
        began = monotonic()
        said = [calls.submit(nonces.is_first, fresh(str(n)), NOW + 360, NOW) for n in range(100)]
        assert all(each.result(20) for each in said)
        assert monotonic() - began < LOCK_SECONDS + 1.0
    nonces.stop()


@pytest.mark.parametrize("ending", ["stopped", "killed"])
def test_what_was_used_while_the_file_was_locked_is_known_after_a_restart(
    tmp_path: Path, ending: str
) -> None:
    url, spool = f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool"
    nonces = hosted(url, spool)
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    with locked(tmp_path / "magnesia-nonces.sqlite"):
        assert nonces.is_first(fresh("during"), NOW + 360, NOW)
    if ending == "stopped":
        nonces.stop()
    else:
        assert wait_until(lambda: nonces.state()["store"] == "up"), "it never noticed"
    again = hosted(url, spool)
    assert not again.is_first(fresh("during"), NOW + 360, NOW), "told when it was back"
    for each in (nonces, again):
        each.stop()


def test_what_one_process_could_not_write_down_the_others_know(tmp_path: Path) -> None:
    """The file may be back for one process before another has noticed."""
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    nonces.share()
    nonces.prepare()
    with locked(tmp_path / "magnesia-nonces.sqlite"):
        assert nonces.is_first(fresh("during"), NOW + 360, NOW)
    accepted = in_a_fork(lambda: nonces.is_first(fresh("during"), NOW + 360, NOW))
    assert not accepted, "memory is shared, and asked before the file"
    nonces.stop()


GONE = "its file was deleted or replaced"


def delete(file: Path) -> None:
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


def delete_all_but_the_log(file: Path) -> None:
    file.unlink()


def delete_log(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def replace(file: Path) -> None:
    new = file.with_name("new")
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    new.rename(file)


@pytest.mark.parametrize("harm", [delete, delete_all_but_the_log, delete_log, replace])
def test_a_file_that_is_gone_is_said_and_counted(
    tmp_path: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite would go on with the old one, and after a restart used tokens would be new."""
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    nonces.share()
    nonces.prepare()
    assert nonces.is_first(fresh("before"), NOW + 360, NOW)
    file = tmp_path / "magnesia-nonces.sqlite"
    harm(file)
    made = file.exists()
    with caplog.at_level(logging.ERROR):
        assert nonces.is_first(fresh("after"), NOW + 360, NOW), "an answer is never held up"
        assert nonces.is_first(fresh("and after"), NOW + 360, NOW)
        assert nonces.state() == {"store": "down", "unshared": 0, "unwritten": 2}
        for used in ("before", "after", "and after"):
            assert not nonces.is_first(fresh(used), NOW + 360, NOW)
        assert not wait_until(lambda: nonces.state()["store"] == "up", 2.5), "it is still gone"
    assert [GONE in record.getMessage() for record in caplog.records] == [True], "said once"
    assert file.exists() == made, "another one would pass for the one that is gone"
    nonces.stop()


def test_a_file_that_is_gone_still_says_what_was_used_before_the_start(tmp_path: Path) -> None:
    url, spool = f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool"
    first = hosted(url, spool)
    assert first.is_first(fresh("before the start"), NOW + 360, NOW)
    first.stop()
    nonces = hosted(url, spool)
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    delete(tmp_path / "magnesia-nonces.sqlite")
    assert nonces.is_first(fresh("after"), NOW + 360, NOW)
    assert not nonces.is_first(fresh("before the start"), NOW + 360, NOW)
    nonces.stop()


def test_a_file_that_is_gone_is_noticed_without_a_token(tmp_path: Path) -> None:
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    delete(tmp_path / "magnesia-nonces.sqlite")
    assert wait_until(lambda: nonces.state()["store"] == "down", 5)
    nonces.stop()


def test_a_file_that_is_back_is_gone_on_with(tmp_path: Path) -> None:
    url, spool = f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool"
    nonces = hosted(url, spool)
    assert nonces.is_first(TOKEN, NOW + 360, NOW)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = [each.rename(elsewhere / each.name) for each in tmp_path.glob("magnesia-nonces*")]
    assert nonces.is_first(fresh("meanwhile"), NOW + 360, NOW)
    assert nonces.state()["store"] == "down"
    for each in moved:
        each.rename(tmp_path / each.name)
    assert wait_until(lambda: nonces.state()["store"] == "up"), "it never noticed"
    nonces.stop()
    again = hosted(url, spool)
    for used in (TOKEN, fresh("meanwhile")):
        assert not again.is_first(used, NOW + 360, NOW)
    again.stop()


def test_a_process_that_was_forked_knows_the_file_too(tmp_path: Path) -> None:
    """As the processes that answer calls are, also those that replace one that died."""
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    nonces.share()
    nonces.prepare()
    file = tmp_path / "magnesia-nonces.sqlite"
    delete(file)
    assert in_a_fork(
        lambda: nonces.is_first(fresh("after"), NOW + 360, NOW) and nonces.state()["unwritten"] == 1
    )
    assert not file.exists()


@pytest.mark.parametrize("asked", [True, False])
def test_a_file_is_made_where_tokens_are_asked_for(tmp_path: Path, *, asked: bool) -> None:
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    if asked:
        nonces.share()
    nonces.prepare()
    assert (tmp_path / "magnesia-nonces.sqlite").exists() == asked


def test_what_others_do_to_the_file_is_no_replacement(tmp_path: Path) -> None:
    """A second service, a checkpoint, a VACUUM: all leave the file where it is."""
    url, spool = f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool"
    ours, theirs = hosted(url, spool), hosted(url, spool)
    for turn in range(3):
        assert ours.is_first(fresh(f"ours {turn}"), NOW + 360, NOW)
        assert theirs.is_first(fresh(f"theirs {turn}"), NOW + 360, NOW)
        theirs.stop()
        with closing(sqlite3.connect(tmp_path / "magnesia-nonces.sqlite")) as connection:
            connection.isolation_level = None
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")
    ours.stop()
    assert ours.is_first(fresh("after"), NOW + 360, NOW)
    assert ours.state() == {"store": "up", "unshared": 0, "unwritten": 0}
    ours.stop()


def test_a_file_that_is_destroyed_lets_no_token_come_again(tmp_path: Path) -> None:
    file = tmp_path / "magnesia-nonces.sqlite"
    nonces = hosted(f"sqlite:///{tmp_path / 'magnesia.sqlite'}", tmp_path / "spool")
    assert nonces.is_first(fresh("before"), NOW + 360, NOW)
    for one in tmp_path.glob(f"{file.name}*"):
        one.write_bytes(b"Buy magnesium. " * 1000)
    assert not nonces.is_first(fresh("before"), NOW + 360, NOW), "what the file knew"
    assert nonces.is_first(fresh("after"), NOW + 360, NOW), "an answer is never held up"
    assert not nonces.is_first(fresh("after"), NOW + 360, NOW)
    nonces.stop()
    assert not nonces.is_first(fresh("after"), NOW + 360, NOW), "memory is shared, not a process's"
    nonces.stop()


def test_what_was_used_a_moment_ago_is_remembered_until_it_expires() -> None:
    recent = Recent(groups=1)
    assert recent.enter(fresh("a"), 100, 50)
    assert not recent.enter(fresh("a"), 100, 100)
    assert recent.enter(fresh("a"), 300, 101), "long after it has expired"
    assert not recent.enter(fresh("a"), 300, 101)


def test_where_there_is_no_room_what_expires_first_is_forgotten() -> None:
    recent = Recent(groups=1)
    for number in range(64):
        assert recent.enter(fresh(str(number)), 1000 + number, 500)
    assert recent.enter(fresh("one more"), 2000, 500)
    assert not any(recent.enter(fresh(str(number)), 3000, 500) for number in range(1, 64))
    assert recent.enter(fresh("0"), 3000, 500)


def url_of(running: Cluster) -> str:
    return running.url.replace("postgresql:", "postgresql+psycopg:")


def wait_until(true: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        if true():
            return True
        threading.Event().wait(0.05)
    return False


def fresh(name: str) -> bytes:
    return digest("i", name)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process holds the file."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as blocker:
        blocker.execute("BEGIN EXCLUSIVE")
        yield
        blocker.execute("ROLLBACK")


def in_a_fork(true: Callable[[], bool]) -> bool:
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            status = 0 if true() else 1
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in {0, 1}, "it failed"
    return status == 0


@pytest.mark.usefixtures("_patient")
def test_a_postgresql_that_stops_costs_no_answer_and_learns_later(
    postgres: Cluster, tmp_path: Path
) -> None:
    here, there = (hosted(url_of(postgres), tmp_path / name) for name in ("here", "there"))
    second = hosted(url_of(postgres), tmp_path / "here")
    assert here.is_first(fresh("before"), NOW + 360, NOW)
    postgres.stop()
    assert not here.is_first(fresh("before"), NOW + 360, NOW), "known to this host"
    assert not second.is_first(fresh("before"), NOW + 360, NOW), "and to its other workers"
    assert here.is_first(fresh("during"), NOW + 360, NOW)
    assert not second.is_first(fresh("during"), NOW + 360, NOW)
    assert here.state()["unshared"] == 1
    assert here.state()["store"] == "down"
    postgres.start()
    assert wait_until(lambda: here.state()["store"] == "up"), "it never noticed"
    assert not there.is_first(fresh("during"), NOW + 360, NOW), "told when it was back"
    for nonces in (here, second, there):
        nonces.stop()


def test_a_postgresql_that_hangs_holds_up_one_answer_for_a_moment(
    postgres: Cluster, tmp_path: Path
) -> None:
    nonces = hosted(url_of(postgres), tmp_path)
    assert nonces.is_first(fresh("before"), NOW + 360, NOW)
    postgres.freeze()
    try:
        began = monotonic()
        assert nonces.is_first(fresh("first"), NOW + 360, NOW)
        assert monotonic() - began < ANSWER_SECONDS + 0.5
        began = monotonic()
        for number in range(20):
            assert nonces.is_first(fresh(f"next {number}"), NOW + 360, NOW)
        assert monotonic() - began < 1.0, "only the first one waits"
    finally:
        postgres.thaw()
    assert wait_until(lambda: nonces.state()["store"] == "up")
    nonces.stop()
