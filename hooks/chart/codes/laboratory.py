"""Laboratory codes: which analyte a code stands for, and which codes are refused, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import model_validator

from hooks.chart.codes.files import Entry, Text, shipped, written
from hooks.chart.units import FACTORS, Analyte, Property, Unit


class LabCode(Entry):
    """One code of one laboratory or code system."""

    analyte: Analyte
    system: Text
    code: Text
    display: Text | None = None
    measures: Property | None = None
    because: Text | None = None
    trusted_units: frozenset[Unit] = frozenset()
    source: Text

    @property
    def excluded(self) -> bool:
        """Whether results under this code must never be used."""
        return self.because is not None

    @model_validator(mode="after")
    def _is_whole(self) -> "LabCode":
        if self.excluded == (self.measures is not None or bool(self.trusted_units)):
            raise ValueError("a code needs either `because` or `measures` or `trusted_units`")
        foreign = sorted(self.trusted_units - FACTORS[self.analyte].keys())
        if foreign:
            raise ValueError(f"{foreign[0]} is no unit that {self.analyte} can be read in")
        return self


class _OtherKinds(Entry):
    words: tuple[Text, ...]
    source: Text


class _File(Entry):
    code: tuple[LabCode, ...]


class _Shipped(_File):
    other_kinds: _OtherKinds


@dataclass(frozen=True, slots=True)
class LabCodes:
    """All known codes by (system, code); words that make of an analyte's name another thing."""

    by_code: Mapping[tuple[str, str], LabCode]
    other_kinds: tuple[str, ...]

    def read(self, concept: object) -> tuple[LabCode, ...]:
        """The known codes among the codings of a FHIR CodeableConcept, however odd it is."""
        if not isinstance(concept, dict):
            return ()
        codings = concept.get("coding")
        if not isinstance(codings, list):
            return ()
        found = []
        for coding in codings:
            if isinstance(coding, dict):
                system, code = coding.get("system"), coding.get("code")
                if isinstance(system, str) and isinstance(code, str):
                    known = self.by_code.get((system, code))
                    if known is not None:
                        found.append(known)
        return tuple(found)

    def is_named(self, analyte: Analyte, words: str) -> bool:
        """Whether words (in small letters) name the analyte, and nothing else that is called so."""
        return analyte.value in words and not any(other in words for other in self.other_kinds)

    def included(self, analyte: Analyte) -> tuple[LabCode, ...]:
        """The codes to ask an EHR for when the analyte is wanted, in the order of the files."""
        return tuple(
            code for code in self.by_code.values() if code.analyte is analyte and not code.excluded
        )


def load(site_file: Path | None = None) -> LabCodes:
    """The codes shipped with the service and, on top of them, a site's own.

    A site's entry replaces the shipped one of the same system and code. Raises CodeListError.
    """
    listed = shipped(_Shipped, "laboratory.toml")
    codes = listed.code
    if site_file is not None:
        codes = (*codes, *written(_File, site_file).code)
    return LabCodes(_index(codes), listed.other_kinds.words)


def _index(codes: Iterable[LabCode]) -> Mapping[tuple[str, str], LabCode]:
    return {(code.system, code.code): code for code in codes}
