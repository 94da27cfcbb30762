"""What was to leave -> what of it did not, and why."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, false, func, or_, select, true

from daemon.digest.records import Period, Scope, Unsent
from daemon.digest.register import MOST_LISTED, cases_open_to, cases_within
from daemon.sending.store import AWAITS_APPROVAL, REJECTED
from daemon.store.tables import case_events, cases, outgoing

_AWAITS = func.coalesce(outgoing.c.reply == AWAITS_APPROVAL, false())
_IS_REJECTED = func.coalesce(outgoing.c.reply.startswith(REJECTED), false())
_STATE = case((_AWAITS, "awaiting"), else_=outgoing.c.state)
_EVENT = (case_events.c.detail, cases.c.reference, cases.c.customer)
_URGENCY = case((_AWAITS, 0), (outgoing.c.state == "failed", 1), else_=2)


def count_unsent(connection: Connection, scope: Scope) -> dict[str, int]:
    """Return how many are `awaiting`, `failed` and `held`, as they are now."""
    stopped = _stopped(select(_STATE.label("state")), scope).subquery()
    query = select(stopped.c.state, func.count().label("number")).group_by(stopped.c.state)
    states = {row.state: row.number for row in connection.execute(query)}
    return {state: states.get(state, 0) for state in ("awaiting", "failed", "held")}


def list_unsent(
    connection: Connection, period: Period, scope: Scope, apart: str = ""
) -> tuple[Unsent, ...]:
    """Return the first mails that did not leave: what waits for a person, refused, held, limited.

    Of each the newest come first; what a limit held back is that of the period. Those of cases in
    the queue `apart` are left out where its reader may not look into it.
    """
    columns = (
        outgoing.c.id.label("outgoing_id"),
        _STATE.label("state"),
        outgoing.c.kind,
        outgoing.c.recipient,
        func.coalesce(cases.c.reference, "").label("reference"),
        func.coalesce(outgoing.c.reply, "").label("why"),
    )
    seen = cases_open_to(scope, apart)
    query = _stopped(select(*columns), scope).where(or_(outgoing.c.case_id.is_(None), seen))
    query = query.order_by(_URGENCY, outgoing.c.id.desc())
    rows = connection.execute(query.limit(MOST_LISTED)).mappings()
    listed = [Unsent(**row) for row in rows]
    left = MOST_LISTED - len(listed)
    held_back = _limited(select(*_EVENT), period, scope).where(seen)
    return (*listed, *_held_back(connection, held_back, left))


def count_held_back(connection: Connection, period: Period, scope: Scope) -> int:
    """Return how many acknowledgements of the period a limit held back."""
    query = _limited(select(func.count()), period, scope)
    return connection.scalar(query) or 0


def _held_back(connection: Connection, query: Select[Any], most: int) -> tuple[Unsent, ...]:
    query = query.order_by(case_events.c.id.desc())
    return tuple(
        Unsent(
            state="held back",
            kind="acknowledgement",
            recipient=row.customer or "",
            reference=row.reference,
            why=str(json.loads(row.detail).get("why", "")),
        )
        for row in connection.execute(query.limit(most))
    )


def _limited(query: Select[Any], period: Period, scope: Scope) -> Select[Any]:
    return (
        query.select_from(case_events)
        .join(cases, cases.c.id == case_events.c.case_id)
        .where(
            case_events.c.kind == "held back",
            case_events.c.at >= period.since,
            case_events.c.at < period.until,
            cases_within(scope.queues, scope.owner),
        )
    )


def _stopped(query: Select[Any], scope: Scope) -> Select[Any]:
    """Narrow a query to what stands still; a mail without a case is in the house's digest only."""
    query = query.select_from(outgoing).outerjoin(cases, cases.c.id == outgoing.c.case_id)
    return query.where(outgoing.c.state.in_(("failed", "held")), ~_IS_REJECTED, _is_within(scope))


def _is_within(scope: Scope) -> ColumnElement[bool]:
    if scope.is_house:
        return true()
    return and_(outgoing.c.case_id.is_not(None), cases_within(scope.queues, scope.owner))
