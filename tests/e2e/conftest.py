"""What the tests beside independent programs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import hapi

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that no test file can forget to."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def hapi_build(tmp_path_factory: pytest.TempPathFactory) -> hapi.Build:
    """HAPI FHIR, fetched and compiled; skips where there is no Java or no Maven."""
    if (lack := hapi.lacking()) is not None:
        pytest.skip(lack)
    return hapi.build(tmp_path_factory.mktemp("hapi"))


@pytest.fixture(scope="session")
def hapi_url(hapi_build: hapi.Build) -> Iterator[str]:
    """The base URL of a running HAPI FHIR server, with the patients of `fixtures/` on it."""
    with hapi.running(hapi_build) as server:
        server.load_fixtures()
        yield server.url
