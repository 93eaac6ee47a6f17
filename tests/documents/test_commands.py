"""Every command that a page shows runs, as it stands there.

A block runs as one script in a copy of what a clone holds, beside a service that listens where the
pages say; its exit status must be 0. What cannot run in a test is listed with the reason.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from service.cli import main
from tests.documents.pages import PAGES, ROOT, Block, blocks, shown_program, spoken
from tests.durability.site import Site

#: Where the pages say that the service listens.
_ADDRESS = "127.0.0.1:8000"
_SECONDS = 120
_PROGRAMS = {"curl", "openssl", "sha256sum"}
_ENGINE = "needs a container engine"
_DATABASE = "needs the site's PostgreSQL"
_RIGHTS = "changes the machine, with root's rights"
_AS_SERVICE = (
    "sudo systemd-run --quiet --pipe --wait --collect --uid=magnesia"
    " --property=EnvironmentFile=/etc/magnesia.env"
    " --property=WorkingDirectory=/var/lib/magnesia --property=UMask=0077"
    " /opt/magnesia/.venv/bin/magnesia"
)

#: Commands that no test can run, and why.
CANNOT = {
    "make demo": "serves until it is stopped; `test_every_target_exists` asks make for it",
    "make test": "is what runs this test",
    "sudo useradd --system --home-dir /var/lib/magnesia --create-home magnesia": _RIGHTS,
    "sudo make -C /opt/magnesia install": _RIGHTS,
    "/opt/magnesia/.venv/bin/magnesia --version": "follows the installation above",
    "docker compose up --build": _ENGINE,
    "docker compose down --volumes": _ENGINE,
    "docker build --tag magnesia:0.1.0 .": _ENGINE,
    "sudo docker run --detach --name magnesia --restart unless-stopped --stop-timeout 20"
    " --read-only --tmpfs /tmp --volume magnesia:/var/lib/magnesia"
    " --volume /etc/magnesia:/etc/magnesia:ro --env-file /etc/magnesia.env"
    " --publish 127.0.0.1:8000:8000 magnesia:0.1.0": _ENGINE,
    "/opt/magnesia/.venv/bin/magnesia fixtures load http://127.0.0.1:8080/fhir": "needs a FHIR"
    " server; tests/e2e has one",
    "pg_dump --host=db.example.org --username=magnesia --format=custom"
    " --file=/var/backups/magnesia.dump magnesia": _DATABASE,
    "pg_restore --host=db.example.org --username=magnesia --clean --if-exists --no-owner"
    " --single-transaction --dbname=magnesia /var/backups/magnesia.dump": _DATABASE,
    "sudo install --directory --owner=root --group=magnesia --mode=750 /etc/magnesia": _RIGHTS,
    "sudo install --owner=root --group=magnesia --mode=640 clients.toml protocol.toml"
    " /etc/magnesia/": _RIGHTS,
    "sudo chown root:root /etc/magnesia.env": _RIGHTS,
    "sudo chmod 600 /etc/magnesia.env": _RIGHTS,
    "sudo systemctl daemon-reload": _RIGHTS,
    "sudo systemctl enable --now magnesia": _RIGHTS,
    "journalctl --unit=magnesia --since=-10min": "needs the unit above",
    "sudo git -C /opt/magnesia fetch --tags": _RIGHTS,
    "sudo git -C /opt/magnesia checkout TAG": _RIGHTS,
    f"{_AS_SERVICE} insight": _RIGHTS,
    f"{_AS_SERVICE} record backup /var/lib/magnesia/backup.sqlite": _RIGHTS,
    "sudo systemctl stop magnesia": _RIGHTS,
    "sudo rm --force /var/lib/magnesia/var/magnesia.sqlite"
    " /var/lib/magnesia/var/magnesia.sqlite-wal /var/lib/magnesia/var/magnesia.sqlite-shm": _RIGHTS,
    "sudo install --owner=magnesia --group=magnesia --mode=600 /var/lib/magnesia/backup.sqlite"
    " /var/lib/magnesia/var/magnesia.sqlite": _RIGHTS,
    "sudo systemctl start magnesia": _RIGHTS,
}

BLOCKS = tuple(blocks())
SHOWN = [command for block in BLOCKS for command in block.commands]


def found(program: str) -> str:
    """Where this machine has a program that the pages use; skips without."""
    if (path := shutil.which(program)) is None:
        pytest.skip(f"There is no `{program}` here.")
    return path


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages assume around the reader: a clone, and the files that the text speaks of."""
    root = tmp_path_factory.mktemp("clone")
    for name in ("fixtures", "examples", "hooks", "Makefile"):
        (root / name).symlink_to(ROOT / name)
    (root / ".venv").symlink_to(Path(sys.executable).parent.parent)
    (root / "var").mkdir()
    # docs/insight.md: requests that the site kept, and the protocol that it tries on them.
    (root / "kept").symlink_to(ROOT / "fixtures")
    shutil.copy(ROOT / "examples" / "strict-ward.toml", root / "new.toml")
    (root / "mint.py").write_text(shown_program("mint.py"))
    return root


