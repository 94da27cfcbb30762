"""The ledger's tables: accounts, folders, mails, deliveries; writes run under a lease."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from daemon.failpoint import failpoint
from daemon.intake import entries
from daemon.intake.actions import Actions
from daemon.intake.records import Arrival, Folder, Receipt, Unread
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.packs import Location
from daemon.store.tables import accounts, blobs, deliveries, folders, mails, sightings


class Ledger:
    """What has been received, from where, and how far each account has come."""

    def __init__(self, store: Store, actions: Actions) -> None:
        self.store = store
        self._actions = actions

    def open_folder(self, lease: Lease, account: str, name: str, uidvalidity: int) -> Folder:
        """Return the ledger's row of a folder, made when it is new.

        A changed UIDVALIDITY starts a new row; the deliveries of the old one wait there until
        their mails are met again under their new numbers, or the new folder has been listed.
        """
        with self.store.write() as connection:
            lease.guard(connection)
            here = and_(folders.c.account == account, folders.c.name == name)
            self.store.insert_new(
                connection,
                folders,
                [
                    {
                        "account": account,
                        "name": name,
                        "uidvalidity": uidvalidity,
                        "current": True,
                        "cursor_uid": 0,
                    }
                ],
            )
            rows = {row.uidvalidity: row for row in connection.execute(select(folders).where(here))}
            if (
                any(rows[key].current for key in rows if key != uidvalidity)
                or not rows[uidvalidity].current
            ):
                connection.execute(
                    update(folders).where(here).values(current=folders.c.uidvalidity == uidvalidity)
                )
            return Folder(
                id=rows[uidvalidity].id, account=account, name=name, uidvalidity=uidvalidity
            )

    def uids(self, folder: Folder) -> dict[int, bool]:
        """Return every UID with a row, and whether it holds a mail that is still there."""
        query = select(deliveries.c.uid, deliveries.c.gone_at, deliveries.c.mail_id)
        with self.store.read() as connection:
            rows = connection.execute(query.where(deliveries.c.folder_id == folder.id))
            return {row.uid: row.gone_at is None and row.mail_id is not None for row in rows}

    def unfetchable(self, folder: Folder) -> tuple[int, ...]:
        """Return the UIDs whose mail the server would not give."""
        query = select(deliveries.c.uid).where(
            deliveries.c.folder_id == folder.id,
            deliveries.c.mail_id.is_(None),
            deliveries.c.gone_at.is_(None),
        )
        with self.store.read() as connection:
            return tuple(connection.scalars(query))

    def known(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those raw digests whose bytes are durable already."""
        found: set[bytes] = set()
        with self.store.read() as connection:
            for part in entries.parts(digests):
                found.update(
                    connection.scalars(select(blobs.c.digest).where(blobs.c.digest.in_(part)))
                )
        return found

    def receive(
        self,
        lease: Lease,
        folder: Folder,
        arrivals: Sequence[Arrival],
        places: dict[bytes, Location],
        now: datetime,
    ) -> list[Receipt]:
        """Enter mails and deliveries in one transaction; after it the mails are ours.

        A mail we hold gets a delivery of its own. In the same account it is a sighting, which
        `daemon.intake.moves` explains later: somebody, or we, moved or copied it.
        """
        with self.store.write() as connection:
            lease.guard(connection)
            held = entries.mail_ids(connection, [arrival.digest for arrival in arrivals])
            new = {a.digest: a for a in arrivals if a.digest not in held}
            # Where several may write at once, in one order for all, so that nobody waits in a ring.
            order = new if self.store.dialect == "sqlite" else sorted(new)
            rows = [entries.mail_row(new[digest], now) for digest in order]
            self.store.insert_new(connection, mails, rows)
            ids = held | entries.mail_ids(connection, list(new))
            self.store.insert_new(
                connection,
                blobs,
                [
                    {"digest": digest, "pack": at.pack, "offset": at.offset, "length": at.length}
                    for digest, at in sorted(places.items(), key=lambda place: place[0])
                ],
            )
            origins = entries.origins_of(connection, folder, arrivals, held, now)
            if self._actions.placement.is_sent(folder.account, folder.name):
                origins = ["sent" if one == "arrived" else one for one in origins]
            by_uid = self._deliver(connection, folder, arrivals, ids, origins, now)
            self._sight(connection, folder, arrivals, ids, origins, by_uid, now)
            entries.keep_earliest(connection, arrivals, held)
            self._actions.plan(connection, list(held.values()), now)
            failpoint("receive.before_commit")
        first = {a.ref.uid for a in new.values()}
        return [
            Receipt(mail_id=ids[a.digest], delivery_id=by_uid[a.ref.uid], is_new=a.ref.uid in first)
            for a in arrivals
        ]

    def name_unfetchable(
        self, lease: Lease, folder: Folder, failures: dict[int, str], now: datetime
    ) -> None:
        """Give UIDs that the server would not hand out a row that says so."""
        with self.store.write() as connection:
            lease.guard(connection)
            rows = [
                {
                    "folder_id": folder.id,
                    "uid": uid,
                    "seen_at": now,
                    "origin": "arrived",
                    "failure": why,
                }
                for uid, why in failures.items()
            ]
            self.store.insert_new(connection, deliveries, rows)

    def listed(self, lease: Lease, folder: Folder, listing: "Listed", now: datetime) -> None:
        """Note what a listing showed: how many there are, who is gone, how far all have a row."""
        with self.store.write() as connection:
            lease.guard(connection)
            for part in entries.parts(listing.gone):
                gone = and_(deliveries.c.folder_id == folder.id, deliveries.c.uid.in_(part))
                connection.execute(update(deliveries).where(gone).values(gone_at=now))
            for part in entries.parts(
                listing.back
            ):  # a listing that lacked mails, or old numbers again
                back = and_(deliveries.c.folder_id == folder.id, deliveries.c.uid.in_(part))
                connection.execute(update(deliveries).where(back).values(gone_at=None))
            values: dict[str, object] = {
                "server_count": listing.server,
                "cursor_uid": listing.cursor,
            }
            if listing.is_whole:
                entries.close_earlier(connection, folder, now)
                values["listed_at"] = now
            connection.execute(update(folders).where(folders.c.id == folder.id).values(values))

    def unread(self, account: str, beyond: Iterable[int] = ()) -> list[Unread]:
        """Return mails that are ours and not read, oldest first, without those in hand."""
        query = (
            select(mails, folders.c.name.label("folder"), deliveries.c.origin)
            .select_from(mails)
            .outerjoin(deliveries, deliveries.c.id == entries.first_delivery())
            .outerjoin(folders, folders.c.id == deliveries.c.folder_id)
            .where(mails.c.state == "received", mails.c.account == account)
        )
        in_hand = set(beyond)
        with self.store.read() as connection:
            rows = connection.execute(query.order_by(mails.c.id)).all()
        return [entries.unread(row) for row in rows if row.id not in in_hand]

    def begin_attempt(self, mail_ids: Sequence[int]) -> None:
        """Count one more reading of these mails, durably, before a child sees them."""
        with self.store.write() as connection:
            chosen = mails.c.id.in_(mail_ids)
            connection.execute(update(mails).where(chosen).values(attempts=mails.c.attempts + 1))
        failpoint("read.begun")

    def give_back(self, mail_ids: Sequence[int]) -> None:
        """Take the attempt back of mails that a stopping service never read to the end."""
        if not mail_ids:
            return
        with self.store.write() as connection:
            chosen = and_(mails.c.id.in_(mail_ids), mails.c.state == "received")
            begun = and_(chosen, mails.c.attempts > 0)
            connection.execute(update(mails).where(begun).values(attempts=mails.c.attempts - 1))

    def blob(self, digest: bytes) -> Location | None:
        """Return where the bytes of a mail are."""
        with self.store.read() as connection:
            row = connection.execute(select(blobs).where(blobs.c.digest == digest)).one_or_none()
        if row is None:
            return None
        return Location(pack=row.pack, offset=row.offset, length=row.length)

    def note_success(self, account: str, now: datetime) -> None:
        """An account's round has ended well."""
        self._note(account, now, {"last_success_at": now, "failures": 0})

    def note_failure(self, account: str, message: str, now: datetime) -> int:
        """An account's round has failed; return how many in a row by now."""
        values = {"last_error": message, "last_error_at": now, "failures": accounts.c.failures + 1}
        self._note(account, now, values)
        with self.store.read() as connection:
            return (
                connection.scalar(select(accounts.c.failures).where(accounts.c.name == account))
                or 0
            )

    def pause(self, account: str, why: str | None, now: datetime) -> None:
        """Pause reading the mail of an account (intake goes on), or resume it with None."""
        self._note(account, now, {"paused": why})

    def is_paused(self, account: str) -> bool:
        """Tell whether the mail of an account is received but not read for now."""
        query = select(accounts.c.paused).where(accounts.c.name == account)
        with self.store.read() as connection:
            return connection.scalar(query) is not None

    def _note(self, account: str, now: datetime, values: dict[str, object]) -> None:
        with self.store.write() as connection:
            self.store.insert_new(
                connection, accounts, [{"name": account, "first_seen_at": now, "failures": 0}]
            )
            connection.execute(update(accounts).where(accounts.c.name == account).values(values))

    def _deliver(  # noqa: PLR0913 - the columns of one statement
        self,
        connection: Connection,
        folder: Folder,
        arrivals: Sequence[Arrival],
        ids: dict[bytes, int],
        origins: Sequence[str],
        now: datetime,
    ) -> dict[int, int]:
        rows = [
            {
                "folder_id": folder.id,
                "uid": a.ref.uid,
                "mail_id": ids[a.digest],
                "received_at": a.received_at,
                "seen_at": now,
                "origin": origin,
            }
            for a, origin in zip(arrivals, origins, strict=True)
        ]
        self.store.insert_new(connection, deliveries, rows)
        uids = [a.ref.uid for a in arrivals]
        by_uid: dict[int, int] = {}
        empty: list[int] = []
        for part in entries.parts(uids):
            query = select(deliveries.c.uid, deliveries.c.id, deliveries.c.mail_id)
            chosen = query.where(deliveries.c.folder_id == folder.id, deliveries.c.uid.in_(part))
            for row in connection.execute(chosen):
                by_uid[row.uid] = row.id
                if row.mail_id is None:
                    empty.append(row.uid)
        if empty:  # named unfetchable before, and given now
            entries.fill_empty(connection, [row for row in rows if row["uid"] in empty])
        return by_uid

    def _sight(  # noqa: PLR0913 - the columns of one statement
        self,
        connection: Connection,
        folder: Folder,
        arrivals: Sequence[Arrival],
        ids: dict[bytes, int],
        origins: Sequence[str],
        by_uid: dict[int, int],
        now: datetime,
    ) -> None:
        rows = [
            {
                "delivery_id": by_uid[a.ref.uid],
                "mail_id": ids[a.digest],
                "account": folder.account,
                "seen_at": now,
            }
            for a, origin in zip(arrivals, origins, strict=True)
            if origin == "sighted"
        ]
        self.store.insert_new(connection, sightings, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What one listing of a folder showed."""

    server: int  # mails on the server
    cursor: int  # every UID up to it has a row
    gone: Sequence[int]  # UIDs that are no longer there
    back: Sequence[int] = ()  # UIDs that were taken for gone, and are there
    is_whole: bool  # every mail on the server has a row
