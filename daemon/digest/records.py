"""The records of the daily digest: what people are told, before it has words."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

Counts = tuple[tuple[str, int], ...]
"""(name, number) pairs, the largest number first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a digest counts: what was taken in from `since` up to, not including, `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The mails taken in during the period; every one is counted in exactly one place.

    received = by_label + unsure + automatic + copies + quarantined + waiting.
    """

    received: int = 0
    older: int = 0  # of these: came to the mailbox before the period
    observed: int = 0  # of these: decided, but nothing was to be done with them
    by_label: Counts = ()
    unsure: int = 0
    automatic: Counts = ()  # by kind
    copies: int = 0
    quarantined: int = 0
    waiting: int = 0  # not read yet
    by_queue: Counts = ()  # a second view of those with a decision
    imported: int = 0  # old mail, beside the received


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsureMail:
    """A mail that waits for a person's decision."""

    mail_id: int
    subject: str  # a stranger's words, as they are
    sender: str
    sender_name: str
    received_at: datetime
    reason: str  # of the verdict
    digest: bytes = b""  # SHA-256 of the raw bytes
    sentence: str = ""  # of the mail, that speaks most for the likeliest label; "" when unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCase:
    """A case whose term is over, or nearly."""

    reference: str
    kind: str
    subject: str  # a stranger's words, as they are
    customer: str
    customer_name: str
    queue: str
    owner: str  # "" where nobody has it
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The open cases, as far as they press."""

    overdue: tuple[DueCase, ...] = ()  # the first of them, the oldest term first
    overdue_total: int = 0
    soon: tuple[DueCase, ...] = ()  # the first of those that are due within days
    soon_total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedMail:
    """A mail that could not be read."""

    mail_id: int
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfetchable:
    """Mails of one folder that the server would not give."""

    account: str
    folder: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderLine:
    """server = held + quarantined + missing, as of the folder's last listing."""

    account: str
    folder: str
    server: int
    held: int
    quarantined: int
    missing: int
    listed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """How an account does."""

    name: str
    last_success_at: datetime | None
    failures: int  # in a row
    last_error: str | None
    paused: str | None
    is_stale: bool  # no success for longer than it should take

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look at it."""
        return not (self.is_stale or self.failures or self.paused)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayHealth:
    """A relay that takes no mail."""

    name: str
    since: datetime
    said: str  # its last refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Everything the digest of one local date says."""

    day: date
    zone: ZoneInfo
    period: Period
    intake: Intake
    unsure: tuple[UnsureMail, ...]  # the first of them
    unsure_total: int
    quarantined: tuple[QuarantinedMail, ...]  # the first of them
    quarantined_total: int
    unfetchable: tuple[Unfetchable, ...]
    folders: tuple[FolderLine, ...]
    accounts: tuple[AccountHealth, ...]
    backlog: int  # mails that are ours and not read yet
    unmoved: int  # mails that the server would not move
    without_model: int  # unsure mails of the period, because there is no valid model
    outgoing_failed: int
    outgoing_held: int
    deadlines: Deadlines = Deadlines()
    awaiting: int = 0  # answers that a second person must approve
    held_back: int = 0  # acknowledgements of the period that a limit held back
    relays_away: tuple[RelayHealth, ...] = ()

    @property
    def missing(self) -> int:
        """Mails on a server that we do not hold."""
        return sum(folder.missing for folder in self.folders)

    @property
    def troubled(self) -> tuple[AccountHealth, ...]:
        """The accounts that somebody should look at."""
        return tuple(account for account in self.accounts if not account.is_well)

    @property
    def needs_people(self) -> bool:
        """Whether anything in it waits for a person."""
        waiting = (self.unsure_total, self.quarantined_total, self.missing, self.unmoved)
        outgoing = (self.outgoing_failed, self.outgoing_held, self.held_back, self.awaiting)
        pressing = (self.deadlines.overdue_total, self.deadlines.soon_total)
        return any(
            (
                *pressing,
                *waiting,
                *outgoing,
                self.without_model,
                self.unfetchable,
                self.troubled,
                self.relays_away,
            )
        )
