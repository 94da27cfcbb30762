"""Accounts on test servers -> a house that polls them, with a stand-in for the reading children.

Everything is wired by `daemon.bootstrap`, except the pool: `InstantReaders` answers in the
caller's thread, so that a round takes milliseconds.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path
from typing import cast

from daemon import bootstrap
from daemon.config.loading import parse
from daemon.config.settings import Settings
from daemon.intake.connect import Login
from daemon.jobs import House
from daemon.mail.content import content_digest
from daemon.pipeline import Answers
from daemon.reading.pool import ReadingPool
from daemon.reading.records import Job
from daemon.records import Reading, Unreadable
from daemon.rounds import poll_once
from daemon.store.leases import account_lease
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap

PASSWORD = "quiet-harbour-7"
QUEUES = {"alfa": "Queues/Alfa", "beta": "Queues/Beta"}
"""Queues of the first account: mails with `alfa` in the subject go to the first, others don't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One account of the configuration."""

    port: int
    username: str = "desk"
    folders: tuple[str, ...] = ("INBOX",)
    go_live: str = "2020-01-01"  # empty: observed only

    def section(self, name: str) -> str:
        """Return its part of the TOML file."""
        live = f"go_live = {self.go_live}" if self.go_live else ""
        return f"""
[accounts.{name}]
host = "127.0.0.1"
port = {self.port}
security = "plain"
username = "{self.username}"
password_file = "password"
folders = [{", ".join(f'"{folder}"' for folder in self.folders)}]
{live}
"""


def on_fake(server: FakeImap, **changes: object) -> Desk:
    """Return the account of a FakeImap."""
    return Desk(port=server.port, **changes)  # type: ignore[arg-type]  # as the caller says


def on_dovecot(server: Dovecot, user: str, **changes: object) -> Desk:
    """Return an account of a Dovecot."""
    return Desk(port=server.port, username=user, **changes)  # type: ignore[arg-type]  # see above


def login_at(port: int, user: str, **changes: object) -> Login:
    """Return the login of a test server."""
    plain = Login(
        host="127.0.0.1",
        port=port,
        security="plain",
        username=user,
        secret=PASSWORD,
        connect_timeout_s=20,
        command_timeout_s=20,
    )
    return replace(plain, **changes)


def settings_of(home: Path, desks: Mapping[str, Desk], *, limits: str = "") -> Settings:
    """Write and return the configuration of a house whose first account has the queues.

    Commands have two seconds, so that a silent server costs a test no more than that.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "password").write_text(PASSWORD)
    (home / "password").chmod(0o600)
    first = next(iter(desks))
    queues = "".join(
        f'[queues.{name}]\naccount = "{first}"\nfolder = "{folder}"\n'
        f'[[rules]]\nname = "{name}"\nwhen = {{ subject = "{name}" }}\nqueue = "{name}"\n'
        for name, folder in QUEUES.items()
    )
    text = f"""
[service]
data_dir = "var"
timezone = "Europe/Rome"
[intake]
free_disk_bytes = 1000000
connect_timeout_s = 2
command_timeout_s = 2
backoff_first_s = 0.05
backoff_max_s = 0.2
poll_s = 0.2
[limits]
{limits}
{"".join(desk.section(name) for name, desk in desks.items())}
{queues}
"""
    (home / "backdesk.toml").write_text(text)
    return parse(text, home / "backdesk.toml")


def reading_of(raw: bytes) -> Reading | Unreadable:
    """Read a mail well enough to route it; one that begins with `Poison` cannot be read."""
    if raw.startswith(b"Poison"):
        return Unreadable(reason="depth", detail="too deep")
    head = message_from_bytes(raw)
    return Reading(
        content_digest=content_digest(raw),
        message_id=head.get("Message-ID"),
        in_reply_to=None,
        references=(),
        subject=head.get("Subject", ""),
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        sent_at=None,
        headers=(),
        attachments=(),
        automatic=None,
        list_id=None,
        language=None,
        scores=None,
        model=None,
        pec_received_at=None,
        hop_received_at=None,
        snippet="",
    )


class InstantReaders:
    """Answers at once what `reading_of` says; counts how often it saw each mail.

    Attributes:
        seen: number of readings by the SHA-256 of the raw bytes.
    """

    def __init__(self) -> None:
        self.seen: dict[bytes, int] = {}

    def submit(self, jobs: Sequence[Job], done: Callable[[Answers], None]) -> None:
        """Read jobs; answer each exactly once."""
        answers: Answers = []
        for job in jobs:
            raw = job.raw if isinstance(job.raw, bytes) else job.raw.read_bytes()
            digest = hashlib.sha256(raw).digest()
            self.seen[digest] = self.seen.get(digest, 0) + 1
            answers.append((job.key, self.answer(raw)))
        done(answers)

    def answer(self, raw: bytes) -> Reading | Unreadable:
        """Read one mail."""
        return reading_of(raw)

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def open_house(settings: Settings, readers: InstantReaders | None = None) -> Iterator[House]:
    """Build the house as the service does, round a stand-in for the children."""
    pool = cast("ReadingPool", readers or InstantReaders())
    with bootstrap.build(settings, lambda _settings, _ledger: pool) as house:
        yield house


def poll(house: House, account: str = "info") -> None:
    """Run one full round of an account, as `backdesk poll --once` does."""
    lease = house.leases.take(account_lease(account))
    try:
        poll_once(house, account, lease)
    finally:
        house.leases.release(lease)
