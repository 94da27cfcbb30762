"""What rules say of a mail -> priority, owner and tags of the case that it opens or joins.

A mail that joins a case takes nothing away from it: the priority is only raised, an owner is named
only where there is none, and tags are added.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, select, update

from daemon.cases.records import HOUSE, NORMAL, CaseEvent
from daemon.cases.taking import Step
from daemon.records import PRIORITIES, Orders
from daemon.store.engine import Store
from daemon.store.tables import case_tags, cases

_OF_CASES = ("priority", "owner", "tags", "deadline")
"""Keys of rules that change a case."""


def by_priority() -> ColumnElement[int]:
    """Return what orders cases by how much they press, the most urgent first."""
    ranks = {name: -rank for rank, name in enumerate(PRIORITIES)}
    return case(ranks, value=cases.c.priority, else_=0)


def columns_of(orders: Orders) -> dict[str, Any]:
    """Return the columns of a new case that rules fill."""
    return {"priority": orders.priority or NORMAL, "owner": orders.owner}


def told_of(orders: Orders, now: datetime) -> list[CaseEvent]:
    """Return the event of a new case that says which rules filled them."""
    values = {"priority": orders.priority, "owner": orders.owner, "deadline": orders.deadline}
    named = {key: value for key, value in values.items() if value is not None}
    if orders.tags:
        named["tags"] = list(orders.tags)  # type: ignore[assignment]  # JSON of any kind
    return [_event(orders, now, named)] if named else []


def tag_new(store: Store, connection: Connection, opening: Sequence[Step]) -> None:
    """Write down the tags of cases just opened."""
    tags = {(step.place.case_id, tag) for step in opening for tag in step.wish.orders.tags}
    rows = [{"case_id": case_id, "tag": tag} for case_id, tag in sorted(tags)]
    store.insert_new(connection, case_tags, rows)


def press_on(
    store: Store, connection: Connection, step: Step, now: datetime
) -> tuple[int, CaseEvent] | None:
    """Let the orders of a mail have their effect on the case it joins; return what is told."""
    orders, case_id = step.wish.orders, step.place.case_id
    if not orders.said:
        return None
    row = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one()
    values: dict[str, Any] = {}
    if _rank(orders.priority) > _rank(row.priority):
        values["priority"] = orders.priority
    if orders.owner and row.owner is None:
        values["owner"] = orders.owner
    known = set(connection.scalars(select(case_tags.c.tag).where(case_tags.c.case_id == case_id)))
    new = [tag for tag in orders.tags if tag not in known]
    store.insert_new(connection, case_tags, [{"case_id": case_id, "tag": tag} for tag in new])
    if values:
        connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
    changed = {**values, "tags": new} if new else values
    return (case_id, _event(orders, now, changed, mail=step.mail_id)) if changed else None


def _rank(priority: str | None) -> int:
    return PRIORITIES.index(priority) if priority in PRIORITIES else -1


def _event(orders: Orders, now: datetime, named: dict[str, Any], **more: object) -> CaseEvent:
    rules = dict.fromkeys(one.rule for one in orders.said if one.key in _OF_CASES)
    detail = {"rules": list(rules), **named, **more}
    return CaseEvent(at=now, actor=HOUSE, kind="ruled", detail=detail)
