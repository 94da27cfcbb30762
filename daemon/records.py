"""The records that flow between the rooms.

Frozen, slotted, keyword-only; tuples, not lists; aware UTC datetimes. Digests are 32 raw bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

LABELS = ("complaint", "request", "newsletter", "other")
"""The shipped labels, in the order that decides when several fit."""

PRIORITIES = ("low", "normal", "high", "urgent")
"""How much a case presses beside its term, from the least."""


class Automatic(StrEnum):
    """Mail that no person wrote to us, recognised by rule; never classified, never answered."""

    BOUNCE = "bounce"
    DSN = "dsn"
    AUTO_REPLY = "auto-reply"
    READ_RECEIPT = "read-receipt"
    PEC_RECEIPT = "pec-receipt"
    ABUSE_REPORT = "abuse-report"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRef:
    """Where one copy of a mail stands on a server."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMail:
    """A mail as the server gave it."""

    ref: MailRef
    received_at: datetime  # INTERNALDATE
    data: bytes  # RFC 5322 bytes, unchanged
    cut: str | None = None  # the limit because of which `data` is only the header block


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mailbox of RFC 5322 3.4; the domain is in lower case."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A MIME leaf that is not the text of the mail; its name is a stranger's claim."""

    filename: str
    media_type: str
    size: int  # bytes, decoded
    sha256: bytes  # of the decoded bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a server says became of a mail: a delivery report, or a receipt of certified mail."""

    about: str  # Message-ID of that mail, with its angle brackets
    outcome: str  # failed, delayed, relayed, delivered, accepted
    recipient: str = ""  # "": it does not say
    status: str = ""  # RFC 3463: 5.1.1
    said: str = ""  # one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as read: everything later stages decide on, and nothing they must parse again."""

    content_digest: bytes  # DESIGN 1.2: sha256 over the content without trace headers
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    subject: str
    sender: Address | None  # From, else Sender
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    sent_at: datetime | None  # Date header; None when absent or nonsense
    headers: tuple[tuple[str, str], ...]  # (lower-cased name, decoded value), in order
    text: str  # the whole readable text: plain, else from HTML
    attachments: tuple[Attachment, ...]
    automatic: Automatic | None
    is_html: bool  # the text was taken from HTML
    link_count: int
    image_count: int
    pec_received_at: datetime | None = None  # from daticert.xml, when this was a PEC envelope
    hop_received_at: datetime | None = None  # date of the topmost Received line
    addresses_left_out: int = 0  # addresses beyond the limit, counted but not read
    report: Report | None = None
    official: tuple[tuple[str, str], ...] = ()  # (protocol, pec or edoreczenia, number)
    envelope: tuple[tuple[str, str], ...] = ()  # all headers of a PEC envelope round it
    defects: tuple[str, ...] = ()  # what the parsers found wrong, in plain words
    cuts: tuple[str, ...] = ()  # names of limits at which something was cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A mail that a colleague passed on: who wrote it, as far as it can be told."""

    customer: Address | None  # never of the house; None: a person must say
    how: str  # attached, headers: what tells
    why: str = ""  # why a person must say
    proposed: tuple[Address, ...] = ()  # who it may have been, the likeliest first
    subject: str = ""
    sent_at: datetime | None = None  # its date, as it says or the headers in the text do
    received_at: datetime | None = None  # when a colleague had it, as its own headers say
    message_id: str | None = None  # of the attached mail
    answers: tuple[str, ...] = ()  # Message-IDs that the attached mail names, the nearest first
    barred: str = ""  # why no machine answers it; "": nothing in its own headers forbids it

    @property
    def is_sure(self) -> bool:
        """Tell whether nobody needs to be asked."""
        return self.customer is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a child answers for one mail that could be read."""

    content_digest: bytes
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    subject: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    sent_at: datetime | None
    headers: tuple[tuple[str, str], ...]  # only those named in the configuration's rules
    attachments: tuple[Attachment, ...]
    automatic: Automatic | None
    list_id: str | None
    language: str | None  # ISO 639-1; None when too short to tell
    scores: dict[str, float] | None  # label -> calibrated probability, sum 1; None: no model
    model: str | None  # version of the model that gave the scores
    pec_received_at: datetime | None
    hop_received_at: datetime | None
    snippet: str  # first 200 characters of the newest text
    report: Report | None = None
    official: tuple[tuple[str, str], ...] = ()
    barred: str = ""  # why no machine answers it (RFC 3834); "": nothing forbids it
    authentic: str = "unknown"  # who it is from, as our server found: pass, fail, unknown
    matters: tuple[str, ...] = ()  # that start clocks of their own: data-subject, withdrawal, ...
    said: str = ""  # the newest text, of a mail that answers a digest or looks like it
    forwarded: Forwarded | None = None  # what a colleague passed on with it; None: nothing
    defects: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """What the pool answers for a mail that could not be read."""

    reason: str  # the limit's name, or "crash", "interrupted", "error"
    detail: str  # one line for people
    traceback: str = ""  # of the unexpected error, for the quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The label of a mail, or the honest lack of one."""

    label: str | None  # None: abstained, automatic, or no model
    confidence: float  # calibrated probability of the best label, 0 when there is none
    abstained: bool
    reason: str  # "model", "unsure: ...", "automatic: bounce", "no model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What one rule has added to the orders of a mail."""

    rule: str
    key: str  # of the rule: priority, owner, tags, ...
    value: str  # for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What rules say of a mail beside its queue."""

    priority: str | None = None  # one of PRIORITIES; None: no rule says
    owner: str | None = None
    deadline: str | None = None  # profile in place of the queue's
    letter: str | None = None  # its acknowledgement's template; "": it gets none; None: the usual
    tags: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()  # addresses
    webhooks: tuple[str, ...] = ()  # names in the configuration
    said: tuple[Addition, ...] = ()  # by which rule, in the order of the rules

    def rule_of(self, key: str) -> str:
        """Return the first rule that said something under a key; "" for none."""
        return next((one.rule for one in self.said if one.key == key), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a mail goes, and why."""

    queue: str | None  # None: stays where it is
    rule: str | None  # name of the rule that decided
    reason: str
    deadlines_of: str | None = None  # queue whose deadlines an unsure mail runs under
    feared: str | None = None  # profile that a rule would give an unsure mail as a complaint
    orders: Orders = Orders()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Whom a rule sends a mail on to."""

    address: str
    refusal: str = ""  # why it is not sent there


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDue:
    """One term that runs in a case."""

    name: str
    term: str  # as in the configuration: "30 days"
    only_if: str  # the matter it is for; "": it always runs
    met_by: str  # answer, acknowledgement, decision, closing, interim
    due_at: datetime
    met_when: str = "sent"  # or delivered
    starts: str = "receipt"  # or the clock of its profile whose end starts it
    silence: str = ""  # what it means when it is over: accepted, refused; "": nothing
    profile: str = ""  # by which it is counted; "": it is not counted anew
    since: datetime | None = None  # from when it is counted; None: from the receipt of its case
    is_extended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who is told by return that a case was opened, or why nobody is."""

    account: str  # that received the mail
    recipient: str
    refusal: str = ""  # why none is sent
    is_stranger: bool = False  # our server did not confirm who the mail is from
    written_at: datetime | None = None  # of a mail that was passed on: when it was written
    letter: str = ""  # name of its template; "": the usual


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWish:
    """What a mail asks of the register of cases."""

    kind: str | None  # complaint, request, unsure; None: it opens no case, but may join one
    queue: str | None
    channel: str  # mail, pec
    received_at: datetime  # earliest proven receipt; clocks start here
    received_by: str  # what proves it, in words
    profile: str | None  # of deadlines; None: no clock runs
    clocks: tuple[ClockDue, ...]
    no_clock: str = ""  # why none runs although the queue has deadlines
    acknowledgement: Acknowledgement | None = None  # None: cases of this kind are not acknowledged
    orders: Orders = Orders()
    answered_by: str = ""  # who of the house wrote it, to a customer; "": nobody did


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A mail that asks the register, in its own name or in that of the mail it is a copy of."""

    mail_id: int  # the first mail of its content
    reading: Reading
    wish: CaseWish
    may_open: bool = True  # False: that mail was decided; its case may only be found older


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A live mail for which rules want more than a queue: to send it on, to call a webhook."""

    mail_id: int  # the first mail of its content
    account: str
    received_at: datetime
    reading: Reading
    label: str | None
    decision: Decision
    forwards: tuple[Forward, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report that came in."""

    report: Report
    at: datetime  # when it was received


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A mail that answers a digest, or looks like it."""

    mail_id: int
    is_genuine: bool  # it names a digest of ours, and comes from one who gets digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What a batch of mails brings about beside its own record."""

    asking: tuple[Asking, ...] = ()
    matched: tuple[Matched, ...] = ()
    reported: tuple[Reported, ...] = ()
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A case that was just opened by a mail."""

    case_id: int
    reference: str
    kind: str
    language: str | None
    channel: str
    received_at: datetime
    due_at: datetime | None
    answers: str | None  # Message-ID of the mail
    acknowledgement: Acknowledgement | None
    names_ours: bool = False  # the mail names another case, or a mail of ours: it may be an echo


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNews:
    """What became of a mail of ours in a case."""

    case_id: int
    kind: str  # of the case's event: acknowledging, acknowledged, returned, ...
    at: datetime
    detail: Mapping[str, object]
    mail: str = ""  # key of that mail; "": it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A mail that is to leave; the key makes enqueuing it again a no-op."""

    key: str
    kind: str  # digest, acknowledgement, answer, forward
    sender: str  # of the envelope; "" is the null path (RFC 5321, 4.5.5)
    recipient: str
    message: bytes  # complete RFC 5322 bytes, CRLF
    not_before: datetime | None = None
    held: str = ""  # why it waits for a person; "": it does not
    addressee: str = ""  # the recipient as limits count him: lower case, without +tag
    is_stranger: bool = False  # nobody could confirm that this mail's cause came from him
    relay: str | None = None  # None: the first of the house
    message_id: str | None = None
    case_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCount:
    """The line of a reconciliation: server = held + quarantined + missing."""

    account: str
    folder: str
    uidvalidity: int
    server: int
    held: int
    quarantined: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCount:
    """What one round did with one folder."""

    account: str
    folder: str
    fetched: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    failures: tuple[str, ...] = field(default=())
