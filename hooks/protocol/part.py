"""A part of a protocol file: what all of its parts have in common."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Sources = Annotated[tuple[Text, ...], Field(min_length=1)]

_FEWEST_WORDS: Final = 4


def _sentence(text: str) -> str:
    if len(text.split()) < _FEWEST_WORDS:
        raise ValueError(f"say in a sentence who decided it, and why; found {text!r}")
    return text


#: The words by which a site answers for a number beyond what the sources of the service know.
Statement = Annotated[Text, AfterValidator(_sentence)]


class Part(BaseModel):
    """A part of the file: nothing may stand in it that is not known here."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def __copy__(self) -> Self:
        """A copy is made in order to change it, so it remembers nothing that was worked out."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Bounded(Part):
    """A part with a number that may only go so far (`hooks.protocol.bounds`) without a word.

    `beyond`: the sentence by which a site answers for one that goes further.
    """

    source: Sources
    beyond: Statement | None = None
