"""Our moves and a person's, shuffled: none of ours taken for theirs, each of theirs seen once."""

import hashlib
import imaplib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from daemon.intake.actions import Actions
from daemon.jobs import House
from daemon.store.engine import Store, open_store, sqlite_url
from daemon.store.tables import actions, deliveries, folders, mails, sightings
from tests.builders import raw_mail
from tests.houses import PASSWORD, QUEUES, Desk, on_dovecot, on_fake, open_house, poll, settings_of
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap, Fault, Kind

MOVES = int(os.environ.get("MOVES", "500"))
KILLS = int(os.environ.get("KILLS", "50"))
ROOT = Path(__file__).parents[2]
PLACES = ("INBOX", *QUEUES.values())
KINDS = (
    pytest.param("dovecot", marks=pytest.mark.server),
    "without COPYUID",
    "without MOVE",
    "without UIDPLUS and MOVE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mailbox, and a way in for the person."""

    desk: Desk
    client: Callable[[], imaplib.IMAP4]
    deliver: Callable[[bytes], object]


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, new_user: str) -> Server:
    """Give each server in turn, with its folders."""
    if request.param == "dovecot":
        return on_real(request.getfixturevalue("dovecot"), new_user)
    fake = request.getfixturevalue("fake_imap")
    fake.gives_copyuid = request.param != "without COPYUID"
    if "MOVE" in request.param:
        fake.hidden.add("MOVE")
    if "UIDPLUS" in request.param:
        fake.hidden.add("UIDPLUS")
    return on_scripted(fake)


def on_real(dovecot: Dovecot, user: str) -> Server:
    """Return a mailbox on Dovecot with its folders."""
    with dovecot.imaplib_client(user) as client:
        for name in PLACES[1:]:
            client.create(name)
    return Server(
        desk=on_dovecot(dovecot, user),
        client=lambda: dovecot.imaplib_client(user),
        deliver=lambda raw: dovecot.append(user, "INBOX", raw),
    )


def on_scripted(fake: FakeImap) -> Server:
    """Return the mailbox of a FakeImap with its folders."""
    for name in PLACES[1:]:
        fake.store.create(name)

    def client() -> imaplib.IMAP4:
        made = imaplib.IMAP4(fake.host, fake.port, timeout=30)
        made.login("desk", PASSWORD)
        return made

    return Server(
        desk=on_fake(fake), client=client, deliver=lambda raw: fake.store.add("INBOX", raw)
    )


@dataclass(slots=True, kw_only=True)
class Office:
    """The mailbox with a person working in it; remembers each of their moves."""

    server: Server
    chance: random.Random
    delivered: Counter[str] = field(default_factory=Counter)
    moved: list[tuple[int, str, str]] = field(default_factory=list)

    def deliver(self, first: int, number: int) -> None:
        """Put mails in: every other one has a rule, so that we move it."""
        for count in range(first, first + number):
            raw = raw_mail(count, "alfa" if count % 2 else "nota")
            self.server.deliver(raw)
            self.delivered[hashlib.sha256(raw).hexdigest()] += 1

    def work(self, store: Store, number: int) -> None:
        """Move some mails that the house knows to be where they are, as a mail client does."""
        known = candidates(store)
        self.chance.shuffle(known)
        with self.server.client() as client:
            for mail, folder, uid, ours in known[:number]:
                targets = [name for name in PLACES if name not in (folder, ours)]
                target = self.chance.choice(targets)
                if self._move(client, folder, uid, target):
                    self.moved.append((mail, folder, target))

    def _move(self, client: imaplib.IMAP4, folder: str, uid: int, target: str) -> bool:
        client.select(folder)
        if not client.uid("SEARCH", f"UID {uid}")[1][0]:
            return False  # the house was quicker than its ledger: killed in between
        if "MOVE" in client.capabilities and self.chance.random() < 0.5:
            assert client.uid("MOVE", str(uid), target)[0] == "OK"
            return True
        assert client.uid("COPY", str(uid), target)[0] == "OK"
        client.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
        client.expunge()
        return True

    def places(self) -> dict[str, str]:
        """Return where each mail is on the server; fails when one is doubled or lost."""
        found: list[tuple[str, str]] = []
        with self.server.client() as client:
            for name in PLACES:
                client.select(name, readonly=True)
                parts = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
                raws = [part[1] for part in parts if isinstance(part, tuple)]
                found += [(hashlib.sha256(raw).hexdigest(), name) for raw in raws]
        assert Counter(digest for digest, _ in found) == self.delivered
        return dict(found)

    def check(self, store: Store) -> None:
        """Compare what the house believes with what was done, and where the mails are."""
        rows = Actions(store, None).persons_moves()
        seen = Counter((row.mail_id, row.from_folder, row.to_folder) for row in rows)
        assert seen == Counter(self.moved)
        with store.read() as connection:
            here = connection.execute(present().add_columns(mails.c.digest)).all()
            undone = select(func.count()).where(actions.c.state.in_(("planned", "issued")))
            assert connection.scalar(undone) == 0
            unsettled = select(func.count()).where(sightings.c.outcome.is_(None))
            assert connection.scalar(unsettled) == 0
        assert Counter((row.digest.hex(), row.folder) for row in here) == Counter(
            self.places().items()
        )


