"""Tokens that have been used once, so that they are not used again.

Every worker writes a token down before it accepts it; whoever comes second finds it there. A host
does so in a file of its own, beside an SQLite record or in the spool's directory. That is enough
where the record is SQLite, and in the record's own file it would wait for every decision to reach
the disk. Hosts that share a PostgreSQL also write it down there, and then none of them accepts it
again; a PostgreSQL that is down or hangs costs no answer, only that the others learn later what was
used here. The workers of a host also remember together what they have seen since their start, so
that a file that fails lets no token come again. One that failed is left alone for a moment, tried
beside the calls, and told what it has missed.
"""

import hashlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, time

from service.record.desk import Desk
from service.record.errors import StoreDown
from service.record.ledger import CLERKS, MARGIN_SECONDS, HostLedger, Ledger
from service.record.recent import Recent
from service.record.store import Store
from service.record.writer import Watch

#: How long an answer waits for PostgreSQL to say whether a token was used.
ANSWER_SECONDS = 0.25
#: How often what is old is deleted, and how often a store that failed is tried.
_SWEEP_SECONDS = 60.0
_TRY_SECONDS = 1.0
_SETTLE_SECONDS = 5.0
#: What a process still owes a store, at most, and how much of it is paid at once.
_OWED = 100_000
_PAID_AT_ONCE = 1_000
#: A used token, and when it expires.
_Owed = deque[tuple[bytes, int]]
_HERE = "No file of this host"
_ANYWHERE = "No database"

_log = logging.getLogger("magnesia.trust")


def digest(issuer: str, identifier: str) -> bytes:
    """What is kept of a token. The length keeps issuer and identifier apart."""
    parts = [part.encode(errors="surrogatepass") for part in (issuer, identifier)]
    return hashlib.sha256(b"%d:" % len(parts[0]) + b"".join(parts)).digest()


