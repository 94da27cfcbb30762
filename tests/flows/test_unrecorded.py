"""What the children answered cannot be recorded: the mails stay ours, and nothing stays blocked."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import Connection, event, select, update

from daemon.config.settings import Settings
from daemon.errors import StoreBusy
from daemon.intake.records import Arrival
from daemon.jobs import House
from daemon.pipeline import Answers, Batch
from daemon.reading.records import Job
from daemon.records import MailRef, Unreadable
from daemon.store.engine import choose_sqlite
from daemon.store.leases import Lease, account_lease
from daemon.store.tables import blobs, leases, mails
from tests.builders import MORNING, raw_mail
from tests.houses import Desk, InstantReaders, open_house, settings_of

ACCOUNT = "info"
FIVE = tuple(raw_mail(number, "alfa") for number in range(1, 6))
RECORDED_S = 20.0


class Other(Protocol):
    """A connection to the database beside the house's own."""

    def execute(self, statement: str) -> object:
        """Execute one statement."""


class InterferingReaders(InstantReaders):
    """Does something to the house when the first mails have come, and then reads them."""

    def __init__(self, interfere: Callable[[], object]) -> None:
        super().__init__()
        self._interfere: Callable[[], object] | None = interfere

    def submit(self, jobs: Sequence[Job], done: Callable[[Answers], None]) -> None:
        """Interfere, then read."""
        interfere, self._interfere = self._interfere, None
        if interfere is not None:
            interfere()
        super().submit(jobs, done)


class StoppingReaders(InstantReaders):
    """Gives every mail back unread, as a pool does that is being stopped."""

    def submit(self, jobs: Sequence[Job], done: Callable[[Answers], None]) -> None:
        """Answer that the reading was interrupted."""
        why = Unreadable(reason="interrupted", detail="the service stops")
        done([(job.key, why) for job in jobs])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give a house with one account; its server is never asked."""
    return settings_of(tmp_path / "house", {ACCOUNT: Desk(port=1)})


def hand_over(house: House) -> Lease:
    """Receive five mails and hand them to the pipeline."""
    lease = house.leases.take(account_lease(ACCOUNT))
    folder = house.ledger.open_folder(lease, ACCOUNT, "INBOX", 7)
    arrivals = [
        Arrival(
            ref=MailRef(account=ACCOUNT, folder="INBOX", uidvalidity=7, uid=uid),
            received_at=MORNING,
            digest=hashlib.sha256(raw).digest(),
            size=len(raw),
            raw=raw,
        )
        for uid, raw in enumerate(FIVE, start=1)
    ]
    received = house.receiver.take_in(lease, folder, arrivals)
    assert house.receiver.budget.used == sum(map(len, FIVE))
    batch = Batch(lease=lease, mails=received.mails, done=received.release)
    house.pipeline.submit(batch)
    return lease


def rows(house: House) -> list[tuple[str, int]]:
    """Return state and attempts of every mail."""
    with house.store.read() as connection:
        found = connection.execute(select(mails.c.state, mails.c.attempts).order_by(mails.c.id))
        return [(row.state, row.attempts) for row in found]


def assert_nothing_blocked(house: House) -> None:
    """Nothing is in hand, and no byte of the budget is held."""
    assert house.pipeline.in_hand == ()
    assert house.receiver.budget.used == 0


def assert_read_at_the_next_start(settings: Settings) -> None:
    """A new process takes up what the last one left."""
    with open_house(settings) as house:
        lease = house.leases.take(account_lease(ACCOUNT))
        house.pipeline.take_up(lease, ACCOUNT)
        assert house.pipeline.wait(RECORDED_S)
        assert [state for state, _ in rows(house)] == ["read"] * len(FIVE)
        assert_nothing_blocked(house)


@contextmanager
def impatient(house: House) -> Iterator[None]:
    """Have a locked database refuse at once, instead of after half a minute."""

    def hurry(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA busy_timeout=20")

    event.listen(house.store.engine, "begin", hurry, insert=True)
    yield
    event.remove(house.store.engine, "begin", hurry)


@contextmanager
def lockable(settings: Settings) -> Iterator[Other]:
    """Open the database beside the house, as a backup tool would."""
    with open_house(settings):
        path = settings.service.data_dir / "backdesk.db"
    # The same library, since two of them in one process do not see each other's locks.
    other = choose_sqlite().module.connect(path, isolation_level=None, check_same_thread=False)
    yield other
    other.close()


def test_a_stop_does_not_wait_for_a_database_that_stays_locked(settings: Settings) -> None:
    """The recorder gives up at the stop; the mails are ours and are read at the next start."""
    with lockable(settings) as other:
        readers = InterferingReaders(lambda: other.execute("BEGIN IMMEDIATE"))
        with open_house(settings, readers) as house, impatient(house):
            lease = hand_over(house)
            house.pipeline.close()
            assert_nothing_blocked(house)
            other.execute("ROLLBACK")
            house.leases.release(lease)
            assert [state for state, _ in rows(house)] == ["received"] * len(FIVE)
    assert_read_at_the_next_start(settings)


def test_a_database_that_was_locked_for_a_while_costs_nothing(settings: Settings) -> None:
    """The recorder waits for it, and records what it has in hand."""
    with lockable(settings) as other:
        readers = InterferingReaders(lambda: other.execute("BEGIN IMMEDIATE"))
        with open_house(settings, readers) as house, impatient(house):
            hand_over(house)
            assert not house.pipeline.wait(0.3)
            other.execute("ROLLBACK")
            assert house.pipeline.wait(RECORDED_S)
            assert [state for state, _ in rows(house)] == ["read"] * len(FIVE)
            assert_nothing_blocked(house)


def test_a_batch_whose_lease_was_taken_over_is_dropped_whole(settings: Settings) -> None:
    """Nothing of it is recorded, its bytes are given back, and no mail is charged with it."""
    houses: list[House] = []

    def take_over() -> None:
        with houses[0].store.write() as connection:
            ours = leases.c.name == account_lease(ACCOUNT)
            connection.execute(update(leases).where(ours).values(epoch=leases.c.epoch + 1))

    with open_house(settings, InterferingReaders(take_over)) as house:
        houses.append(house)
        hand_over(house)
        assert house.pipeline.wait(RECORDED_S)
        assert rows(house) == [("received", 0)] * len(FIVE)
        assert_nothing_blocked(house)
    with open_house(settings) as house, house.store.write() as connection:
        connection.execute(update(leases).values(holder=""))
    assert_read_at_the_next_start(settings)


def test_mails_given_back_by_a_stopping_pool_are_not_charged(settings: Settings) -> None:
    """However often the service is stopped while they wait, they are read in the end."""
    with open_house(settings, StoppingReaders()) as house:
        hand_over(house)
        assert house.pipeline.wait(RECORDED_S)
        assert rows(house) == [("received", 0)] * len(FIVE)
        assert_nothing_blocked(house)
    for _ in range(4):
        with open_house(settings, StoppingReaders()) as house:
            lease = house.leases.take(account_lease(ACCOUNT))
            house.pipeline.take_up(lease, ACCOUNT)
            assert house.pipeline.wait(RECORDED_S)
            assert rows(house) == [("received", 0)] * len(FIVE)
    assert_read_at_the_next_start(settings)


def test_a_mail_that_cannot_be_taken_up_gives_its_bytes_back(settings: Settings) -> None:
    """The database is locked between a mail's turn and its attempt: nothing stays in flight."""
    with (
        lockable(settings) as other,
        open_house(settings, StoppingReaders()) as house,
        impatient(house),
    ):
        lease = hand_over(house)
        assert house.pipeline.wait(RECORDED_S)

        def begin(size: int) -> Callable[[], None]:
            other.execute("BEGIN IMMEDIATE")
            return house.receiver.budget.take(size, ACCOUNT)

        with pytest.raises(StoreBusy):
            house.pipeline.take_up(lease, ACCOUNT, begin)
        assert_nothing_blocked(house)
        other.execute("ROLLBACK")
    assert_read_at_the_next_start(settings)


