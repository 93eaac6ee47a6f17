"""Patients of HAPI FHIR, which nobody here wrote, in order entry."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Open, Watched
from tests.fhir.test_process import House, house

# Where the tests with HAPI are not there, neither is its fixture `hapi_url`.
pytest.importorskip("tests.e2e.hapi")

SEED = "fixture-seed-mg-1.2"


@pytest.fixture(scope="module")
def beside_hapi(hapi_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service, which may read a HAPI with the patients of `fixtures/` on it."""
    record = f"sqlite:///{tmp_path_factory.mktemp('hapi') / 'magnesia.sqlite'}"
    with house(
        MAGNESIA_DATABASE_URL=record,
        MAGNESIA_FHIR_SERVERS=hapi_url,
        MAGNESIA_FHIR_OPEN="1",
        MAGNESIA_FETCH_DEADLINE_MS="1800",
    ) as one:
        yield one


@pytest.fixture
def census(visit: Open, beside_hapi: House) -> Watched:
    """Order entry, with the newest patients of HAPI listed."""
    opened = visit(beside_hapi)
    expect(opened.page.locator(".census .patient")).to_have_count(6)
    return opened


@pytest.mark.parametrize("way", ["prefetch", "fetch"])
def test_the_seed_patient_is_found_and_brings_the_card(census: Watched, way: str) -> None:
    census.page.get_by_label("Name of a patient").fill("doe")
    census.page.get_by_role("button", name="Find").click()
    census.page.locator(f".census [data-patient='{SEED}']").click()
    census.is_open(SEED)
    expect(census.page.locator("#results tr").first).to_contain_text("1.2")
    census.page.locator(f"[name=delivery][value={way}]").check()
    answered = census.order("furosemide")
    assert answered.status == 200, answered.text()
    census.card()
    expect(census.page.locator(".card h3")).to_contain_text("2 g magnesium sulfate IV")
    again = census.answer_to(census.page.locator(".suggestion.primary").click)
    assert again.json()["cards"] == []
    expect(census.page.locator("#log .note")).to_have_text("Feedback recorded.")


def test_a_name_that_hapi_does_not_have(census: Watched) -> None:
    census.page.get_by_label("Name of a patient").fill("nobody here")
    census.page.get_by_role("button", name="Find").click()
    expect(census.page.locator(".census-note")).to_have_text("No patient of this name.")
