"""Reads the tables of webhooks for people: how each does, and what it was told."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, func, select

from daemon.store.webhook_tables import webhook_deliveries, webhooks
from daemon.webhooks.records import Delivery, Health, State

_COLUMNS = tuple(webhook_deliveries.c[field.name] for field in fields(Delivery))
_COUNTS = {State.QUEUED: "waiting", State.FAILED: "given_up", State.SENT: "sent"}


def healths(connection: Connection) -> dict[str, Health]:
    """Return how each webhook does that was ever told anything, or called."""
    known = connection.execute(select(webhooks)).mappings()
    found: dict[str, dict[str, Any]] = {row["name"]: dict(row) for row in known}
    table = webhook_deliveries
    query = select(table.c.webhook, table.c.state, func.count().label("number"))
    for row in connection.execute(query.group_by(table.c.webhook, table.c.state)):
        state = State(row.state)
        found.setdefault(row.webhook, {"name": row.webhook})[_COUNTS[state]] = row.number
    return {name: Health(**values) for name, values in found.items()}


def list_deliveries(connection: Connection, name: str, limit: int) -> tuple[Delivery, ...]:
    """Return what a webhook was told or is to be told, the newest first."""
    query = select(*_COLUMNS).where(webhook_deliveries.c.webhook == name)
    rows = connection.execute(query.order_by(webhook_deliveries.c.id.desc()).limit(limit))
    return tuple(Delivery(**row) for row in rows.mappings())


def deliveries_of_mail(connection: Connection, mail_id: int) -> tuple[Delivery, ...]:
    """Return what rules tell webhooks of a mail."""
    names = connection.scalars(select(webhook_deliveries.c.webhook).distinct()).all()
    wanted = [f"{name}:mail:{mail_id}" for name in names]
    query = select(*_COLUMNS).where(webhook_deliveries.c.key.in_(wanted))
    rows = connection.execute(query.order_by(webhook_deliveries.c.id))
    return tuple(Delivery(**row) for row in rows.mappings())


def count_troubled(connection: Connection) -> int:
    """Return how many webhooks a person should look at: disabled, or with events given up."""
    disabled = select(webhooks.c.name).where(webhooks.c.disabled_at.is_not(None))
    given_up = webhook_deliveries.c.state == State.FAILED
    failed = select(webhook_deliveries.c.webhook).where(given_up)
    troubled = disabled.union(failed).subquery()
    return connection.scalar(select(func.count()).select_from(troubled)) or 0
