"""Ledger, results and actions on one store, and short ways to fill them."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import select

from daemon.cases.store import Cases
from daemon.intake.actions import Actions
from daemon.intake.placement import AccountPlace, Placement, QueuePlace
from daemon.intake.records import Arrival, Folder, Judged, Receipt, Unread
from daemon.intake.results import Results
from daemon.intake.store import Ledger, Listed
from daemon.records import Decision, MailRef, Unreadable, Verdict
from daemon.store.engine import Store
from daemon.store.leases import account_lease
from daemon.store.packs import Location
from daemon.store.tables import (
    mails,
)
from tests.builders import HOMING, MORNING, held_lease
from tests.houses import reading_of

PLACEMENT = Placement(
    accounts={
        "info": AccountPlace(inboxes=("INBOX",), go_live=date(2026, 1, 1)),
        "vendite": AccountPlace(inboxes=("INBOX",), go_live=None),
    },
    queues={"reclami": QueuePlace(account="info", folder="Queues/Reclami")},
    zone=ZoneInfo("Europe/Rome"),
)
LATER = MORNING + timedelta(minutes=1)


class Books:
    """The rooms' tables on one store, and short ways to fill them."""

    def __init__(self, store: Store, placement: Placement = PLACEMENT) -> None:
        self.store = store
        self.actions = Actions(store, placement)
        self.ledger = Ledger(store, self.actions)
        cases = Cases(store, PLACEMENT.zone, HOMING)
        self.results = Results(
            store,
            self.actions,
            lambda connection, incoming, now: cases.take(connection, incoming.asking, now),
        )
        self.lease = held_lease(store, account_lease("info"))

    def folder(self, name: str = "INBOX", uidvalidity: int = 1, account: str = "info") -> Folder:
        return self.ledger.open_folder(self.lease, account, name, uidvalidity)

    def receive(
        self, folder: Folder, *raws: bytes, first_uid: int = 1, at: datetime = MORNING
    ) -> list[Receipt]:
        found = [arrival(folder, uid, raw, at) for uid, raw in enumerate(raws, first_uid)]
        places = {
            a.digest: Location(pack="1.pack", offset=a.ref.uid, length=9)
            for a in found
            if a.digest not in self.ledger.known([a.digest])
        }
        return self.ledger.receive(self.lease, folder, found, places, at)

    def record(self, *raws: bytes, queue: str | None = "reclami") -> dict[int, str]:
        judged = [self.judged(raw, queue) for raw in raws]
        return self.results.record([self.lease], judged, LATER)

    def judged(self, raw: bytes, queue: str | None = "reclami") -> Judged:
        with self.store.read() as connection:
            row = connection.execute(
                select(mails).where(mails.c.digest == sha256(raw).digest())
            ).one()
        mail = Unread(
            mail_id=row.id,
            account=row.account,
            folder="INBOX",
            digest=row.digest,
            raw=raw,
            size=row.size,
            attempts=0,
            cut=None,
            received_at=row.received_at,
        )
        answer = reading_of(raw)
        if isinstance(answer, Unreadable):
            return Judged(mail=mail, answer=answer, verdict=None, decision=None, live=True)
        verdict = Verdict(label=None, confidence=0.0, abstained=True, reason="no model")
        decision = Decision(queue=queue, rule="all", reason="rule: all")
        return Judged(mail=mail, answer=answer, verdict=verdict, decision=decision, live=True)

    def listed(self, folder: Folder, *uids: int, gone: tuple[int, ...] = ()) -> None:
        cursor = max(uids, default=0)
        listing = Listed(server=len(uids), cursor=cursor, gone=gone, is_whole=True)
        self.ledger.listed(self.lease, folder, listing, LATER)

    def column(self, query: object) -> list[object]:
        with self.store.read() as connection:
            return list(connection.scalars(query))


def arrival(folder: Folder, uid: int, raw: bytes, at: datetime) -> Arrival:
    """Return a mail in hand."""
    ref = MailRef(
        account=folder.account, folder=folder.name, uidvalidity=folder.uidvalidity, uid=uid
    )
    return Arrival(ref=ref, received_at=at, digest=sha256(raw).digest(), size=len(raw), raw=raw)