class Nonces:
    """Says of each token whether it is used for the first time."""

    def __init__(self, record: Store, directory: Path) -> None:
        own = record.path
        if own is None:
            self._host = HostLedger(directory / "nonces.sqlite")
            self._shared: Ledger | None = Ledger(record.url, record)
        else:
            self._host = HostLedger(own.with_name(f"{own.stem}-nonces.sqlite"))
            self._shared = None
        self.watch = Watch()
        self._recent: Recent | None = None
        self._lock = threading.Lock()
        self._pid = 0
        self._begin()

    def share(self) -> None:
        """Make what the processes remember together; to be called before they are forked."""
        self._memory()

    def prepare(self) -> None:
        """Make the file of this host, if tokens are asked for, so that every process that is
        forked from this one knows which it was. Never fails."""
        if self._recent is None:
            return
        try:
            self._host.ping()
        except StoreDown as error:
            self._complain(_HERE, error)
        finally:
            self._host.close()

    def _begin(self) -> None:
        self._desk = Desk("nonces", CLERKS)
        self._ended = threading.Event()
        self._tidying: threading.Thread | None = None
        #: What only this host knows yet, and what only its memory does.
        self._owed: _Owed = deque(maxlen=_OWED)
        self._owed_here: _Owed = deque(maxlen=_OWED)
        self._complained: set[str] = set()
        #: Tokens that were accepted without the store, and without any file.
        self._unshared = 0
        self._unwritten = 0

    def is_first(self, token: bytes, expires: int, now: int) -> bool:
        """Whether a token, see `digest`, is used for the first time. `expires` and `now` are
        seconds since 1970. Never fails, and never waits long."""
        if self._pid != os.getpid():
            self._start()
        if not self._memory().enter(token, expires, now - MARGIN_SECONDS):
            return False
        first = self._is_first_here(token, expires, now)
        if first and self._shared is not None:
            return self._is_first_anywhere(self._shared, token, expires, now)
        return first

    @property
    def in_use(self) -> bool:
        """Whether this process has been asked about a token."""
        return self._pid == os.getpid()

    def state(self) -> dict[str, object]:
        """What an operator wants to know of this process."""
        return {
            "store": "down" if self._complained or self._desk.is_shut else "up",
            "unshared": self._unshared,
            "unwritten": self._unwritten,
        }

    def stop(self) -> None:
        """Let go of the databases."""
        self._ended.set()
        if self._tidying is not None and self._pid == os.getpid():
            self._tidying.join(_SETTLE_SECONDS)
        for ledger in (self._host, self._shared):
            if ledger is not None:
                ledger.close()
        self._pid = 0

    def _is_first_here(self, token: bytes, expires: int, now: int) -> bool:
        # Where the file fails the memory has answered. The file is tried beside the calls, as is
        # the store, so that none of them waits for it.
        if not self._host.has_failed:
            try:
                return self._host.enter(token, expires, now)
            except StoreDown as error:
                self._complain(_HERE, error)
        self._unwritten += 1
        self.watch.unwritten(1)
        self._owed_here.append((token, expires))
        return True

    def _is_first_anywhere(self, shared: Ledger, token: bytes, expires: int, now: int) -> bool:
        # A store that failed is tried beside the calls, so that none of them waits for it.
        if not self._desk.is_shut:
            try:
                return self._desk.ask(lambda: shared.enter(token, expires, now), ANSWER_SECONDS)
            except StoreDown as error:
                self._complain(_ANYWHERE, error)
        self._unshared += 1
        self._owed.append((token, expires))
        return True

    def _memory(self) -> Recent:
        if self._recent is None:
            self._recent = Recent()
        return self._recent

    def _start(self) -> None:
        with self._lock:
            if self._pid != os.getpid():
                self._memory()
                self._begin()
                self._tidying = threading.Thread(
                    target=self._tidy, args=(self._ended,), daemon=True
                )
                self._tidying.start()
                self._pid = os.getpid()

    def _tidy(self, ended: threading.Event) -> None:
        """Thread: delete what is old; tell the store what it has missed."""
        swept_at = monotonic()
        while not ended.wait(_TRY_SECONDS):
            self._settle_here()
            if self._shared is not None and (self._owed or self._desk.is_shut):
                self._settle(self._shared)
            if monotonic() - swept_at >= _SWEEP_SECONDS:
                swept_at = monotonic()
                self._sweep()
        # What is only in memory is forgotten with the last process.
        self._settle_here()

    def _settle_here(self) -> None:
        """Tell the file of this host what it has missed."""
        try:
            self._host.check()
            while self._owed_here:
                _pay(self._owed_here, partial(self._host.enter, again=True))
        except StoreDown as error:
            self._complain(_HERE, error)
            return
        if not self._host.has_failed:
            self._recover(_HERE)

    def _settle(self, shared: Ledger) -> None:
        def pay() -> None:
            shared.ping()
            _pay(self._owed, shared.enter)

        try:
            self._desk.ask(pay, _SETTLE_SECONDS)
            while self._owed:
                self._desk.ask(pay, _SETTLE_SECONDS)
        except StoreDown:
            # It has been said that the store is down; it is tried again in a moment.
            return
        self._recover(_ANYWHERE)

    def _sweep(self) -> None:
        now = int(time())
        shared = None if self._desk.is_shut else self._shared
        for ledger in (self._host, shared):
            try:
                if ledger is not None:
                    ledger.sweep(now)
            except StoreDown as error:
                _log.info("Used tokens that have expired could not be deleted (%s).", error)

    def _complain(self, what: str, error: StoreDown) -> None:
        if what not in self._complained:
            self._complained.add(what)
            _log.error(
                "%s can say which tokens were used (%s): a token is refused the second time only "
                "where it was used the first time, until that is mended.",
                what,
                error,
            )

    def _recover(self, what: str) -> None:
        if what in self._complained:
            self._complained.discard(what)
            _log.warning("Used tokens are written down again.")


def _pay(owed: _Owed, enter: Callable[[bytes, int, int], bool]) -> None:
    """Write down what is owed, a part of it. Raises StoreDown; what was not written stays."""
    for _ in range(min(len(owed), _PAID_AT_ONCE)):
        token, expires = owed.popleft()
        try:
            enter(token, expires, int(time()))
        except StoreDown:
            owed.appendleft((token, expires))
            raise
