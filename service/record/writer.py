"""Writes decisions down beside the calls, never in their way.

`keep` puts an entry into a queue of limited length and returns. A thread takes whatever has come
and writes it in one transaction; while the store is down it appends to the spool instead, and
writes that later. What neither can take is counted, logged, and written down as a loss once the
store is back.
"""

import atexit
import logging
import os
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Full, Queue
from time import monotonic
from uuid import uuid4

import msgspec

from service.record.desk import Desk
from service.record.entries import DecisionEntry, Entry, LossEntry
from service.record.errors import RecordError, StoreDown
from service.record.spool import Spool, SpoolFull
from service.record.store import Store, Unwritable

#: Decisions of one process that wait in memory: what half a minute of heavy load makes.
CAPACITY = 10_000
BATCH = 500
SPOOL_BYTES = 256 * 1024 * 1024
#: How long a write may take before it counts as failed.
_WRITE_SECONDS = 5.0
#: How often what waits is looked after when nothing new comes.
_IDLE_SECONDS = 1.0
_STOP_SECONDS = 5.0

_log = logging.getLogger("magnesia.record")
_decoder = msgspec.json.Decoder(Entry)


class Writer:
    """The queue and the thread of one process; begun again in a process that was forked."""

    def __init__(
        self, store: Store, spool: Path, capacity: int = CAPACITY, spool_bytes: int = SPOOL_BYTES
    ) -> None:
        self._store = store
        self._directory = spool
        self._capacity = capacity
        self._spool_bytes = spool_bytes
        self._lock = threading.Lock()
        self._pid = 0
        self._begin()

    def _begin(self) -> None:
        self._queue: Queue[Entry | None] = Queue(self._capacity)
        self._desk = Desk("record-store")
        self._spool = Spool(self._directory, self._spool_bytes)
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._complained = False
        self._written = 0
        #: Losses by reason: all of this process, and those not yet written down.
        self._lost: Counter[str] = Counter()
        self._unreported: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to write in this process; what an earlier one left in the spool goes first."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._begin()
            self._thread = threading.Thread(target=self._run, name="record-writer", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
            # Last, as it lets `keep` go on without the lock.
            self._pid = os.getpid()

    def keep(self, entry: DecisionEntry) -> None:
        """See to it that `entry` is written; never waits, never fails."""
        if self._pid != os.getpid():
            self.start()
        try:
            self._queue.put_nowait(entry)
        except Full:
            self._lose(1, "queue full")

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Write what is left, to the store or the spool, and end. A stopped writer begins anew
        with the next `keep`."""
        thread = self._thread
        if thread is None or self._pid != os.getpid():
            return
        self._stopping = True
        # Wakes the thread; if the queue is full it is awake.
        with suppress(Full):
            self._queue.put_nowait(None)
        thread.join(seconds)
        if thread.is_alive():
            self._to_spool(self._drain())
        self._report_to_spool()
        self._spool.close()
        self._thread = None
        self._pid = 0
        atexit.unregister(self.stop)

    def flush(self, seconds: float) -> bool:
        """Wait until everything kept so far is in the store; False if it is not by then."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            if not self._queue.unfinished_tasks and not self._spool.waiting:
                return True
            threading.Event().wait(0.005)
        return False

    def state(self) -> dict[str, object]:
        """What an operator wants to know of this process."""
        return {
            "store": "down" if self._desk.is_shut else "up",
            "queued": self._queue.qsize(),
            "spooled": self._spool.waiting,
            "written": self._written,
            "lost": self._lost.total(),
        }

    def _run(self) -> None:
        looked_after = 0.0
        while not (self._stopping and self._queue.empty()):
            batch = self._drain(_IDLE_SECONDS)
            if batch:
                self._write(batch)
                for _ in batch:
                    self._queue.task_done()
            if monotonic() - looked_after >= _IDLE_SECONDS:
                self._look_after_what_waits()
                looked_after = monotonic()

    def _drain(self, seconds: float = 0) -> list[Entry]:
        """What is in the queue, at most a batch of it; waits for the first."""
        batch: list[Entry] = []
        try:
            entry = self._queue.get(timeout=seconds) if seconds else self._queue.get_nowait()
            while True:
                if entry is None:
                    self._queue.task_done()
                else:
                    batch.append(entry)
                if len(batch) == BATCH:
                    break
                entry = self._queue.get_nowait()
        except Empty:
            pass
        return batch

    def _write(self, batch: Sequence[Entry]) -> None:
        try:
            self._to_store(batch)
        except StoreDown as error:
            self._complain(error)
            self._to_spool(batch)
        else:
            self._recover()

    def _to_store(self, batch: Sequence[Entry]) -> None:
        try:
            self._ask(batch)
        except Unwritable as error:
            if len(batch) > 1:
                # One bad entry must not take the others with it.
                for entry in batch:
                    self._to_store([entry])
                return
            _log.error("A decision cannot be written: %s.", error)
            self._lose(1, "refused by the store")

    def _ask(self, batch: Sequence[Entry]) -> None:
        def write() -> Unwritable | None:
            try:
                self._store.write(batch)
            except Unwritable as error:
                # The store is well; it is the entry that is not.
                return error
            except RecordError as error:
                raise StoreDown(str(error)) from error
            return None

        refused = self._desk.ask(write, _WRITE_SECONDS)
        if refused is not None:
            raise refused
        self._written += sum(isinstance(entry, DecisionEntry) for entry in batch)

    def _to_spool(self, batch: Sequence[Entry]) -> None:
        if not batch:
            return
        decisions = sum(isinstance(entry, DecisionEntry) for entry in batch)
        try:
            self._spool.append([msgspec.json.encode(entry) for entry in batch])
        except SpoolFull:
            self._lose(decisions, "spool full")
        except OSError as error:
            _log.error("The spool cannot be written: %s.", error.strerror)
            self._lose(decisions, "spool failed")

    def _look_after_what_waits(self) -> None:
        """Write what waits in the spool, and what was lost, if the store is back."""
        try:
            if self._spool.has_any():
                self._spool.hand_over(self._take)
                self._recover()
            if self._unreported:
                unreported, self._unreported = self._unreported, Counter()
                losses = _losses(unreported)
                try:
                    self._ask(losses)
                except StoreDown:
                    self._unreported.update(unreported)
                    raise
        except StoreDown as error:
            self._complain(error)
        except OSError as error:
            _log.error("The spool cannot be read: %s.", error.strerror)

    def _take(self, lines: Sequence[bytes]) -> None:
        entries: list[Entry] = []
        for line in lines:
            try:
                entries.append(_decoder.decode(line))
            except msgspec.DecodeError:
                # The end of a file whose machine lost power.
                self._lose(1, "spooled line unreadable")
        if entries:
            self._to_store(entries)

    def _report_to_spool(self) -> None:
        """At the end: leave the losses for another process to write down."""
        if self._unreported:
            try:
                self._spool.append(
                    [msgspec.json.encode(loss) for loss in _losses(self._unreported)]
                )
            except (SpoolFull, OSError):
                _log.error("%d lost decisions are in no record.", self._unreported.total())
            self._unreported = Counter()

    def _lose(self, decisions: int, reason: str) -> None:
        if not decisions:
            return
        first = not self._lost[reason]
        self._lost[reason] += decisions
        self._unreported[reason] += decisions
        if first or decisions > 1:
            _log.error("Decisions are lost: %s; %d of them so far.", reason, self._lost[reason])

    def _complain(self, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            _log.warning("The store is down (%s); decisions wait in the spool.", error)

    def _recover(self) -> None:
        if self._complained and not self._desk.is_shut:
            self._complained = False
            _log.warning("The store is back; %d decisions lost.", self._lost.total())


def _losses(counted: Counter[str]) -> list[LossEntry]:
    now = datetime.now(UTC)
    return [LossEntry(uuid4(), now, count, reason) for reason, count in counted.items()]
