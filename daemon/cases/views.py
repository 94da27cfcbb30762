"""Reads the register for people: which cases there are, and all about one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from daemon.cases.clocks import clocks_of, course_of
from daemon.cases.ordering import by_priority
from daemon.cases.records import OPEN, CaseClock, CaseEvent, CaseFile, CaseLine
from daemon.store.tables import (
    case_clocks,
    case_events,
    case_mails,
    case_numbers,
    case_tags,
    cases,
)

_OF_MAIL = ("mail", "pec")
_MOST_IN = 500  # values in one IN list
_COLUMNS = tuple(cases.c[field.name] for field in fields(CaseLine))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases are listed."""

    queue: str | None = None
    owner: str | None = None
    with_closed: bool = False
    due_before: datetime | None = None  # only those that are due before
    beside: str = ""  # a queue whose cases are not shown unless it is asked for
    priority: str | None = None
    tag: str | None = None
    like: str | None = None  # a number of others, an address, a name, or a part of the subject
    limit: int = 200


def list_cases(connection: Connection, wanted: Wanted) -> tuple[CaseLine, ...]:
    """Return cases, those due first at the top, then those without a term by receipt.

    Of those due at the same moment, and of those without a term, the most urgent comes first.
    """
    has_no_term = case((cases.c.due_at.is_(None), 1), else_=0)
    query = select(*_COLUMNS).where(*_filters(wanted))
    order = (has_no_term, cases.c.due_at, by_priority(), cases.c.received_at, cases.c.id)
    query = query.order_by(*order)
    rows = connection.execute(query.limit(wanted.limit)).mappings()
    return tuple(CaseLine(**row) for row in rows)


def count_cases(connection: Connection, wanted: Wanted) -> int:
    """Return how many cases there are, whatever the limit."""
    query = select(func.count()).select_from(cases).where(*_filters(wanted))
    return connection.scalar(query) or 0


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if not wanted.with_closed:
        chosen.append(cases.c.state == OPEN)
    named = {name: getattr(wanted, name) for name in ("queue", "owner", "priority")}
    chosen += [cases.c[name] == value for name, value in named.items() if value is not None]
    if wanted.beside and wanted.queue != wanted.beside:
        chosen.append(func.coalesce(cases.c.queue, "") != wanted.beside)
    if wanted.due_before is not None:
        chosen.append(cases.c.due_at < wanted.due_before)
    return [*chosen, *_found(wanted)]


def _found(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.tag is not None:
        yield cases.c.id.in_(select(case_tags.c.case_id).where(case_tags.c.tag == wanted.tag))
    if wanted.like is not None:
        yield _like(wanted.like)


def _like(text: str) -> ColumnElement[bool]:
    numbered = select(case_numbers.c.case_id).where(case_numbers.c.value == text)
    parts = (cases.c.subject, cases.c.customer, cases.c.customer_name)
    return or_(
        cases.c.id.in_(numbered),
        cases.c.reference == text,
        *(part.icontains(text, autoescape=True) for part in parts),
    )


def find_case(connection: Connection, name: str) -> CaseLine | None:
    """Return the case of a public reference, or of an id."""
    is_number = name.isascii() and name.isdigit() and len(name) < 19  # noqa: PLR2004 - 64 bits
    by = cases.c.id == int(name) if is_number else cases.c.reference == name
    return _line(connection, select(*_COLUMNS).where(by))


def case_of_mail(connection: Connection, mail_id: int) -> CaseLine | None:
    """Return the case that a mail opened or joined."""
    query = select(*_COLUMNS).join(case_mails, case_mails.c.case_id == cases.c.id)
    return _line(connection, query.where(case_mails.c.mail_id == mail_id))


def opener_of(connection: Connection, line: CaseLine) -> int | None:
    """Return the mail that opened a case; None where that was a letter or a call."""
    if line.channel not in _OF_MAIL:
        return None
    query = select(case_mails.c.mail_id).where(case_mails.c.case_id == line.id)
    first: int | None = connection.scalar(
        query.order_by(case_mails.c.at, case_mails.c.mail_id).limit(1)
    )
    return first


def open_clocks(
    connection: Connection, queue: str | None, most: int
) -> tuple[tuple[CaseLine, CaseClock], ...]:
    """Return the clocks that press now, those due first at the top, each with its case.

    Args:
        connection: a transaction.
        queue: only of its cases; None: of all.
        most: how many.
    """
    names = [field.name for field in fields(CaseClock)]
    here = (*_COLUMNS, *(case_clocks.c[name].label(f"clock_{name}") for name in names))
    query = select(*here).join(case_clocks, case_clocks.c.case_id == cases.c.id)
    query = query.where(
        *_filters(Wanted(queue=queue)),
        case_clocks.c.met_at.is_(None),
        case_clocks.c.only_if == "",
        ~case_clocks.c.is_held,
    )
    ordered = query.order_by(case_clocks.c.due_at, cases.c.id, case_clocks.c.name)
    return tuple(
        (
            CaseLine(**{field.name: row[field.name] for field in fields(CaseLine)}),
            CaseClock(**{name: row[f"clock_{name}"] for name in names}),
        )
        for row in connection.execute(ordered.limit(most)).mappings()
    )


def case_file(connection: Connection, line: CaseLine) -> CaseFile:
    """Return all that is known of a case."""
    events = select(case_events).where(case_events.c.case_id == line.id).order_by(case_events.c.id)
    merged = select(cases.c.id).where(cases.c.merged_into == line.id)
    here = (case_mails.c.case_id == line.id) | case_mails.c.case_id.in_(merged)
    mails = select(case_mails.c.mail_id).where(here)
    known = select(case_numbers.c.kind, case_numbers.c.value).where(
        case_numbers.c.case_id == line.id
    )
    tags = select(case_tags.c.tag).where(case_tags.c.case_id == line.id).order_by(case_tags.c.tag)
    references = select(cases.c.reference).where(cases.c.merged_into == line.id)
    return CaseFile(
        line=line,
        clocks=tuple(clocks_of(connection, line.id).values()),
        events=tuple(CaseEvent.of(row) for row in connection.execute(events)),
        mails=tuple(connection.scalars(mails.order_by(case_mails.c.at, case_mails.c.mail_id))),
        numbers=tuple(
            (row.kind, row.value)
            for row in connection.execute(known.order_by(case_numbers.c.kind, case_numbers.c.value))
        ),
        tags=tuple(connection.scalars(tags)),
        course=course_of(connection, line.id),
        merged=tuple(connection.scalars(references.order_by(cases.c.id))),
    )


def silences(connection: Connection, lines: Iterable[CaseLine], now: datetime) -> dict[int, str]:
    """Return what it means in which case that nobody has answered in time: accepted, refused.

    Cases in which no such term is over are left out.
    """
    late = [line.id for line in lines if line.due_at is not None and line.due_at < now]
    found: dict[int, str] = {}
    for place in range(0, len(late), _MOST_IN):
        query = select(case_clocks.c.case_id, case_clocks.c.silence).where(
            case_clocks.c.case_id.in_(late[place : place + _MOST_IN]),
            case_clocks.c.met_at.is_(None),
            case_clocks.c.only_if == "",
            ~case_clocks.c.is_held,
            case_clocks.c.silence != "",
            case_clocks.c.due_at < now,
        )
        rows = connection.execute(query.order_by(case_clocks.c.due_at.desc()))
        found.update({row.case_id: row.silence for row in rows})
    return found


def _line(connection: Connection, query: Select[tuple[object, ...]]) -> CaseLine | None:
    row = connection.execute(query).mappings().one_or_none()
    return CaseLine(**row) if row else None
