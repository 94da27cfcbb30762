"""What a person says of a case's clocks: they stand still, run longer, or press for a matter."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from daemon.cases.acts import Act, ActRefused, run_anew
from daemon.cases.clocks import meet, set_due
from daemon.cases.records import OPEN, CaseCourse, encoded
from daemon.cases.store import write_events
from daemon.cases.views import course_of
from daemon.records import ClockDue
from daemon.store.tables import case_clocks, cases

_A_DAY = timedelta(days=1)


def pause(connection: Connection, act: Act, since: date, why: str) -> None:
    """Let the clocks of a case stand still from a day on; nothing is due until they run again.

    Raises:
        ActRefused: they stand still already, or the case is not open.
    """
    row = _open_row(connection, act)
    if row["paused_since"] is not None:
        raise ActRefused(f"{row['reference']} is paused since {row['paused_since']}")
    course = course_of(connection, act.case_id)
    if course.pauses and since <= course.pauses[-1][1]:
        raise ActRefused(f"{row['reference']} was paused until {course.pauses[-1][1]}")
    _tell(connection, act, "paused", since=since.isoformat(), why=why)
    _set(connection, act, paused_since=since)
    set_due(connection, act.case_id)


def ended_pause(connection: Connection, act: Act, on: date) -> CaseCourse:
    """Return the course of a case whose clocks run again from a day on.

    Raises:
        ActRefused: they did not stand still, or not yet.
    """
    row = _open_row(connection, act)
    since = row["paused_since"]
    if since is None:
        raise ActRefused(f"{row['reference']} is not paused")
    if on < since:
        raise ActRefused(f"{row['reference']} is paused since {since}, which is later")
    course = course_of(connection, act.case_id)
    if on == since:
        return course  # not a whole day
    return replace(course, pauses=(*course.pauses, (since, on - _A_DAY)))


def recount(
    connection: Connection, act: Act, kind: str, course: CaseCourse, clocks: tuple[ClockDue, ...]
) -> None:
    """Let the clocks of a case run by another course; `kind` is the event: resumed, extended, ...

    Raises:
        ActRefused: the case is not open.
    """
    _open_row(connection, act)
    said = encoded(course)
    _tell(connection, act, kind, course=msgspec.json.decode(said))
    resumes = {"paused_since": None} if kind == "resumed" else {}
    _set(connection, act, course=said, **resumes)
    run_anew(connection, act, clocks)


def note_reason(connection: Connection, act: Act, why: str) -> None:
    """Keep why a term is extended; the customer must be told."""
    _open_row(connection, act)
    _tell(connection, act, "reason", why=why)


def note_decision(connection: Connection, act: Act, decision: str, on: datetime) -> None:
    """Keep what was decided, and when; clocks that wait for a decision have ended."""
    row = _open_row(connection, act)
    if on < row["received_at"]:
        raise ActRefused(f"{row['reference']} was not yet received then")
    _tell(connection, act, "decided", decision=decision, on=on.isoformat())
    _set(connection, act, decision=decision)
    meet(connection, act.case_id, ("decision",), on)


def note_acknowledged(connection: Connection, act: Act, channel: str, on: datetime) -> None:
    """Keep that a case was acknowledged by other means; clocks that wait for it have ended."""
    row = _open_row(connection, act)
    if on < row["received_at"]:
        raise ActRefused(f"{row['reference']} was not yet received then")
    _tell(connection, act, "acknowledged", channel=channel, on=on.isoformat())
    first = cases.c.acknowledged_at.is_(None) & (cases.c.id == act.case_id)
    connection.execute(update(cases).where(first).values(acknowledged_at=on))
    meet(connection, act.case_id, ("acknowledgement",), on)


def met(connection: Connection, case_id: int) -> dict[str, datetime]:
    """Return when clocks of a case were met, by name; those start others."""
    query = select(case_clocks.c.name, case_clocks.c.met_at).where(
        case_clocks.c.case_id == case_id, case_clocks.c.met_at.is_not(None)
    )
    return {row.name: row.met_at for row in connection.execute(query)}


def _open_row(connection: Connection, act: Act) -> dict[str, Any]:
    query = select(cases).where(cases.c.id == act.case_id).with_for_update()
    row = dict(connection.execute(query).mappings().one())
    if row["state"] != OPEN:
        raise ActRefused(f"{row['reference']} is {row['state']}")
    return row


def _tell(connection: Connection, act: Act, kind: str, **detail: object) -> None:
    write_events(connection, [(act.case_id, act.event(kind, **detail))])


def _set(connection: Connection, act: Act, **values: object) -> None:
    connection.execute(update(cases).where(cases.c.id == act.case_id).values(**values))
