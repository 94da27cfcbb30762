"""The records of the register of cases."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import msgspec

from daemon.errors import BackdeskError
from daemon.records import ClockDue
from daemon.triage.casework import CaseRules
from daemon.triage.recounting import Spans

OPEN, CLOSED, MERGED = "open", "closed", "merged"
NORMAL = "normal"
"""The priority of a case of which nobody says another."""

HOUSE = "backdesk"
"""The actor of what nobody did by hand."""

POSSIBLE_RECEIPT = "possible_receipt"
"""The event of a receipt before the proven one, which a person may accept."""


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
class Standstill:
    """When the clocks of a part of a case, its profile's or a matter's, stood still."""

    pauses: Spans = ()  # that are over
    since: date | None = None  # the first day of the pause that is not over; None: they run


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCourse:
    """What people have said of a case's clocks, as far as it concerns more than one of them."""

    parts: Mapping[str, Standstill] = field(default_factory=dict)  # "": those of the profile
    matters: tuple[str, ...] = ()  # it is about: their clocks of the profile press as well

    def of(self, part: str) -> Standstill:
        """Return when the clocks of a part stood still."""
        return self.parts.get(part, Standstill())

    def having(self, part: str, standstill: Standstill) -> "CaseCourse":
        """Return this with another standstill of a part."""
        return replace(self, parts={**self.parts, part: standstill})

    @property
    def pauses(self) -> dict[str, Spans]:
        """Part -> its pauses that are over."""
        return {part: one.pauses for part, one in self.parts.items() if one.pauses}

    @property
    def paused(self) -> dict[str, date]:
        """Part that stands still -> since when."""
        return {part: one.since for part, one in self.parts.items() if one.since is not None}


def encoded(course: CaseCourse) -> str:
    """Return a course as the table keeps it."""
    return msgspec.json.encode(course).decode()


class ActRefused(BackdeskError):
    """The case is not in a state for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts on which case, when, and by which rules its clocks are counted."""

    case_id: int
    actor: str
    now: datetime
    rules: CaseRules = field(default_factory=CaseRules)

    def event(self, kind: str, **detail: Any) -> "CaseEvent":  # noqa: ANN401 - what JSON can hold
        """Return the event of this act."""
        return CaseEvent(at=self.now, actor=self.actor, kind=kind, detail=detail)


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
class CaseClock(ClockDue):
    """One term of a case, and how it stands."""

    met_at: datetime | None = None
    sent_at: datetime | None = None  # what is to meet it, while nobody knows that it was delivered
    met_mail: str | None = None  # key of the mail that met it, or is to
    is_held: bool = False  # it stands still: its due date does not count

    @property
    def presses(self) -> bool:
        """Whether it waits for somebody, now or when it runs again."""
        return self.met_at is None and not self.only_if


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
