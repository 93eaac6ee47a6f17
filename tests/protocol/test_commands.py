"""`magnesia protocol show`, `check` and `diff`: what they print and how they end."""

from pathlib import Path

import pytest

from hooks.protocol import load
from tests.protocol.conftest import Run, Write
from tests.protocol.edit import STRICT_WARD, VERSION

HEAD = f"Adult magnesium replacement protocol {VERSION} (draft, digest {load().digest})"

WRONG = (('over = "20 min"', 'over = "5 min"'), ('from = "1.7 mg/dL"', 'from = "1.8 mg/dL"'))

WORD = "Decided by the drug committee, 1 Nov 2026."
ANSWERED = (
    ('age = { from = "18 y"', f'age = {{ beyond = "{WORD}", from = "16 y"'),
    ('creatinine = { value = "48 h"', f'creatinine = {{ beyond = "{WORD}", value = "3 d"'),
    (
        'absolute = { value = "150 mg/min"',
        f'above_label = "{WORD}"\nabsolute = {{ value = "200 mg/min"',
    ),
    ('when = "if asymptomatic and stable"', f'when = "if stable"\nbeyond = "{WORD}"'),
    (
        'over = "120 min"\nproduct = "bag-2g"\nwhen',
        'over = "20 h"\nproduct = "bag-2g"\nwhen',
    ),
)


