"""A Dovecot and a house that is killed again and again -> proof of what was lost or doubled.

Each run is the real `backdesk poll --once` in a process of its own, live and settling, killed by
SIGKILL at a named failpoint or at a random moment; with a power-loss layer every unsynced write
is taken away as well. Mail keeps arriving between the kills.
"""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, and_, func, or_, select

from daemon import clock
from daemon.store.engine import open_store, sqlite_url
from daemon.store.tables import (
    case_events,
    case_mails,
    cases,
    counters,
    decisions,
    deliveries,
    folders,
    mails,
    readings,
    sightings,
)
from tests.faults.undo import undo
from tests.servers.dovecot import Dovecot

ROOT = Path(__file__).parents[2]
ENDS = (0, 1)  # done; done, with mails set aside that the verdict counts
INBOXES = ("INBOX", "Archive")
QUEUES = ("Queues/Small", "Queues/Large")
FAILPOINT = re.compile(r'failpoint\("([a-z_.]+)"\)')

CONFIGURATION = """
[service]
data_dir = "var"
timezone = "Europe/Rome"

[intake]
free_disk_bytes = 1000000

[limits]
batch_mails = 25

[accounts.info]
host = "{host}"
port = {port}
security = "plain"
username = "{user}"
password_file = "password"
folders = ["INBOX", "Archive"]
go_live = 2020-01-01

[queues.small]
account = "info"
folder = "Queues/Small"

[queues.large]
account = "info"
folder = "Queues/Large"

[[rules]]
name = "small"
when = {{ max_size = 3000 }}
queue = "small"

[[rules]]
name = "large"
when = {{}}
queue = "large"
"""


