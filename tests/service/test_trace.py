"""Trace context: which headers are believed, and what goes on to a FHIR server."""

import re

import pytest

from service.observability.trace import LONGEST_STATE, Trace

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{ID}-00f067aa0ba902b7-01"


def test_a_lawful_header_names_the_trace() -> None:
    assert Trace.read(PARENT, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7") == Trace(
        ID, True, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"
    )
    assert Trace.read(PARENT[:-2] + "00", None) == Trace(ID, False)


@pytest.mark.parametrize(
    "parent",
    [
        None,
        "",
        PARENT.upper(),
        PARENT + "-extra",
        PARENT + " ",
        PARENT + "\n",
        f"{PARENT},{PARENT}",
        PARENT.replace("00-", "01-", 1),
        PARENT.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{ID}-{'0' * 16}-01",
        f"00-{ID[1:]}-00f067aa0ba902b7-01",
        f"00-{ID}-00f067aa0ba902b7-1",
        f"00-{ID[:-1]}g-00f067aa0ba902b7-01",
        f"00-{ID[:-1]}\N{ARABIC-INDIC DIGIT ONE}-00f067aa0ba902b7-01",
        PARENT.replace("-", "_"),
    ],
)
def test_anything_else_is_ignored_and_its_state_with_it(parent: str | None) -> None:
    assert Trace.read(parent, "congo=t61rcWkgMzE") is None


@pytest.mark.parametrize(
    "state",
    [
        "a=1",
        "fw529a3039@dt=FfAuBQ,a=1",
        "a=1, b=2",
        "a=1,,b=2",
        ",".join(f"k{number}=v" for number in range(32)),
        "k=" + "v" * 256,
    ],
)
def test_a_lawful_state_goes_on_untouched(state: str) -> None:
    trace = Trace.read(PARENT, state)
    assert trace is not None
    assert trace.headers()["tracestate"] == state


@pytest.mark.parametrize(
    "state",
    [
        "",
        ",",
        "a",
        "=1",
        "A=1",
        "a=",
        "a=1;b=2=3",
        "a=1,a=2",
        "a=caf\xe9",
        "a=1\r\nAuthorization: Bearer x",
        "a=1\tb",
        "k=" + "v" * 257,
        ",".join(f"k{number}=v" for number in range(33)),
        ",".join(f"key-{number:02}={'v' * 20}" for number in range(LONGEST_STATE // 20)),
    ],
)
def test_any_other_state_is_dropped_and_the_trace_kept(state: str) -> None:
    trace = Trace.read(PARENT, state)
    assert trace == Trace(ID, True)
    assert "tracestate" not in trace.headers()


def test_each_request_is_a_span_of_its_own() -> None:
    trace = Trace(ID, True)
    sent = {trace.headers()["traceparent"] for _ in range(50)}
    assert len(sent) == 50
    assert all(re.fullmatch(rf"00-{ID}-(?!0{{16}})[0-9a-f]{{16}}-01", parent) for parent in sent)
    assert not any("00f067aa0ba902b7" in parent for parent in sent), "the caller's own span"


def test_flags_without_a_meaning_do_not_go_on() -> None:
    sampled, not_sampled = Trace.read(PARENT[:-2] + "ff", None), Trace.read(PARENT[:-2] + "fe", "")
    assert sampled is not None
    assert not_sampled is not None
    assert sampled.headers()["traceparent"].endswith("-01")
    assert not_sampled.headers()["traceparent"].endswith("-00")


def test_a_trace_that_nobody_began_is_new_and_not_sampled() -> None:
    first, second = Trace.begun(), Trace.begun()
    assert first.id != second.id
    assert Trace.read(first.headers()["traceparent"], None) == Trace(first.id, False)
