"""docs/operate.md tells of every setting what the program tells."""

import re
from pathlib import Path

from service.settings import PREFIX, Settings
from service.trust.door import Door
from tests.documents import settings as told
from tests.documents.pages import ROOT


def test_the_table_is_what_the_command_prints() -> None:
    assert told.held() == told.printed(), "docs/operate.md is out of date: run `make docs`"


def test_every_setting_stands_in_the_table() -> None:
    missing = [
        name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in told.held()
    ]
    assert not missing, f"not in docs/operate.md: {missing}"


def test_the_first_settings_are_settings_and_begin_silent(tmp_path: Path) -> None:
    """The sample of /etc/magnesia.env, with files that exist."""
    (sample,) = re.findall(
        r"```ini\n((?:MAGNESIA_\w+=.*\n)+)```", (ROOT / "docs" / "operate.md").read_text()
    )
    environment = dict(line.split("=", 1) for line in sample.splitlines())
    assert not [value for value in environment.values() if "'" in value or '"' in value], (
        "Docker keeps quotes"
    )
    for name, value in environment.items():
        if value.startswith("/etc/magnesia/"):
            (tmp_path / Path(value).name).touch()
            environment[name] = str(tmp_path / Path(value).name)
    settings = Settings.from_environment(environment)
    assert settings.mode == "silent"
    assert settings.is_auth_required
    # Behind a base URL there is no /metrics without a token, and then no alert ever fires.
    assert Door(settings, "/metrics", settings.metrics_token_sha256).has_lock


def test_every_setting_says_what_it_is_for_and_what_it_takes() -> None:
    for line in told.held().splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        assert len(cells) == 4, line
        assert all(cells), f"a setting without a word: {line}"