def present():
    """Return the query of the places where the ledger believes mails to be."""
    return (
        select(deliveries.c.mail_id, folders.c.name.label("folder"), deliveries.c.uid)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .join(mails, mails.c.id == deliveries.c.mail_id)
        .where(deliveries.c.gone_at.is_(None), folders.c.current)
    )


def candidates(store: Store) -> list[tuple[int, str, int, str | None]]:
    """Return mails of which nothing is open but, at most, a move of ours, and its target.

    A person who takes a mail to the very folder that we were about to take it to cannot be told
    from us on servers without COPYUID; and of two moves between two rounds only one can be seen.
    """
    ours = select(actions.c.mail_id, actions.c.target).where(actions.c.state != "superseded")
    unsettled = select(sightings.c.mail_id).where(sightings.c.outcome.is_(None))
    read = select(mails.c.id).where(mails.c.state == "read")
    with store.read() as connection:
        targets = {row.mail_id: row.target for row in connection.execute(ours)}
        busy = set(connection.scalars(unsettled))
        known = set(connection.scalars(read)) - busy
        rows = connection.execute(present().order_by(deliveries.c.id)).all()
    return [
        (r.mail_id, r.folder, r.uid, targets.get(r.mail_id)) for r in rows if r.mail_id in known
    ]


def finish(house: House, rounds: int = 4) -> None:
    """Poll until the last sighting must be explained."""
    for _ in range(rounds):
        poll(house)


def test_every_move_of_a_person_is_seen_once_and_none_of_ours(
    tmp_path: Path, server: Server
) -> None:
    """Sixty of our moves and some sixty of a person's, shuffled, the house opened anew thrice."""
    office = Office(server=server, chance=random.Random(2))
    settings = settings_of(tmp_path / "house", {"info": server.desk})
    for part in range(3):
        with open_house(settings) as house:
            for turn in range(5):
                office.deliver(part * 40 + turn * 8, 8)
                office.work(house.store, 4)
                poll(house)
    with open_house(settings) as house:
        finish(house)
        office.check(house.store)
    assert len(office.moved) > 40


@pytest.mark.parametrize("kind", ["", *KINDS[1:]])
@pytest.mark.parametrize("command", ["UID SEARCH", "UID MOVE", "UID COPY", "EXAMINE", "SELECT"])
def test_a_person_may_move_mails_at_any_moment_of_a_round(
    tmp_path: Path, fake_imap: FakeImap, kind: str, command: str
) -> None:
    """Somebody takes mails away just before a command of ours: seen once, and nothing doubled."""
    fake_imap.gives_copyuid = kind != "without COPYUID"
    fake_imap.hidden |= {name for name in ("MOVE", "UIDPLUS") if name in kind}
    server = on_scripted(fake_imap)
    office = Office(server=server, chance=random.Random(command + kind))
    settings = settings_of(tmp_path / "house", {"info": server.desk})
    with open_house(settings) as house:
        office.deliver(0, 20)
        fake_imap.fault(Fault(kind=Kind.NO, command="UID MOVE", text="[UNAVAILABLE] later"))
        fake_imap.fault(Fault(kind=Kind.NO, command="UID COPY", text="[UNAVAILABLE] later"))
        for _ in range(2):  # the first round may end before anything is moved
            quietly_poll(house)
        for turn in range(1, 7):
            office.deliver(turn * 100, 4)
            fake_imap.script.clear()
            fake_imap.fault(
                Fault(
                    kind=Kind.ACT,
                    command=command,
                    nth=office.chance.randint(1, 4),
                    act=lambda _: office.work(house.store, 3),
                )
            )
            poll(house)
        fake_imap.script.clear()
        finish(house)
        office.check(house.store)


