"""The records of the intake room."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.records import (
    CaseWish,
    Decision,
    Forward,
    MailRef,
    Reading,
    RoundCount,
    Unreadable,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder of one UIDVALIDITY in the ledger."""

    id: int
    account: str
    name: str
    uidvalidity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail in hand, before the ledger knows it."""

    ref: MailRef
    received_at: datetime  # INTERNALDATE
    digest: bytes  # SHA-256 of the raw bytes
    size: int
    raw: bytes | Path  # a file for a large mail; the file is ours to delete
    cut: str | None = None  # limit because of which only the header block was fetched
    is_imported: bool = False  # taken from a file: observed, and nobody's move


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the ledger made of an arrival."""

    mail_id: int
    delivery_id: int
    is_new: bool  # False: a delivery of a mail we hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A mail that is ours and waits to be read."""

    mail_id: int
    account: str
    folder: str  # where it was seen first
    digest: bytes
    raw: bytes | Path | None  # None: fetch it from the packs
    size: int
    attempts: int  # readings begun before this one
    cut: str | None
    received_at: datetime
    is_imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mail with everything that was found out about it, ready to be recorded."""

    mail: Unread
    answer: Reading | Unreadable
    verdict: Verdict | None  # None with an Unreadable
    decision: Decision | None
    live: bool
    wish: CaseWish | None = None  # None: nothing for the register of cases
    answers_digest: bool = False  # it is the word of one who got a digest of ours
    forwards: tuple[Forward, ...] = ()  # whom rules send it on to, should it be live


class Tally:
    """Counts what became of mails, by account and folder; thread-safe."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._lock = threading.Lock()

    def add(self, account: str, folder: str, what: str, number: int = 1) -> None:
        """Count mails that were `fetched`, `stored`, `duplicate` or `quarantined`."""
        with self._lock:
            self._counts[account, folder][what] += number

    def rounds(self) -> list[RoundCount]:
        """Return the counts so far, folder by folder."""
        with self._lock:
            return [
                RoundCount(
                    account=account,
                    folder=folder,
                    fetched=count["fetched"],
                    stored=count["stored"],
                    duplicate=count["duplicate"],
                    quarantined=count["quarantined"],
                )
                for (account, folder), count in self._counts.items()
            ]

    def total(self, what: str) -> int:
        """Return one count over all folders."""
        with self._lock:
            return sum(count[what] for count in self._counts.values())


class Budget:
    """Bytes in flight between fetching and recording; fetchers wait on it.

    An account may use a quarter of it, so that a full mailbox does not keep a quiet one waiting.
    One taker may exceed its share when it has nothing in flight, so that a mail larger than the
    whole budget still passes.
    """

    SHARES = 4

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used: Counter[str] = Counter()
        self._changed = threading.Condition()

    def take(self, size: int, account: str) -> Callable[[], None]:
        """Wait until `size` bytes fit, and return what gives them back (once)."""
        with self._changed:
            self._changed.wait_for(lambda: self._fits(size, account))
            self._used[account] += size
        return self._giver(size, account)

    @property
    def used(self) -> int:
        """Bytes taken now."""
        return self._used.total()

    def _fits(self, size: int, account: str) -> bool:
        own, total = self._used[account], self._used.total()
        if total == 0:
            return True
        share = own == 0 or own + size <= self._limit // self.SHARES
        return share and total + size <= self._limit

    def _giver(self, size: int, account: str) -> Callable[[], None]:
        left = [size]

        def give() -> None:
            with self._changed:
                self._used[account] -= left[0]
                left[0] = 0
                self._changed.notify_all()

        return give
