"""The clocks of a case in its tables: started, counted anew, held, and the day that they press.

A clock's row says what it is (by which profile it is counted, from when, whether extended) and how
it stands. What concerns several of them, such as a pause, is in the course of their case; whoever
changes either lets them be counted anew.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, case, delete, func, insert, select, update

from daemon.cases.records import OPEN, CaseClock, CaseCourse, encoded
from daemon.config.deadlines import RECEIPT
from daemon.records import ClockDue
from daemon.store.tables import case_clocks, cases
from daemon.triage.casework import CaseRules
from daemon.triage.recounting import Ran, part_of, recounted

_COLUMNS = tuple(case_clocks.c[field.name] for field in fields(CaseClock))
_TERMS = tuple(field.name for field in fields(ClockDue))
_UNMET = {field.name: field.default for field in fields(CaseClock) if field.name not in _TERMS}
"""How a clock stands that nothing has met."""
_KEPT = ("name", "only_if")
"""What a clock keeps where a sooner one of its name takes its place."""


def clocks_of(connection: Connection, case_id: int) -> dict[str, CaseClock]:
    """Return the clocks of a case by name, those that are due first at the top."""
    query = select(*_COLUMNS).where(case_clocks.c.case_id == case_id)
    rows = connection.execute(query.order_by(case_clocks.c.due_at, case_clocks.c.name))
    return {row["name"]: CaseClock(**row) for row in rows.mappings()}


def course_of(connection: Connection, case_id: int) -> CaseCourse:
    """Return what people have said of a case's clocks."""
    kept = connection.scalar(select(cases.c.course).where(cases.c.id == case_id))
    return msgspec.json.decode(kept, type=CaseCourse) if kept else CaseCourse()


def save_course(connection: Connection, case_id: int, course: CaseCourse) -> None:
    """Keep what people say of a case's clocks from now on."""
    values = {"course": encoded(course), "paused_since": course.of("").since}
    connection.execute(update(cases).where(cases.c.id == case_id).values(values))


def set_due(connection: Connection, case_id: int) -> None:
    """Bring the due date of a case's row up to its clocks; closed, nothing is due.

    Clocks that stand still ask for nothing; the others of the case do.
    """
    runs = (
        case_clocks.c.case_id == case_id,
        case_clocks.c.met_at.is_(None),
        case_clocks.c.only_if == "",
        ~case_clocks.c.is_held,
    )
    earliest = select(func.min(case_clocks.c.due_at)).where(*runs).scalar_subquery()
    due = case((cases.c.state == OPEN, earliest), else_=None)
    connection.execute(update(cases).where(cases.c.id == case_id).values(due_at=due))


def start(connection: Connection, clocks: Sequence[tuple[int, ClockDue]]) -> None:
    """Let clocks run, each in its case."""
    rows = [{"case_id": case_id, **_values(clock)} for case_id, clock in clocks]
    if rows:
        connection.execute(insert(case_clocks), rows)


def as_row(clock: ClockDue) -> CaseClock:
    """Return a clock that nothing has met."""
    return clock if isinstance(clock, CaseClock) else CaseClock(**_values(clock))


def _values(clock: ClockDue) -> dict[str, Any]:
    """Return the columns of a clock: a batch of mails starts hundreds of them."""
    stands = {name: getattr(clock, name, usual) for name, usual in _UNMET.items()}
    return {name: getattr(clock, name) for name in _TERMS} | stands


def drop(connection: Connection, case_id: int, names: Collection[str]) -> None:
    """Take clocks out of a case."""
    here = (case_clocks.c.case_id == case_id, case_clocks.c.name.in_(names))
    connection.execute(delete(case_clocks).where(*here))


def change(connection: Connection, case_id: int, names: Collection[str], **values: object) -> None:
    """Write the same into the rows of some clocks of a case."""
    if names:
        here = (case_clocks.c.case_id == case_id, case_clocks.c.name.in_(names))
        connection.execute(update(case_clocks).where(*here).values(**values))


