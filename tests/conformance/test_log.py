"""The log of the whole run."""

import logging
import subprocess
import sys
from pathlib import Path

import requests

from tests.conformance.assertions import demand
from tests.conformance.exchange import SERVICE
from tests.conformance.request import PATIENT_ID, order_select
from tests.conformance.stage import TOKEN, encode, magnesia, staged
from tests.eavesdrop import Eavesdropper


def test_a98_a_planted_leak_is_found(eavesdropper: Eavesdropper, tmp_path: Path) -> None:
    """Whatever is planted by whichever way is found, and taken out again."""
    with staged() as stage:
        answered = stage.post(stage.call("magnesium"))
    assert answered.status == 200
    card = answered.document["cards"][0]["summary"]
    assert {PATIENT_ID, TOKEN, card} <= eavesdropper.marks, "the marks of a call are gathered"
    before = len(eavesdropper.lines)
    for secret in (PATIENT_ID, TOKEN, card):
        logging.getLogger("magnesia.record").warning("for %s", secret)
        assert [leak for leak in eavesdropper.leaks() if secret in leak], demand(98, secret)
        del eavesdropper.lines[before:]
        logging.getLogger("magnesia.call").info({"event": "call", "client": secret})
        assert [leak for leak in eavesdropper.leaks() if secret in leak], demand(98, secret)
        del eavesdropper.lines[before:]

    script = f"import sys; sys.stderr.write('{TOKEN}')"
    with (tmp_path / "log").open("wb") as errors:
        subprocess.Popen([sys.executable, "-c", script, "serve"], stderr=errors).wait()
    assert eavesdropper.leaks(), "what a process wrote to a file is read"
    (tmp_path / "log").write_bytes(b"")
    heard = subprocess.Popen(
        [sys.executable, "-c", script, "serve"], stderr=subprocess.PIPE, text=True
    ).communicate()[1]
    assert heard == TOKEN
    assert eavesdropper.leaks(), "what a process wrote to a pipe is read"
    del eavesdropper.lines[before:]


def test_a98_refused_and_failing_calls_leave_no_trace_of_the_patient(
    eavesdropper: Eavesdropper,
) -> None:
    mark = "pat-Quillfeather-98"
    before = len(eavesdropper.lines)
    with magnesia() as service:
        for change in (
            {"hook": mark},
            {"hookInstance": f'{mark}"}}\n{{"event":"call"'},
            {"context": {"patientId": mark}},
            {"prefetch": {"patient": {"resourceType": "Patient", "id": mark}}},
            {"fhirServer": f"https://{mark}.example", "prefetch": {}},
        ):
            headers = {"Content-Type": "application/json", "traceparent": mark}
            call = {**order_select(), **change}
            requests.post(f"{service}{SERVICE}", data=encode(call), headers=headers, timeout=30)
    said = eavesdropper.lines[before:]
    assert len(said) >= 5, demand(98, "refused calls are not logged")
    assert not [line for line in said if mark in line], demand(98, said)


def test_a98_the_log_of_the_whole_run(eavesdropper: Eavesdropper) -> None:
    """Runs last; see conftest.py."""
    assert eavesdropper.marks, demand(98, "nothing to look for")
    assert eavesdropper.leaks() == [], demand(98)
