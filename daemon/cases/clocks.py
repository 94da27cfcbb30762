"""The clocks of a case in its tables: started, made sooner, met, and the day that they press."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, insert, select, update

from daemon.cases.records import OPEN
from daemon.records import ClockDue
from daemon.store.tables import case_clocks, cases
from daemon.triage.casework import OF_MATTER


def set_due(connection: Connection, case_id: int) -> None:
    """Bring the due date of a case's row up to its clocks; closed or paused, nothing is due."""
    runs = (
        case_clocks.c.case_id == case_id,
        case_clocks.c.met_at.is_(None),
        case_clocks.c.only_if == "",
    )
    earliest = select(func.min(case_clocks.c.due_at)).where(*runs).scalar_subquery()
    runs_now = (cases.c.state == OPEN) & cases.c.paused_since.is_(None)
    due = case((runs_now, earliest), else_=None)
    connection.execute(update(cases).where(cases.c.id == case_id).values(due_at=due))


def set_clocks(connection: Connection, case_id: int, clocks: tuple[ClockDue, ...]) -> None:
    """Let other clocks run in a case, in place of those of its profile; those of matters stay."""
    of_profile = case_clocks.c.name.not_like(f"%{OF_MATTER}%")
    connection.execute(delete(case_clocks).where(case_clocks.c.case_id == case_id, of_profile))
    add_clocks(connection, case_id, clocks)


def add_clocks(connection: Connection, case_id: int, clocks: tuple[ClockDue, ...]) -> None:
    """Let clocks run as well that a case does not have yet."""
    names = [clock.name for clock in clocks]
    here = (case_clocks.c.case_id == case_id) & case_clocks.c.name.in_(names)
    met = here & case_clocks.c.met_at.is_not(None)  # of an earlier mail: it runs anew for this one
    connection.execute(delete(case_clocks).where(met))
    there = set(connection.scalars(select(case_clocks.c.name).where(here)))
    start(connection, [(case_id, clock) for clock in clocks if clock.name not in there])
    set_due(connection, case_id)


def tighten_clocks(
    connection: Connection, case_id: int, clocks: tuple[ClockDue, ...], *, new: bool = True
) -> None:
    """Let no clock of a case end later than these; with `new` those it lacks run as well."""
    query = select(case_clocks).where(case_clocks.c.case_id == case_id)
    own = {row.name: row for row in connection.execute(query)}
    for clock in clocks:
        mine = own.get(clock.name)
        if mine is not None and mine.met_at is None and clock.due_at < mine.due_at:
            same = (case_clocks.c.case_id == case_id, case_clocks.c.name == clock.name)
            connection.execute(update(case_clocks).where(*same).values(due_at=clock.due_at))
    if new:
        start(connection, [(case_id, clock) for clock in clocks if clock.name not in own])
    set_due(connection, case_id)


def start(connection: Connection, clocks: Sequence[tuple[int, ClockDue]]) -> None:
    """Let clocks run, each in its case."""
    rows = [
        {
            "case_id": case_id,
            "name": clock.name,
            "term": clock.term,
            "only_if": clock.only_if,
            "met_by": clock.met_by,
            "due_at": clock.due_at,
        }
        for case_id, clock in clocks
    ]
    if rows:
        connection.execute(insert(case_clocks), rows)


def meet(connection: Connection, case_id: int, by: tuple[str, ...], at: datetime) -> None:
    """End the clocks that wait for this."""
    running = update(case_clocks).where(
        case_clocks.c.case_id == case_id,
        case_clocks.c.met_at.is_(None),
        case_clocks.c.met_by.in_(by),
    )
    connection.execute(running.values(met_at=at))
    set_due(connection, case_id)
