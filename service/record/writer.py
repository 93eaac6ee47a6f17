"""Writes decisions down beside the calls, never in their way.

`keep` puts an entry into a queue of limited length and returns. One thread empties the queue into
the spool 2 ms later, so that a kill finds next to nothing in memory, however slow the store is.
Another writes what has been spooled to the store, once a second under load, and waits while the
store is down. What the spool does not take goes to the store directly, and stays in memory until
one of them takes it; what the queue then has no room for is counted, logged, and written down as a
loss once the store is back.
"""

import atexit
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Literal, get_args
from uuid import uuid4

import msgspec

from service.record.desk import Desk
from service.record.entries import DecisionEntry, Entry, LossEntry
from service.record.errors import RecordError, StoreDown
from service.record.spool import Spool, SpoolFull
from service.record.store import Store, Unwritable
from service.running.tray import Tray

#: Decisions of one process that wait in memory: what half a minute of heavy load makes.
CAPACITY = 10_000
BATCH = 500
SPOOL_BYTES = 256 * 1024 * 1024
#: How long a write may take before it counts as failed.
_WRITE_SECONDS = 5.0
#: How often what waits is looked after when nothing new comes.
_IDLE_SECONDS = 1.0
#: How long decisions gather before they go to the spool together. A kill takes those of so long.
_GATHER_SECONDS = 0.002
#: How long after a write to the store the next one begins, at the earliest: the more there is in a
#: transaction, the less each decision costs.
_PACE_SECONDS = 1.0
#: Longer than a write, so that what hangs at the store at the end still gets into the spool.
_STOP_SECONDS = 7.0
_DOWN = "The store is down"

#: How often who watches is told what waits.
_TELL_SECONDS = 0.5

#: Why a decision is in no record.
Loss = Literal[
    "queue full",
    "neither spool nor store at the end",
    "refused by the store",
    "spooled line unreadable",
]
LOSSES: tuple[Loss, ...] = get_args(Loss)

_log = logging.getLogger("magnesia.record")
_decoder = msgspec.json.Decoder(Entry)


class Watch:
    """Who wants to know what becomes of decisions and of used tokens; this one does not."""

    def written(self, decisions: int) -> None:
        """So many more are in the store."""

    def lost(self, decisions: int, reason: Loss) -> None:
        """So many more are in no record."""

    def waits(self, queued: int, spooled: int, down_seconds: float) -> None:
        """What waits in this process now, and for how long the store has been out of reach."""

    def unwritten(self, tokens: int) -> None:
        """So many more tokens were accepted that no file of this host could take down."""


