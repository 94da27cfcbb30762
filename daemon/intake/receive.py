"""From the server into the ledger: one folder listed, its new mails fetched, durable, and ours.

Steps 1 and 2 of the way of a mail. Bytes are durable in a pack before the transaction that enters
mail, delivery and cursor; a crash before it leaves nothing but an orphaned record in a pack.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from daemon import clock
from daemon.errors import MailboxAway, MailboxError, StoreBusy
from daemon.failpoint import failpoint
from daemon.intake import spool
from daemon.intake.answers import ServerBusy
from daemon.intake.imap import Fetched, Mailbox
from daemon.intake.plan import Batch, batches, compare, cursor
from daemon.intake.records import Arrival, Budget, Folder, Receipt, Tally, Unread
from daemon.intake.store import Ledger, Listed
from daemon.intake.suspects import Suspects
from daemon.records import MailRef
from daemon.store.leases import Lease
from daemon.store.packs import DeliveryNote, Location, Packs

_log = logging.getLogger(__name__)

HEADER_BYTES = 10_000_000  # of a mail over the size limit, only so much header is kept
MOST_AT_ONCE = 2_000  # new mails of one folder in one round; then settling has its turn
UNKNOWN_SIZE = 1 << 20  # bytes expected of a mail whose size the server did not tell
UNANSWERED = "the server lists the mail but does not answer FETCH"
BREAKS = "the connection broke each time this mail was fetched"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What is fetched at once; bytes unless the name says otherwise."""

    mail_bytes: int
    in_flight_bytes: int
    slice_bytes: int
    batch_mails: int
    batch_bytes: int
    free_disk_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """New mails of one batch, ready for the pipeline."""

    mails: tuple[Unread, ...]
    release: Callable[[], None]  # gives the bytes in flight back


Submit = Callable[[Lease, Received], None]
"""Takes a batch of new mails on to the pipeline."""