def replace_clocks(connection: Connection, case_id: int, clocks: Sequence[ClockDue]) -> None:
    """Let other clocks run in place of those of the profile; what was met stays met.

    Clocks of matters stay as they are.
    """
    own = [one for one in clocks_of(connection, case_id).values() if not part_of(one.name)]
    ended = {one.met_by: one for one in own if one.met_at or one.sent_at}
    drop(connection, case_id, [one.name for one in own])
    start(connection, [(case_id, _ended_like(one, ended.get(one.met_by))) for one in clocks])
    fold_in(connection, case_id)
    set_due(connection, case_id)


def _ended_like(clock: ClockDue, other: CaseClock | None) -> CaseClock:
    """Return a clock as met as another one that waited for the same."""
    if other is None:
        return as_row(clock)
    sent_at, met_at = other.sent_at, other.met_at
    if clock.met_when == "delivered" and other.met_when == "sent":
        sent_at, met_at = met_at, None  # that it arrived was not asked for there
    return replace(as_row(clock), met_at=met_at, sent_at=sent_at, met_mail=other.met_mail)


def begin_again(connection: Connection, case_id: int, clocks: Sequence[ClockDue]) -> bool:
    """Let clocks run that a case lacks, or whose like was met; return whether there were any.

    One that nobody has met stays as it is: no reopening and no later mail delays a term. Of the
    parts that these clocks belong to, what was met is gone.
    """
    own, parts = clocks_of(connection, case_id), {part_of(clock.name) for clock in clocks}
    met = {one.name for one in own.values() if one.met_at and part_of(one.name) in parts}
    begun = [clock for clock in clocks if clock.name not in own or clock.name in met]
    drop(connection, case_id, met)
    start(connection, [(case_id, clock) for clock in begun])
    set_due(connection, case_id)
    return bool(begun)


def tighten_clocks(
    connection: Connection, case_id: int, clocks: Iterable[ClockDue], *, new: bool = True
) -> None:
    """Let no clock of a case end later than these; with `new` those it lacks run as well."""
    own = clocks_of(connection, case_id)
    for clock in clocks:
        mine = own.get(clock.name)
        if mine is not None and mine.met_at is None and clock.due_at < mine.due_at:
            change(connection, case_id, [clock.name], **_terms(clock))
    if new:
        start(connection, [(case_id, clock) for clock in clocks if clock.name not in own])
    set_due(connection, case_id)


def _terms(clock: ClockDue) -> dict[str, Any]:
    """Return what a clock is, without how it stands."""
    return {name: getattr(clock, name) for name in _TERMS if name not in _KEPT}


def fold_in(connection: Connection, case_id: int) -> None:
    """Let no clock of a case end later than those of the cases merged into it, which it answers.

    Those that were closed when they were merged ask for nothing.
    """
    parts = select(cases.c.id).where(cases.c.merged_into == case_id, cases.c.closed_at.is_(None))
    query = select(*_COLUMNS).where(
        case_clocks.c.case_id.in_(parts), case_clocks.c.met_at.is_(None)
    )
    rows = connection.execute(query.order_by(case_clocks.c.due_at)).mappings().all()
    for row in rows:
        tighten_clocks(connection, case_id, (CaseClock(**row),))


def recount(
    connection: Connection,
    rules: CaseRules,
    case_id: int,
    chosen: Callable[[CaseClock], bool],
) -> None:
    """Count the clocks of a case anew that are chosen and that nobody has met, by its course."""
    own = clocks_of(connection, case_id)
    wanted = [one for one in own.values() if one.met_at is None and chosen(one)]
    dues = recounted(rules, wanted, ran(connection, case_id, own.values())) if wanted else {}
    for name, due in dues.items():
        change(connection, case_id, [name], due_at=due.due, term=str(due.term))
    if dues:
        fold_in(connection, case_id)
    set_due(connection, case_id)


def ran(connection: Connection, case_id: int, clocks: Iterable[CaseClock]) -> Ran:
    """Return what has happened to a case, as its clocks are counted by."""
    received: datetime = connection.execute(
        select(cases.c.received_at).where(cases.c.id == case_id)
    ).scalar_one()
    course = course_of(connection, case_id)
    return Ran(
        received_at=received,
        pauses=course.pauses,
        paused_since=course.paused,
        met={one.name: one.met_at for one in clocks if one.met_at},
    )


def is_dependent(clock: CaseClock) -> bool:
    """Whether another clock starts this one: it is counted anew when that one is met, or is not."""
    return clock.starts != RECEIPT
