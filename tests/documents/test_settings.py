"""docs/operate.md tells of every setting what the program tells."""

from service.settings import PREFIX, Settings
from tests.documents import settings


def test_the_table_is_what_the_command_prints() -> None:
    assert settings.held() == settings.printed(), "docs/operate.md is out of date: run `make docs`"


def test_every_setting_stands_in_the_table() -> None:
    missing = [
        name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in settings.held()
    ]
    assert not missing, f"not in docs/operate.md: {missing}"


def test_every_setting_says_what_it_is_for_and_what_it_takes() -> None:
    for line in settings.held().splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        assert len(cells) == 4, line
        assert all(cells), f"a setting without a word: {line}"
