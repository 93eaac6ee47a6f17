"""Counts what a piece of code does: the lines that it runs and the C functions that it calls."""

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Final


def work(act: Callable[[], object]) -> int:
    """How many lines of Python `act` runs, and how many functions in C it calls.

    Generators and comprehensions count for each item that they look at.
    """
    counted = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        frame.f_trace_opcodes = frame.f_code in _LOOPS or _loops(frame.f_code)
        counted += event in {"line", "opcode"}
        return trace

    def profile(_: FrameType, event: str, __: Any) -> None:
        nonlocal counted
        counted += event == "c_call"

    tracing, profiling = sys.gettrace(), sys.getprofile()
    sys.setprofile(profile)
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(tracing)
        sys.setprofile(profiling)
    return counted


#: Code on one line that goes round: a line event is all that it would count for.
_LOOPS: Final[set[CodeType]] = set()


def _loops(code: CodeType) -> bool:
    if code.co_name in {"<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>"}:
        _LOOPS.add(code)
        return True
    return False
