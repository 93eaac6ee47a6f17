"""HAPI FHIR as a process: fetched by Maven, compiled, run on a free port, loaded, ended.

HAPI is what it is everywhere else; `hapi_server/` holds only the hundred lines that put it on a
port with a database in memory, because its own command line server cannot be had from a registry.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

MAGNESIA = Path(sys.executable).with_name("magnesia")
SOURCE = Path(__file__).parent / "hapi_server"
#: A cold start takes half a minute on two busy cores.
START_SECONDS = 300
BUILD_SECONDS = 900


@dataclass(frozen=True)
class Build:
    """What Java needs to run the server."""

    java: str
    classpath: str


@dataclass(frozen=True)
class Hapi:
    """A running server."""

    url: str
    process: "subprocess.Popen[str]"

    def load_fixtures(self) -> str:
        """Load the project's patients with the project's own command; what it printed."""
        printed = subprocess.run(
            [MAGNESIA, "fixtures", "load", self.url],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        self.warm("fixture-seed-mg-1.2")
        return printed

    def warm(self, patient: str) -> None:
        """Ask everything once: the first query of a kind takes Java seconds, later ones do not."""
        for query in (
            f"Patient/{patient}",
            f"Observation?patient={patient}&code=http://loinc.org|19123-9&_sort=-date&_count=20",
            f"MedicationRequest?patient={patient}&intent=order"
            "&status=active,on-hold,completed,stopped&_sort=-authoredon&_count=100",
            f"ServiceRequest?patient={patient}&status=active&_sort=-authored&_count=50",
            f"Condition?patient={patient}&clinical-status=active&_count=100",
        ):
            requests.get(f"{self.url}/{query}", timeout=START_SECONDS).raise_for_status()

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()


def lacking() -> str | None:
    """What this machine lacks for running HAPI; None if it has all."""
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            return f"There is no `{program}` here: HAPI FHIR needs a JDK 17 and Maven."
    return None


def build(directory: Path) -> Build:
    """Fetch HAPI into Maven's own cache and compile its launcher into `directory`."""
    done = subprocess.run(
        [
            str(shutil.which("mvn")),
            "--batch-mode",
            "--quiet",
            f"--file={SOURCE / 'pom.xml'}",
            f"-Dhapi.build={directory}",
            "compile",
            "dependency:build-classpath",
        ],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
    )
    if done.returncode != 0:
        raise AssertionError(f"Maven could not build HAPI FHIR: {done.stdout[-2000:]}")
    libraries = (directory / "classpath").read_text().strip()
    return Build(str(shutil.which("java")), f"{directory / 'classes'}:{libraries}")


@contextmanager
def running(build: Build) -> Iterator[Hapi]:
    """A server of its own, empty, until the end of the block."""
    # A pipe that nobody reads would fill up and stop the server.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [build.java, "-Xmx1g", "-XX:TieredStopAtLevel=1", "-cp", build.classpath, "Hapi", "0"],
            # It ends when its input does: also if this process is killed.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        late = threading.Timer(START_SECONDS, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            late.cancel()
            if not url:
                log.seek(0)
                raise AssertionError(f"HAPI FHIR did not start: {log.read()[-3000:]}")
            yield Hapi(url, process)
        finally:
            late.cancel()
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def hapi_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """HAPI FHIR, fetched and compiled; skips where there is no Java or no Maven."""
    if (lack := lacking()) is not None:
        pytest.skip(lack)
    return build(tmp_path_factory.mktemp("hapi"))


@pytest.fixture(scope="session")
def hapi_url(hapi_build: Build) -> Iterator[str]:
    """The base URL of a running HAPI FHIR server, with the patients of `fixtures/` on it."""
    with running(hapi_build) as server:
        server.load_fixtures()
        yield server.url
