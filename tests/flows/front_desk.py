"""A house with a mailbox and a relay; its reading is real, its model looks at the subject."""

import email
import email.policy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select

from daemon import clock, fitting
from daemon.cases.records import CaseFile
from daemon.cases.views import Wanted, case_file, list_cases
from daemon.config.loading import parse
from daemon.config.settings import Settings
from daemon.jobs import House, send_due
from daemon.reading.frames import Work
from daemon.reading.reader import Reader
from daemon.records import Reading, Unreadable
from daemon.store.tables import mails
from tests.houses import PASSWORD, InstantReaders, open_house, poll
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink, SunkMail

WORDS = {
    "complaint": ("reclamo", "reklamacja", "complaint"),
    "request": ("domanda", "pytanie", "question"),
}
"""What a subject says, and the label it means; anything else is `other`."""


SHIPPED = "shipped"


class SubjectReaders(InstantReaders):
    """Reads as the children do, in the caller's thread; the model is a look at the subject."""

    def __init__(self, settings: Settings, always: str | None) -> None:
        super().__init__()
        self._always = always
        options = fitting.reading_options(settings)
        model = options.model_dir if always == SHIPPED else None
        self._reader = Reader(replace(options, model_dir=model))

    def answer(self, raw: bytes) -> Reading | Unreadable:
        """Read one mail and score it."""
        (outcome,) = self._reader.read([Work(raw=raw)], lambda _place: None)
        if outcome.answer is None:
            return outcome.unreadable
        if self._always == SHIPPED:
            return outcome.answer
        subject = outcome.answer.subject.lower()
        meant = (one for one, words in WORDS.items() if any(word in subject for word in words))
        label = self._always or next(meant, "other")
        labels = ("complaint", "request", "newsletter", "other")
        if label == "unsure":
            return replace(outcome.answer, scores=dict.fromkeys(labels, 0.25), model="subject")
        scores = {one: 0.97 if one == label else 0.01 for one in labels}
        return replace(outcome.answer, scores=scores, model="subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDesk:
    """The house at work."""

    house: House
    imap: FakeImap
    sink: SmtpSink
    address: str

    def receive(self, *raws: bytes) -> None:
        """Let mails arrive, and see each through to its answer."""
        for raw in raws:
            self.imap.store.add("INBOX", raw, internaldate=clock.now())
        self.work()

    def work(self) -> None:
        """Poll once, and send what is due."""
        poll(self.house)
        send_due(self.house)

    def answers(self, to: str | None = None) -> list[EmailMessage]:
        """Return what has left, to one address or to all."""
        return [parsed(one) for one in self.sink.mails if to in (None, *one.recipients)]

    def cases(self) -> list[CaseFile]:
        """Return all cases, the oldest first."""
        with self.house.store.read() as connection:
            lines = list_cases(connection, Wanted(with_closed=True, limit=100_000))
            return [case_file(connection, line) for line in sorted(lines, key=lambda one: one.id)]

    def told(self) -> list[list[str]]:
        """Return the kinds of events of each case."""
        return [[event.kind for event in one.events] for one in self.cases()]

    def number_held(self) -> int:
        """Return how many mails are kept."""
        with self.house.store.read() as connection:
            return len(connection.execute(select(mails.c.id)).all())


def parsed(sunk: SunkMail) -> EmailMessage:
    """Return a mail that has left, as the standard library reads it."""
    return email.message_from_bytes(sunk.raw, policy=email.policy.default)


CONFIGURATION = """
[service]
data_dir = "var"
timezone = "Europe/Rome"
language = "it"
[intake]
free_disk_bytes = 1000000
connect_timeout_s = 2
command_timeout_s = 5
[accounts.info]
host = "127.0.0.1"
port = {imap}
security = "plain"
username = "desk"
address = "{address}"
password_file = "password"
go_live = {go_live}
{account}
[queues.complaints]
account = "info"
folder = "Queues/Complaints"
deadline = "it-energy"
{rules}
[[rules]]
name = "complaints"
when = {{ label = "complaint" }}
queue = "complaints"
[relays.main]
host = "127.0.0.1"
port = {sink}
security = "plain"
per_minute = 100000
{rest}
"""


@contextmanager
def front_desk(  # noqa: PLR0913 - a house has many parts
    home: Path,
    imap: FakeImap,
    sink: SmtpSink,
    *,
    address: str = "info@desk.example",
    more: str = "",
    always: str | None = None,
    go_live: str = "2020-01-01",
    rules: str = "",
) -> Iterator[FrontDesk]:
    """Open a house.

    Args:
        home: its folder.
        imap: its mailbox.
        sink: its relay.
        address: that people write to.
        more: further configuration; the lines before its first table are the account's.
        always: what the model says of every mail, or `SHIPPED`: the shipped one.
        go_live: its day.
        rules: that are asked before its own.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "password").write_text(PASSWORD)
    (home / "password").chmod(0o600)
    account, _, rest = more.partition("[")
    text = CONFIGURATION.format(
        imap=imap.port,
        sink=sink.port,
        address=address,
        go_live=go_live,
        rules=rules,
        account=account,
        rest="[" + rest if rest else "",
    )
    (home / "backdesk.toml").write_text(text)
    settings = parse(text, home / "backdesk.toml")
    with open_house(settings, SubjectReaders(settings, always)) as house:
        yield FrontDesk(house=house, imap=imap, sink=sink, address=address)


def written(  # noqa: PLR0913 - a mail has many parts
    subject: str,
    sender: str = "Anna Rossi <anna@client.example>",
    text: str = "Buongiorno, la bolletta di ottobre è stata addebitata due volte. Anna Rossi",
    *,
    number: int = 1,
    to: str = "info@desk.example",
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a mail that somebody writes."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{number}@client.example>"
    mail["Date"] = f"Mon, 23 Nov 2026 08:{number // 60 % 60:02d}:{number % 60:02d} +0100"
    for name, value in headers:
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()
