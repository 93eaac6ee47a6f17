"""No assertion of the ranges is without a test."""

import importlib
import pkgutil
import re

import tests.conformance
from tests.conformance.assertions import ASSERTIONS

NUMBERED = re.compile(r"test_a(\d+)_\w+")


def test_every_assertion_is_tested() -> None:
    names = [
        name
        for module in pkgutil.iter_modules(tests.conformance.__path__)
        for name in dir(importlib.import_module(f"tests.conformance.{module.name}"))
    ]
    tested = {int(match[1]) for match in map(NUMBERED.fullmatch, names) if match}
    due = {*range(1, 101)}
    assert due - tested == set(), "assertions without a test"
    assert tested - due == set(), "tests of assertions that are not listed"
    assert set(ASSERTIONS) == due, "the wording and the ranges differ"
