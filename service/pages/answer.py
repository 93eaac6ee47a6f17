"""JSON for the pages: numbers keep the digits that they were reported with."""

from typing import Any

from flask import Response

from service import exact


def json_answer(document: dict[str, Any]) -> Response:
    """`document` as an answer."""
    return Response(exact.encode(document), content_type="application/json")


def patient_answer(document: dict[str, Any]) -> Response:
    """`document` as an answer that no browser and no proxy keeps, as it tells of patients."""
    response = json_answer(document)
    response.headers["Cache-Control"] = "no-store"
    return response
