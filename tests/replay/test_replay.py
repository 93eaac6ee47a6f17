"""`magnesia replay`: what it reads, what it counts, and what a committee is shown."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.replay.conftest import PATIENT, ROOT, Fixture, changed, lines, run

SHIPPED = ROOT / "hooks/protocol/adult_magnesium.toml"
WRITTEN_FOR = "2026-11-23T10:00:00Z"


def write(path: Path, *requests: Any) -> Path:
    text = "".join(json.dumps(request) + "\n" for request in requests)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def without_moment(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "extension"}


class TestWhatChanges:
    def test_the_same_protocol_changes_nothing_and_it_says_so(self) -> None:
        result = run(ROOT / "fixtures", "--protocol", SHIPPED)
        assert result.exit_code == 0, result.output
        assert any(line.startswith("Nothing changes in ") for line in lines(result))
        assert "What changes" not in result.stdout

    def test_a_lower_dose_is_shown_from_what_to_what(
        self, fixture: Fixture, half_dose: Path, tmp_path: Path
    ) -> None:
        kept = write(
            tmp_path / "kept.ndjson", fixture("moderate"), fixture("normal"), fixture("moderate")
        )
        result = run(kept, "--protocol", half_dose)
        assert result.exit_code == 0, result.output
        shown = lines(result)
        assert shown[0] == "Replay of 3 requests"
        assert "2 of 3 decisions change (67 %)." in shown
        assert "2 A lower dose" in shown
        assert "2 before moderate DT3 2 g over 120 min dose card (info)" in shown
        assert "after moderate DT3 1 g over 120 min dose card (info)" in shown
        assert "with a dose 2 2" in shown
        assert "with silence 1 1" in shown

    def test_a_wider_band_turns_silence_into_a_card(self, fixture: Fixture, tmp_path: Path) -> None:
        wider = changed(
            tmp_path / "wider.toml",
            'from = "0.50 mmol/L"\nbelow = "1.5 mg/dL"\nindicator = "info"',
            'from = "0.50 mmol/L"\nbelow = "1.7 mg/dL"\nindicator = "info"',
        )
        text = wider.read_text(encoding="utf-8")
        mild = '[[bands]]\nid = "mild"\nfrom = "1.5 mg/dL"\nbelow = "1.7 mg/dL"'
        normal = '[[bands]]\nid = "normal"\nfrom = "1.7 mg/dL"'
        assert mild in text
        text = text.replace(mild, '[[bands]]\nid = "mild"\nfrom = "1.7 mg/dL"\nbelow = "1.8 mg/dL"')
        wider.write_text(text.replace(normal, normal.replace("1.7", "1.8")), encoding="utf-8")
        kept = write(tmp_path / "kept.json", fixture("mild"))
        result = run(kept, "--protocol", wider, "--csv", tmp_path / "out.csv")
        assert result.exit_code == 0, result.output
        assert "1 of 1 decision changes (100 %)." in lines(result)
        (row,) = sheet(tmp_path / "out.csv")
        assert (row["band_before"], row["band_after"]) == ("mild", "moderate")
        assert (row["grams_before"], row["grams_after"]) == ("", "2")

    def test_a_change_of_the_repeat_level_alone_is_a_change(
        self, fixture: Fixture, tmp_path: Path
    ) -> None:
        later = changed(
            tmp_path / "later.toml",
            'from = "4 h"\nto = "6 h"',
            'from = "4 h"\nto = "8 h"',
        )
        kept = write(tmp_path / "kept.ndjson", fixture("moderate"))
        shown = lines(run(kept, "--protocol", later))
        assert "1 Another time for the repeat level" in shown

    def test_a_change_of_wording_alone_is_none(self, tmp_path: Path) -> None:
        reworded = changed(
            tmp_path / "reworded.toml",
            'blank-draft = "The selected draft names no medication yet."',
            'blank-draft = "Name a medication first."',
        )
        result = run(ROOT / "fixtures", "--protocol", reworded)
        assert any(line.startswith("Nothing changes in ") for line in lines(result))

    def test_the_protocol_to_compare_with_can_be_named(
        self, fixture: Fixture, half_dose: Path, tmp_path: Path
    ) -> None:
        kept = write(tmp_path / "kept.ndjson", fixture("moderate"))
        result = run(kept, "--protocol", SHIPPED, "--against", half_dose)
        assert "1 A higher dose" in lines(result)

    def test_the_sites_own_protocol_is_the_current_one(
        self,
        fixture: Fixture,
        half_dose: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("MAGNESIA_PROTOCOL", str(half_dose))
        kept = write(tmp_path / "kept.ndjson", fixture("moderate"))
        assert "1 A higher dose" in lines(run(kept, "--protocol", SHIPPED))


class TestTheSheet:
    def test_one_row_a_request(self, fixture: Fixture, half_dose: Path, tmp_path: Path) -> None:
        lacking = fixture("moderate")
        del lacking["prefetch"]["magnesium"]
        kept = write(tmp_path / "kept.ndjson", fixture("moderate"), fixture("normal"), lacking)
        result = run(kept, "--protocol", half_dose, "--csv", tmp_path / "out.csv")
        assert result.exit_code == 0, result.output
        low, normal, without = sheet(tmp_path / "out.csv")
        assert low == {
            "file": str(kept),
            "line": "1",
            "changed": "yes",
            "result_before": "decided",
            "band_before": "moderate",
            "rule_before": "DT3",
            "grams_before": "2",
            "minutes_before": "120",
            "answer_before": "dose card (info)",
            "reason_before": "",
            "result_after": "decided",
            "band_after": "moderate",
            "rule_after": "DT3",
            "grams_after": "1",
            "minutes_after": "120",
            "answer_after": "dose card (info)",
            "reason_after": "",
        }
        assert (normal["line"], normal["changed"]) == ("2", "no")
        assert (normal["answer_after"], normal["reason_after"]) == (
            "silence",
            "Magnesium is normal.",
        )
        assert (without["line"], without["changed"]) == ("3", "no")
        assert (without["result_before"], without["reason_before"]) == (
            "lacks data",
            "The prefetch `magnesium` is needed and was not sent.",
        )

    def test_a_spreadsheet_takes_no_file_name_for_a_formula(
        self, fixture: Fixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        write(Path("=1+1.json"), fixture("normal"))
        run("=1+1.json", "--protocol", SHIPPED, "--csv", "out.csv")
        assert sheet(Path("out.csv"))[0]["file"] == "'=1+1.json"

    def test_a_sheet_that_cannot_be_written(self, fixture: Fixture, tmp_path: Path) -> None:
        kept = write(tmp_path / "kept.json", fixture("normal"))
        out = tmp_path / "nowhere" / "out.csv"
        result = run(kept, "--protocol", SHIPPED, "--csv", out)
        assert result.exit_code == 1
        assert result.stderr == f"magnesia: {out} cannot be written: No such file or directory.\n"


class TestWhatIsRead:
    @pytest.mark.parametrize(
        "name", ["kept.ndjson", "kept.jsonl", "kept.ndjson.gz", "kept.json", "KEPT.JSON.GZ"]
    )
    def test_plain_and_packed(self, fixture: Fixture, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        text = json.dumps(fixture("normal")).encode()
        path.write_bytes(gzip.compress(text) if name.lower().endswith(".gz") else text)
        assert lines(run(path, "--protocol", SHIPPED))[0] == "Replay of 1 request"

    def test_a_document_may_be_laid_out_over_many_lines(
        self, fixture: Fixture, tmp_path: Path
    ) -> None:
        path = tmp_path / "kept.json"
        path.write_text(json.dumps(fixture("normal"), indent=2))
        assert "Nothing changes in 1 decision." in lines(run(path, "--protocol", SHIPPED))

    def test_a_folder_at_any_depth(self, fixture: Fixture, tmp_path: Path) -> None:
        inner = tmp_path / "2026" / "11"
        inner.mkdir(parents=True)
        write(inner / "23.ndjson.gz", fixture("normal"), fixture("mild"))
        write(tmp_path / "one.json", fixture("moderate"))
        (tmp_path / "readme.txt").write_text("not a request")
        result = run(tmp_path, "--protocol", SHIPPED)
        assert lines(result)[0] == "Replay of 3 requests"
        assert result.stderr == "Other files in the folders, passed over: 1.\n"

    def test_a_line_may_carry_its_moment_beside_the_body(
        self, fixture: Fixture, tmp_path: Path
    ) -> None:
        body = without_moment(fixture("moderate"))
        late = "2027-11-23T10:00:00Z"
        kept = write(
            tmp_path / "kept.ndjson",
            {"now": WRITTEN_FOR, "body": body},
            {"now": late, "body": body},
        )
        run(kept, "--protocol", SHIPPED, "--csv", tmp_path / "out.csv")
        assert [row["band_before"] for row in sheet(tmp_path / "out.csv")] == [
            "moderate",
            "indeterminate",
        ]

    def test_all_can_be_decided_at_one_moment(self, fixture: Fixture, tmp_path: Path) -> None:
        bare = without_moment(fixture("moderate"))
        kept = write(tmp_path / "kept.ndjson", bare, fixture("moderate"))
        out = tmp_path / "out.csv"
        run(kept, "--protocol", SHIPPED, "--now", "2027-11-23T10:00:00Z", "--csv", out)
        assert [row["band_before"] for row in sheet(out)] == ["indeterminate"] * 2
        run(kept, "--protocol", SHIPPED, "--now", WRITTEN_FOR, "--csv", out)
        assert [row["band_before"] for row in sheet(out)] == ["moderate"] * 2

    def test_a_sites_own_laboratory_codes(self, fixture: Fixture, tmp_path: Path) -> None:
        request = json.loads(
            json.dumps(fixture("moderate"))
            .replace("http://loinc.org", "urn:site:lab")
            .replace("19123-9", "MG")
        )
        codes = tmp_path / "codes.toml"
        codes.write_text(
            '[[code]]\nanalyte = "magnesium"\nsystem = "urn:site:lab"\ncode = "MG"\n'
            'measures = "mass"\nsource = "the site"\n'
        )
        kept, out = write(tmp_path / "kept.ndjson", request), tmp_path / "out.csv"
        run(kept, "--protocol", SHIPPED, "--csv", out)
        assert sheet(out)[0]["band_before"] == "indeterminate"
        run(kept, "--protocol", SHIPPED, "--csv", out, "--lab-codes", codes)
        assert sheet(out)[0]["band_before"] == "moderate"

    def test_real_orders(self, shared: Path) -> None:
        result = run(shared / "corpus/mimic-demo-replay.ndjson.gz", "--protocol", SHIPPED)
        assert "Nothing changes in 166 decisions." in lines(result)


class TestWhatIsNotDecided:
    def test_every_reason_is_counted(self, fixture: Fixture, tmp_path: Path) -> None:
        lacking = fixture("moderate")
        del lacking["prefetch"]["patient"]
        foreign = {**fixture("moderate"), "hook": "patient-view"}
        kept = tmp_path / "kept.ndjson"
        write(
            kept,
            fixture("moderate"),
            lacking,
            lacking,
            foreign,
            without_moment(fixture("moderate")),
            {"now": "yesterday", "body": fixture("moderate")},
            [fixture("moderate")],
        )
        kept.write_text(kept.read_text() + "\n{\n\n")
        result = run(kept, "--protocol", SHIPPED)
        shown = lines(result)
        assert shown[0] == "Replay of 8 requests", "a blank line is no request"
        assert "Nothing changes in 1 decision." in shown
        assert "Requests not decided 7 7" in shown
        assert "Not decided: 7 requests" in shown
        assert "2 lacks data The prefetch `patient` is needed and was not sent." in shown
        assert "1 refused No service answers this hook." in shown
        assert "1 no moment It names no moment; --now TIME can give one." in shown
        assert "1 not readable The body must be a JSON object." in shown
        assert "1 not readable The body is not JSON." in shown
        assert any(line.startswith("1 not readable `now` must be a moment") for line in shown)

    def test_a_packed_file_that_breaks_off_is_told_and_the_rest_is_read(
        self, fixture: Fixture, tmp_path: Path
    ) -> None:
        broken = write(tmp_path / "a.ndjson.gz", *[fixture("normal")] * 3)
        broken.write_bytes(broken.read_bytes()[:-200])
        (tmp_path / "b.json.gz").write_bytes(b"not packed at all")
        write(tmp_path / "c.json", fixture("moderate"))
        shown = lines(run(tmp_path, "--protocol", SHIPPED))
        assert "2 not readable The file is no whole .gz file: it breaks off." in shown
        assert any(line.startswith("Nothing changes in ") for line in shown)

    def test_nothing_decided_is_said(self, fixture: Fixture, tmp_path: Path) -> None:
        kept = write(tmp_path / "kept.ndjson", without_moment(fixture("moderate")))
        result = run(kept, "--protocol", SHIPPED)
        assert result.exit_code == 0
        assert "No request could be decided." in lines(result)

    def test_a_file_of_another_kind(self, tmp_path: Path) -> None:
        path = tmp_path / "kept.xml"
        path.write_text("<body/>")
        result = run(path, "--protocol", SHIPPED)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"magnesia: {path} must be named .json, .ndjson")

    def test_a_protocol_that_cannot_be_used(self, tmp_path: Path) -> None:
        protocol = tmp_path / "site.toml"
        protocol.write_text("no protocol")
        result = run(ROOT / "fixtures", "--protocol", protocol)
        assert result.exit_code == 2
        assert "site.toml" in result.stderr
        assert result.stdout == ""


class TestWhatIsShown:
    def test_it_fits_80_columns_without_color(self, half_dose: Path) -> None:
        result = run(ROOT / "fixtures", "--protocol", half_dose)
        assert "\x1b" not in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 80
        assert result.stderr == "", "no progress bar where nobody watches"

    def test_no_patient_is_named(self, fixture: Fixture, half_dose: Path, tmp_path: Path) -> None:
        odd = fixture("moderate")
        odd["context"]["selections"] = PATIENT
        kept = write(tmp_path / "kept.ndjson", fixture("moderate"), fixture("mild"), odd)
        result = run(kept, "--protocol", half_dose, "--csv", tmp_path / "out.csv")
        assert "1 A lower dose" in lines(result)
        assert PATIENT not in result.output
        assert PATIENT not in (tmp_path / "out.csv").read_text()
