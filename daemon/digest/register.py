"""The register of cases -> what of it a digest lists, as far as its scope goes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, or_, select, true

from daemon.cases.records import CLOSED, OPEN, CaseClock, CaseCourse
from daemon.digest.reasons import Timed, reason_of
from daemon.digest.records import ClosedCase, Deadlines, DueCase, Period, Scope
from daemon.store.tables import case_clocks, cases
from daemon.triage.rulebook import Rulebook

MOST_LISTED = 20
UNSAID = ("", "unsaid")
"""The causes of a case that was closed by a move of its folder, until somebody says one."""

_ASKED_FOR = timedelta(days=7)  # that the cause of a case is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the terms of cases are explained with."""

    book: Rulebook
    now: datetime  # the end of the digest's period
    open_to: ColumnElement[bool]  # of which cases the reader may see what strangers wrote


def cases_within(queues: Collection[str] | None, owner: str | None) -> ColumnElement[bool]:
    """Return which cases a digest is about; see `Scope`."""
    owned = true() if owner is None else cases.c.owner == owner
    if queues is None:
        return owned
    in_queues = cases.c.queue.in_(sorted(queues))
    return in_queues if owner is None else or_(owned, and_(in_queues, cases.c.owner.is_(None)))


def cases_open_to(scope: Scope, apart: str) -> ColumnElement[bool]:
    """Return of which cases a reader may see what strangers wrote.

    Who has reported wrongdoing is known to those who must know (Directive 2019/1937, art. 16):
    those whose digest names the queue `apart` ("": there is none), and who has the case.
    """
    if not apart or (scope.queues is not None and apart in scope.queues):
        return true()
    others = func.coalesce(cases.c.queue, "") != apart
    if scope.owner is None:
        return others
    return or_(others, func.coalesce(cases.c.owner, "") == scope.owner)


def list_deadlines(
    connection: Connection,
    now: datetime,
    until: datetime,
    terms: Terms,
    within: ColumnElement[bool],
) -> Deadlines:
    """Return the open cases whose term is over, and those whose term is over soon.

    Args:
        connection: a transaction.
        now: the end of the digest's period; what was due before is overdue.
        until: the end of what is soon, not included.
        terms: explain why they are due.
        within: which cases count at all.
    """
    is_open = and_(cases.c.state == OPEN, within)
    overdue = and_(is_open, cases.c.due_at < now)
    soon = and_(is_open, cases.c.due_at >= now, cases.c.due_at < until)
    return Deadlines(
        overdue=_due_cases(connection, overdue, terms),
        overdue_total=_count(connection, overdue),
        soon=_due_cases(connection, soon, terms),
        soon_total=_count(connection, soon),
    )


def end_of(day: date, zone: Any) -> datetime:  # noqa: ANN401 - a tzinfo
    """Return the moment at which a local day is over."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def list_closed(
    connection: Connection, period: Period, within: ColumnElement[bool], first_item: int
) -> tuple[tuple[ClosedCase, ...], int]:
    """Return the first cases that were closed and nobody said why, and how many there are.

    Each is asked for in all digests of a week, so that nobody must answer the first.

    Args:
        connection: a transaction.
        period: of the digest.
        within: which cases count at all.
        first_item: the number that the first of them gets.
    """
    since = min(period.since, period.until - _ASKED_FOR)
    chosen = and_(
        cases.c.state == CLOSED,
        func.coalesce(cases.c.cause, "").in_(UNSAID),
        cases.c.closed_at >= since,
        cases.c.closed_at < period.until,
        within,
    )
    columns = (
        cases.c.id.label("case_id"),
        *(cases.c[name] for name in ("reference", "kind", "subject", "closed_at")),
        *(_text(name) for name in ("customer", "customer_name", "queue")),
    )
    query = select(*columns).where(chosen).order_by(cases.c.closed_at.desc(), cases.c.id.desc())
    rows = connection.execute(query.limit(MOST_LISTED)).mappings()
    listed = tuple(ClosedCase(item=n, **row) for n, row in enumerate(rows, first_item))
    return listed, _count(connection, chosen)


def _count(connection: Connection, chosen: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(cases).where(chosen)) or 0


def _text(name: str) -> ColumnElement[str]:
    """Return a column of text, "" where it is empty or not there (it may come with a change)."""
    if name not in cases.c:
        return literal("").label(name)
    return func.coalesce(cases.c[name], "").label(name)


def _due_cases(
    connection: Connection, chosen: ColumnElement[bool], terms: Terms
) -> tuple[DueCase, ...]:
    columns = (
        *(cases.c[name] for name in ("id", "reference", "kind", "subject", "due_at")),
        *(cases.c[name] for name in ("received_at", "course")),
        *(_text(name) for name in ("customer", "customer_name", "queue", "owner", "profile")),
        *(_text(name) for name in ("severity", "priority")),
        terms.open_to.label("is_open"),
    )
    query = select(*columns).where(chosen).order_by(cases.c.due_at, cases.c.id).limit(MOST_LISTED)
    rows = connection.execute(query).all()
    clocks = _clocks(connection, [row.id for row in rows])
    return tuple(_due_case(row, clocks[row.id], terms) for row in rows)


def _clocks(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[CaseClock]]:
    names = [field.name for field in fields(CaseClock)]
    columns = (case_clocks.c[name] for name in ("case_id", *names))
    answer: dict[int, list[CaseClock]] = defaultdict(list)
    query = select(*columns).where(case_clocks.c.case_id.in_(ids)).order_by(case_clocks.c.name)
    for row in connection.execute(query):
        answer[row.case_id].append(CaseClock(**{name: getattr(row, name) for name in names}))
    return answer


def _silence(clocks: Sequence[CaseClock], now: datetime) -> str:
    """Return what it means that nobody has answered in time; "" for nothing."""
    late = (one for one in clocks if one.presses and not one.is_held and one.due_at < now)
    return next((one.silence for one in late if one.silence), "")


def _due_case(row: Row[Any], clocks: Sequence[CaseClock], terms: Terms) -> DueCase:
    course = msgspec.json.decode(row.course, type=CaseCourse) if row.course else CaseCourse()
    timed = Timed(
        received_at=row.received_at,
        due_at=row.due_at,
        course=course,
        clocks=clocks,
    )
    return DueCase(
        reference=row.reference,
        kind=row.kind,
        subject=row.subject if row.is_open else "",
        customer=row.customer if row.is_open else "",
        customer_name=row.customer_name if row.is_open else "",
        is_apart=not row.is_open,
        queue=row.queue,
        owner=row.owner,
        due_at=row.due_at,
        severity=row.severity,
        priority=str(row.priority),
        reason=reason_of(timed, terms.book),
        silence=_silence(clocks, terms.now),
    )
