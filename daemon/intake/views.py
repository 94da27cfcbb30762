"""Reads the ledger for people and reports: counts, one mail's whole story, the quarantine."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from daemon.records import FolderCount
from daemon.store.engine import Store
from daemon.store.tables import deliveries, folders, mails


def count_folder(
    store: Store, account: str, name: str, uidvalidity: int, server: Sequence[int]
) -> FolderCount:
    """Compare the UIDs of a folder on the server with the ledger.

    Quarantined counts mails that could not be read and those the server would not give; the
    three numbers of the ledger sum to the server's.
    """
    query = (
        select(deliveries.c.uid, deliveries.c.mail_id, mails.c.state)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .outerjoin(mails, mails.c.id == deliveries.c.mail_id)
        .where(
            folders.c.account == account,
            folders.c.name == name,
            folders.c.uidvalidity == uidvalidity,
        )
    )
    with store.read() as connection:
        rows = {row.uid: row for row in connection.execute(query)}
    on_server = [rows.get(uid) for uid in server]
    missing = sum(row is None for row in on_server)
    quarantined = sum(row is not None and _is_set_aside(row) for row in on_server)
    return FolderCount(
        account=account,
        folder=name,
        uidvalidity=uidvalidity,
        server=len(on_server),
        held=len(on_server) - missing - quarantined,
        quarantined=quarantined,
        missing=missing,
    )


def _is_set_aside(row: Row[Any]) -> bool:
    return row.mail_id is None or row.state == "quarantined"


def count_mails(store: Store) -> dict[str, int]:
    """Return how many mails there are in each state (received, read, quarantined)."""
    query = select(mails.c.state, func.count()).group_by(mails.c.state)
    with store.read() as connection:
        return {state: number for state, number in connection.execute(query)}
