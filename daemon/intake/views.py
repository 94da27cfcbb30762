"""Reads the ledger for people and reports: counts, one mail's whole story, the quarantine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from daemon.records import FolderCount
from daemon.store.engine import Store
from daemon.store.tables import deliveries, folders, mails, readings


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


def _is_set_aside(row: Any) -> bool:  # noqa: ANN401 - a row of the query above
    return row.mail_id is None or row.state == "quarantined"


def count_mails(store: Store) -> dict[str, int]:
    """Return how many mails there are in each state (received, read, quarantined)."""
    query = select(mails.c.state, func.count()).group_by(mails.c.state)
    with store.read() as connection:
        return dict(connection.execute(query).tuples().all())


FEWEST_DIGITS = 8  # of a digest, to name a mail by them
_HEX = frozenset("0123456789abcdef")
_DIGEST_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMail:
    """One mail's row in the ledger."""

    id: int
    digest: bytes  # SHA-256 of the raw bytes
    size: int
    account: str  # that received it first
    cut: str | None
    stored_at: datetime
    received_at: datetime
    state: str  # received, read, quarantined
    attempts: int


def find_mails(store: Store, name: str, most: int = 20) -> tuple[HeldMail, ...]:
    """Return the mails that a person may mean by `name`, oldest first.

    Args:
        store: the store.
        name: an id; else the first digits (8 or more) of a digest in hex; else a Message-ID,
            with or without its brackets.
        most: how many are returned at most.
    """
    with store.read() as connection:
        for chosen in _meant(name.strip()):
            rows = connection.execute(
                select(mails).where(chosen).order_by(mails.c.id).limit(most)
            ).all()
            if rows:
                return tuple(HeldMail(**row._asdict()) for row in rows)
    return ()


def _meant(name: str) -> Iterator[ColumnElement[bool]]:
    """Yield what `name` may stand for, the likeliest first."""
    digits = name.lower()
    if digits.isascii() and digits.isdigit() and len(digits) < 19:  # noqa: PLR2004 - fits 63 bits
        yield mails.c.id == int(digits)
    if FEWEST_DIGITS <= len(digits) <= _DIGEST_DIGITS and _HEX.issuperset(digits):
        first = bytes.fromhex(digits.ljust(_DIGEST_DIGITS, "0"))
        last = bytes.fromhex(digits.ljust(_DIGEST_DIGITS, "f"))
        yield mails.c.digest.between(first, last)
    bare = name.strip("<>")
    if bare:
        named = select(readings.c.mail_id).where(readings.c.message_id.in_([bare, f"<{bare}>"]))
        yield mails.c.id.in_(named)