def quietly_poll(house: House) -> None:
    """Poll, and let a fault of the server be one."""
    try:
        poll(house)
    except Exception:  # noqa: BLE001 - the fault above
        return


@pytest.mark.parametrize("kind", ["", *KINDS[1:]])
def test_breaking_off_in_the_middle_of_our_moves_doubles_nothing(
    tmp_path: Path, fake_imap: FakeImap, kind: str
) -> None:
    """Commands that are cut off before, in the middle of and after their work, again and again."""
    fake_imap.gives_copyuid = kind != "without COPYUID"
    fake_imap.hidden |= {name for name in ("MOVE", "UIDPLUS") if name in kind}
    server = on_scripted(fake_imap)
    office = Office(server=server, chance=random.Random(kind))
    settings = settings_of(tmp_path / "house", {"info": server.desk})
    ways = [
        Fault(kind=how, command=command, size=size)
        for command in ("UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE", "UID SEARCH")
        for how, size in ((Kind.DROP, 0), (Kind.CUT, 0), (Kind.CUT, 9), (Kind.PARTLY, 2))
    ]
    with open_house(settings) as house:
        for turn in range(30):
            office.deliver(turn * 10, 5)
            fake_imap.fault(office.chance.choice(ways))
            quietly_poll(house)
            fake_imap.script.clear()  # the person has no part in this
            if turn % 3 == 2:
                office.work(house.store, 2)
        finish(house)
        office.check(house.store)


@contextmanager
def reading(home: Path) -> Iterator[Store]:
    """Open the store of a house that is not running."""
    store = open_store(sqlite_url(home / "var"))
    yield store
    store.close()


POINTS = (
    "receive.packed", "receive.before_commit", "receive.committed", "read.sent",
    "record.before_commit", "record.committed", "settle.issued", "settle.moved", "settle.copied",
    "settle.removed", "settle.before_commit", "settle.committed",
)  # fmt: skip


def poll_and_kill(home: Path, failpoint: str, after_s: float | None) -> bool:
    """Run one round in a process of its own; return whether it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", "poll", "--once", "--config", "backdesk.toml"],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(ROOT), "BACKDESK_FAILPOINT": failpoint},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.communicate(timeout=after_s or 120)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[1]
    if process.returncode == -signal.SIGKILL:
        return True
    assert process.returncode in (0, 1), said[-2000:]
    return False


@pytest.mark.server
@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_kills_between_our_moves_and_a_persons_change_nothing(
    tmp_path: Path, server: Server
) -> None:
    """MOVES of ours and MOVES of a person's with KILLS kills of the real program in between."""
    office = Office(server=server, chance=random.Random(5))
    home = tmp_path / "house"
    settings_of(home, {"info": server.desk})
    kills, turn, each = 0, 0, max(MOVES // KILLS, 2)
    points = [f"{name}:{time}" for time in (1, 2) for name in POINTS]
    poll_and_kill(home, "", None)
    while kills < KILLS or len(office.moved) < MOVES:
        office.deliver(turn * each * 2, each * 2 if turn * each < MOVES else 0)
        with reading(home) as store:
            office.work(store, each)
        is_random = turn % 3 == 2
        point = "" if is_random or kills >= KILLS else points[turn % len(points)]
        after_s = office.chance.uniform(1.5, 4.0) if is_random and kills < KILLS else None
        kills += poll_and_kill(home, point, after_s)
        turn += 1
        assert turn < (KILLS + MOVES) * 3
    for _ in range(4):
        assert not poll_and_kill(home, "", None)
    with reading(home) as store:
        office.check(store)
    print(f"{kills} kills, {len(office.moved)} moves of a person, {turn} rounds")