class Writer:
    """The queue and the thread of one process; begun again in a process that was forked."""

    def __init__(
        self, store: Store, spool: Path, capacity: int = CAPACITY, spool_bytes: int = SPOOL_BYTES
    ) -> None:
        self._store = store
        self._directory = spool
        self._capacity = capacity
        self._spool_bytes = spool_bytes
        self.watch = Watch()
        self._lock = threading.Lock()
        self._pid = 0
        self._begin()

    def _begin(self) -> None:
        self._queue: Tray[Entry] = Tray(self._capacity)
        self._desk = Desk("record-store")
        self._spool = Spool(self._directory, self._spool_bytes)
        self._threads: list[threading.Thread] = []
        #: What neither the spool nor the store has taken yet.
        self._held: list[Entry] = []
        self._stopping = threading.Event()
        self._spooled = threading.Event()
        #: Set while somebody waits for what is kept to be written.
        self._hurried = threading.Event()
        self._complained: set[str] = set()
        self._written = 0
        self._told_at = 0.0
        #: Losses by reason: all of this process, and those not yet written down.
        self._lost: Counter[str] = Counter()
        self._unreported: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to write in this process; what an earlier one left in the spool goes first."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._begin()
            for work in (self._empty_queue, self._empty_spool):
                thread = threading.Thread(target=work, name="record-writer", daemon=True)
                thread.start()
                self._threads.append(thread)
            atexit.register(self.stop)
            # Last, as it lets `keep` go on without the lock.
            self._pid = os.getpid()

    def keep(self, entry: DecisionEntry) -> None:
        """See to it that `entry` is written; never waits, never fails."""
        if self._pid != os.getpid():
            self.start()
        if not self._queue.put(entry):
            self._lose(1, "queue full")

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Write what is left, to the store or the spool, and end. A stopped writer begins anew
        with the next `keep`."""
        if self._pid != os.getpid():
            return
        deadline = monotonic() + seconds
        self._stopping.set()
        self._hurried.set()
        self._queue.wake()
        self._spooled.set()
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        if not self._threads[0].is_alive():
            # What was kept after that thread had looked for the last time.
            self._empty_queue()
        self._report_to_spool()
        # A thread that still hangs at the store reads the file; the end of the process closes it.
        if not any(thread.is_alive() for thread in self._threads):
            self._spool.close()
        self._pid = 0
        atexit.unregister(self.stop)

    def flush(self, seconds: float) -> bool:
        """Wait until everything kept so far is in the store; False if it is not by then."""
        deadline = monotonic() + seconds
        self._hurried.set()
        try:
            while monotonic() < deadline:
                if not len(self._queue) and not self._spool.waiting:
                    return True
                threading.Event().wait(0.005)
            return False
        finally:
            self._hurried.clear()

    def state(self) -> dict[str, object]:
        """What an operator wants to know of this process."""
        return {
            "store": "down" if self._desk.is_shut else "reachable",
            "down_seconds": round(self._desk.shut_seconds, 1),
            "queued": len(self._queue),
            "spooled": self._spool.waiting,
            "written": self._written,
            "lost": self._lost.total(),
        }

    def _tell(self) -> None:
        now = monotonic()
        if now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            self.watch.waits(len(self._queue), self._spool.waiting, self._desk.shut_seconds)

    def _empty_queue(self) -> None:
        """Thread: from the queue to the spool."""
        while self._held or not (self._stopping.is_set() and not len(self._queue)):
            self._held = self._held or self._queue.take(BATCH, _IDLE_SECONDS, _GATHER_SECONDS)
            self._tell()
            if not self._held:
                continue
            if self._to_spool(self._held):
                self._spooled.set()
            elif not self._went_to_store(self._held):
                if not self._stopping.wait(_IDLE_SECONDS):
                    continue
                decisions = sum(isinstance(entry, DecisionEntry) for entry in self._held)
                self._lose(decisions, "neither spool nor store at the end")
            self._held = []
            self._queue.done()

    def _empty_spool(self) -> None:
        """Thread: from the spool to the store."""
        # Connected before the first decision comes.
        self._went_to_store([])
        looked_around = handed_over = 0.0
        while not self._stopping.is_set():
            if monotonic() - looked_around >= _IDLE_SECONDS:
                self._hand_over(self._spool.hand_over)
                looked_around = monotonic()
            else:
                self._hand_over(self._spool.hand_over_own)
            handed_over = monotonic()
            if self._desk.is_shut:
                self._stopping.wait(_IDLE_SECONDS)
            elif self._spooled.wait(_IDLE_SECONDS):
                self._hurried.wait(max(0.0, handed_over + _PACE_SECONDS - monotonic()))
                self._spooled.clear()
        # The other thread ends with the queue; what it spooled last is still to be written.
        self._threads[0].join()
        self._hand_over(self._spool.hand_over_own)

    def _hand_over(self, hand_over: Callable[[Callable[[Sequence[bytes]], None]], None]) -> None:
        """Write what waits in the spool, and what was lost."""
        try:
            try:
                hand_over(self._take)
            except OSError as error:
                file = f", {Path(error.filename).name}" if error.filename else ""
                self._say_once(f"The spool cannot be read ({error.strerror}{file}).")
            self._write_losses()
        except StoreDown as error:
            self._complain(error)

    def _write_losses(self) -> None:
        if self._unreported:
            unreported, self._unreported = self._unreported, Counter()
            try:
                self._ask(_losses(unreported))
            except StoreDown:
                self._unreported.update(unreported)
                raise

    def _went_to_store(self, batch: Sequence[Entry]) -> bool:
        try:
            self._to_store(batch)
        except StoreDown as error:
            self._complain(error)
            return False
        return True

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
        self._recover()
        if refused is not None:
            raise refused
        decisions = sum(isinstance(entry, DecisionEntry) for entry in batch)
        self._written += decisions
        self.watch.written(decisions)

    def _to_spool(self, batch: Sequence[Entry]) -> bool:
        lines = [msgspec.json.encode(entry) for entry in batch]
        try:
            # While the store is up a line is there for a moment, and only a kill can catch it.
            self._spool.append(lines, sync=self._desk.is_shut or self._stopping.is_set())
        except SpoolFull:
            self._say_once("The spool is full; decisions wait in memory.")
            return False
        except OSError as error:
            self._say_once(
                f"The spool cannot be written ({error.strerror}); decisions wait in memory."
            )
            return False
        return True

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

    def _lose(self, decisions: int, reason: Loss) -> None:
        if not decisions:
            return
        first = not self._lost[reason]
        self._lost[reason] += decisions
        self._unreported[reason] += decisions
        self.watch.lost(decisions, reason)
        if first or decisions > 1:
            _log.error("Decisions are lost: %s; %d of them so far.", reason, self._lost[reason])

    def _complain(self, error: Exception) -> None:
        if _DOWN not in self._complained:
            self._complained.add(_DOWN)
            _log.warning("%s (%s); decisions wait in the spool.", _DOWN, error)

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._complained:
            self._complained.add(sentence)
            _log.error("%s", sentence)

    def _recover(self) -> None:
        if _DOWN in self._complained and not self._desk.is_shut:
            self._complained.clear()
            _log.warning("The store is back; %d decisions lost.", self._lost.total())


def _losses(counted: Counter[str]) -> list[LossEntry]:
    now = datetime.now(UTC)
    return [LossEntry(uuid4(), now, count, reason) for reason, count in counted.items()]
