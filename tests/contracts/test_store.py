"""Both engines keep the same promises: transactions, schema, leases."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from daemon.clock import now
from daemon.errors import LeaseHeld, LeaseLost, StoreBusy, StoreError
from daemon.store.columns import metadata
from daemon.store.engine import Store, _is_passing, open_store
from daemon.store.leases import HOUSE, Lease, Leases, own_identity
from daemon.store.schema import upgrade, version
from daemon.store.tables import leases, runs
from tests.builders import MORNING


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


@pytest.mark.parametrize(
    ("state", "words", "is_passing"),
    [
        ("40P01", "deadlock detected", True),
        ("53100", "could not extend file", True),
        ("54000", 'index row size 5048 exceeds maximum, use "full text indexing"', False),
        ("", "database or disk is full", True),
        ("", "connection refused", True),
        ("", "no such table", False),
    ],
)
def test_what_may_pass_is_told_by_its_code(state: str, words: str, is_passing: bool) -> None:
    """A word in a hint must not make a mail be recorded again and again for ever."""
    error = Exception(words)
    error.sqlstate = state
    assert _is_passing(error, words) is is_passing
