"""The medication of an order: what it is called, and what it is made of."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hooks.chart.bundle import Targets, contained_in
from hooks.chart.codes.drugs import RXNORM
from hooks.chart.codes.salts import Named
from hooks.chart.concept import collect, objects
from hooks.chart.fact import Fact
from hooks.chart.references import reference_of

#: What an order's medication and its ingredients may be.
SUBSTANCES: Final = ("Medication", "Substance")


class Medication(Fact, frozen=True):
    """What an order's medication is called, and its active ingredients where they are listed.

    `coded` are the codes of a catalog that came without any name: one may be a name itself. Texts
    come from the request: not safe to show before they are escaped.
    """

    called: Named
    ingredients: tuple[Named, ...] = ()
    coded: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The first text; of a mixture without one its ingredients, as RxNorm lists them."""
        if self.called.texts:
            return self.called.texts[0]
        return " / ".join(each.texts[0] for each in self.ingredients if each.texts) or None


def read_medication(resource: Mapping[str, Any], beside: Targets) -> Medication:
    """The medication of a MedicationRequest, wherever its name travels.

    A referenced Medication is looked up among the contained resources, then in the same Bundle;
    without one, the display of the reference is all there is.
    """
    codes: list[str] = []
    texts: dict[str, None] = {}
    ingredients: tuple[Named, ...] = ()
    concepts = [resource.get("medicationCodeableConcept")]
    reference = resource.get("medicationReference")
    target = reference_of(reference)
    if target is not None:
        contained = contained_in(resource)
        medication = beside.find(target, contained)
        if medication is not None:
            concepts.append(medication.get("code"))
            ingredients = tuple(_ingredients(medication, contained, beside))
    for concept in concepts:
        collect(concept, codes, texts, RXNORM)
    display = reference.get("display") if isinstance(reference, dict) else None
    if isinstance(display, str) and display.strip():
        texts[display] = None
    coded = () if texts else tuple(_local_codes(concepts))
    return Medication(Named(tuple(codes), tuple(texts)), ingredients, coded)


def _local_codes(concepts: list[object]) -> Iterator[str]:
    """The codes that are none of RxNorm, each once."""
    seen: set[str] = set()
    for concept in concepts:
        for item in objects(concept):
            for coding in objects(item.get("coding")):
                code = coding.get("code")
                if isinstance(code, str) and str(coding.get("system")) not in RXNORM:
                    if code not in seen:
                        yield code
                    seen.add(code)


def _ingredients(
    medication: Mapping[str, Any], contained: Mapping[str, Mapping[str, Any]], beside: Targets
) -> Iterator[Named]:
    """The ingredients that do something; what only holds a tablet together is none."""
    for item in objects(medication.get("ingredient")):
        if item.get("isActive") is False:
            continue
        codes: list[str] = []
        texts: dict[str, None] = {}
        collect(item.get("itemCodeableConcept"), codes, texts, RXNORM)
        reference = item.get("itemReference")
        target = reference_of(reference)
        substance = beside.find(target, contained) if target is not None else None
        if substance is not None:
            collect(substance.get("code"), codes, texts, RXNORM)
        collect(
            {"text": reference.get("display")} if isinstance(reference, dict) else None,
            codes,
            texts,
        )
        if codes or texts:
            yield Named(tuple(codes), tuple(texts))
