"""Both engines keep the same promises: the ledger, and what is recorded of each mail."""

import threading

import pytest
from sqlalchemy import func, select

from daemon.errors import LeaseLost
from daemon.intake.actions import Actions
from daemon.intake.records import Judged
from daemon.intake.store import Ledger, Listed
from daemon.store.engine import Store, open_store
from daemon.store.leases import Lease
from daemon.store.packs import Location
from daemon.store.tables import (
    actions,
    contents,
    decisions,
    deliveries,
    folders,
    mails,
    quarantine,
    readings,
    sightings,
)
from tests.builders import MORNING, held_lease, raw_mail
from tests.contracts.books import LATER, PLACEMENT, Books, arrival


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
