"""Threads that talk to the store, so that no caller waits for it longer than it said.

A database that hangs gives no error. What is asked at a desk is done by a thread of its own; the
caller goes away with StoreDown when its time is over, and until the store has answered again no
other waits: the desk is shut, and one caller at a time finds out whether it has opened.
"""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NoAnswer
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

from service.record.errors import StoreDown

#: How long nobody asks a store that has just failed.
RETRY_SECONDS = 1.0

T = TypeVar("T")


class Desk:
    """`clerks` threads that do what they are asked, one thing each at a time."""

    def __init__(self, name: str, clerks: int = 1) -> None:
        self._name = name
        self._clerks = clerks
        self._threads: list[threading.Thread] = []
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._shut_until: float | None = None
        self._shut_since: float | None = None
        self._probing = False

    @property
    def is_shut(self) -> bool:
        """Whether the store failed when it was last asked."""
        return self._shut_until is not None

    @property
    def shut_seconds(self) -> float:
        """For how long the store has failed; 0 where it has not."""
        since = self._shut_since
        return 0.0 if since is None else monotonic() - since

    def ask(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises. Raises StoreDown if it takes longer than `seconds`, or at
        once while the desk is shut."""
        probe = self._enter()
        future: Future[T] = Future()
        try:
            self._asked.put((future, work))
            result = future.result(seconds)
        except (StoreDown, NoAnswer, CancelledError) as error:
            future.cancel()
            with self._lock:
                now = monotonic()
                self._shut_until = now + RETRY_SECONDS
                self._shut_since = self._shut_since or now
            if isinstance(error, StoreDown):
                raise
            raise StoreDown(f"the store did not answer within {seconds:g} s") from None
        else:
            with self._lock:
                self._shut_until = self._shut_since = None
            return result
        finally:
            if probe:
                self._probing = False

    def _enter(self) -> bool:
        """Let a caller in; True if it is the one that finds out whether the store is back."""
        with self._lock:
            if self._shut_until is not None:
                if self._probing or monotonic() < self._shut_until:
                    raise StoreDown("the store failed a moment ago")
                self._probing = True
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            while len(self._threads) < self._clerks:
                thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                thread.start()
                self._threads.append(thread)
            return self._probing and self._shut_until is not None

    def _work(self) -> None:
        while True:
            future, work = self._asked.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except StoreDown as error:
                future.set_exception(error)
            finally:
                # Whatever else was raised ends this thread and is reported as its failure; who
                # asked must not wait for it.
                if not future.done():
                    future.set_exception(StoreDown("the store could not be asked"))