class WatchingReaders(InstantReaders):
    """Notes, whenever mails come, how many of the ledger's are still unread."""

    def __init__(self) -> None:
        super().__init__()
        self.house: House | None = None
        self.unread: list[int] = []

    def submit(self, jobs: Sequence[Job], done: Callable[[Answers], None]) -> None:
        """Look, then read."""
        if self.house is not None:
            self.unread.append([state for state, _ in rows(self.house)].count("received"))
        super().submit(jobs, done)


def test_a_suspect_is_recorded_before_the_next_one_is_read(settings: Settings) -> None:
    """Else it would be charged with the death of a service that its neighbour takes down."""
    with open_house(settings, StoppingReaders()) as house:
        hand_over(house)
        assert house.pipeline.wait(RECORDED_S)
        with house.store.write() as connection:
            connection.execute(update(mails).values(attempts=1))
    readers = WatchingReaders()
    with open_house(settings, readers) as house:
        readers.house = house
        house.pipeline.take_up(house.leases.take(account_lease(ACCOUNT)), ACCOUNT)
        assert readers.unread == [5, 4, 3, 2, 1]
        assert house.pipeline.wait(RECORDED_S)
        assert_nothing_blocked(house)


def test_a_mail_whose_record_in_the_packs_is_gone_stops_nobody(settings: Settings) -> None:
    """It is set aside by name, the others are read."""
    with open_house(settings, StoppingReaders()) as house:
        hand_over(house)
        assert house.pipeline.wait(RECORDED_S)
        first = hashlib.sha256(FIVE[0]).digest()
        with house.store.write() as connection:
            connection.execute(blobs.delete().where(blobs.c.digest == first))
    with open_house(settings) as house:
        house.pipeline.take_up(house.leases.take(account_lease(ACCOUNT)), ACCOUNT)
        assert house.pipeline.wait(RECORDED_S)
        assert [state for state, _ in rows(house)] == ["quarantined"] + ["read"] * 4
        assert_nothing_blocked(house)