@pytest.fixture(scope="module")
def site(clone: Path) -> Iterator[Site]:
    with Site(clone, "sqlite:///var/magnesia.sqlite", 1) as site:
        yield site


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_of_commands_runs(block: Block, clone: Path, site: Site) -> None:
    commands = [command for command in block.commands if command not in CANNOT]
    if not commands:
        assert all(CANNOT[command] for command in block.commands)
        return
    for program in _PROGRAMS & {word for command in commands for word in re.split(r"\W", command)}:
        found(program)
    script = "\n".join(commands).replace(_ADDRESS, f"127.0.0.1:{site.port}")
    done = subprocess.run(
        [found("bash"), "-euo", "pipefail", "-c", script],
        check=False,
        cwd=clone,
        env={
            **os.environ,
            "PATH": f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}",
            "MAGNESIA_PORT": str(site.port),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, f"{block.page} shows what does not run:\n{script}\n{done.stderr}"


def test_what_cannot_run_is_still_shown() -> None:
    assert CANNOT.keys() <= set(SHOWN), f"no page shows this any more: {CANNOT.keys() - set(SHOWN)}"


def test_enough_is_run() -> None:
    """The check would also pass if the pages were no longer understood."""
    assert len([command for command in SHOWN if command not in CANNOT]) >= 12


@pytest.mark.parametrize("target", ["demo", "test", "serve", "install", "e2e", "docs"])
def test_every_target_exists(target: str) -> None:
    done = subprocess.run(
        [found("make"), "--dry-run", "--directory", ROOT, target],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_command_stands_as_it_is_typed() -> None:
    """After `make install` there is no `magnesia` on the reader's path."""
    bare = [
        str(block) for block in BLOCKS for line in block.commands if line.startswith("magnesia")
    ]
    assert not bare, "say .venv/bin/magnesia"
    short = {page for page, command in spoken() if command.startswith("magnesia ")}
    stated = re.compile(r"In sentences `magnesia`\s+stands\s+for\s+`\S*\.venv/bin/magnesia`")
    for page in PAGES:
        times = len(stated.findall(page.read_text()))
        assert times == (page.name in short), f"{page.name} says {times} times what magnesia is"


@pytest.mark.parametrize(("page", "command"), sorted(set(spoken())), ids=str)
def test_a_command_in_a_sentence_exists(page: str, command: str) -> None:
    """Its subcommands and options are the program's; what they are given is the reader's."""
    current: click.Command = main
    for word in shlex.split(command)[1:]:
        if word.startswith("--"):
            options = {option for each in current.params for option in each.opts}
            name = re.split("[= ]", word)[0]
            assert name in options, f"{page}: `{command}` has no option {name}"
        elif isinstance(current, click.Group):
            assert word in current.commands, f"{page}: there is no `{command}`"
            current = current.commands[word]