class Receiver:
    """Receives mails of any account into the ledger and the packs; thread-safe."""

    def __init__(
        self, ledger: Ledger, packs: Packs, limits: FetchLimits, folder: Path, tally: Tally
    ) -> None:
        self._ledger = ledger
        self._packs = packs
        self.budget = Budget(limits.in_flight_bytes)
        self.limits = limits
        self._spool = folder
        self.tally = tally

    def receive(self, lease: Lease, folder: Folder, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Make mails durable and enter them; after it they are ours, whatever happens."""
        self._guard_space()
        known = self._ledger.known([arrival.digest for arrival in arrivals])
        new = {a.digest: a.raw for a in arrivals if a.digest not in known}
        failpoint("receive.fetched")
        places = self._packs.append(list(new.items()), [_note(a) for a in arrivals])
        failpoint("receive.packed")
        located: dict[bytes, Location] = dict(zip(new, places, strict=True))
        receipts = self._ledger.receive(lease, folder, arrivals, located, clock.now())
        failpoint("receive.committed")
        known_now = sum(not receipt.is_new for receipt in receipts)
        self.tally.add(folder.account, folder.name, "fetched", len(receipts))
        self.tally.add(folder.account, folder.name, "duplicate", known_now)
        return receipts

    def take_in(self, lease: Lease, folder: Folder, arrivals: Sequence[Arrival]) -> Received:
        """Receive mails that did not come over a connection, within the bytes in flight."""
        in_memory = sum(len(a.raw) for a in arrivals if isinstance(a.raw, bytes))
        release = self.budget.take(in_memory, folder.account)
        try:
            receipts = self.receive(lease, folder, arrivals)
        except BaseException:
            release()
            raise
        return Received(mails=_unread(folder, arrivals, receipts), release=release)

    def fetch(
        self, mailbox: Mailbox, lease: Lease, folder: Folder, batch: Batch
    ) -> tuple[Received, tuple[int, ...]]:
        """Fetch one batch and receive it; return new mails, and UIDs the server did not answer."""
        release = self.budget.take(batch.size, folder.account)
        try:
            fetched = mailbox.bodies(batch.uids, batch.size)
            arrivals = [_fetched(folder, mail) for mail in fetched]
            receipts = self.receive(lease, folder, arrivals)
        except BaseException:
            release()
            raise
        mails = _unread(folder, arrivals, receipts)
        answered = {mail.uid for mail in fetched}
        unanswered = tuple(uid for uid in batch.uids if uid not in answered)
        return Received(mails=mails, release=release), unanswered

    def fetch_large(
        self, mailbox: Mailbox, lease: Lease, folder: Folder, uid: int
    ) -> Received | None:
        """Fetch a large mail in slices to a file; over the size limit only its header block.

        Returns:
            None when the server does not answer for it, or no longer.
        """
        self._guard_space()
        received_at = mailbox.received_at(uid)
        with spool.file(self._spool) as path:
            size = spool.fill(path, lambda sink: mailbox.slices(uid, sink, self.limits.mail_bytes))
            if received_at is None or not size:
                return None
            ref = _ref(folder, uid)
            if size > self.limits.mail_bytes:
                header = mailbox.header(uid, HEADER_BYTES)
                if not header:
                    return None
                arrival = _arrival(ref, header, received_at, cut="mail_bytes")
            else:
                digest = spool.digest(path)
                arrival = Arrival(
                    ref=ref, received_at=received_at, digest=digest, size=size, raw=path
                )
            receipts = self.receive(lease, folder, [arrival])
            mails = _unread(folder, [arrival], receipts)
            if mails and arrival.raw == path:
                kept = path.rename(path.with_suffix(".read"))  # its reader deletes it
                mails = tuple(replace(mail, raw=kept) for mail in mails)
        return Received(mails=mails, release=lambda: None)

    def clear_spool(self) -> None:
        """Remove what a killed process left in the spool; nothing there is ours yet."""
        spool.clear(self._spool)

    def _guard_space(self) -> None:
        free = shutil.disk_usage(self._packs.folder).free
        if free < self.limits.free_disk_bytes:
            raise StoreBusy(f"{free // 1_000_000} MB free on disk: intake stops")


class FolderRound:
    """One folder of one account in one round."""

    def __init__(
        self,
        receiver: Receiver,
        ledger: Ledger,
        mailbox: Mailbox,
        lease: Lease,
        suspects: Suspects,
    ) -> None:
        self._receiver = receiver
        self._ledger = ledger
        self._mailbox = mailbox
        self._lease = lease
        self._suspects = suspects

    def open(self, account: str, name: str) -> tuple[Folder, tuple[int, int]]:
        """Open a folder read-only; return its row and what shows that it changed."""
        selected = self._mailbox.examine(name)
        folder = self._ledger.open_folder(self._lease, account, name, selected.uidvalidity)
        return folder, (selected.uidnext, selected.exists)

    def run(self, folder: Folder, submit: Submit, *, retry: bool = False) -> bool:
        """List the folder, receive what the ledger lacks, note what is gone and the cursor.

        Args:
            folder: the open folder.
            submit: takes each batch of new mails.
            retry: ask again for mails that the server would not give (once per connection).

        Returns:
            False when more is waiting than one round takes; the oldest come first.
        """
        server = self._mailbox.uids()
        rows = self._ledger.uids(folder)
        held = set(rows) - set(self._ledger.unfetchable(folder) if retry else ())
        listing = compare(server, held, [uid for uid, present in rows.items() if present])
        step = self._receiver.limits.batch_mails * 5
        now = listing.new[:MOST_AT_ONCE]
        for start in range(0, len(now), step):
            self._receive(folder, now[start : start + step], submit)
        reached = cursor(self._ledger.uids(folder) if now else rows, server)
        is_whole = len(now) == len(listing.new)
        listed = Listed(
            server=len(server),
            cursor=reached,
            gone=listing.gone,
            back=listing.back,
            is_whole=is_whole,
        )
        self._ledger.listed(self._lease, folder, listed, clock.now())
        return is_whole

    def _receive(self, folder: Folder, uids: Sequence[int], submit: Submit) -> None:
        """Receive some new mails: batches of small ones, then large and suspected ones alone."""
        given_up = self._suspects.given_up(folder, uids)
        self._name(folder, dict.fromkeys(given_up, BREAKS))
        alone = [u for u in self._suspects.suspected(folder, uids) if u not in given_up]
        wanted = [uid for uid in uids if uid not in given_up]
        sizes = self._sizes(folder, [uid for uid in wanted if uid not in alone])
        limits = self._receiver.limits
        small = {uid: size for uid, size in sizes.items() if size <= limits.slice_bytes}
        again = [uid for uid in wanted if uid not in small]
        for batch in batches(small, limits.batch_mails, limits.batch_bytes):
            again += self._fetch(folder, batch, submit)
        for uid in sorted(again):
            self._fetch_alone(folder, uid, submit)

    def _sizes(self, folder: Folder, uids: Sequence[int]) -> dict[int, int]:
        try:
            with self._blamed(folder, uids):
                return self._mailbox.sizes(uids)
        except MailboxAway:
            raise
        except MailboxError:  # NO to all of them, because of one: each is asked for alone
            return {}

    def _fetch(self, folder: Folder, batch: Batch, submit: Submit) -> tuple[int, ...]:
        try:
            with self._blamed(folder, batch.uids):
                received, silent = self._receiver.fetch(self._mailbox, self._lease, folder, batch)
        except MailboxAway:
            raise
        except MailboxError:  # NO to all of them, because of one: each is asked for alone
            return batch.uids
        submit(self._lease, received)
        return silent

    def _fetch_alone(self, folder: Folder, uid: int, submit: Submit) -> None:
        """Fetch one mail, large or suspected or not answered before; name it if it is not given."""
        received, why = None, UNANSWERED
        try:
            with self._blamed(folder, (uid,)):
                received = self._given(folder, uid)
        except MailboxAway:
            raise
        except MailboxError as refusal:
            why = str(refusal)
        if received is not None:
            submit(self._lease, received)
        elif uid in self._mailbox.uids():
            self._name(folder, {uid: why})

    def _given(self, folder: Folder, uid: int) -> Received | None:
        """Fetch one mail; in slices when it is large, or when it broke the connection twice.

        A mail whose RFC822.SIZE is far too small breaks it as well, by the cap on literals.
        """
        size = self._mailbox.sizes([uid]).get(uid, UNKNOWN_SIZE)
        is_large = size > self._receiver.limits.slice_bytes
        if is_large or self._suspects.breaks(folder, uid) > 1:
            return self._receiver.fetch_large(self._mailbox, self._lease, folder, uid)
        alone = Batch(uids=(uid,), size=size)
        received, silent = self._receiver.fetch(self._mailbox, self._lease, folder, alone)
        if silent:
            received.release()
            return None
        return received

    @contextmanager
    def _blamed(self, folder: Folder, uids: Sequence[int]) -> Iterator[None]:
        try:
            yield
        except ServerBusy:  # throttled, over quota: not these mails' doing
            raise
        except MailboxAway:
            self._suspects.blame(folder, uids)
            raise
        self._suspects.clear(folder, uids)

    def _name(self, folder: Folder, failures: dict[int, str]) -> None:
        if failures:
            self._ledger.name_unfetchable(self._lease, folder, failures, clock.now())
            _log.warning(
                "Mails not given by the server",
                extra={
                    "action": "unfetchable",
                    "account": folder.account,
                    "folder": folder.name,
                    "uids": sorted(failures),
                },
            )


def _ref(folder: Folder, uid: int) -> MailRef:
    return MailRef(
        account=folder.account, folder=folder.name, uidvalidity=folder.uidvalidity, uid=uid
    )


def _fetched(folder: Folder, mail: Fetched) -> Arrival:
    return _arrival(_ref(folder, mail.uid), mail.raw, mail.received_at)


def _arrival(ref: MailRef, raw: bytes, received_at: datetime, cut: str | None = None) -> Arrival:
    return Arrival(
        ref=ref,
        received_at=received_at,
        digest=hashlib.sha256(raw).digest(),
        size=len(raw),
        raw=raw,
        cut=cut,
    )


def _unread(
    folder: Folder, arrivals: Sequence[Arrival], receipts: Sequence[Receipt]
) -> tuple[Unread, ...]:
    return tuple(
        Unread(
            mail_id=receipt.mail_id,
            account=folder.account,
            folder=folder.name,
            digest=arrival.digest,
            raw=arrival.raw,
            size=arrival.size,
            attempts=0,
            cut=arrival.cut,
            received_at=arrival.received_at,
            is_imported=arrival.is_imported,
        )
        for arrival, receipt in zip(arrivals, receipts, strict=True)
        if receipt.is_new
    )


def _note(arrival: Arrival) -> DeliveryNote:
    return DeliveryNote(
        ref=arrival.ref,
        received_at=_iso(arrival.received_at),
        digest=arrival.digest,
        cut=arrival.cut,
    )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
