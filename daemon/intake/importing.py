"""Old mail in files -> the ledger, the packs and the pipeline; observed, never acted on.

The deliveries stand under an account (`import` where none is named), in a folder named after the
file or folder they came from, with UIDVALIDITY 1. Taking the same files in again adds nothing.
"""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain
from pathlib import Path
from typing import Protocol

from daemon.intake.receive import Received, Receiver
from daemon.intake.records import Arrival, Folder
from daemon.intake.sources import uid_of
from daemon.intake.store import Ledger
from daemon.intake.streams import Found
from daemon.mail.head import lf_lines, raw_fields, split_head
from daemon.records import MailRef
from daemon.store.leases import Lease

_log = logging.getLogger(__name__)

ACCOUNT = "import"  # where none is named
UIDVALIDITY = 1
FIRST_YEAR = 1971  # an earlier date is nonsense
HEAD_BYTES = 1 << 18  # of a mail, searched for its date
LONGEST_DATE = 200  # bytes


class Submit(Protocol):
    """Takes a batch of new mails on to the pipeline."""

    def __call__(self, lease: Lease, received: Received) -> None:
        """Take the batch."""


@dataclass(slots=True, kw_only=True)
class ImportCount:
    """What was found so far; what became of it is in the tally."""

    read: int = 0  # mails, and failures
    failed: int = 0
    bytes: int = 0


class Importer:
    """Takes mails in under one account's lease; one thread uses it."""

    def __init__(self, ledger: Ledger, receiver: Receiver, lease: Lease, submit: Submit) -> None:
        self._ledger = ledger
        self._receiver = receiver
        self._lease = lease
        self._submit = submit
        self._folders: dict[str, Folder] = {}
        self.count = ImportCount()

    def take_in(self, account: str, found: Iterable[Found], now: datetime) -> Iterator[Found]:
        """Take in all mails of a walk, batch by batch; yield those that could not be had.

        Args:
            account: the name their deliveries stand under.
            found: as `daemon.intake.sources.walk` yields them.
            now: received then is a mail that has no better date.
        """
        for one, batch in self._batches(found):
            if batch:
                self._receive(account, batch, now)
            if one is not None:
                yield one

    def _batches(self, found: Iterable[Found]) -> Iterator[tuple[Found | None, list[Found]]]:
        """Group mails of one container; a failure closes no batch, and comes by itself."""
        limits, batch, size = self._receiver.limits, list[Found](), 0
        for one in found:
            self.count.read += 1
            if one.failure is not None:
                self.count.failed += 1
                yield one, []
                continue
            self.count.bytes += one.size
            is_full = len(batch) >= limits.batch_mails or size + one.size > limits.batch_bytes
            if batch and (is_full or batch[0].container != one.container):
                yield None, batch
                batch, size = [], 0
            batch.append(one)
            size += one.size
        if batch:
            yield None, batch

    def _receive(self, account: str, batch: list[Found], now: datetime) -> None:
        folder = self._folder(account, batch[0].container)
        arrivals = [_arrival(folder, one, now) for one in batch]
        received = self._receiver.take_in(self._lease, folder, arrivals)
        wanted = {mail.raw for mail in received.mails if isinstance(mail.raw, Path)}
        for arrival in arrivals:
            if isinstance(arrival.raw, Path) and arrival.raw not in wanted:
                arrival.raw.unlink(missing_ok=True)
        self._submit(self._lease, received)

    def _folder(self, account: str, container: str) -> Folder:
        name = os.path.abspath(container)  # noqa: PTH100 - as walked: links stay
        name = name.encode("utf-8", "replace").decode()
        if name not in self._folders:
            self._folders[name] = self._ledger.open_folder(self._lease, account, name, UIDVALIDITY)
        return self._folders[name]


def received_at(head: bytes, otherwise: datetime, now: datetime) -> datetime:
    """Return when a mail was received, as its headers tell: the topmost Received, else Date.

    Args:
        head: the start of the mail.
        otherwise: where no header has a date, or only one before 1971 or after tomorrow.
        now: the present moment.
    """
    fields = lf_lines(split_head(head)[0])
    values: dict[bytes, bytes] = {}
    for name, start, end in raw_fields(fields):
        if name in (b"received", b"date"):
            values.setdefault(name, fields[start:end])
    hop = values.get(b"received", b"").rpartition(b";")[2]  # RFC 5322 3.6.7
    sent = values.get(b"date", b"").partition(b":")[2]
    moments = (_moment(text, now) for text in chain((hop, sent)))
    return next((moment for moment in moments if moment is not None), otherwise)


def _moment(text: bytes, now: datetime) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:LONGEST_DATE].decode("ascii", "replace"))
        if moment.tzinfo is None:  # -0000: UTC, but nothing said about the place
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    is_sane = moment.year >= FIRST_YEAR and moment <= now + timedelta(days=1)
    return moment if is_sane else None


def _arrival(folder: Folder, one: Found, now: datetime) -> Arrival:
    digest, head = _digest_and_head(one.raw)
    ref = MailRef(
        account=folder.account, folder=folder.name, uidvalidity=UIDVALIDITY, uid=uid_of(one, digest)
    )
    return Arrival(
        ref=ref,
        received_at=received_at(head, one.modified_at or now, now),
        digest=digest,
        size=one.size,
        raw=one.raw,
        cut=one.cut,
        is_imported=True,
    )


def _digest_and_head(raw: bytes | Path) -> tuple[bytes, bytes]:
    if isinstance(raw, bytes):
        return hashlib.sha256(raw).digest(), raw[:HEAD_BYTES]
    with raw.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        return hashlib.file_digest(file, "sha256").digest(), head
