"""Both engines keep the same promises: transactions, leases, ledger, results, actions."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from daemon.clock import now
from daemon.errors import LeaseHeld, LeaseLost, StoreBusy, StoreError
from daemon.intake.actions import Action, Actions, Outcome
from daemon.intake.placement import AccountPlace, Placement, QueuePlace
from daemon.intake.records import Arrival, Folder, Judged, Receipt, Unread
from daemon.intake.results import Results
from daemon.intake.store import Ledger, Listed
from daemon.records import Decision, MailRef, Unreadable, Verdict
from daemon.store.engine import Store, open_store
from daemon.store.leases import HOUSE, Lease, Leases, account_lease, own_identity
from daemon.store.packs import Location
from daemon.store.schema import upgrade, version
from daemon.store.tables import (
    actions,
    contents,
    decisions,
    deliveries,
    folders,
    leases,
    mails,
    metadata,
    quarantine,
    readings,
    runs,
    sightings,
)
from tests.builders import ENGINES, MORNING, chosen_store, held_lease, raw_mail
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


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each engine."""
    opened = chosen_store(request, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def books(store: Store) -> "Books":
    """Give ledger, results and actions of an empty store, under the lease of account `info`."""
    return Books(store)


class Books:
    """The rooms' tables on one store, and short ways to fill them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.actions = Actions(store, PLACEMENT)
        self.ledger = Ledger(store, self.actions)
        self.results = Results(store, self.actions)
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


class TestTransactions:
    """Any write block is all or nothing, and durable at its end."""

    def test_what_a_block_wrote_is_there_for_another_connection(self, store: Store) -> None:
        """After the block the row is seen by a store opened anew."""
        with store.write() as connection:
            connection.execute(insert(runs).values(RUN))
        again = open_store(store.engine.url)
        with again.read() as connection:
            assert connection.scalar(select(func.count()).select_from(runs)) == 1
        again.close()

    def test_an_error_takes_the_whole_block_back(self, store: Store) -> None:
        """Nothing of a block that raised remains."""
        with pytest.raises(IntegrityError), store.write() as connection:  # noqa: PT012 - two rows
            connection.execute(insert(runs).values(RUN))
            connection.execute(insert(runs).values(RUN))
        with store.read() as connection:
            assert connection.scalar(select(func.count()).select_from(runs)) == 0

    def test_inserting_again_is_a_no_op(self, store: Store) -> None:
        """`insert_new` keeps the first row of a key, also within one call."""
        with store.write() as connection:
            store.insert_new(connection, runs, [RUN, RUN | {"outcome": "second"}])
            store.insert_new(connection, runs, [RUN | {"outcome": "third"}])
            store.insert_new(connection, runs, [])
        with store.read() as connection:
            assert connection.scalars(select(runs.c.outcome)).all() == ["first"]

    def test_writers_of_two_stores_take_turns(self, store: Store) -> None:
        """Forty increments from four threads on two stores end at forty: none is lost."""
        with store.write() as connection:
            connection.execute(insert(leases).values(FREE))
        other = open_store(store.engine.url)
        threads = [
            threading.Thread(target=increment, args=(chosen,))
            for chosen in (store, store, other, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        other.close()
        with store.read() as connection:
            assert connection.scalar(select(leases.c.epoch)) == 40


@pytest.mark.server
def test_a_deadlock_is_a_matter_of_waiting(postgres_url: str) -> None:
    """Two PostgreSQL transactions that wait for each other: one is told to come back."""
    stores = [open_store(postgres_url), open_store(postgres_url)]
    upgrade(stores[0])
    with stores[0].write() as connection:
        connection.execute(insert(leases), [FREE, FREE | {"name": "other"}])
    both, raised = threading.Barrier(2, timeout=20), []

    def cross(store: Store, *names: str) -> None:
        try:
            with store.write() as connection:
                for name in names:
                    chosen = leases.c.name == name
                    connection.execute(update(leases).where(chosen).values(epoch=9))
                    if name == names[0]:
                        both.wait()
        except StoreError as error:
            raised.append(error)

    threads = [
        threading.Thread(target=cross, args=(stores[0], "counter", "other")),
        threading.Thread(target=cross, args=(stores[1], "other", "counter")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert [type(error) for error in raised] == [StoreBusy]


RUN = {
    "schedule": "sweep",
    "local_date": date(2026, 11, 23),
    "started_at": MORNING,
    "outcome": "first",
}
FREE = {"name": "counter", "holder": "", "epoch": 0, "until": MORNING}


def increment(store: Store) -> None:
    """Count up ten times, reading before each write."""
    for _ in range(10):
        with store.write() as connection:
            query = select(leases.c.epoch).with_for_update()
            epoch = connection.execute(query).scalar_one()
            connection.execute(update(leases).values(epoch=epoch + 1))


class TestSchema:
    """The migrations make exactly the tables that the program uses."""

    def test_the_migrations_make_what_the_tables_say(self, store: Store) -> None:
        """Alembic finds no difference between the migrated database and the metadata."""
        with store.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    def test_upgrading_again_changes_nothing(self, store: Store) -> None:
        """A second upgrade is a no-op."""
        before = version(store)
        upgrade(store)
        assert version(store) == before is not None

    def test_a_newer_schema_is_refused(self, store: Store) -> None:
        """A database that a newer program wrote is not touched."""
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreError, match="newer"):
            upgrade(store)
        assert version(store) == "9999"


class TestLeases:
    """One holder at a time, and no write of a holder who was replaced."""

    @pytest.fixture
    def mine(self, store: Store) -> Iterator[Leases]:
        """Give the leases as one process has them."""
        yield from self.opened(store)

    @pytest.fixture
    def theirs(self, store: Store) -> Iterator[Leases]:
        """Give the leases as another process has them."""
        yield from self.opened(store)

    def opened(self, store: Store) -> Iterator[Leases]:
        kept = Leases(store)
        yield kept
        kept.close()

    def test_a_lease_has_one_holder(self, mine: Leases, theirs: Leases) -> None:
        """A second taker is told who holds it, and gets it after it was given back."""
        lease = mine.take("account:info")
        with pytest.raises(LeaseHeld, match="process"):
            theirs.take("account:info")
        mine.release(lease)
        assert theirs.take("account:info").epoch == lease.epoch + 1

    def test_house_and_accounts_exclude_each_other(self, mine: Leases, theirs: Leases) -> None:
        """The house waits for every account, an account for the house; others go their own way."""
        account = mine.take("account:info")
        theirs.take("account:vendite")
        theirs.take("send")
        with pytest.raises(LeaseHeld):
            theirs.take(HOUSE)
        mine.release(account)
        theirs.close()
        mine.take(HOUSE)
        with pytest.raises(LeaseHeld):
            Leases.take(mine, "account:info")

    def test_a_stale_holder_writes_nothing(self, store: Store, mine: Leases) -> None:
        """Once another holder has the lease, the guard refuses the old one's transaction."""
        stale = mine.take("account:info")
        expire(store)
        fresh = mine.take("account:info")
        with store.write() as connection:
            fresh.guard(connection)
        with pytest.raises(LeaseLost), store.write() as connection:
            stale.guard(connection)

    def test_giving_back_a_lost_lease_leaves_the_new_holder_alone(
        self, store: Store, mine: Leases, theirs: Leases
    ) -> None:
        """A release by the old holder does not free the lease."""
        stale = mine.take("account:info")
        expire(store)
        theirs.take("account:info")
        mine.release(stale)
        with pytest.raises(LeaseHeld):
            mine.take("account:info")

    def test_a_dead_holder_is_replaced_at_once(self, store: Store, mine: Leases) -> None:
        """The lease of a process of this machine that is gone does not have to expire."""
        host, boot, space, _pid, start, command = own_identity().split(" ", 5)
        dead = f"{host} {boot} {space} 1 {start}9 {command}"
        row = {"name": "account:info", "holder": dead, "epoch": 7, "until": far_away()}
        with store.write() as connection:
            connection.execute(insert(leases).values(row))
        assert mine.take("account:info").epoch == 8

    def test_a_holder_elsewhere_is_left_alone_until_its_term_ends(
        self, store: Store, mine: Leases
    ) -> None:
        """Whether a process of another machine lives cannot be known: only time tells."""
        row = {"name": "account:info", "holder": "far a b 1 2 run", "epoch": 7, "until": far_away()}
        with store.write() as connection:
            connection.execute(insert(leases).values(row))
        with pytest.raises(LeaseHeld, match="far"):
            mine.take("account:info")
        expire(store)
        assert mine.take("account:info").epoch == 8

    def test_a_second_holder_waits(self, mine: Leases, theirs: Leases) -> None:
        """With a wait, `take` returns when the first holder gives the lease back."""
        lease = mine.take("account:info")
        taken: list[Lease] = []
        waiting = threading.Thread(
            target=lambda: taken.append(theirs.take("account:info", timedelta(seconds=20)))
        )
        waiting.start()
        mine.release(lease)
        waiting.join(20)
        assert [one.epoch for one in taken] == [lease.epoch + 1]

    def test_a_held_lease_is_renewed(self, store: Store, mine: Leases) -> None:
        """The keeper moves the end of the term on, for the holder only."""
        lease = mine.take("account:info")
        expire(store)
        mine._renew(lease)
        with store.read() as connection:
            until = connection.scalar(select(leases.c.until).where(leases.c.name == lease.name))
        assert until is not None
        assert until > now()
        with store.write() as connection:
            connection.execute(update(leases).values(epoch=lease.epoch + 1, until=MORNING))
        mine._renew(lease)
        with store.read() as connection:
            assert set(connection.scalars(select(leases.c.until))) == {MORNING}

    def test_a_race_for_new_leases_never_has_two_winners(self, store: Store) -> None:
        """House and accounts taken for the first time at one moment still exclude each other."""
        for turn in range(12):
            start = threading.Barrier(6, timeout=30)
            won: list[str] = []
            names = [HOUSE, HOUSE, HOUSE, *[f"account:{turn}{n}" for n in "abc"]]
            threads = [threading.Thread(target=race, args=(store, n, start, won)) for n in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert won.count(HOUSE) == 0 or won == [HOUSE]
            assert won
            with store.write() as connection:
                connection.execute(leases.delete())


def race(store: Store, name: str, start: threading.Barrier, won: list[str]) -> None:
    """Take a lease at the same moment as the others."""
    own = open_store(store.engine.url)  # writers of one store queue up: this is another process
    keeper = Leases(own)
    version(own)
    start.wait()
    try:
        keeper.take(name)
        won.append(name)
    except LeaseHeld:
        pass
    finally:
        start.wait()
        keeper.close()
        own.close()


def expire(store: Store) -> None:
    """End the term of every lease."""
    with store.write() as connection:
        connection.execute(update(leases).values(until=datetime(2000, 1, 1, tzinfo=MORNING.tzinfo)))


def far_away() -> datetime:
    """Return a moment that no test reaches."""
    return datetime(2100, 1, 1, tzinfo=MORNING.tzinfo)


class TestLedger:
    """Every mail once, every delivery once, and a cursor that passes nothing over."""

    def test_receiving_again_is_a_no_op(self, books: Books) -> None:
        """The same arrivals twice (a crash after the commit) make no second row."""
        inbox = books.folder()
        first = books.receive(inbox, raw_mail(1), raw_mail(2))
        again = books.receive(inbox, raw_mail(1), raw_mail(2))
        assert [r.is_new for r in first] == [True, True]
        assert [r.is_new for r in again] == [False, False]
        assert [r.delivery_id for r in again] == [r.delivery_id for r in first]
        assert books.column(select(func.count()).select_from(deliveries)) == [2]
        assert books.column(select(func.count()).select_from(sightings)) == [0]

    def test_the_same_mail_twice_in_one_batch_is_one_mail_with_two_deliveries(
        self, books: Books
    ) -> None:
        """Two UIDs with the same bytes: one mail, two places, and one of them is new."""
        receipts = books.receive(books.folder(), raw_mail(1), raw_mail(1))
        assert len({r.mail_id for r in receipts}) == 1
        assert len({r.delivery_id for r in receipts}) == 2
        assert sorted(r.is_new for r in receipts) == [False, True]

    def test_a_mail_met_again_in_the_account_is_a_sighting(self, books: Books) -> None:
        """A known mail in another folder of the account waits to be explained; elsewhere not."""
        books.receive(books.folder(), raw_mail(1))
        books.receive(books.folder("Queues/Reclami"), raw_mail(1))
        books.receive(books.folder(account="vendite"), raw_mail(1))
        origins = select(deliveries.c.origin).order_by(deliveries.c.id)
        assert books.column(origins) == ["arrived", "sighted", "arrived"]
        assert len(books.column(select(sightings.c.delivery_id))) == 1

    def test_the_earliest_date_of_a_mail_counts(self, books: Books) -> None:
        """The clock of a mail is the earliest INTERNALDATE of its deliveries."""
        books.receive(books.folder(), raw_mail(1), at=LATER)
        books.receive(books.folder(account="vendite"), raw_mail(1), at=MORNING)
        books.receive(books.folder("Queues/Reclami"), raw_mail(1), at=LATER)
        assert books.column(select(mails.c.received_at)) == [MORNING]

    def test_a_new_uidvalidity_rematches_by_bytes(self, books: Books) -> None:
        """Mails met under new numbers close their old rows; what is not met is gone."""
        books.receive(books.folder(), raw_mail(1), raw_mail(2), raw_mail(3))
        renumbered = books.folder(uidvalidity=2)
        books.receive(renumbered, raw_mail(2), raw_mail(1), raw_mail(4))
        books.listed(renumbered, 1, 2, 3)
        origins = books.column(
            select(deliveries.c.origin).where(deliveries.c.folder_id == renumbered.id)
        )
        assert sorted(origins) == ["arrived", "rematched", "rematched"]
        assert books.column(select(folders.c.uidvalidity).where(folders.c.current)) == [2]
        open_rows = select(func.count()).where(deliveries.c.gone_at.is_(None))
        assert books.column(open_rows) == [3]
        assert books.column(select(func.count()).select_from(mails)) == [4]
        assert books.column(select(func.count()).select_from(sightings)) == [0]

    def test_a_uidvalidity_that_comes_back_finds_its_mails_present(self, books: Books) -> None:
        """A server that falls back to the old numbers has no mail that is taken for gone."""
        old = books.folder()
        books.receive(old, raw_mail(1))
        books.listed(old, 1)
        renumbered = books.folder(uidvalidity=2)
        books.receive(renumbered, raw_mail(1), first_uid=9)
        books.listed(renumbered, 9)
        again = books.folder()
        assert books.ledger.uids(again) == {1: False}
        books.ledger.listed(
            books.lease,
            again,
            Listed(server=1, cursor=1, gone=(), back=(1,), is_whole=True),
            LATER,
        )
        assert books.ledger.uids(again) == {1: True}

    def test_an_unfetchable_mail_is_named_and_filled_in_later(self, books: Books) -> None:
        """A UID that was not answered has a row; the mail takes it when it comes after all."""
        inbox = books.folder()
        books.ledger.name_unfetchable(books.lease, inbox, {5: "no answer"}, MORNING)
        books.ledger.name_unfetchable(books.lease, inbox, {5: "no answer"}, LATER)
        assert books.ledger.unfetchable(inbox) == (5,)
        assert books.ledger.uids(inbox) == {5: False}
        books.receive(inbox, raw_mail(1), first_uid=5)
        assert books.ledger.unfetchable(inbox) == ()
        assert books.column(select(deliveries.c.failure)) == [None]

    def test_a_listing_keeps_cursor_count_and_who_is_gone(self, books: Books) -> None:
        """What a listing showed is what the folder's row says afterwards."""
        inbox = books.folder()
        books.receive(inbox, raw_mail(1), raw_mail(2))
        books.listed(inbox, 2, gone=(1,))
        with books.store.read() as connection:
            row = connection.execute(select(folders)).one()
        assert (row.cursor_uid, row.server_count, row.listed_at) == (2, 1, LATER)
        assert books.ledger.uids(inbox) == {1: False, 2: True}

    def test_a_stale_holder_receives_nothing(self, books: Books) -> None:
        """After a takeover nothing of the batch is entered."""
        inbox = books.folder()
        held_lease(books.store, books.lease.name, epoch=2)
        with pytest.raises(LeaseLost):
            books.receive(inbox, raw_mail(1))
        assert books.column(select(func.count()).select_from(mails)) == [0]

    def test_two_accounts_may_receive_the_same_mails_at_once(self, books: Books) -> None:
        """Opposite orders at the same moment end in one row per mail and two deliveries each."""
        raws = [raw_mail(n) for n in range(30)]
        leases_of = {"info": books.lease, "vendite": held_lease(books.store, "account:vendite")}
        for _ in range(3):  # the second time every mail is known, and locked by both
            threads = [
                threading.Thread(target=receive_as, args=(books.store, name, lease, raws))
                for name, lease in leases_of.items()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert books.column(select(func.count()).select_from(mails)) == [30]
        assert books.column(select(func.count()).select_from(deliveries)) == [60]


def receive_as(store: Store, account: str, lease: Lease, raws: list[bytes]) -> None:
    """Receive mails into an account, as another process."""
    own = open_store(store.engine.url)
    ledger = Ledger(own, Actions(own, PLACEMENT))
    folder = ledger.open_folder(lease, account, "INBOX", 1)
    chosen = raws if account == "info" else raws[::-1]
    found = [arrival(folder, uid, raw, MORNING) for uid, raw in enumerate(chosen, 1)]
    places = {a.digest: Location(pack="1.pack", offset=1, length=9) for a in found}
    ledger.receive(lease, folder, found, places, MORNING)
    own.close()


class TestResults:
    """Recording a batch is one step, and repeating it is none."""

    def test_recording_again_changes_nothing(self, books: Books) -> None:
        """The same batch twice leaves the same rows."""
        books.receive(books.folder(), raw_mail(1), raw_mail(2))
        first = books.record(raw_mail(1), raw_mail(2))
        before = snapshot(books)
        assert books.record(raw_mail(1), raw_mail(2)) == first
        assert snapshot(books) == before
        assert set(first.values()) == {"stored"}

    def test_a_copy_has_no_decision_of_its_own(self, books: Books) -> None:
        """Other bytes with the same content: the first stays the original, one decision counts."""
        books.receive(books.folder(), raw_mail(1))
        books.receive(books.folder(), raw_mail(1, trace="X-Via: b\r\n"), first_uid=2)
        ends = books.record(raw_mail(1)) | books.record(raw_mail(1, trace="X-Via: b\r\n"))
        assert list(ends.values()) == ["stored", "duplicate"]
        assert books.column(select(decisions.c.mail_id)) == [min(ends)]
        assert books.column(select(readings.c.copy_of).order_by(readings.c.mail_id)) == [
            None,
            min(ends),
        ]
        assert len(books.column(select(contents.c.mail_id))) == 1

    def test_both_the_original_and_its_copy_are_settled(self, books: Books) -> None:
        """The one decision moves both deliveries out of the inbox."""
        books.receive(books.folder(), raw_mail(1), raw_mail(1, trace="X-Via: b\r\n"))
        books.record(raw_mail(1), raw_mail(1, trace="X-Via: b\r\n"))
        assert [a.target for a in books.actions.open("info")] == ["Queues/Reclami"] * 2

    def test_an_unreadable_mail_is_set_aside_and_its_neighbours_recorded(
        self, books: Books
    ) -> None:
        """Quarantine takes one row, the others go through."""
        bad = b"Poison: 1\r\n\r\n"
        books.receive(books.folder(), raw_mail(1), bad, raw_mail(2))
        ends = books.record(raw_mail(1), bad, raw_mail(2))
        assert sorted(ends.values()) == ["quarantined", "stored", "stored"]
        assert books.column(select(quarantine.c.reason)) == ["depth"]
        assert sorted(books.column(select(mails.c.state))) == ["quarantined", "read", "read"]

    def test_a_mail_that_cannot_be_recorded_does_not_hold_up_the_rest(self, books: Books) -> None:
        """A read mail without a verdict is a fault of ours: it is set aside with its traceback."""
        books.receive(books.folder(), raw_mail(1), raw_mail(2))
        broken = books.judged(raw_mail(1))
        broken = Judged(
            mail=broken.mail, answer=broken.answer, verdict=None, decision=None, live=True
        )
        ends = books.results.record([books.lease], [broken, books.judged(raw_mail(2))], LATER)
        assert list(ends.values()) == ["quarantined", "stored"]
        assert "results.py" in str(books.column(select(quarantine.c.traceback))[0])

    def test_a_stale_holder_records_nothing(self, books: Books) -> None:
        """After a takeover the mails wait for the new holder."""
        books.receive(books.folder(), raw_mail(1))
        judged = books.judged(raw_mail(1))
        held_lease(books.store, books.lease.name, epoch=2)
        with pytest.raises(LeaseLost):
            books.results.record([books.lease], [judged], LATER)
        assert books.column(select(mails.c.state)) == ["received"]


def snapshot(books: Books) -> list[list[tuple[object, ...]]]:
    """Return every row that recording writes."""
    tables = (mails, readings, contents, decisions, actions, quarantine)
    with books.store.read() as connection:
        return [[tuple(row) for row in connection.execute(select(table))] for table in tables]


class TestActions:
    """What we do on the server is a row before it is a command, and ends once."""

    def settled(self, books: Books, *outcomes: tuple[str, str | None, int | None]) -> None:
        target = books.folder("Queues/Reclami", uidvalidity=3)
        found = books.actions.open("info")
        ended = [
            Outcome(action=action, state=state, how=how, target_uid=uid)
            for action, (state, how, uid) in zip(found, outcomes, strict=True)
        ]
        books.actions.finish(books.lease, target.id, ended, LATER)

    def planned(self, books: Books, *raws: bytes) -> list[Action]:
        books.receive(books.folder(), *raws)
        books.record(*raws)
        return books.actions.open("info")

    def test_a_decision_plans_its_move_in_the_same_step(self, books: Books) -> None:
        """The action is there as soon as the decision is, once, with everything it needs."""
        (action,) = self.planned(books, raw_mail(1))
        assert (action.folder, action.uidvalidity, action.uid) == ("INBOX", 1, 1)
        assert (action.state, action.target) == ("planned", "Queues/Reclami")
        assert books.actions.has_open("info")
        assert not books.actions.has_open("vendite")

    def test_an_observed_account_plans_nothing(self, books: Books) -> None:
        """Without a go-live date there is a decision and no action."""
        books.receive(books.folder(account="vendite"), raw_mail(1))
        books.record(raw_mail(1))
        assert len(books.column(select(decisions.c.mail_id))) == 1
        assert books.column(select(actions.c.id)) == []

    def test_an_issued_action_is_committed_as_such(self, books: Books) -> None:
        """After `issue` a restart sees that the command may have been sent."""
        found = self.planned(books, raw_mail(1), raw_mail(2))
        books.actions.issue(books.lease, found[:1], "move", LATER)
        again = books.actions.open("info")
        assert [a.state for a in again] == ["issued", "planned"]
        assert again[0].issued_at == LATER
        assert again[0].how == "move"

    def test_a_move_with_copyuid_knows_its_new_place(self, books: Books) -> None:
        """The source is gone, the target holds a delivery of our own, and no sighting remains."""
        self.planned(books, raw_mail(1), raw_mail(2))
        self.settled(books, ("done", "move", 51), ("done", "move", 52))
        target = books.folder("Queues/Reclami", uidvalidity=3)
        assert books.ledger.uids(target) == {51: True, 52: True}
        assert books.ledger.uids(books.folder()) == {1: False, 2: False}
        books.receive(target, raw_mail(1), raw_mail(2), first_uid=51)
        assert not books.actions.has_open("info")
        bound = books.column(select(actions.c.target_delivery_id))
        assert None not in bound
        assert len(set(bound)) == 2

    def test_a_move_without_copyuid_is_known_by_its_bytes(self, books: Books) -> None:
        """The new place is found by a listing, and explained as our own move."""
        self.planned(books, raw_mail(1))
        self.settled(books, ("done", "move", None))
        books.receive(books.folder("Queues/Reclami", uidvalidity=3), raw_mail(1), first_uid=51)
        counts = books.actions.explain_sightings(books.lease, "info", LATER)
        assert counts == {"own": 1}
        assert books.actions.persons_moves() == []

    def test_mixed_endings_are_kept_apart(self, books: Books) -> None:
        """Done, superseded and failed actions of one command each keep their own ending."""
        self.planned(books, raw_mail(1), raw_mail(2), raw_mail(3))
        self.settled(books, ("done", "move", 51), ("superseded", None, None), ("failed", "copy", 0))
        query = select(actions.c.state).order_by(actions.c.id)
        assert books.column(query) == ["done", "superseded", "failed"]
        assert books.ledger.uids(books.folder()) == {1: False, 2: True, 3: True}
        assert books.actions.open("info") == []

    def test_a_persons_move_is_seen_once(self, books: Books) -> None:
        """Gone from the inbox and present in a queue without an action of ours: a lesson."""
        books.receive(books.folder(), raw_mail(1))
        books.record(raw_mail(1), queue=None)
        target = books.folder("Queues/Reclami", uidvalidity=3)
        books.receive(target, raw_mail(1), first_uid=51)
        books.listed(books.folder(), gone=(1,))
        books.listed(target, 51)
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {"person": 1}
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {}
        (move,) = books.actions.persons_moves("info")
        assert (move.from_folder, move.to_folder) == ("INBOX", "Queues/Reclami")

    def test_a_source_explains_one_appearance_only(self, books: Books) -> None:
        """A mail moved on by a person before we saw where we put it can come back there.

        Our move (no COPYUID) is explained as the person's, since its target was listed without
        the mail; when the person then moves it into that very target, this is a second move of
        theirs, not ours, and no row is used twice.
        """
        self.planned(books, raw_mail(1))
        self.settled(books, ("done", "move", None))
        target, other = books.folder("Queues/Reclami", 3), books.folder("Queues/Altro", 4)
        books.listed(target)
        books.receive(other, raw_mail(1), first_uid=7)
        books.listed(other, 7)
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {"person": 1}
        books.receive(target, raw_mail(1), first_uid=9)
        books.listed(other, gone=(7,))
        books.listed(target, 9)
        assert books.actions.explain_sightings(books.lease, "info", LATER) == {"person": 1}
        assert [m.to_folder for m in books.actions.persons_moves()] == [
            "Queues/Altro",
            "Queues/Reclami",
        ]