def flat(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


class TestShow:
    def test_the_shipped_protocol(self, run: Run) -> None:
        result = run("protocol", "show", columns=160)
        assert result.exit_code == 0, result.output
        lines = flat(result.stdout)
        assert lines[0] == f"shipped: {HEAD}"
        assert "Status draft: no clinician or site has approved it" in lines
        assert "moderate 1.21525 to <1.5 0.50 to <0.6172 1 to <1.2343 info S11, P1" in lines
        assert "DT1 severe standard 2 g 20 min 100 6" in lines
        assert "or, if asymptomatic and stable 2 g 120 min 16.7 1" in lines
        assert "A creatinine counts for 48 h 8" in lines
        assert "Rate ceiling of the site 150 mg/min (9 g/h) R3" in lines
        assert "Patient refuses patient-refuses" in lines
        assert "S3 over 20 minutes" in lines

    def test_what_comes_in_which_order(self, run: Run) -> None:
        lines = flat(run("protocol", "show").stdout)
        titles = (
            "Adult magnesium replacement",
            "Bands of total magnesium",
            "Doses",
            "Row DT1: severe, standard renal function",
            "Row DT7: high",
            "Gates, in the order in which they are asked",
            "Time windows",
            "Renal function",
            "Infusion rate",
            "Plausible values",
            "Other limits",
            "Orders",
            "Override reasons",
            "Sources",
        )
        places = [lines.index(title) for title in titles]
        assert places == sorted(places)

    @pytest.mark.parametrize("columns", [80, 120])
    def test_it_fits_the_terminal(self, run: Run, columns: int) -> None:
        result = run("protocol", "show", columns=columns)
        assert max(map(len, result.stdout.splitlines())) <= columns
        assert "\x1b" not in result.stdout, "no color codes where no terminal reads them"
        assert "\N{HORIZONTAL ELLIPSIS}" not in result.stdout, "something was cut off"

    def test_no_word_is_lost_in_a_narrow_terminal(self, run: Run) -> None:
        wide, narrow = (run("protocol", "show", columns=width).stdout for width in (400, 80))
        words = {word for word in wide.split() if word.isalpha()}
        assert words <= set(narrow.split())

    def test_a_sites_own_file(self, run: Run, site: Write) -> None:
        path = site(('label = "Adult magnesium replacement protocol"', 'label = "Ward 7"'))
        result = run("protocol", "show", str(path), columns=300)
        assert result.stdout.startswith(f"{path}: Ward 7 {VERSION} (draft, digest ")

    def test_the_sites_own_word(self, run: Run, site: Write) -> None:
        lines = flat(run("protocol", "show", str(site(*ANSWERED)), columns=160).stdout)
        assert "Beyond the bounds of the service, by the site's own word" in lines
        for named in ("Absolute rate limit", "Ages", "A creatinine counts for"):
            assert f"{named} {WORD}" in lines
        assert f"Row DT1, option slow {WORD}" in lines
        shipped = run("protocol", "show", "shipped", columns=160).stdout
        assert "own word" not in shipped, "the shipped file needs none"

    def test_the_protocol_of_the_environment(
        self, run: Run, site: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = site(('label = "Adult magnesium replacement protocol"', 'label = "Ward 7"'))
        monkeypatch.setenv("MAGNESIA_PROTOCOL", str(path))
        assert "Ward 7" in run("protocol", "show", columns=300).stdout.splitlines()[0]
        shipped = run("protocol", "show", "shipped", columns=300)
        assert shipped.stdout.splitlines()[0] == f"shipped: {HEAD}"

    def test_control_characters_of_a_file_do_not_reach_the_terminal(
        self, run: Run, site: Write
    ) -> None:
        path = site(
            ('approved_by = ""', r'approved_by = ""  # plain'),
            ('S2 = "give', r'S2 = "\u001b[31m\u202egive'),
        )
        output = run("protocol", "show", str(path)).stdout
        assert not {"\x1b", "\u202e"} & set(output)

    def test_square_brackets_are_no_style(self, run: Run, site: Write) -> None:
        path = site(('S2 = "give', 'S2 = "[red]give[/red] [bold'))
        assert "[red]give[/red] [bold" in run("protocol", "show", str(path)).stdout


class TestCheck:
    def test_a_file_that_is_fine(self, run: Run, site: Write) -> None:
        path = site()
        result = run("protocol", "check", str(path))
        assert result.exit_code == 0
        assert result.stdout == (
            f"{path} is fine: {HEAD}; 5 bands, 7 rows with 5 doses, the fastest 2 g over 20 min"
            " (100 mg/min, 6 g/h), ceiling 150 mg/min; repeat level 4-6 h after the dose.\n"
        )

    def test_the_shipped_one_is_fine(self, run: Run) -> None:
        result = run("protocol", "check", "shipped")
        assert result.exit_code == 0
        assert result.stdout.startswith("shipped is fine: ")

    def test_every_mistake_with_its_line(self, run: Run, site: Write) -> None:
        path = site(*WRONG)
        lines = path.read_text(encoding="utf-8").splitlines()
        dt1 = lines.index('id = "DT1"')
        normal = lines.index('id = "normal"')
        result = run("protocol", "check", str(path))
        assert result.exit_code == 2
        first, *mistakes = result.stdout.splitlines()
        assert first == f"{path} has 2 mistakes:"
        assert mistakes == [
            f"  line {normal}: bands.normal: gap: nothing covers values from 1.7 mg/dL to"
            " 1.8 mg/dL, between mild and normal",
            f"  line {dt1}: rows.DT1: 2 g over 5 min is faster than the absolute limit 150 mg/min",
        ]

    def test_one_mistake(self, run: Run, site: Write) -> None:
        path = site(WRONG[0])
        assert run("protocol", "check", str(path)).stdout.startswith(f"{path} has 1 mistake:\n")

    def test_a_number_beyond_its_bound(self, run: Run, site: Write) -> None:
        path = site(('creatinine = { value = "48 h"', 'creatinine = { value = "480 h"'))
        line = next(
            number
            for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
            if '"480 h"' in text
        )
        result = run("protocol", "check", str(path))
        assert result.exit_code == 2
        assert result.stdout.splitlines() == [
            f"{path} has 1 mistake:",
            f"  line {line}: windows.creatinine: 480 h is above 48 h (an older creatinine leaves"
            ' renal function unknown; source 3.3, 8); a site that means it writes `beyond = "..."`'
            " beside it: who decided it, and why",
        ]

    def test_numbers_that_the_site_answers_for(self, run: Run, site: Write) -> None:
        own = ('id = "org.magnesia.adult-magnesium"', 'id = "org.example.ward"')
        result = run("protocol", "check", str(site(own, *ANSWERED)))
        assert result.exit_code == 0
        assert result.stdout.endswith(
            " Beyond the bounds of the service, by the site's own word: Absolute rate limit, Ages,"
            " A creatinine counts for, Row DT1, option slow.\n"
        )

    def test_what_is_no_protocol(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("buy milk")
        result = run("protocol", "check", str(path))
        assert result.exit_code == 2
        assert result.stdout.splitlines()[0] == f"{path} has 1 mistake:"
        assert result.stdout.splitlines()[1].startswith("  line 1: ")

    def test_a_file_that_is_not_there(self, run: Run) -> None:
        result = run("protocol", "check", "no-such-file.toml")
        assert result.exit_code == 2
        assert result.stdout == ("no-such-file.toml has 1 mistake:\n  there is no such file\n")


class TestDiff:
    def test_a_strict_ward(self, run: Run) -> None:
        result = run("protocol", "diff", "shipped", str(STRICT_WARD), columns=300)
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0] == f"shipped: {HEAD}"
        assert (
            "strict-ward.toml: Strict ward magnesium protocol (example) 2026.11.3-strict (draft, "
        ) in lines[1]
        assert (
            "- severe, standard renal function (DT1): 2 g over 20 min (100 mg/min, 6 g/h) becomes"
            " 2 g over 120 min (16.7 mg/min, 1 g/h)"
        ) in flat(result.stdout)
        assert "No decision changes" not in result.stdout

    def test_the_same_the_other_way_round(self, run: Run) -> None:
        result = run("protocol", "diff", str(STRICT_WARD), "shipped", columns=300)
        assert result.exit_code == 0
        assert (
            "- Rate ceiling of the site: 1 g/h (16.7 mg/min) becomes 150 mg/min (9 g/h)"
        ) in flat(result.stdout)

    def test_nothing_changes(self, run: Run, site: Write) -> None:
        result = run("protocol", "diff", "shipped", str(site()), columns=300)
        assert result.exit_code == 0
        assert result.stdout.splitlines()[2:] == ["", "Nothing changes."]

    def test_only_words(self, run: Run, site: Write) -> None:
        path = site(('not-checked = "symptoms,', 'not-checked = "pain,'))
        result = run("protocol", "diff", "shipped", str(path), columns=300)
        assert result.exit_code == 0
        assert [line.strip() for line in result.stdout.splitlines()[2:]] == [
            "",
            "Wording",
            '- words.not-checked: "symptoms, ECG, urine output, allergies" becomes "pain, ECG,'
            ' urine output, allergies"',
            "",
            "No decision changes, only words.",
        ]

    def test_it_fits_the_terminal(self, run: Run) -> None:
        output = run("protocol", "diff", "shipped", str(STRICT_WARD)).stdout
        assert max(map(len, output.splitlines())) <= 80
        assert "\x1b" not in output

    def test_a_file_is_not_taken_for_the_word(
        self, run: Run, site: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = site(
            ('label = "Adult magnesium replacement protocol"', 'label = "Ward 7"'), name="shipped"
        )
        monkeypatch.chdir(path.parent)
        lines = run("protocol", "diff", "shipped", "./shipped", columns=300).stdout.splitlines()
        assert lines[0] == f"shipped: {HEAD}"
        assert lines[1].startswith(f"./shipped: Ward 7 {VERSION} (draft, digest ")


class TestWrongFiles:
    @pytest.mark.parametrize(
        "command", [("show",), ("diff", "shipped"), ("diff", "{wrong}", "shipped")], ids=str
    )
    def test_one_clear_line(self, run: Run, site: Write, command: tuple[str, ...]) -> None:
        path = site(*WRONG)
        arguments = [part.format(wrong=path) for part in command]
        if arguments == list(command):
            arguments.append(str(path))
        result = run("protocol", *arguments)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith(f"magnesia: {path}: line ")
        assert result.stderr.endswith(f" (1 more: magnesia protocol check {path})\n")

    @pytest.mark.parametrize("command", [("show",), ("diff", "shipped")], ids=str)
    def test_a_file_that_is_not_there(self, run: Run, command: tuple[str, ...]) -> None:
        result = run("protocol", *command, "no-such-file.toml")
        assert result.exit_code == 2
        assert result.stderr == "magnesia: no-such-file.toml: there is no such file\n"

    def test_the_protocol_of_the_environment_is_not_there(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MAGNESIA_PROTOCOL", "no-such-file.toml")
        result = run("protocol", "show")
        assert result.exit_code == 2
        assert result.stderr == "magnesia: no-such-file.toml: there is no such file\n"

    @pytest.mark.parametrize(
        "command", [("check",), ("diff",), ("diff", "shipped"), ("show", "a", "b")], ids=str
    )
    def test_too_few_or_too_many_files(self, run: Run, command: tuple[str, ...]) -> None:
        result = run("protocol", *command)
        assert result.exit_code == 2
        assert "Usage: main protocol" in result.stderr


def test_help_names_the_commands(run: Run) -> None:
    output = run("protocol", "--help").output
    for command in ("show", "check", "diff"):
        assert f"\n  {command} " in output
