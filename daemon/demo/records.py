"""What a demo counts."""

from collections.abc import Mapping
from dataclasses import dataclass

ACCOUNTS = ("info", "orders")
INBOX = "INBOX"
HOST = "127.0.0.1"  # of both servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mail to be delivered."""

    account: str  # one of ACCOUNTS
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Mails of one label in one queue."""

    queue: str  # "" where they stay in the inbox
    label: str  # of the model, or unsure, or automatic
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the house is."""

    received: int  # deliveries in the inboxes
    waiting: int  # mails not read yet
    moving: int  # server actions not finished
    quarantined: int
    rows: tuple[Row, ...]

    def is_settled(self, mails: int) -> bool:
        """Tell whether all of so many mails are received, read and where they belong."""
        return self.received >= mails and not self.waiting and not self.moving


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCount:
    """What came of a demo."""

    mails: int
    by_label: Mapping[str, int]
    by_queue: Mapping[str, int]
    quarantined: int
    sent: int  # mails that the SMTP sink took
    directory: str  # configuration, log, store and packs, for a closer look
