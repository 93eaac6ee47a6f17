"""The record: every decision, and what clinicians did with it, in a database.

For questions that a committee or an auditor asks later. It holds no patient identifier, name or
birth date. `Record` is all that the rest of the service needs of it.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from service.record import spool
from service.record.desk import Desk
from service.record.entries import DecisionEntry, FeedbackEvent
from service.record.errors import RecordError, StoreDown
from service.record.nonces import Nonces
from service.record.store import Store, Unwritable
from service.record.writer import LOSSES, Loss, Watch, Writer

__all__ = ["LOSSES", "Loss", "Record", "RecordError", "StoreDown", "Watch"]

#: How long a clinician's EHR waits for its feedback to be acknowledged, before it is told to try
#: again.
_FEEDBACK_SECONDS = 3.0
#: Of the threads that answer calls, at most so many are busy with feedback at the store.
_CLERKS = 2

_log = logging.getLogger("magnesia.record")


class Record:
    """Decisions are written some time later, feedback before it is acknowledged."""

    def __init__(self, url: str, directory: Path) -> None:
        self.store = Store(url)
        self._spool = directory
        self._writer = Writer(self.store, directory)
        self._desk = Desk("feedback-store", _CLERKS)
        #: The tokens that clients have used; nothing is opened where nobody is asked for one.
        self.nonces = Nonces(self.store, directory)

    def prepare(self) -> None:
        """Bring the tables up to date, and see that decisions and used tokens can be kept. Raises
        RecordError if one of the first two can never work; a store that is only down is waited
        for."""
        try:
            self.store.prepare()
        except StoreDown as error:
            _log.warning(
                "The store is down (%s): decisions wait in the spool, and feedback is refused.",
                error,
            )
        finally:
            # The processes that answer calls are forked from this one.
            self.store.close()
        try:
            spool.prove(self._spool)
        except OSError as error:
            raise RecordError(
                f"MAGNESIA_SPOOL: decisions cannot wait in {self._spool}: {error.strerror}."
            ) from error
        self.nonces.prepare()

    def start(self) -> None:
        """Begin to write in this process; without it, the first decision does."""
        self._writer.start()

    def be_watched(self, watch: Watch) -> None:
        """Let `watch` know what becomes of decisions and tokens, in every process."""
        self._writer.watch = self.nonces.watch = watch

    def keep(self, entry: DecisionEntry) -> None:
        """See to it that a decision is written; never waits, never fails."""
        self._writer.keep(entry)

    def append(self, events: Sequence[FeedbackEvent]) -> None:
        """Write a batch of feedback, all of it or none; it is durable when this returns.

        Raises StoreDown; Unwritable would be a defect of the check before.
        """
        refused = self._desk.ask(lambda: self._append(events), _FEEDBACK_SECONDS)
        if refused is not None:
            raise refused

    def flush(self, seconds: float) -> bool:
        """Wait until every decision kept so far is in the store; False if it is not by then."""
        return self._writer.flush(seconds)

    def stop(self) -> None:
        """Write what is left and let go of the store."""
        self._writer.stop()
        self.nonces.stop()
        self.store.close()

    def state(self) -> dict[str, object]:
        """What an operator wants to know of the record in this process."""
        state = self._writer.state()
        return {**state, "tokens": self.nonces.state()} if self.nonces.in_use else state

    def _append(self, events: Sequence[FeedbackEvent]) -> Unwritable | None:
        try:
            self.store.append(events)
        except RecordError as error:
            raise StoreDown(str(error)) from error
        except Unwritable as error:
            # The store is well; what was checked before should never have come to it.
            return error
        return None
