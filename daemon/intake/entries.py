"""The statements behind the ledger: rows of arrivals, and what they mean for rows of before."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, ScalarSelect, and_, bindparam, select, update
from sqlalchemy.orm import aliased

from daemon.intake.records import Arrival, Folder, Unread
from daemon.store.tables import deliveries, folders, mails

T = TypeVar("T")
MANY = 500  # values in one IN list; both engines take more, plans stay good


def parts(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Cut values into lists that one IN takes."""
    return (values[i : i + MANY] for i in range(0, len(values), MANY))


def mail_ids(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of those mails we hold, locked until the transaction ends."""
    found: dict[bytes, int] = {}
    for part in parts(digests):
        query = select(mails.c.digest, mails.c.id).where(mails.c.digest.in_(part))
        # Locked, so that no other transaction records the mail without seeing this delivery.
        # In one order for everybody, so that two accounts cannot wait for each other.
        locked = query.order_by(mails.c.digest).with_for_update()
        found.update((row.digest, row.id) for row in connection.execute(locked))
    return found


def first_delivery() -> ScalarSelect[Any]:
    """Return the id of the delivery with which a mail came first, for a query over `mails`."""
    earlier = aliased(deliveries)
    return (
        select(earlier.c.id)
        .where(earlier.c.mail_id == mails.c.id)
        .order_by(earlier.c.id)
        .limit(1)
        .scalar_subquery()
    )


def unread(row: Row[Any]) -> Unread:
    """Return a mail from a row of `mails` with `folder` and `origin` of its first delivery."""
    return Unread(
        mail_id=row.id,
        account=row.account,
        folder=row.folder or "",
        digest=row.digest,
        raw=None,
        size=row.size,
        attempts=row.attempts,
        cut=row.cut,
        received_at=row.received_at,
        is_imported=row.origin == "import",
    )


def mail_row(arrival: Arrival, now: datetime) -> dict[str, object]:
    """Return the row of a mail that has just been received."""
    return {
        "digest": arrival.digest,
        "size": arrival.size,
        "account": arrival.ref.account,
        "cut": arrival.cut,
        "stored_at": now,
        "received_at": arrival.received_at,
        "state": "received",
        "attempts": 1,  # the reading that follows at once
    }


def origins_of(
    connection: Connection,
    folder: Folder,
    arrivals: Sequence[Arrival],
    held: dict[bytes, int],
    now: datetime,
) -> list[str]:
    """Say of each arrival whether it is the first of its mail in this account.

    `rematched`: it stood in this folder under an earlier UIDVALIDITY, whose row is closed here.
    """
    standing = _standing(connection, folder.account, list(held.values()))
    origins, closed = [], []
    for arrival in arrivals:
        rows = standing[held.get(arrival.digest, 0)]
        origin, old = _origin(folder, arrival, rows)
        origins.append(origin)
        if old is not None:
            rows.remove(old)
            closed.append(old.id)
    for part in parts(closed):
        connection.execute(update(deliveries).where(deliveries.c.id.in_(part)).values(gone_at=now))
    return origins


def _standing(
    connection: Connection, account: str, mail_ids: Sequence[int]
) -> defaultdict[int, list[Any]]:
    """Return the deliveries in an account by mail; a file is no place on the server."""
    standing: defaultdict[int, list[Any]] = defaultdict(list)
    for part in parts(mail_ids):
        query = (
            select(
                deliveries.c.mail_id,
                deliveries.c.id,
                deliveries.c.gone_at,
                deliveries.c.folder_id,
                deliveries.c.uid,
                folders.c.name,
                folders.c.current,
            )
            .join(folders, folders.c.id == deliveries.c.folder_id)
            .where(deliveries.c.mail_id.in_(part), folders.c.account == account)
            .where(deliveries.c.origin != "import")
        )
        for row in connection.execute(query):
            standing[row.mail_id].append(row)
    return standing


def _origin(folder: Folder, arrival: Arrival, rows: Sequence[Any]) -> tuple[str, Any | None]:
    """Say what an arrival is, and which delivery under an earlier UIDVALIDITY it continues."""
    if arrival.is_imported:
        return "import", None
    if any((row.folder_id, row.uid) == (folder.id, arrival.ref.uid) for row in rows):
        return "known", None  # entered before: nothing new is seen
    for row in rows:
        if row.name == folder.name and not row.current and row.gone_at is None:
            return "rematched", row
    return ("sighted" if rows else "arrived"), None


def fill_empty(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Give the rows of mails that the server would not give before their mail."""
    statement = (
        update(deliveries)
        .where(
            deliveries.c.folder_id == bindparam("in_folder"),
            deliveries.c.uid == bindparam("with_uid"),
        )
        .values(mail_id=bindparam("new_mail"), received_at=bindparam("new_date"), failure=None)
    )
    values = [
        {
            "in_folder": r["folder_id"],
            "with_uid": r["uid"],
            "new_mail": r["mail_id"],
            "new_date": r["received_at"],
        }
        for r in rows
    ]
    connection.execute(statement, values)


def keep_earliest(
    connection: Connection, arrivals: Sequence[Arrival], held: dict[bytes, int]
) -> None:
    """Keep the earliest receipt known of mails that we hold."""
    values = [
        {"mail": held[a.digest], "moment": a.received_at} for a in arrivals if a.digest in held
    ]
    if values:
        earlier = mails.c.received_at > bindparam("moment", type_=mails.c.received_at.type)
        statement = update(mails).where(mails.c.id == bindparam("mail"), earlier)
        connection.execute(
            statement.values(received_at=bindparam("moment", type_=mails.c.received_at.type)),
            values,
        )


def close_earlier(connection: Connection, folder: Folder, now: datetime) -> None:
    """Close the rows of earlier UIDVALIDITYs: what was not met again is gone."""
    old = select(folders.c.id).where(
        folders.c.account == folder.account,
        folders.c.name == folder.name,
        folders.c.id != folder.id,
    )
    stale = and_(deliveries.c.folder_id.in_(old), deliveries.c.gone_at.is_(None))
    connection.execute(update(deliveries).where(stale).values(gone_at=now))
