"""Every number of the protocol decides something that a test would notice."""

from collections.abc import Callable
from typing import Final

from tests.truth import mutation
from tests.truth.mutation import CASES, SHIPPED, Mutant

MUTANTS: Final = list(mutation.mutants())


def test_the_protocol_as_shipped_meets_every_boundary_chart() -> None:
    assert not list(mutation.unmet(SHIPPED))


def test_every_number_is_found_or_listed_as_prose() -> None:
    assert not list(mutation.numbers_in_prose()), "a number that is neither mutated nor listed"
    assert len(MUTANTS) > 120


def test_every_number_changed_by_one_step_is_noticed(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    survivors = [mutant for mutant in MUTANTS if not _noticed(mutant)]
    record_testsuite_property("mutants of the protocol", len(MUTANTS))
    told = "\n".join(f"line {one.line}: {one.what}" for one in survivors)
    assert not survivors, f"no chart of {len(CASES)} notices that a number is wrong:\n{told}"


def _noticed(mutant: Mutant) -> bool:
    return next(mutation.unmet(mutant.text), None) is not None


def test_a_comment_changed_is_not_noticed() -> None:
    """The check above would pass on a suite that fails always."""
    mutant = Mutant(1, "a comment", f"# changed\n{SHIPPED}")
    assert not _noticed(mutant), "a comment decides nothing"
