"""The mails that could not be read: shown, given another reading, or let go by a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import mails, quarantine

MANY = 500  # values in one IN list


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A mail that waits for a person; `id` is the mail's."""

    id: int
    account: str
    digest: bytes
    size: int
    received_at: datetime
    since: datetime
    reason: str  # the limit's name, crash, interrupted, error
    detail: str
    traceback: str


class Quarantine:
    """The table of mails that were set aside."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, mail_ids: Sequence[int] = ()) -> tuple[SetAside, ...]:
        """Return the mails that are set aside now, oldest first; no ids means all."""
        query = _open()
        if mail_ids:
            query = query.where(mails.c.id.in_(mail_ids))
        with self._store.read() as connection:
            return tuple(SetAside(**row) for row in connection.execute(query).mappings())

    def count(self) -> tuple[int, datetime | None]:
        """Return how many are set aside now, and since when the oldest is."""
        query = select(func.count(), func.min(quarantine.c.since)).where(
            quarantine.c.ended_at.is_(None)
        )
        with self._store.read() as connection:
            number, oldest = connection.execute(query).one()
        return number, oldest

    def replay(self, lease: Lease, mail_ids: Sequence[int], now: datetime) -> None:
        """Make mails unread again, as if they had just come; the pipeline takes them up.

        Their reading at once is their first attempt, as with any mail.
        """
        self._end(lease, mail_ids, "replayed", now)

    def release(self, lease: Lease, mail_ids: Sequence[int], now: datetime) -> None:
        """Let mails go as they are: kept, unread and unsorted, and no longer set aside."""
        self._end(lease, mail_ids, "released", now)

    def _end(self, lease: Lease, mail_ids: Sequence[int], outcome: str, now: datetime) -> None:
        ended = {"ended_at": now, "outcome": outcome}
        state = {"state": "received", "attempts": 1} if outcome == "replayed" else {"state": "read"}
        with self._store.write() as connection:
            lease.guard(connection)
            for start in range(0, len(mail_ids), MANY):
                part = mail_ids[start : start + MANY]
                rows = quarantine.c.mail_id.in_(part) & quarantine.c.ended_at.is_(None)
                connection.execute(update(quarantine).where(rows).values(ended))
                chosen = mails.c.id.in_(part) & (mails.c.state == "quarantined")
                connection.execute(update(mails).where(chosen).values(state))


def _open() -> Select[Any]:
    return (
        select(
            mails.c.id,
            mails.c.account,
            mails.c.digest,
            mails.c.size,
            mails.c.received_at,
            quarantine.c.since,
            quarantine.c.reason,
            quarantine.c.detail,
            quarantine.c.traceback,
        )
        .join(mails, mails.c.id == quarantine.c.mail_id)
        .where(quarantine.c.ended_at.is_(None))
        .order_by(quarantine.c.id)
    )