def failpoints(*, sending: bool = False) -> tuple[str, ...]:
    """Return every failpoint on the way of a mail, as the code names them.

    Args:
        sending: those on the way out as well.
    """
    found = {
        name
        for path in (ROOT / "daemon").rglob("*.py")
        for name in FAILPOINT.findall(path.read_text(encoding="utf-8"))
    }
    beside = ("append.",) if sending else ("append.", "send.")  # only with two accounts
    return tuple(sorted(name for name in found if not name.startswith(beside)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The power-loss layer round the house's data folder."""

    library: Path
    root: Path
    journal: Path
    ignore: str = ""  # fsyncs that are taken away; see `undo.environment`

    def environment(self) -> dict[str, str]:
        """Return what puts a process on the layer."""
        return undo.environment(self.library, self.root, self.journal, ignore=self.ignore)

    def cut_power(self) -> None:
        """Take away what was not synced."""
        undo.apply(self.journal, self.root)


@dataclass(slots=True, kw_only=True)
class KilledHouse:
    """One mailbox on a Dovecot, and the house that reads it and is killed."""

    dovecot: Dovecot
    user: str
    home: Path
    layer: Layer | None = None
    more: str = ""  # further configuration
    delivered: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    broken_promises: list[str] = field(default_factory=list)

    def furnish(self) -> None:
        """Write the configuration."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "var").mkdir()
        (self.home / "password").write_text(self.dovecot.password)
        (self.home / "password").chmod(0o600)
        text = CONFIGURATION.format(host=self.dovecot.host, port=self.dovecot.port, user=self.user)
        (self.home / "backdesk.toml").write_text(text + self.more)

    def deliver(self, folder: str, raws: Sequence[bytes]) -> None:
        """Put mails into a folder of the server."""
        self.dovecot.fill(self.user, folder, raws, first_arrival=clock.now())
        # The server sends every line end as CRLF, whatever the file has.
        self.delivered.update(_digest(_crlf(raw)) for raw in raws)

    def poll(self, failpoint: str = "", kill_after_s: float | None = None) -> bool:
        """Run one round; return whether it was killed."""
        environment = os.environ | {"BACKDESK_FAILPOINT": failpoint}
        if self.layer:
            environment |= self.layer.environment()
        with (self.home / "stderr.txt").open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "daemon", "poll", "--once", "--config", "backdesk.toml"],
                cwd=self.home,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
            try:
                code = process.wait(kill_after_s or 300)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                code = process.wait()
        if code == -signal.SIGKILL:
            self.kills[failpoint.partition(":")[0] or "random moment"] += 1
            if self.layer:
                self.layer.cut_power()
            self.broken_promises += self._unfounded_moves()
        elif code not in ENDS:
            raise AssertionError((self.home / "stderr.txt").read_text(errors="replace")[-2000:])
        return code == -signal.SIGKILL

    def replay(self) -> None:
        """Read again what was set aside because the service died over it three times."""
        subprocess.run(
            [sys.executable, "-m", "daemon", "quarantine", "replay", "--config", "backdesk.toml"],
            cwd=self.home,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,  # what stays unread is in the verdict
        )

    def reconcile(self) -> list[dict[str, int]]:
        """Return what `backdesk reconcile --json` says."""
        done = subprocess.run(
            [sys.executable, "-m", "daemon", "reconcile", "--json", "--config", "backdesk.toml"],
            cwd=self.home,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        return json.loads(done.stdout)["folders"]

    def server_mails(self) -> Counter[str]:
        """Return the digest of every mail on the server, in whatever folder."""
        found: Counter[str] = Counter()
        for folder in (*INBOXES, *QUEUES):
            found.update(map(_digest, self.dovecot.raws(self.user, folder).values()))
        return found

    def verdict(self) -> list[str]:
        """Return everything that is wrong with server and ledger; empty when all is well."""
        wrong = list(self.broken_promises)
        server = self.server_mails()
        if lost := self.delivered - server:
            wrong.append(f"{lost.total()} mails lost on the server")
        if doubled := server - self.delivered:
            wrong.append(f"{doubled.total()} mails doubled on the server")
        if missing := sum(line["missing"] for line in self.reconcile()):
            wrong.append(f"{missing} mails missing in the ledger")
        return wrong + self._ledger_faults()

    def _unfounded_moves(self) -> list[str]:
        """Find mails that we moved although ledger and bytes were not durable (promise 1).

        Nobody else moves mail here, so whatever is in a queue's folder was moved by us.
        """
        moved: set[str] = set()
        for folder in QUEUES:
            moved.update(map(_digest, self.dovecot.raws(self.user, folder).values()))
        if not moved:
            return []
        done = subprocess.run(
            [sys.executable, "-c", READ_BACK, str(self.home)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if lost := moved - set(done.stdout.split()):
            return [f"{len(lost)} mails moved before they were durable"]
        return []

    def _ledger_faults(self) -> list[str]:
        store = open_store(sqlite_url(self.home / "var"))
        wrong = []
        with store.read() as connection:
            digests = {d.hex(): n for d, n in connection.execute(_digest_counts())}
            unread = connection.execute(
                select(mails.c.state, mails.c.attempts).where(mails.c.state != "read")
            ).all()
            taken = connection.scalar(
                select(func.count()).select_from(sightings).where(sightings.c.outcome == "person")
            )
            present = Counter({d.hex(): n for d, n in connection.execute(_present_counts())})
            wrong += _case_faults(connection)
        store.close()
        if digests.keys() != self.delivered.keys():
            wrong.append(f"{len(self.delivered.keys() - digests.keys())} mails not in the ledger")
        if any(number > 1 for number in digests.values()):
            wrong.append("a mail has two rows")
        if present != self.delivered:
            wrong.append(f"the ledger believes {present.total()} mails to be on the server")
        if unread:
            wrong.append(f"mails not read: {Counter(map(tuple, unread))}")
        if taken:
            wrong.append(f"{taken} of our own moves taken for a person's")
        return wrong + self._unreadable()

    def _unreadable(self) -> list[str]:
        """Read every mail back from the packs: the bytes, not only the rows, must be there."""
        done = subprocess.run(
            [sys.executable, "-c", READ_BACK, str(self.home)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        return [] if done.returncode == 0 else [f"packs: {done.stderr.strip()[-300:]}"]


READ_BACK = """
import sys
from pathlib import Path
from sqlalchemy import select
from daemon import clock
from daemon.store.engine import open_store, sqlite_url
from daemon.store.packs import Location, Packs
from daemon.store.tables import blobs, mails
home = Path(sys.argv[1]) / "var"
packs, store = Packs(home / "packs"), open_store(sqlite_url(home))
with store.read() as connection:
    rows = connection.execute(select(blobs).join(mails, mails.c.digest == blobs.c.digest)).all()
    count = len(connection.execute(select(mails.c.id)).all())
assert len(rows) == count, f"{count - len(rows)} mails without bytes"
for row in rows:
    packs.read(Location(pack=row.pack, offset=row.offset, length=row.length), row.digest)
    print(row.digest.hex())
"""


def kill_through(
    house: KilledHouse,
    portions: Iterator[Sequence[bytes]],
    kills: int,
    seed: int,
    names: Sequence[str] = (),
) -> None:
    """Kill the house so often, in turn at each failpoint and at random moments; then let it end.

    Args:
        house: furnished.
        portions: mail that arrives before each run, as many as there are; the rest at the end.
        kills: how many.
        seed: of the random moments.
        names: the failpoints; none: all.
    """
    chance = random.Random(seed)
    names = names or failpoints()
    turn = 0
    while house.kills.total() < kills:
        house.deliver(chance.choice(INBOXES), next(portions, ()))
        if turn % 2:
            house.poll(kill_after_s=chance.uniform(2.0, 5.0))
        else:
            name = names[(turn // 2) % len(names)]
            house.poll(failpoint=f"{name}:{chance.randint(1, 2)}")
        turn += 1
        if turn > kills * 4 + 20:
            raise AssertionError(f"only {house.kills.total()} of {kills} kills happened")
    house.deliver("INBOX", [raw for rest in portions for raw in rest])
    assert not house.poll()
    house.replay()
    for _ in range(2):  # sightings and copies are explained a round later
        assert not house.poll()


def portions(raws: Iterable[bytes], number: int) -> Iterator[Sequence[bytes]]:
    """Cut mails into portions for so many kills; not every run is killed."""
    every = list(raws)
    size = max(len(every) // (number * 2), 1)
    return (every[i : i + size] for i in range(0, len(every), size))


def invented_mails(number: int, seed: int = 7) -> list[bytes]:
    """Return mails of different sizes; every 20th is a byte-identical repetition."""
    chance = random.Random(seed)
    made: list[bytes] = []
    for index in range(number):
        if index % 20 == 19:
            made.append(chance.choice(made))
            continue
        body = "\r\n".join(f"riga {line} di {index}" for line in range(chance.randint(1, 300)))
        head = (
            f"From: Ada <ada{index}@nord.example>\r\nTo: info@aurora.example\r\n"
            f"Subject: richiesta numero {index}\r\nMessage-ID: <{index}.{seed}@nord.example>\r\n"
            "Date: Mon, 5 Jan 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        )
        made.append((head + body + "\r\n").encode())
    return made


def _case_faults(connection: Connection) -> list[str]:
    """Recount the register: each mail that asks has its one case, whose events begin with it."""
    asks = or_(decisions.c.label.in_(("complaint", "request")), decisions.c.abstained)
    live = and_(decisions.c.live, readings.c.automatic.is_(None), asks)
    asking = select(decisions.c.mail_id).join(readings, readings.c.mail_id == decisions.c.mail_id)
    wanted = set(connection.scalars(asking.where(live)))
    placed = set(connection.scalars(select(case_mails.c.mail_id)))
    numbers = connection.scalars(select(cases.c.reference)).all()
    given = select(func.sum(counters.c.value)).where(counters.c.name.startswith("case:"))
    counted = connection.scalar(given) or 0
    events = connection.execute(select(case_events).order_by(case_events.c.id)).all()
    first = {event.case_id: event.kind for event in reversed(events)}
    wrong = []
    if lacking := wanted - placed:
        wrong.append(f"{len(lacking)} mails without their case")
    if sum(event.kind == "opened" for event in events) != len(numbers):
        wrong.append("a case was opened twice, or never")
    if counted != len(numbers):
        wrong.append(f"{counted} references were given to {len(numbers)} cases")
    if set(first.values()) - {"opened"}:
        wrong.append("a case's events do not begin with its opening")
    return wrong


def _digest_counts():
    return select(mails.c.digest, func.count()).group_by(mails.c.digest)


def _present_counts():
    return (
        select(mails.c.digest, func.count())
        .join(deliveries, deliveries.c.mail_id == mails.c.id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(deliveries.c.gone_at.is_(None), folders.c.current)
        .group_by(mails.c.digest)
    )


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _crlf(raw: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", raw)
