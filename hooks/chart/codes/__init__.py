"""Laboratory codes: which analyte a code stands for, and which codes are refused, and why."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from hooks.chart.units import FACTORS, Analyte, Property, Unit
from hooks.errors import LabCodesError

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class LabCode(BaseModel):
    """One code of one laboratory or code system."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: tuple[LabCode, ...]


@dataclass(frozen=True, slots=True)
class LabCodes:
    """All known codes by (system, code)."""

    by_code: Mapping[tuple[str, str], LabCode]

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

    def included(self, analyte: Analyte) -> tuple[LabCode, ...]:
        """The codes to ask an EHR for when the analyte is wanted, in the order of the files."""
        return tuple(
            code for code in self.by_code.values() if code.analyte is analyte and not code.excluded
        )


def load(site_file: Path | None = None) -> LabCodes:
    """The codes shipped with the service and, on top of them, a site's own.

    A site's entry replaces the shipped one of the same system and code. Raises LabCodesError.
    """
    shipped = resources.files(__name__).joinpath("laboratory.toml")
    codes = _parse(shipped.read_text(encoding="utf-8"), "laboratory.toml")
    if site_file is not None:
        try:
            text = site_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LabCodesError(str(site_file), (f"cannot be read ({error})",)) from error
        codes = (*codes, *_parse(text, str(site_file)))
    return LabCodes(_index(codes))


def _parse(text: str, file: str) -> tuple[LabCode, ...]:
    try:
        document: dict[str, Any] = tomllib.loads(text)
        return _File.model_validate(document).code
    except tomllib.TOMLDecodeError as error:
        raise LabCodesError(file, (str(error),)) from error
    except ValidationError as error:
        problems = tuple(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise LabCodesError(file, problems) from error


def _index(codes: Iterable[LabCode]) -> Mapping[tuple[str, str], LabCode]:
    return {(code.system, code.code): code for code in codes}
