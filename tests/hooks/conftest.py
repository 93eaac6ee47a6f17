"""Figures that tests report at the end of a run: how many vignettes, how many results read."""

from collections.abc import Callable

import pytest

pytest.register_assert_rewrite("tests.hooks.decisioncases", "tests.hooks.ordercases")

_FIGURES: list[str] = []


@pytest.fixture(scope="session")
def figure() -> Callable[[str], None]:
    """Takes a line for the end of the test output."""
    return _FIGURES.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the figures below the results."""
    if _FIGURES:
        terminalreporter.section("figures")
        for line in _FIGURES:
            terminalreporter.write_line(line)
