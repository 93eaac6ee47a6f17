"""The words of CDS Hooks 2.0.1: cards, suggestions, actions, as they go over the wire."""

from typing import Any

from hooks.chart.fact import Fact

Json = dict[str, Any]


class Action(Fact, frozen=True):
    """One change of the order list: `create`, `update` or `delete`."""

    type: str
    description: str
    resource: Json

    def to_json(self) -> Json:
        """The action as CDS Hooks writes it."""
        return {"type": self.type, "description": self.description, "resource": self.resource}


class Suggestion(Fact, frozen=True):
    """One button: everything that it does is done together."""

    uuid: str
    label: str
    recommended: bool
    actions: tuple[Action, ...]

    def to_json(self) -> Json:
        """The suggestion as CDS Hooks writes it."""
        suggestion: Json = {"label": self.label, "uuid": self.uuid}
        if self.recommended:
            suggestion["isRecommended"] = True
        suggestion["actions"] = [action.to_json() for action in self.actions]
        return suggestion


class Source(Fact, frozen=True):
    """Where the guidance comes from. `topic` is stable for the same advice."""

    label: str
    url: str | None
    topic: Json

    def to_json(self) -> Json:
        """The source as CDS Hooks writes it."""
        source: Json = {"label": self.label}
        if self.url is not None:
            source["url"] = self.url
        source["topic"] = self.topic
        return source


class Card(Fact, frozen=True):
    """One card. Its suggestions are alternatives: at most one may be taken."""

    uuid: str
    summary: str
    indicator: str
    detail: str
    source: Source
    suggestions: tuple[Suggestion, ...]
    override_reasons: list[Json]

    def to_json(self) -> Json:
        """The card as CDS Hooks writes it, without empty members."""
        card: Json = {
            "uuid": self.uuid,
            "summary": self.summary,
            "indicator": self.indicator,
            "detail": self.detail,
            "source": self.source.to_json(),
        }
        if self.suggestions:
            card["suggestions"] = [suggestion.to_json() for suggestion in self.suggestions]
            card["selectionBehavior"] = "at-most-one"
        card["overrideReasons"] = self.override_reasons
        return card
