"""The records of the register of cases."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

OPEN, CLOSED = "open", "closed"
HOUSE = "backdesk"
"""The actor of what nobody did by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list."""

    id: int
    reference: str
    kind: str
    state: str
    queue: str | None
    owner: str | None
    subject: str
    customer: str | None
    customer_name: str | None
    language: str | None
    channel: str
    received_at: datetime
    profile: str | None
    due_at: datetime | None
    opened_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that happened to a case; never changed."""

    at: datetime
    actor: str
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClock:
    """One term of a case."""

    name: str
    term: str
    only_if: str
    met_by: str
    due_at: datetime
    met_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with all that is known of it."""

    line: CaseLine
    clocks: tuple[CaseClock, ...]
    events: tuple[CaseEvent, ...]
    mails: tuple[int, ...]  # ids, in the order in which they joined


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case that does not begin with a mail of ours: a letter, a call, a talk at the counter."""

    kind: str
    channel: str
    queue: str | None
    subject: str
    customer: str | None
    customer_name: str | None
    received_at: datetime
    actor: str
