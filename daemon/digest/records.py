"""The records of the daily digest: what people are told, before it has words."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

Counts = tuple[tuple[str, int], ...]
"""(name, number) pairs, the largest number first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose digest it is; nothing said is the whole house.

    With both, it holds what the owner has in any queue, and what nobody has yet in the queues.
    """

    queues: frozenset[str] | None = None  # None: all
    owner: str | None = None  # None: whoever has it
    name: str = ""  # for people: stands in the title

    @property
    def is_house(self) -> bool:
        """Whether nothing is left out."""
        return self.queues is None and self.owner is None


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
    item: int = 0  # its number within the digest, from 1; a reply names it
    link: str = ""  # absolute; where one click says what it is; "" where there are no links


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a case is due when it is: one clock, and what moved its end."""

    profile: str
    clock: str
    met_by: str  # what it waits for: answer, acknowledgement, decision, closing
    amount: int
    unit: str  # of `daemon.config.deadlines.UNITS`
    since: datetime | None  # from when it runs; None: it cannot be counted anew to the same end
    paused_days: int = 0
    is_extended: bool = False
    is_rolled: bool = False  # its end was moved past free days


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
    severity: str = ""  # low, normal, high, critical; "" where nobody has said
    priority: str = ""  # by a rule
    reason: Reason | None = None  # None: its clock is not known any more
    is_apart: bool = False  # of a queue that its reader may not look into: nobody is named
    silence: str = ""  # what it means that nobody answered in time: accepted, refused; "": nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The open cases, as far as they press."""

    overdue: tuple[DueCase, ...] = ()  # the first of them, the oldest term first
    overdue_total: int = 0
    soon: tuple[DueCase, ...] = ()  # the first of those that are due up to `soon_until`
    soon_total: int = 0
    soon_until: date | None = None  # the last day of what is soon; None: nobody has looked


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCase:
    """A case that was closed by a move of its folder, of which nobody has said why."""

    item: int  # its number within the digest; goes on from the unsure mails
    case_id: int
    reference: str
    kind: str
    subject: str  # a stranger's words, as they are
    customer: str
    customer_name: str
    queue: str
    closed_at: datetime
    link: str = ""  # as in UnsureMail


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A mail that did not leave."""

    state: str  # failed, held, awaiting (a second person), held back (by a limit)
    kind: str
    recipient: str
    reference: str  # of its case; "" where it belongs to none
    why: str  # a relay's last words, or the limit
    outgoing_id: int = 0  # 0: there is no row, as nothing was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Who has sent newsletters, over the last week."""

    rows: tuple[tuple[str, str, int], ...] = ()  # (address, name, mails), the most first
    total: int = 0  # mails
    senders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A number for each day; the last is that of the day before the digest."""

    name: str  # received, opened, closed
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """Numbers of the same days, one after the other."""

    first: date
    last: date
    rows: tuple[Trend, ...]


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
class Undone:
    """An answer to a digest of which not all was done."""

    mail_id: int
    sender: str
    received_at: datetime
    lines: tuple[tuple[str, str], ...]  # what it said ("": the whole mail), and the trouble


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
    scope: Scope = Scope()
    unsent: tuple[Unsent, ...] = ()  # the first that did not leave, whatever the state
    closed: tuple[ClosedCase, ...] = ()  # the first whose cause is not said
    closed_total: int = 0
    newsletters: Senders | None = None  # of the last week; None: it is not the day for it
    trends: Trends | None = None
    by_reply: bool = True  # whether a reply to it is understood
    undone: tuple[Undone, ...] = ()  # the newest answers of which not all was done
    webhooks: int = 0  # webhooks that are disabled, or did not take events for days
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
        pressing = (self.deadlines.overdue_total, self.deadlines.soon_total, self.closed_total)
        servers = (self.unfetchable, self.troubled, self.webhooks, self.relays_away)
        return any((*pressing, *waiting, *outgoing, self.without_model, *servers))
