"""A site's own files in the service and in `explain`: protocol, laboratory codes, QT drugs."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from hooks.errors import CodeListError
from service import create_app, site
from service.settings import Settings
from tests.protocol.conftest import Run
from tests.protocol.edit import MIMIC_LAB_CODES, PROJECT, STRICT_WARD
from tests.protocol.orders import Json, ask, encoded, medication, request

URL: Final = "/cds-services/magnesium-replacement"
SEED: Final = str(PROJECT / "fixtures" / "seed-mg-1.2.json")
TERFENADINE: Final = {"medicationCodeableConcept": medication("Terfenadine 60 MG Oral Tablet")}
HALOPERIDOL: Final = {
    "medicationCodeableConcept": medication("Haloperidol 5 MG Oral Tablet", "5093")
}

QT_DRUGS: Final = """
[[drug]]
name = "terfenadine"
classes = ["qt"]
rxnorm = []
names = ["terfenadine"]
source = "the site's own list"
"""


@pytest.fixture
def qt_drugs(tmp_path: Path) -> Path:
    """A site's list of QT drugs: terfenadine alone."""
    path = tmp_path / "qt-drugs.toml"
    path.write_text(QT_DRUGS)
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.toml"
    path.write_text("this is no list")
    return path


def written(tmp_path: Path, **draft: Any) -> str:
    """The request of a patient with mild hypomagnesemia and another draft, as a file."""
    asked, _ = request("mild", **draft)
    path = tmp_path / "request.json"
    path.write_bytes(encoded(asked))
    return str(path)


def findings(answer: Json) -> set[str]:
    return {finding["id"] for finding in answer.get("findings", [])}


class TestQtDrugs:
    def test_a_drug_of_the_sites_list_is_named(self, qt_drugs: Path) -> None:
        assert ask(Settings(), "mild", **TERFENADINE).cards == []
        answer = ask(Settings(qt_drugs=qt_drugs), "mild", **TERFENADINE)
        assert "qt-drug" in findings(answer.assessment)
        (card,) = answer.cards
        assert "Terfenadine prolongs the QT interval" in card["detail"]

    def test_the_shipped_list_is_replaced_not_added_to(self, qt_drugs: Path) -> None:
        assert "qt-drug" in findings(ask(Settings(), "mild", **HALOPERIDOL).assessment)
        answer = ask(Settings(qt_drugs=qt_drugs), "mild", **HALOPERIDOL)
        assert "qt-drug" not in findings(answer.assessment)

    def test_the_other_drugs_stay_known(self, qt_drugs: Path) -> None:
        furosemide = {"medicationCodeableConcept": medication("Furosemide 40 MG Oral Tablet")}
        answer = ask(Settings(qt_drugs=qt_drugs), "mild", **furosemide)
        assert "wasting-drug" in findings(answer.assessment)

    def test_the_application_reads_it(self, qt_drugs: Path) -> None:
        asked, now = request("mild", **TERFENADINE)
        told = [
            create_app(settings, clock=lambda: now)
            .test_client()
            .post(URL, data=encoded(asked), content_type="application/json")
            .get_json()
            for settings in (Settings(), Settings(qt_drugs=qt_drugs))
        ]
        assert [len(answer["cards"]) for answer in told] == [0, 1]

    def test_a_list_that_cannot_be_used_stops_the_start(self, broken: Path) -> None:
        with pytest.raises(CodeListError, match=r"broken\.toml"):
            create_app(Settings(qt_drugs=broken))


