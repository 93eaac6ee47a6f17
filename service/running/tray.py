"""What calls put down for a thread that takes it from there."""

from collections import deque
from threading import Event
from time import sleep
from typing import Generic, TypeVar

T = TypeVar("T")


class Tray(Generic[T]):
    """At most `capacity` things. Many threads put; one takes, and says when these are done.

    The thread that takes is not woken for each thing: every waking takes the interpreter from a
    call that is being answered.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # It takes no lock to add to a deque, or to take from it.
        self._things: deque[T] = deque()
        self._out = 0
        self._filled = Event()

    def put(self, thing: T) -> bool:
        """Add one; False if there is no room. Never waits."""
        if len(self._things) >= self._capacity:
            return False
        self._things.append(thing)
        if not self._filled.is_set():
            self._filled.set()
        return True

    def take(self, most: int, seconds: float, gather: float = 0) -> list[T]:
        """What is here, at most `most`: waits `seconds` for the first, then gathers what comes in
        `gather` seconds more."""
        if not self._filled.wait(seconds):
            return []
        sleep(gather)
        # Before looking, so that what comes from here on is not overlooked.
        self._filled.clear()
        # Counted before they leave, so that the tray never looks empty too early.
        self._out = min(most, len(self._things))
        taken = [self._things.popleft() for _ in range(self._out)]
        if self._things:
            self._filled.set()
        return taken

    def done(self) -> None:
        """What was taken has found its place."""
        self._out = 0

    def wake(self) -> None:
        """Let the thread that takes look, though there may be nothing."""
        self._filled.set()

    def __len__(self) -> int:
        """How many are here or in hand."""
        # In this order: they go from one to the other.
        return len(self._things) + self._out
