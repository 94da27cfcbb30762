"""The records that flow between the rooms.

Frozen, slotted, keyword-only; tuples, not lists; aware UTC datetimes. Digests are 32 raw bytes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

LABELS = ("complaint", "request", "newsletter", "other")
"""The shipped labels, in the order that decides when several fit."""


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
class Decision:
    """Where a mail goes, and why."""

    queue: str | None  # None: stays where it is
    rule: str | None  # name of the rule that matched
    reason: str
    deadlines_of: str | None = None  # queue whose deadlines an unsure mail runs under


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDue:
    """One term that runs in a case."""

    name: str
    term: str  # as in the configuration: "30 days"
    only_if: str  # the matter it is for; "": it always runs
    met_by: str  # answer, acknowledgement, decision, closing
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who is told by return that a case was opened, or why nobody is."""

    account: str  # that received the mail
    recipient: str
    refusal: str = ""  # why none is sent
    is_stranger: bool = False  # our server did not confirm who the mail is from


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A mail that asks the register, in its own name or in that of the mail it is a copy of."""

    mail_id: int  # the first mail of its content
    reading: Reading
    wish: CaseWish
    may_open: bool = True  # False: that mail was decided; its case may only be found older


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report that came in."""

    report: Report
    at: datetime  # when it was received


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
    detail: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A mail that is to leave; the key makes enqueuing it again a no-op."""

    key: str
    kind: str  # digest, acknowledgement, answer
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