class TestTheApplication:
    def test_it_follows_the_sites_protocol(self) -> None:
        asked, now = request("seed-mg-1.2")
        app = create_app(Settings(protocol=STRICT_WARD), clock=lambda: now)
        sent = app.test_client().post(URL, data=encoded(asked), content_type="application/json")
        answer = sent.get_json()
        assert answer["extension"]["org.magnesia.assessment"]["dose"] == {
            "grams": 2,
            "minutes": 120,
        }

    def test_discovery_asks_for_the_sites_laboratory_codes(self) -> None:
        app = create_app(Settings(lab_codes=MIMIC_LAB_CODES))
        (entry,) = app.test_client().get("/cds-services").get_json()["services"]
        assert "mimic-d-labitems|50960" in entry["prefetch"]["magnesium"]

    def test_services_are_what_the_settings_say(self) -> None:
        asked, now = request("seed-mg-1.2")
        (service,) = site.services(Settings(base_url="https://cds.example.org"))
        (card,) = service.answer(
            service.read_context(asked["context"]), asked["prefetch"], now
        ).cards
        assert card["source"]["url"] == "https://cds.example.org/protocol"


class TestExplain:
    def test_by_another_protocol(self, run: Run) -> None:
        result = run("explain", SEED, "--protocol", str(STRICT_WARD))
        assert result.exit_code == 0, result.output
        assert "over 120 minutes" in " ".join(result.stdout.split())
        assert "20 minutes" not in result.stdout.replace("120 minutes", "")

    def test_by_the_protocol_of_the_environment(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MAGNESIA_PROTOCOL", str(STRICT_WARD))
        assert "Strict ward magnesium protocol" in run("explain", SEED).stdout

    def test_an_option_stands_above_the_environment(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MAGNESIA_PROTOCOL", "no-such-file.toml")
        result = run("explain", SEED, "--protocol", str(STRICT_WARD))
        assert result.exit_code == 0, result.output
        assert "Strict ward magnesium protocol" in result.stdout

    def test_with_other_qt_drugs(
        self, run: Run, tmp_path: Path, qt_drugs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = written(tmp_path, **TERFENADINE)
        assert "No card." in run("explain", asked).stdout
        assert "Terfenadine prolongs" in run("explain", asked, "--qt-drugs", str(qt_drugs)).stdout
        monkeypatch.setenv("MAGNESIA_QT_DRUGS", str(qt_drugs))
        assert "Terfenadine prolongs" in run("explain", asked).stdout

    def test_with_other_laboratory_codes(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked, _ = request("seed-mg-1.2")
        system = "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-d-labitems"
        for entry in asked["prefetch"]["magnesium"]["entry"]:
            entry["resource"]["code"] = {"coding": [{"system": system, "code": "50960"}]}
        path = tmp_path / "local.json"
        path.write_bytes(encoded(asked))
        assert "Band indeterminate" in run("explain", str(path)).stdout
        codes = ("--lab-codes", str(MIMIC_LAB_CODES))
        assert "Band severe, decided by DT1." in run("explain", str(path), *codes).stdout
        monkeypatch.setenv("MAGNESIA_LAB_CODES", str(MIMIC_LAB_CODES))
        assert "Band severe, decided by DT1." in run("explain", str(path)).stdout

    @pytest.mark.parametrize("option", ["--protocol", "--lab-codes", "--qt-drugs"])
    def test_a_file_that_cannot_be_used(self, run: Run, broken: Path, option: str) -> None:
        result = run("explain", SEED, option, str(broken))
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.startswith(f"magnesia: {broken}: ")
        assert result.stderr.count("\n") == 1

    @pytest.mark.parametrize("option", ["--protocol", "--lab-codes", "--qt-drugs"])
    def test_a_file_that_is_not_there(self, run: Run, option: str) -> None:
        result = run("explain", SEED, option, "no-such-file.toml")
        assert result.exit_code == 2
        assert "no-such-file.toml" in result.stderr

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("MAGNESIA_QT_DRUGS", "no-such-file.toml"), ("MAGNESIA_QT_DRUG", "x")],
    )
    def test_a_wrong_setting_is_named_in_one_line(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
    ) -> None:
        monkeypatch.setenv(variable, value)
        result = run("explain", SEED)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"magnesia: {variable} ")
        assert result.stderr.count("\n") == 1

    def test_the_moment_can_be_another(self, run: Run) -> None:
        later = datetime.fromisoformat("2026-11-26T10:00:00+00:00")
        result = run("explain", SEED, "--now", later.isoformat())
        assert "Band indeterminate" in result.stdout
