"""The table of mails that we put into a folder: of a queue in another account, and drafts.

Like a move, an append is a committed row before its command: planned, issued, then done,
superseded (its mail was no longer where it came) or failed, with the words of the server. Where
the outcome is unknown the target has been listed, and its new mails compared, before anything is
repeated; `daemon.intake.finding` says which of them is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from daemon.failpoint import failpoint
from daemon.intake import finding, selects
from daemon.intake.placement import Placement
from daemon.store.append_table import appends
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import actions, deliveries, folders, sightings

AT_ONCE = 200  # appends of one account in one round
DRAFT_FLAGS = "\\Draft \\Seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """A mail that is to be put into a folder now."""

    id: int
    mail_id: int | None  # None: a draft
    account: str
    target: str
    digest: bytes
    size: int
    message_id: str | None
    flags: str
    received_at: datetime
    state: str
    attempts: int
    cut: str | None  # limit because of which we hold only its header block


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail that a person will send: its bytes are in the packs."""

    key: str
    case_id: int
    account: str
    target: str
    digest: bytes
    size: int
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an append ended."""

    state: str  # done, superseded, failed, planned (nothing happened)
    note: str | None = None
    folder_id: int | None = None  # of the target in the ledger
    uid: int | None = None
    is_sought: bool = False  # its place is known, or will never be
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a mail stands that is to be put elsewhere."""

    id: int  # of the append
    folder: str
    uidvalidity: int
    uid: int


