"""A house with two accounts: one on a server that misbehaves, one that must not notice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from daemon.errors import BackdeskError
from daemon.jobs import House
from daemon.store.packs import Location
from daemon.store.tables import actions, blobs, deliveries, mails, sightings
from tests.builders import raw_mail
from tests.houses import on_fake, open_house, poll, settings_of
from tests.servers.fake_imap import FakeImap

TWENTY = tuple(raw_mail(n, "alfa" if n % 2 else "beta") for n in range(20))
LIMITS = "batch_mails = 7\nslice_bytes = 2_000_000"
BODY = {"command": "UID FETCH", "containing": "BODY.PEEK[]"}


class Pair:
    """A house with two accounts: `info` on a server that is made to misbehave, and a quiet one."""

    def __init__(self, home: Path, faulty: FakeImap, quiet: FakeImap) -> None:
        self.faulty, self.quiet = faulty, quiet
        desks = {"info": on_fake(faulty), "vendite": on_fake(quiet)}
        self.settings = settings_of(home, desks, limits=LIMITS)
        self.house: House

    @contextmanager
    def opened(self) -> Iterator["Pair"]:
        with open_house(self.settings) as self.house:
            yield self

    def add(self, *raws: bytes) -> list[int]:
        return [self.faulty.store.add("INBOX", raw) for raw in raws]

    def round(self) -> BackdeskError | None:
        """Poll both accounts at the same time; the quiet one must get through whatever happens.

        Returns:
            What the faulty account's round raised.
        """
        fresh = raw_mail(90_000 + len(self.quiet.store.raws("INBOX")), "nota")
        self.quiet.store.add("INBOX", fresh)
        raised: list[BaseException] = []
        beside = threading.Thread(target=poll_quietly, args=(self.house, raised))
        beside.start()
        error = None
        try:
            poll(self.house)
        except BackdeskError as found:
            error = found
        beside.join()
        assert raised == []
        assert self.held("vendite") == sorted(self.quiet.store.raws("INBOX").values())
        return error

    def until_well(self, rounds: int = 8) -> list[BackdeskError]:
        """Poll until nothing is raised; return what was."""
        errors: list[BackdeskError] = []
        while error := self.round():
            errors.append(error)
            assert len(errors) < rounds, errors
        return errors

    def held(self, account: str = "info") -> list[bytes]:
        """Return the bytes of every mail the ledger holds of an account, read from the packs."""
        query = select(blobs).join(mails, mails.c.digest == blobs.c.digest)
        with self.house.store.read() as connection:
            rows = connection.execute(query.where(mails.c.account == account)).all()
        return sorted(
            self.house.packs.read(
                Location(pack=row.pack, offset=row.offset, length=row.length), row.digest
            )
            for row in rows
        )

    def unfetchable(self) -> dict[int, str]:
        query = select(deliveries.c.uid, deliveries.c.failure)
        with self.house.store.read() as connection:
            rows = connection.execute(query.where(deliveries.c.mail_id.is_(None)))
            return {row.uid: row.failure for row in rows}

    def on_server(self) -> list[bytes]:
        store = self.faulty.store
        return sorted(raw for name in store.names for raw in store.raws(name).values())

    def assert_whole(self, *raws: bytes) -> None:
        """All these mails are held once, read, and each once on the server, settled."""
        assert self.held() == sorted(raws)
        assert self.on_server() == sorted(raws)
        assert self.faulty.store.raws("INBOX") == {}
        with self.house.store.read() as connection:
            states = connection.execute(
                select(mails.c.state, mails.c.account).where(mails.c.account == "info")
            )
            assert {row.state for row in states} <= {"read"}
            taken = select(func.count()).where(sightings.c.outcome == "person")
            assert connection.scalar(taken) == 0
            open_actions = select(func.count()).where(actions.c.state.in_(("planned", "issued")))
            assert connection.scalar(open_actions) == 0


def poll_quietly(house: House, raised: list[BaseException]) -> None:
    """Poll the quiet account, and keep what it raises."""
    try:
        poll(house, "vendite")
    except BaseException as error:  # noqa: BLE001 - handed to the test
        raised.append(error)
