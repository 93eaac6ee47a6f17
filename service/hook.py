"""What the service knows of a hook: enough to offer it and to call it, and no medicine."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

# The name under which a response's root extension carries the assessment.
ASSESSMENT = "org.magnesia.assessment"


class Born(Protocol):
    """When a patient was born: the first and the last day that it may have been."""

    @property
    def born_first(self) -> date | None: ...

    @property
    def born_last(self) -> date | None: ...


class Answer(Protocol):
    """What a hook says: the cards, the JSON of the assessment that explains them or their absence,
    and the chart they were decided from, whose `patient` is Born or None."""

    @property
    def cards(self) -> list[dict[str, Any]]: ...

    @property
    def assessment(self) -> dict[str, Any]: ...

    @property
    def chart(self) -> Any: ...


class Hook(Protocol):
    """One entry of the discovery document, and the code that answers a call to it."""

    @property
    def id(self) -> str: ...

    @property
    def hook(self) -> str: ...

    @property
    def prefetch(self) -> Mapping[str, str]: ...

    @property
    def required(self) -> frozenset[str]: ...

    def discovery(self) -> dict[str, Any]:
        """The entry of the discovery document."""
        ...

    def read_context(self, context: Mapping[str, Any], /) -> Any:
        """Raises InvalidContext or NotEvaluable."""
        ...

    def needs_data(self, context: Any, /) -> bool:
        """False where the answer does not depend on the prefetch."""
        ...

    def answer(
        self, context: Any, prefetch: Mapping[str, dict[str, Any] | None], now: datetime, /
    ) -> Answer:
        """A key of `prefetch` with None was looked for and not found; a missing key is not
        available. Raises MissingData."""
        ...
