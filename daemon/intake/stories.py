"""One mail's id -> everything the ledger knows of it, for `explain`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, or_, select
from sqlalchemy.orm import aliased

from daemon.records import Orders, Reading
from daemon.store.append_table import appends
from daemon.store.engine import Store
from daemon.store.tables import (
    actions,
    decisions,
    deliveries,
    folders,
    mails,
    quarantine,
    readings,
    sightings,
)

Facts = dict[str, Any]
"""The columns of one row by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Rows about one mail; each by column name, in the order they came about.

    Attributes:
        reading, decision: None while it was not read; a copy has the decision of its original.
        deliveries: with account, folder and uidvalidity.
        actions: what we do on the server, with the folder it starts from.
        appends: where it is put in other accounts, with the folder it starts from.
        sightings: where it turned up again and why, with `from_folder` and `to_folder`.
        quarantine: every time it was set aside.
        copies: ids of the other mails with the same content.
    """

    reading: Facts | None
    decision: Facts | None
    deliveries: tuple[Facts, ...]
    actions: tuple[Facts, ...]
    appends: tuple[Facts, ...]
    sightings: tuple[Facts, ...]
    quarantine: tuple[Facts, ...]
    copies: tuple[int, ...]


def story_of(store: Store, mail_id: int) -> Story:
    """Return all rows about a mail, in one consistent picture."""
    with store.read() as connection:
        reading = _one(connection, select(readings).where(readings.c.mail_id == mail_id))
        original = (reading or {}).get("copy_of") or mail_id
        return Story(
            reading=reading,
            decision=_one(connection, select(decisions).where(decisions.c.mail_id == original)),
            deliveries=_all(connection, _deliveries(mail_id)),
            actions=_all(connection, _actions(mail_id)),
            appends=_all(connection, _appends(mail_id)),
            sightings=_all(connection, _sightings(mail_id)),
            quarantine=_all(
                connection,
                select(quarantine).where(quarantine.c.mail_id == mail_id).order_by(quarantine.c.id),
            ),
            copies=_copies(connection, mail_id, original),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMail:
    """A mail that was read."""

    account: str
    size: int  # bytes as received
    received_at: datetime
    reading: Reading
    orders: Orders = field(default_factory=Orders)  # what rules said of it


def reading_of(connection: Connection, mail_id: int) -> ReadMail | None:
    """Return a mail with what was read of it; None while it was not read."""
    original = func.coalesce(readings.c.copy_of, mails.c.id)
    columns = (mails.c.account, mails.c.size, mails.c.received_at, readings.c.detail)
    query = (
        select(*columns, decisions.c.orders)
        .join(readings, readings.c.mail_id == mails.c.id)
        .outerjoin(decisions, decisions.c.mail_id == original)
    )
    row = connection.execute(query.where(mails.c.id == mail_id)).one_or_none()
    if row is None:
        return None
    return ReadMail(
        account=row.account,
        size=row.size,
        received_at=row.received_at,
        reading=msgspec.json.decode(row.detail, type=Reading),
        orders=orders_in(row.orders),
    )


def orders_in(kept: str | None) -> Orders:
    """Return what rules said of a mail, as its decision keeps it."""
    return msgspec.json.decode(kept, type=Orders) if kept else Orders()


def original_of(connection: Connection, mail_id: int) -> int:
    """Return the first mail with the same content, which has the decision and the case."""
    query = select(readings.c.copy_of).where(readings.c.mail_id == mail_id)
    return connection.scalar(query) or mail_id


def _deliveries(mail_id: int) -> Select[Any]:
    return (
        select(deliveries, folders.c.account, folders.c.name.label("folder"), folders.c.uidvalidity)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(deliveries.c.mail_id == mail_id)
        .order_by(deliveries.c.id)
    )


def _actions(mail_id: int) -> Select[Any]:
    return (
        select(actions, folders.c.name.label("folder"))
        .join(deliveries, deliveries.c.id == actions.c.delivery_id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(actions.c.mail_id == mail_id)
        .order_by(actions.c.id)
    )


def _appends(mail_id: int) -> Select[Any]:
    return (
        select(appends, folders.c.account.label("from_account"), folders.c.name.label("folder"))
        .join(deliveries, deliveries.c.id == appends.c.delivery_id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(appends.c.mail_id == mail_id)
        .order_by(appends.c.id)
    )


def _sightings(mail_id: int) -> Select[Any]:
    source, left = aliased(deliveries), aliased(folders)
    return (
        select(
            sightings,
            left.c.name.label("from_folder"),
            folders.c.name.label("to_folder"),
        )
        .join(deliveries, deliveries.c.id == sightings.c.delivery_id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .outerjoin(source, source.c.id == sightings.c.from_delivery_id)
        .outerjoin(left, left.c.id == source.c.folder_id)
        .where(sightings.c.mail_id == mail_id)
        .order_by(sightings.c.delivery_id)
    )


def _copies(connection: Connection, mail_id: int, original: int) -> tuple[int, ...]:
    query = select(readings.c.mail_id).where(
        or_(readings.c.copy_of == original, readings.c.mail_id == original),
        readings.c.mail_id != mail_id,
    )
    return tuple(connection.scalars(query.order_by(readings.c.mail_id)))


def _one(connection: Connection, query: Select[Any]) -> Facts | None:
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


def _all(connection: Connection, query: Select[Any]) -> tuple[Facts, ...]:
    return tuple(dict(row) for row in connection.execute(query).mappings())
