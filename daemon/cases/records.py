"""The records of the register of cases."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

OPEN, CLOSED, MERGED = "open", "closed", "merged"
NORMAL = "normal"
"""The priority of a case of which nobody says another."""

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
    claimed_by: str | None
    priority: str
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
    severity: str | None
    remedy: str | None
    product: str | None
    decision: str | None
    recourse: str | None
    paused_since: date | None
    merged_into: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCourse:
    """What a person has said of a case's clocks."""

    pauses: tuple[tuple[date, date], ...] = ()  # that are over; both ends included
    is_extended: bool = False
    matters: tuple[str, ...] = ()  # it is about: their clocks press as well
    since: datetime | None = None  # when its clocks began anew; None: at its receipt


def encoded(course: CaseCourse) -> str:
    """Return a course as the table keeps it."""
    return msgspec.json.encode(course).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that happened to a case; never changed."""

    at: datetime
    actor: str
    kind: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: Any) -> "CaseEvent":  # noqa: ANN401 - a row of the table
        """Return the event of a row."""
        detail = json.loads(row.detail)
        return cls(at=row.at, actor=row.actor, kind=row.kind, detail=detail)


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
    mails: tuple[int, ...]  # ids, in the order in which they joined; of merged cases as well
    numbers: tuple[tuple[str, str], ...]  # kind and value
    tags: tuple[str, ...]
    course: CaseCourse
    merged: tuple[str, ...]  # references of the cases that were merged into it


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
    priority: str = NORMAL
