"""A small office's settings, and mails that stand in its ledger, for the tests of the digest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, select

from daemon.config import Settings, parse
from daemon.digest.daily import enqueue, letter_of
from daemon.digest.readers import Reader, readers_of
from daemon.digest.records import Digest, Scope
from daemon.records import OutgoingMail
from daemon.store.engine import Store
from daemon.store.tables import (
    accounts,
    decisions,
    deliveries,
    folders,
    mails,
    quarantine,
    readings,
    sightings,
)
from tests.builders import MORNING, TOKENS

CONFIG = """
[service]
timezone = "Europe/Rome"
language = "it"
instance = "house-1"
[accounts.info]
host = "imap.example.org"
username = "info@desk.example"
[queues.unsure]
account = "info"
folder = "Queues/Unsure"
[relays.main]
host = "smtp.example.org"
username = "info@desk.example"
[digest]
to = ["team@desk.example", "Ewa@desk.example", "ann@desk.example"]
languages = { "Ewa@desk.example" = "pl", "ann@desk.example" = "en" }
"""


def settings(more: str = "") -> Settings:
    """Return the settings of a small office."""
    return parse(CONFIG + more, Path("/nowhere/backdesk.toml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A mail as it stands in the ledger; by default a complaint of the night before."""

    state: str = "read"
    label: str | None = "complaint"
    reason: str = "model"
    queue: str | None = "complaints"
    automatic: str | None = None
    copy_of: int | None = None
    live: bool = True
    subject: str = "Lampada rotta"
    sender: str | None = "anna@client.example"
    sender_name: str | None = "Anna Rossi"
    stored_at: datetime = MORNING - timedelta(hours=9)
    received_at: datetime = MORNING - timedelta(hours=9)
    origin: str = "arrived"
    gone_at: datetime | None = None
    moved_by: str | None = None  # outcome of a sighting
    folder: str = "INBOX"


UNSURE = Kept(label=None, reason="unsure: complaint 0.35 or request 0.33", queue="unsure")


def enter_account(store: Store, name: str = "info", **values: object) -> None:
    """Enter an account that was well five minutes before the digest."""
    well = {
        "name": name,
        "first_seen_at": MORNING - timedelta(days=9),
        "last_success_at": MORNING - timedelta(minutes=5),
        "failures": 0,
    }
    with store.write() as connection:
        connection.execute(insert(accounts).values({**well, **values}))


def enter_folder(store: Store, name: str = "INBOX", **values: object) -> int:
    """Enter a folder that was listed ten minutes before the digest; return its id."""
    plain = {
        "account": "info",
        "name": name,
        "uidvalidity": 1,
        "current": True,
        "server_count": 0,
        "listed_at": MORNING - timedelta(minutes=10),
    }
    with store.write() as connection:
        connection.execute(insert(folders).values({**plain, **values}))
        found = select(folders.c.id).where(folders.c.name == name)
        return connection.execute(found.order_by(folders.c.id.desc())).scalars().first() or 0


def enter_unfetchable(store: Store, folder_id: int, uid: int) -> None:
    """Enter a UID whose mail the server would not give."""
    with store.write() as connection:
        row = {"folder_id": folder_id, "uid": uid, "seen_at": MORNING, "failure": "NO"}
        connection.execute(insert(deliveries).values({**row, "origin": "arrived"}))


def enter(store: Store, folder_id: int, number: int, kept: Kept) -> int:
    """Enter a mail with all that was found out about it; return its id."""
    digest = hashlib.sha256(b"%d" % number).digest()
    with store.write() as connection:
        row = {
            "digest": digest,
            "size": 1,
            "account": "info",
            "stored_at": kept.stored_at,
            "received_at": kept.received_at,
            "state": kept.state,
        }
        connection.execute(insert(mails).values(row))
        mail_id = connection.scalar(select(mails.c.id).where(mails.c.digest == digest)) or 0
        _deliver(connection, folder_id, number, mail_id, kept)
        if kept.state == "read":
            _read(connection, digest, mail_id, kept)
        if kept.state == "quarantined":
            aside = {"mail_id": mail_id, "reason": kept.reason, "detail": "x", "since": MORNING}
            connection.execute(insert(quarantine).values(aside))
    return mail_id


def _deliver(connection: Connection, folder_id: int, number: int, mail_id: int, kept: Kept) -> None:
    row = {
        "folder_id": folder_id,
        "uid": number + 1,
        "mail_id": mail_id,
        "received_at": kept.received_at,
        "seen_at": kept.stored_at,
        "gone_at": kept.gone_at,
        "origin": kept.origin,
    }
    connection.execute(insert(deliveries).values(row))
    if kept.moved_by:
        found = select(deliveries.c.id).where(deliveries.c.mail_id == mail_id)
        seen = {"delivery_id": connection.scalar(found), "mail_id": mail_id, "account": "info"}
        seen |= {"seen_at": MORNING, "outcome": kept.moved_by}
        connection.execute(insert(sightings).values(seen))


def _read(connection: Connection, digest: bytes, mail_id: int, kept: Kept) -> None:
    row = {
        "mail_id": mail_id,
        "content_digest": digest,
        "copy_of": kept.copy_of,
        "subject": kept.subject,
        "sender": kept.sender,
        "sender_name": kept.sender_name,
        "automatic": kept.automatic,
        "snippet": "",
        "detail": "{}",
        "read_at": kept.stored_at,
    }
    connection.execute(insert(readings).values(row))
    if kept.copy_of is not None:
        return
    decided = {
        "mail_id": mail_id,
        "label": kept.label,
        "confidence": 0.5,
        "abstained": kept.label is None and kept.automatic is None,
        "verdict_reason": kept.reason,
        "queue": kept.queue,
        "reason": "rule",
        "live": kept.live,
        "decided_at": kept.stored_at,
    }
    connection.execute(insert(decisions).values(decided))


def automatic(kind: str) -> Kept:
    """Return an automatic mail of a kind."""
    return replace(Kept(), label=None, automatic=kind, reason=f"automatic: {kind}", queue=None)


def enqueue_all(store: Store, office: Settings, made: Digest) -> int:
    """Enter a digest for each reader; return how many are new."""
    return sum(enqueue(store, office, TOKENS, one, made) for one in readers_of(office))


def letters_of(office: Settings, made: Digest, keys: Sequence[bytes] = ()) -> list[OutgoingMail]:
    """Return a digest as the mail of each reader who can be written to."""
    mails = (letter_of(office, TOKENS, one, made, keys) for one in readers_of(office))
    return [mail for mail in mails if mail is not None]


def reader_with(scope: Scope | None) -> Reader:
    """Return a reader of the office with a scope of their own."""
    return replace(readers_of(settings())[0], scope=scope or Scope())
