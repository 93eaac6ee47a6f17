"""The made-up patients of `fixtures/`, put on a FHIR server for a demonstration."""
