"""A hook that knows about tea: what the service needs of a hook, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hooks.errors import InvalidContext, MissingData, NotEvaluable


@dataclass
class TeaStep:
    id: str
    question: str
    outcome: str
    because: str


@dataclass
class TeaDecision:
    trace: tuple[TeaStep, ...]
    band: str = "thirsty"
    rule: str = "T1"


@dataclass
class TeaAnswer:
    cards: list[dict[str, Any]]
    assessment: dict[str, Any]
    decision: TeaDecision | None = None
    chart: Any = None


@dataclass
class TeaHook:
    """Advises on tea. `context.mood` chooses what it does, so that a case can ask for a failure."""

    id: str = "tea"
    hook: str = "order-select"
    prefetch: Mapping[str, str] = field(
        default_factory=lambda: {
            "patient": "Patient/{{context.patientId}}",
            "leaves": "Observation?patient={{context.patientId}}&code=http://tea.example|leaf",
            "milk": "Observation?patient={{context.patientId}}&code=http://tea.example|milk",
        }
    )
    required: frozenset[str] = frozenset({"patient", "leaves"})

    def discovery(self) -> dict[str, Any]:
        return {
            "hook": self.hook,
            "id": self.id,
            "title": "Tea",
            "description": "Advises on tea.",
            "prefetch": dict(self.prefetch),
        }

    def read_context(self, context: Mapping[str, Any]) -> dict[str, Any]:
        if "patientId" not in context:
            raise InvalidContext("`context.patientId` is required.", "context.patientId")
        if context.get("mood") == "coffee":
            raise NotEvaluable("This service knows only tea.", "context.mood")
        return dict(context)

    def needs_data(self, context: Mapping[str, Any]) -> bool:
        return context.get("mood") != "indifferent"

    def answer(
        self,
        context: Mapping[str, Any],
        prefetch: Mapping[str, dict[str, Any] | None],
        now: datetime,
    ) -> TeaAnswer:
        match context.get("mood"):
            case "indifferent":
                return TeaAnswer([], {"rule": "T0", "silence": "Nobody wants tea."})
            case "picky":
                raise MissingData("The leaves are another guest's.", "leaves")
            case "broken":
                raise ValueError(f"tea spilled over {context['patientId']}")
        card = {
            "summary": f"Tea at {now:%H:%M}",
            "indicator": "info",
            "source": {"label": "The tea house"},
        }
        assessment = {
            "rule": "T1",
            "received": sorted(prefetch),
            "strength": context.get("strength", 1),
            "inputs": {"leaves": {"value": 2, "unit": "spoons", "time": "2026-11-23T09:00:00Z"}},
            "unusable": [{"text": "The milk is sour."}],
        }
        trace = (
            TeaStep("T0", "Does anybody want tea?", "passed", "the guest does"),
            TeaStep("T1", "Are there leaves?", "decided", "two spoons"),
            TeaStep("T2", "Is there milk?", "not asked", "decided before"),
        )
        return TeaAnswer([card], assessment, TeaDecision(trace))
