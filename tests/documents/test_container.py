"""Dockerfile and docker-compose.yml, held against the project: no engine is needed for that."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from service.settings import PREFIX, Settings, SettingsError
from tests.documents.pages import ROOT

#: A version down to the last number: what is fetched tomorrow is what was tried today.
_PINNED = re.compile(r"[a-z0-9/.-]+:v?\d+\.\d+(\.\d+)?[a-z0-9.-]*")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services: dict[str, Any] = document["services"]
    return services


def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each with its argument on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]


def of(instruction: str) -> list[str]:
    return [rest for name, rest in steps() if name == instruction]


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in of("ENV") for pair in line.split())


def settings_of(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(PREFIX)}


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    images = [line.split()[0] for line in of("FROM")]
    images += [each["image"] for each in compose.values()]
    assert len(images) >= 6
    loose = [image for image in images if not _PINNED.fullmatch(image)]
    assert not loose, f"images that may be others tomorrow: {loose}"


def test_both_stages_have_the_same_python() -> None:
    """The environment of the first stage points to the interpreter of the second."""
    bases = [line.split()[0] for line in of("FROM")]
    assert len(bases) == 2
    assert bases[0] == bases[1]
    version = re.search(r"python:(\d+)\.(\d+)", bases[0])
    assert version
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    oldest = document["project"]["requires-python"].removeprefix(">=").split(".")
    assert tuple(map(int, version.groups())) >= tuple(map(int, oldest))


def test_what_is_copied_is_there_and_is_sent_to_the_engine() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored, "everything would be sent"
    sent = {line[1:].rstrip("/") for line in ignored if line.startswith("!")}
    copied = {
        source.rstrip("/")
        for line in of("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert copied == sent, "the Dockerfile and .dockerignore disagree"
    assert not [name for name in copied if not (ROOT / name).exists()]


def test_every_package_of_the_project_is_copied() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = document["tool"]["setuptools"]["packages"]["find"]["include"]
    top = {name for name in packages if "." not in name}
    copied = {source.rstrip("/") for line in of("COPY") for source in line.split()[:-1]}
    assert top <= copied, "a package would be missing in the image"


def test_the_lock_is_installed_with_its_hashes() -> None:
    installs = [part for line in of("RUN") for part in line.split("&&") if "pip install" in part]
    locked, own = installs
    assert "--require-hashes" in locked
    assert "requirements.lock" in locked
    assert "--no-deps" in own, "a dependency could come in without a hash"
    assert "--no-build-isolation" in own, "a build tool could come in without a hash"


def test_the_container_runs_without_rights() -> None:
    stages = [at for at, (name, _) in enumerate(steps()) if name == "FROM"]
    last = dict(steps()[stages[-1] :])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"]), "the image runs as root"
    names = [name for name, _ in steps()]
    assert names.index("USER") > len(names) - 1 - names[::-1].index("RUN"), "and builds as that"


def test_the_image_does_not_say_who_may_call() -> None:
    """On every address, and without a word on trust: the start has to be refused."""
    with pytest.raises(SettingsError):
        Settings.from_environment(settings_of(image_environment()))


def test_the_settings_of_the_demonstration_are_settings(compose: dict[str, Any]) -> None:
    settings = Settings.from_environment(
        settings_of({**image_environment(), **compose["service"]["environment"]})
    )
    assert settings.auth == "off"
    assert settings.fhir_open
    assert all(server.is_loopback for server in settings.fhir_servers)
    assert settings.spool_directory == Path("/var/lib/magnesia/spool")


def test_the_demonstration_is_published_on_this_machine_alone(compose: dict[str, Any]) -> None:
    published = {name: each.get("ports", []) for name, each in compose.items()}
    port = image_environment()["MAGNESIA_PORT"]
    assert of("EXPOSE") == [port]
    assert published.pop("service") == [f"127.0.0.1:{port}:{port}"]
    assert not any(published.values()), "a demonstration server is open to others"


def test_the_fhir_server_is_where_the_service_looks(compose: dict[str, Any]) -> None:
    """On a loopback address it is only if both share a network."""
    base = compose["service"]["environment"]["MAGNESIA_FHIR_SERVERS"]
    assert compose["fhir"]["network_mode"] == compose["patients"]["network_mode"]
    assert compose["fhir"]["network_mode"] == "service:service"
    assert base in compose["patients"]["command"]


def test_the_database_is_the_one_that_the_service_names(compose: dict[str, Any]) -> None:
    said = compose["database"]["environment"]
    url = compose["service"]["environment"]["MAGNESIA_DATABASE_URL"]
    assert url == (
        f"postgresql://{said['POSTGRES_USER']}:{said['POSTGRES_PASSWORD']}@database"
        f"/{said['POSTGRES_DB']}"
    )


@pytest.mark.parametrize("name", ["service", "patients"])
def test_nothing_can_be_written_but_the_volume_and_tmp(compose: dict[str, Any], name: str) -> None:
    own = compose[name]
    assert own["read_only"] is True
    assert own["tmpfs"] == ["/tmp"]  # noqa: S108 - a place in the container
    assert own["cap_drop"] == ["ALL"]
    assert own["security_opt"] == ["no-new-privileges:true"]
    targets = [volume.partition(":")[2] for volume in own.get("volumes", [])]
    assert targets in ([], of("VOLUME"))


def test_the_image_carries_the_version_of_the_project(compose: dict[str, Any]) -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = f"magnesia:{document['project']['version']}"
    assert compose["service"]["image"] == compose["patients"]["image"] == wanted
    assert wanted in (ROOT / "docs" / "operate.md").read_text()


def test_the_page_publishes_it_on_this_machine_alone_and_mounts_the_files() -> None:
    page = (ROOT / "docs" / "operate.md").read_text()
    (command,) = [line for line in page.splitlines() if " docker run " in line]
    port = image_environment()["MAGNESIA_PORT"]
    assert f"--publish 127.0.0.1:{port}:{port} " in command
    assert "--volume /etc/magnesia:/etc/magnesia:ro " in command
    (user,) = of("USER")
    number = user.partition(":")[2]
    assert f"chgrp -R {number} /etc/magnesia" in page


def test_the_health_check_runs_without_another_program() -> None:
    (check,) = of("HEALTHCHECK")
    assert '["python", "-c"' in check
    code = re.search(r'"(import .*)"\]', check)
    assert code
    compile(code[1], "HEALTHCHECK", "exec")
    assert "/health/live" in code[1]


def test_the_tests_read_the_same_hapi_as_the_demonstration(compose: dict[str, Any]) -> None:
    pom = (ROOT / "tests" / "e2e" / "hapi_server" / "pom.xml").read_text()
    version = re.search(r"<hapi.version>([^<]+)<", pom)
    assert version
    assert compose["fhir"]["image"].startswith(f"hapiproject/hapi:v{version[1]}-")
