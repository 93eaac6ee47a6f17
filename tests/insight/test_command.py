"""`magnesia insight`."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import cli
from service.insight import command
from service.record.store import Store
from tests.insight.conftest import NOW, Ledger


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A record of today and of a hundred days ago, which the environment names."""
    url = f"sqlite:///{tmp_path / 'record.sqlite'}"
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", url)
    monkeypatch.setattr(command, "utc_now", lambda: NOW)
    store = Store(url)
    store.prepare()
    ledger = Ledger(store)
    ledger.report(ledger.call(client="ehr"), reason_display="Not \x1b[31mnow")
    ledger.call(card=False, rule="DT6")
    ledger.call(ago=100, silent=True)
    return ledger


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["insight", *arguments])


def lines(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]


@pytest.mark.usefixtures("ledger")
class TestInsight:
    def test_the_last_days_are_counted(self) -> None:
        result = run()
        assert result.exit_code == 0, result.output
        shown = lines(result)
        assert shown[0] == "Insight, 26 Aug 2026 to 23 Nov 2026 (UTC)"
        assert "Calls 2 0 of them refused" in shown
        assert "Alert rate 50 % 1 of 2 answered calls had a card" in shown
        assert "Overridden 100 % 1 of 1 card with feedback" in shown
        assert "ehr 1 100 % 0 1 0" in shown
        assert any(line.startswith("DT3 Moderate") for line in shown), "rules are explained"
        assert "Silent mode" not in result.stdout

    def test_nothing_is_listed_before_the_first_call(self) -> None:
        shown = lines(run())
        begin = shown.index("Calls by week")
        table = shown[begin : shown.index("Cards by rule")]
        weeks = [line for line in table if line.endswith(" 2 1 50 % 0")]
        assert len(weeks) == 1
        assert not [line for line in table if " 0 0 " in line], table

    def test_everything_is_counted(self) -> None:
        shown = lines(run("--days", "all"))
        assert "1 call; 100 % would have had a card: 1 of 1 answered calls" in shown

    def test_it_fits_80_columns_and_obeys_no_client(self) -> None:
        result = run("--days", "all")
        assert max(map(len, result.stdout.splitlines())) <= 80
        assert "\x1b" not in result.stdout
        assert "Not [31mnow" in result.stdout

    def test_nothing_in_the_period(self, monkeypatch: pytest.MonkeyPatch) -> None:
        later: datetime = NOW + timedelta(days=30)
        monkeypatch.setattr(command, "utc_now", lambda: later)
        assert lines(run("--days", "7"))[-1] == "Nothing is recorded in this period."

    @pytest.mark.parametrize("days", ["0", "-1", "week", "٣", "1000000"])
    def test_days_that_are_none(self, days: str) -> None:
        result = run("--days", days)
        assert result.exit_code == 2
        assert "is neither a number of days nor `all`" in result.stderr


def test_looking_makes_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "none.sqlite"
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", f"sqlite:///{path}")
    result = run()
    assert result.exit_code == 2, "as `magnesia record` ends without a record"
    assert result.stderr == f"magnesia: There is no record at {path}.\n"
    assert not path.exists()


def test_a_wrong_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGNESIA_DATABASE_URL", "mysql://elsewhere")
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("magnesia: MAGNESIA_DATABASE_URL")
