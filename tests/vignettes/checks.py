"""Checks of an answer that no pattern can make; concepts.toml calls them by name."""

from collections.abc import Callable
from typing import Any

from tests.vignettes.reading import Answer, dose_of, recommended_dose

Expected = dict[str, Any]


def no_card(answer: Answer, _: Expected) -> bool:
    """The service is silent."""
    return answer.cards == []


def no_medication_order(answer: Answer, _: Expected) -> bool:
    """No suggestion creates or changes a medication order."""
    return answer.medications == []


def no_second_order(answer: Answer, _: Expected) -> bool:
    """No suggestion creates a medication order beside the drafted one."""
    return all(one["resourceType"] != "MedicationRequest" for one in answer.created)


def drafts_only(answer: Answer, _: Expected) -> bool:
    """Nothing is done by itself: every order that is created is a draft, in a suggestion."""
    return all(one["status"] == "draft" for one in answer.created) and not any(
        "systemActions" in card for card in answer.cards
    )


def expected_dose_first(answer: Answer, expected: Expected) -> bool:
    """The first dose that is offered, and the only one recommended, is the expected one."""
    first, recommended = dose_of(answer.medications[0]), recommended_dose(answer)
    wanted = (expected["dose_g"], expected["duration_min"])
    return first == recommended and (first.grams, first.minutes) == wanted


CHECKS: dict[str, Callable[[Answer, Expected], bool]] = {
    "no card": no_card,
    "no medication order": no_medication_order,
    "no second order": no_second_order,
    "drafts only": drafts_only,
    "the expected dose first and recommended": expected_dose_first,
}
