"""The records of the sending room."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where an outgoing mail stands."""

    QUEUED = "queued"  # waits, or is on its way with the final dot not yet sent
    SENDING = "sending"  # the final dot is being sent: what came of it is not known
    SENT = "sent"
    FAILED = "failed"  # refused for good, or given up
    HELD = "held"  # a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A row whose turn has come."""

    id: int
    key: str
    kind: str
    attempts: int  # made before
    created_at: datetime
    refusals: int  # that nobody could explain, while the relay took other mail
    refused_at: datetime | None  # the last that nobody could explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which rows are one relay's."""

    relay: str
    others: tuple[str, ...] | None = None  # it also takes the rows that name none of these


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayState:
    """A relay that takes no mail."""

    name: str
    failures: int  # in a row
    away_since: datetime
    rest_until: datetime | None  # it is not asked before; None: it may be
    said: str  # step, code and words of the last refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a relay is handed."""

    sender: str
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRow:
    """An outgoing mail as people see it, without its bytes."""

    id: int
    key: str
    kind: str
    sender: str
    recipient: str
    state: str
    attempts: int
    created_at: datetime
    not_before: datetime | None
    finished_at: datetime | None
    reply: str | None
    relay: str | None
    message_id: str | None
    case_id: int | None
    returned_at: datetime | None
    returned: str | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCount:
    """What one round of sending did."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    held: int = 0
    left: int = 0  # due, but over the limit, without a relay, or the relay is away
