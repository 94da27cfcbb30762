"""A house with unsure mail and its public pages, on real sockets; short ways to ask them."""

import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select

from daemon import bootstrap, clock
from daemon.cases.records import CaseFile
from daemon.cases.views import case_file, case_of_mail
from daemon.config.loading import parse
from daemon.config.settings import Settings
from daemon.digest.links import calendar_link, label_link
from daemon.jobs import House
from daemon.records import Address, Reading, Unreadable
from daemon.store.columns import metadata
from daemon.store.keys import LINKS, keys_of
from tests.houses import InstantReaders, open_house, poll, reading_of
from tests.servers.fake_imap import FakeImap
from tests.servers.loopback import free_port

READER = "anna@aurora.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STRANGE = 'Bolletta <script>alert(1)</script> "doppia"'

RULES = "".join(
    f'[queues.{name}]\naccount = "info"\nfolder = "Queues/{name}"\n'
    f"{'deadline = ' + chr(34) + deadline + chr(34) if deadline else ''}\n"
    f'[[rules]]\nname = "{name}"\nwhen = {{ label = "{label}" }}\nqueue = "{name}"\n'
    for name, label, deadline in (
        ("complaints", "complaint", "it-energy"),
        ("requests", "request", ""),
        ("unsure", "unsure", ""),
    )
)


def configuration(
    port: int, imap: int, *, web: str = "", extra: str = "", live: bool = True
) -> str:
    """Return a configuration whose pages are reached without a proxy."""
    return f"""
[service]
data_dir = "var"
timezone = "Europe/Rome"
language = "it"
[intake]
free_disk_bytes = 1000000
[accounts.info]
host = "127.0.0.1"
port = {imap}
security = "plain"
username = "desk"
password_file = "password"
{"go_live = 2020-01-01" if live else ""}
{RULES}
[relays.main]
host = "127.0.0.1"
port = 9
security = "plain"
username = "info@aurora.example"
password_file = "password"
[digest]
to = ["{READER}", "bruno@aurora.example"]
languages = {{ "bruno@aurora.example" = "pl" }}
[web]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
{web or "rate_per_minute = 6000"}
{extra}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a page answered."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    text: str


class Readers(InstantReaders):
    """Reads a mail well enough to answer it."""

    def answer(self, raw: bytes) -> Reading | Unreadable:
        """Read one mail, from Ugo."""
        read = reading_of(raw)
        if isinstance(read, Unreadable):
            return read
        parent = re.search(rb"^In-Reply-To: (\S+)", raw, re.MULTILINE)
        named = parent[1].decode() if parent else None
        return replace(
            read,
            sender=Address(name="Ugo Verdi", email="ugo@client.example"),
            in_reply_to=named,
            references=(named,) if named else (),
            language="it",
        )


class Desk:
    """The pages of a house.

    Attributes:
        house: the house.
        port: where its pages listen.
    """

    def __init__(self, house: House, port: int) -> None:
        self.house, self.port = house, port

    def label(self, mail_id: int = 1, reader: str = READER) -> str:
        """Return the path of a link to say what a mail is."""
        keys = keys_of(self.house.store, LINKS)
        link = label_link(self.house.settings, keys, mail_id, reader, clock.now())
        return urlsplit(link or "").path

    def calendar(self, queue: str = "") -> str:
        """Return the path of a link to deadlines."""
        keys = keys_of(self.house.store, LINKS)
        link = calendar_link(self.house.settings, keys, queue, clock.now())
        return urlsplit(link or "").path

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] = {},
    ) -> Answer:
        """Send one request."""
        return ask(self.port, path, method, body, headers)

    def say(self, path: str, label: str, **headers: str) -> Answer:
        """Press the button of a label."""
        return self.ask(path, "POST", urlencode({"label": label}), {**FORM, **headers})

    def file(self, mail_id: int = 1) -> CaseFile:
        """Return the case of a mail."""
        with self.house.store.read() as connection:
            line = case_of_mail(connection, mail_id)
            assert line is not None
            return case_file(connection, line)

    def events(self, mail_id: int = 1) -> list[tuple[str, str]]:
        """Return what happened to a mail's case, and by whom; its acknowledgement is left out."""
        events = [(one.kind, one.actor) for one in self.file(mail_id).events]
        return [one for one in events if "acknowledg" not in one[0]]

    def tables(self) -> dict[str, list[tuple]]:
        """Return every row of every table."""
        with self.house.store.read() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table))]
                for table in metadata.sorted_tables
            }


def ask(
    port: int,
    path: str,
    method: str = "GET",
    body: bytes | str | None = None,
    headers: Mapping[str, str] = {},
) -> Answer:
    """Send one request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers))
        got = connection.getresponse()
        named = {name.lower(): value for name, value in got.getheaders()}
        return Answer(status=got.status, headers=named, text=got.read().decode())
    finally:
        connection.close()


def mail(number: int, subject: str = STRANGE, extra: str = "") -> bytes:
    """Return a mail of Ugo's."""
    return (
        f"From: Ugo Verdi <ugo@client.example>\r\nTo: info@aurora.example\r\n"
        f"Subject: {subject} {number}\r\nMessage-ID: <{number}@client.example>\r\n{extra}\r\nx\r\n"
    ).encode()


def furnished(home: Path, text: str) -> Settings:
    """Write a configuration with its password, and return it."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "password").write_text("quiet-harbour-7")
    (home / "password").chmod(0o600)
    (home / "backdesk.toml").write_text(text)
    return parse(text, home / "backdesk.toml")


@contextmanager
def open_desk(home: Path, imap: FakeImap, *mails: bytes, **changes: object) -> Iterator[Desk]:
    """Open a house that has taken in some mails, with its pages."""
    for one in mails:
        imap.store.add("INBOX", one, internaldate=clock.now() - timedelta(hours=2))
    port = free_port()
    settings = furnished(home, configuration(port, imap.port, **changes))  # type: ignore[arg-type]  # as the caller says
    with open_house(settings, Readers()) as house:
        poll(house)
        with bootstrap.public_pages(house):
            yield Desk(house, port)
