"""Used tokens over real processes: restarts, hosts that share a PostgreSQL, and one that stops."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from random import Random
from time import perf_counter, sleep

import requests

from tests.cluster import Cluster
from tests.durability.site import Site
from tests.trust.issuer import Issuer, write_clients

ROOT = Path(__file__).resolve().parents[2]
ISSUER = Issuer("Example EHR", "https://ehr.example")
ADDRESS = "http://127.0.0.1:8000/cds-services"
#: A host tries once a second to tell the database what it has missed.
_LEARNT_SECONDS = 6


def site(directory: Path, database_url: str, workers: int = 2) -> Site:
    """A host; every host is behind the same address."""
    clients = write_clients(directory, ISSUER)
    host = Site(directory, database_url, workers)
    host.expect(
        MAGNESIA_AUTH="required",
        MAGNESIA_CLIENTS=str(clients),
        MAGNESIA_BASE_URL="http://127.0.0.1:8000",
    )
    return host


def status(host: Site, token: str) -> int:
    return requests.get(
        f"{host.url}/cds-services", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ).status_code


def test_a_token_is_used_once_over_workers_and_a_restart(database_url: str, tmp_path: Path) -> None:
    tokens = [ISSUER.token(ADDRESS) for _ in range(6)]
    with site(tmp_path, database_url) as host:
        assert [status(host, token) for token in tokens] == [200] * 6
        assert [status(host, token) for token in tokens * 2] == [401] * 12, "over two workers"
        host.stop()
        host.start()
        assert [status(host, token) for token in tokens] == [401] * 6, "after a restart"
        assert status(host, ISSUER.token(ADDRESS)) == 200
        host.kill()
        host.start()
        assert [status(host, token) for token in tokens] == [401] * 6, "after a kill"


def test_a_file_that_is_destroyed_lets_no_token_come_again(tmp_path: Path) -> None:
    """Settled 23, over four workers; what could not be written down is counted over all."""
    with site(tmp_path, f"sqlite:///{tmp_path / 'magnesia.sqlite'}", workers=4) as host:
        before, after = ISSUER.token(ADDRESS), [ISSUER.token(ADDRESS) for _ in range(3)]
        assert status(host, before) == 200
        for file in tmp_path.glob("magnesia-nonces.sqlite*"):
            file.write_bytes(b"Buy magnesium. " * 1000)
        assert [status(host, before) for _ in range(12)] == [401] * 12
        for token in after:
            assert [status(host, token) for _ in range(12)] == [200] + [401] * 11
        counted = requests.get(f"{host.url}/metrics", timeout=30).text
        assert "magnesia_tokens_unwritten_total 3.0" in counted


def test_a_file_that_is_deleted_is_said_and_lets_no_token_come_again(tmp_path: Path) -> None:
    """Also by a process that takes the place of one that died; it makes no file of its own."""
    with site(tmp_path, f"sqlite:///{tmp_path / 'magnesia.sqlite'}") as host:
        before, after = (ISSUER.token(ADDRESS) for _ in range(2))
        assert status(host, before) == 200
        # The file before its log, as a process that opens the file just then makes a new log.
        for file in sorted(tmp_path.glob("magnesia-nonces.sqlite*")):
            file.unlink()
        assert status(host, after) == 200
        assert [status(host, token) for token in (before, after) * 6] == [401] * 12
        host.kill_worker(Random(1))  # noqa: S311 - which one
        assert [status(host, token) for token in (before, after) * 6] == [401] * 12
        counted = requests.get(f"{host.url}/metrics", timeout=30).text
        assert "magnesia_tokens_unwritten_total 1.0" in counted
        assert "its file was deleted or replaced" in host.log
        assert not list(tmp_path.glob("magnesia-nonces.sqlite*"))


def test_the_command_line_can_send_a_token(database_url: str, tmp_path: Path) -> None:
    call = f"{ADDRESS}/magnesium-replacement"
    with site(tmp_path, database_url) as host:
        command = [
            *(sys.executable, "-m", "service.cli", "fire", "fixtures/seed-mg-1.2.json"),
            *("--url", f"{host.url}/cds-services/magnesium-replacement", "--token-file", "-"),
        ]

        def fire(token: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command, input=token, capture_output=True, text=True, check=False, cwd=ROOT
            )

        token = ISSUER.token(call)
        accepted = fire(token)
        assert accepted.returncode == 0, accepted.stderr
        assert "2 g magnesium sulfate IV over 20 minutes" in accepted.stdout
        refused = fire(token)
        assert (refused.returncode, refused.stdout) == (1, ""), "a token is used once"
        assert "The service answered 401." in refused.stderr
        assert token not in refused.stderr


def test_two_hosts_on_one_postgresql_and_the_postgresql_stops(
    postgres: Cluster, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        here, there = (
            stack.enter_context(site(tmp_path / name, postgres.url)) for name in ("here", "there")
        )
        shared = [ISSUER.token(ADDRESS) for _ in range(4)]
        assert [status(here, token) for token in shared] == [200] * 4
        assert [status(there, token) for token in shared] == [401] * 4, "at another host"
        postgres.stop()
        alone = [ISSUER.token(ADDRESS) for _ in range(10)]
        began = perf_counter()
        assert [status(here, token) for token in alone] == [200] * 10, "answers do not suffer"
        assert perf_counter() - began < 10
        assert [status(here, token) for token in alone + shared] == [401] * 14, "this host knows"
        assert "No database can say which tokens were used" in here.log
        assert here.log.count("No database can say") <= len(here.workers()), "said once by each"
        postgres.start()
        sleep(_LEARNT_SECONDS)
        assert [status(there, token) for token in alone] == [401] * 10, "told when it was back"
