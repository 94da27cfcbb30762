"""The records of the webhooks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

MATCHED = "mail.matched"
"""What a rule tells the webhook that it names."""

TEST = "backdesk.test"


class State(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"  # given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said to a call."""

    status: int  # of HTTP
    words: str = ""  # one line of it, for people
    retry_after: timedelta | None = None  # when it wants to be called again


class Caller(Protocol):
    """The adapter of one webhook, as a round uses it."""

    def call(self, message_id: str, body: bytes) -> Answer:
        """Tell its server; see `daemon.webhooks.calling`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A webhook of the configuration."""

    name: str
    events: Collection[str]  # of all cases
    give_up_after: timedelta  # since the row was made
    caller: Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery whose turn has come."""

    id: int
    message_id: str
    kind: str
    body: str
    attempts: int  # made before
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery as people see it."""

    id: int
    webhook: str
    message_id: str
    kind: str
    case_id: int | None
    state: str
    attempts: int
    created_at: datetime
    not_before: datetime | None
    finished_at: datetime | None
    status: int | None
    reply: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a webhook does."""

    name: str
    waiting: int = 0
    given_up: int = 0
    sent: int = 0
    failures: int = 0  # in a row
    not_before: datetime | None = None
    disabled_at: datetime | None = None  # its server wants no more; None: it is on
    last_success_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """What one round did."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