class Appends:
    """Appends of all accounts.

    Args:
        store: the database.
        placement: what may be written to, and where a mail goes that was passed on.
    """

    def __init__(self, store: Store, placement: Placement) -> None:
        self._store = store
        self._placement = placement

    def plan(self, connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        """Plan what the decisions ask for in other accounts; repeating it is a no-op.

        Args:
            connection: the transaction that makes the decisions known.
            rows: of `selects.to_settle`.
            now: the present.
        """
        planned = []
        for row in rows:
            place = self._placement.elsewhere(selects.standing(row), row.queue)
            if place is None:
                continue
            if row.origin == "rematched" and self._carry_over(connection, row, now):
                continue
            planned.append(
                {
                    "key": f"delivery:{row.delivery_id}",
                    "delivery_id": row.delivery_id,
                    "mail_id": row.mail_id,
                    "account": place.account,
                    "target": place.folder,
                    "digest": row.digest,
                    "size": row.size,
                    "message_id": row.message_id,
                    "received_at": row.received_at,
                    "state": "planned",
                    "attempts": 0,
                    "planned_at": now,
                }
            )
        self._store.insert_new(connection, appends, planned)

    def plan_draft(self, connection: Connection, draft: Draft, now: datetime) -> bool:
        """Plan a draft, in the transaction of the caller; False where there is one of its key."""
        here = select(appends.c.id).where(appends.c.key == draft.key)
        if connection.scalar(here) is not None:
            return False
        row = {
            "key": draft.key,
            "case_id": draft.case_id,
            "account": draft.account,
            "target": draft.target,
            "digest": draft.digest,
            "size": draft.size,
            "message_id": draft.message_id,
            "flags": DRAFT_FLAGS,
            "received_at": now,
            "state": "planned",
            "attempts": 0,
            "planned_at": now,
        }
        self._store.insert_new(connection, appends, [row])
        return True

    def drafts(self, connection: Connection, case_id: int) -> list[dict[str, Any]]:
        """Return the drafts of a case: key, account, folder, state, note and moments, in order."""
        names = ("key", "account", "target", "state", "note", "planned_at", "finished_at")
        query = select(*(appends.c[name] for name in names)).where(appends.c.case_id == case_id)
        rows = connection.execute(query.order_by(appends.c.id)).mappings()
        return [dict(row) for row in rows]

    def open(self, account: str, now: datetime) -> list[Append]:
        """Return what is to be put into folders of an account now, oldest first.

        What was issued is among it only for drafts: the others are planned again once
        `resolve` is sure that they are not there.
        """
        query = finding.due(account, now).limit(AT_ONCE)
        with self._store.read() as connection:
            found = [Append(**row._asdict()) for row in connection.execute(query)]
        return [one for one in found if self._placement.is_live(account, one.received_at)]

    def sources(self, account: str) -> list[Source]:
        """Return mails of an account that are to be put elsewhere, and whose flags are unknown."""
        query = finding.sources(account).limit(AT_ONCE)
        with self._store.read() as connection:
            return [Source(**row._asdict()) for row in connection.execute(query)]

    def hand_over(
        self, lease: Lease, flags: Mapping[int, str], gone: Sequence[int], now: datetime
    ) -> None:
        """Keep the flags of mails that may be put elsewhere now; those that are gone are not."""
        if not flags and not gone:
            return
        with self._store.write() as connection:
            lease.guard(connection)
            for key, value in flags.items():
                here = (appends.c.id == key, appends.c.flags.is_(None))
                connection.execute(update(appends).where(*here).values(flags=value))
            left = and_(appends.c.id.in_(gone), appends.c.state == "planned")
            connection.execute(update(appends).where(left).values(_superseded(now)))

    def is_there(self, one: Append) -> bool:
        """Tell whether the target holds this content already, or is about to by a move of ours."""
        if one.mail_id is None:
            return False
        with self._store.read() as connection:
            return (
                connection.scalar(finding.is_there(one.mail_id, one.account, one.target)) or False
            )

    def was_sent(self, one: Append) -> bool:
        """Tell whether a draft has been seen as a mail: a person has sent it by now."""
        with self._store.read() as connection:
            return connection.scalar(finding.is_held(one.message_id)) or False

    def issue(
        self, lease: Lease, one: Append, at: tuple[int, int], now: datetime, until: datetime
    ) -> None:
        """Commit that the command is about to be sent.

        Args:
            lease: of the target's account.
            one: the append.
            at: UIDVALIDITY and UIDNEXT of the target.
            now: the present.
            until: the server may be at it so long, whatever becomes of the connection.
        """
        with self._store.write() as connection:
            lease.guard(connection)
            values = {
                "state": "issued",
                "uidvalidity": at[0],
                "uidnext": at[1],
                "issued_at": now,
                "retry_at": until,
                "note": None,
                "attempts": appends.c.attempts + 1,
            }
            connection.execute(update(appends).where(appends.c.id == one.id).values(values))
        failpoint("append.issued")

    def postpone(self, lease: Lease, one: Append, until: datetime) -> None:
        """Commit that an append of which the outcome is unknown is not repeated before then."""
        with self._store.write() as connection:
            lease.guard(connection)
            here = (appends.c.id == one.id, appends.c.state == "issued")
            connection.execute(update(appends).where(*here).values(retry_at=until))

    def finish(self, lease: Lease, one: Append, ending: Ending, now: datetime) -> None:
        """Commit how an append ended, and plan what becomes of its source."""
        with self._store.write() as connection:
            lease.guard(connection)
            self._finish(connection, one, ending, now)
            failpoint("append.before_commit")
        failpoint("append.committed")

    def _finish(self, connection: Connection, one: Append, ending: Ending, now: datetime) -> None:
        arrived = _arrive(self._store, connection, one, ending, now)
        is_sought = ending.is_sought or arrived is not None or one.mail_id is None
        values = {
            "state": ending.state,
            "note": ending.note,
            "uid": ending.uid,
            "target_delivery_id": arrived,
            "retry_at": ending.retry_at,
            "finished_at": None if ending.state == "planned" else now,
            "sought_at": now if is_sought else None,
        }
        connection.execute(update(appends).where(appends.c.id == one.id).values(values))
        if ending.state == "done":
            self._pass_on(connection, one.id, now)

    def resolve(self, lease: Lease, account: str, now: datetime) -> int:
        """Find what was put into an account's folders; return how many were found.

        What was issued and is not there is planned again; what is to be put there, and was taken
        away by somebody where it came, is given up.
        """
        with self._store.read() as connection:
            if not connection.scalar(finding.has_unresolved(account)):
                return 0
        found = 0
        with self._store.write() as connection:
            lease.guard(connection)
            gone = finding.without_source(account)
            connection.execute(
                update(appends).where(appends.c.id.in_(gone)).values(_superseded(now))
            )
            for row in connection.execute(finding.unsought(account)).all():
                place = connection.scalar(finding.candidates(row).limit(1))
                if place is not None:
                    self._bind(connection, row, place, now)
                    found += 1
                elif finding.is_certain(connection, row, now):
                    is_done = row.state == "done"
                    values = {"sought_at": now} if is_done else {"state": "planned"}
                    here = appends.c.id == row.id
                    connection.execute(update(appends).where(here).values(values))
        return found

    def _bind(self, connection: Connection, row: Row[Any], place: int, now: datetime) -> None:
        """Keep that a mail that turned up in the account is the one we put there."""
        here = deliveries.c.id == place
        uid = connection.scalar(select(deliveries.c.uid).where(here))
        connection.execute(update(deliveries).where(here).values(origin="own"))
        seen = sightings.c.delivery_id == place
        connection.execute(update(sightings).where(seen).values(outcome="own", settled_at=now))
        values: dict[str, Any] = {"target_delivery_id": place, "uid": uid, "sought_at": now}
        if row.state == "issued":
            values |= {"state": "done", "finished_at": now, "retry_at": None}
        connection.execute(update(appends).where(appends.c.id == row.id).values(values))
        if row.state == "issued":
            self._pass_on(connection, row.id, now)

    def _pass_on(self, connection: Connection, append_id: int, now: datetime) -> None:
        """Plan the move of a source whose mail now lies in another account."""
        query = (
            select(
                appends.c.delivery_id,
                appends.c.mail_id,
                folders.c.account,
                folders.c.name,
                deliveries.c.received_at,
            )
            .join(deliveries, deliveries.c.id == appends.c.delivery_id)
            .join(folders, and_(folders.c.id == deliveries.c.folder_id, folders.c.current))
            .where(appends.c.id == append_id, deliveries.c.gone_at.is_(None))
        )
        row = connection.execute(query).one_or_none()
        target = row and self._placement.passed_on(row.account, row.name, row.received_at)
        if row is None or not target:
            return
        action = {
            "delivery_id": row.delivery_id,
            "mail_id": row.mail_id,
            "account": row.account,
            "target": target,
            "state": "planned",
            "attempts": 0,
            "planned_at": now,
        }
        self._store.insert_new(connection, actions, [action])

    def _carry_over(self, connection: Connection, row: Row[Any], now: datetime) -> bool:
        """Let a mail under a new UIDVALIDITY go on with the append of its old number."""
        earlier = connection.execute(finding.of_old_number(row).limit(1)).one_or_none()
        if earlier is None:
            return False
        here = appends.c.id == earlier.id
        connection.execute(update(appends).where(here).values(delivery_id=row.delivery_id))
        if earlier.state == "done":
            self._pass_on(connection, earlier.id, now)
        return True


def _superseded(now: datetime) -> dict[str, object]:
    note = "the mail was no longer there"
    return {"state": "superseded", "note": note, "retry_at": None, "finished_at": now}


def _arrive(
    store: Store, connection: Connection, one: Append, ending: Ending, now: datetime
) -> int | None:
    """Enter the new place of a mail that the server told; a draft has none in the ledger."""
    if ending.folder_id is None or ending.uid is None:
        return None
    row = {
        "folder_id": ending.folder_id,
        "uid": ending.uid,
        "mail_id": one.mail_id,
        "received_at": one.received_at,
        "seen_at": now,
        "origin": "own",
    }
    store.insert_new(connection, deliveries, [row])
    here = (deliveries.c.folder_id == ending.folder_id, deliveries.c.uid == ending.uid)
    return connection.scalar(
        select(deliveries.c.id).where(*here, deliveries.c.mail_id.is_not(None))
    )
