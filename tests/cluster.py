"""A PostgreSQL of the tests' own: a cluster in a temporary directory, on a free loopback port.

`python -m tests.cluster COMMAND...` starts one, runs the command with MAGNESIA_TEST_POSTGRES naming
it, and removes it again; it ends with the command's status, or with 69 where there is no
PostgreSQL.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

VARIABLE = "MAGNESIA_TEST_POSTGRES"
_UNAVAILABLE = 69


class NoPostgres(Exception):
    """There is no PostgreSQL on this machine."""


class Cluster:
    """One server and its data directory; PostgreSQL refuses to run as root, so root lends it to
    the user that Debian's package makes."""

    def __init__(self, directory: Path) -> None:
        self._bin = _binaries()
        self._data = directory / "data"
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(directory, "postgres")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "-E", "UTF8")

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._data}"
        log = self._data / "log"
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; `immediate` is as good as pulling the plug."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def freeze(self) -> None:
        """Let every process of the server hang, connections open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, number)

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [*self._as, self._bin / program, *arguments],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster that runs until the end of the block. Raises NoPostgres."""
    _binaries()
    with tempfile.TemporaryDirectory(prefix="magnesia-postgres-") as directory:
        cluster = Cluster(Path(directory))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def database(cluster: str) -> Iterator[str]:
    """The address of a new, empty database in the cluster at this address."""
    name = f"magnesia_{uuid4().hex}"
    identifier = sql.Identifier(name)
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    yield cluster.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _binaries() -> Path:
    """Where Debian's package, or the search path, has the server's programs."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    found = [*sorted(versions, key=lambda path: float(path.parts[-3]))]
    on_path = shutil.which("pg_ctl")
    if not found and on_path is None:
        raise NoPostgres
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


def main(command: Sequence[str]) -> int:
    """Run `command` beside a cluster."""
    try:
        with running() as cluster:
            return subprocess.run(
                command, env={**os.environ, VARIABLE: cluster.url}, check=False
            ).returncode
    except NoPostgres:
        sys.stderr.write("There is no PostgreSQL here.\n")
        return _UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
