"""Puts mails into folders: those of queues that lie in another account, and drafts.

The source's account says that a mail is still there and which flags it has; the target's account
puts it there under its own lease and connection; then the source is moved by an ordinary action.
Each command is a committed row before it is sent, and one whose outcome is unknown is repeated
only when it is certain that the mail is not there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from daemon import clock
from daemon.errors import MailboxAway, MailboxError, StoreBusy, StoreError
from daemon.failpoint import failpoint
from daemon.intake.answers import ServerBusy
from daemon.intake.appends import Append, Appends, Ending, Source
from daemon.intake.imap import Mailbox, Selected
from daemon.intake.store import Ledger
from daemon.intake.upload import Upload
from daemon.store.leases import Lease
from daemon.store.packs import Packs
from daemon.store.unpacking import unpacked

FIRST_RETRY = timedelta(minutes=5)  # after a refusal; doubled with each further one,
LAST_RETRY = timedelta(days=1)  # up to this
_DROPPED = ("\\recent", "\\deleted")
"""Flags that are not taken along: one is the server's, one would lose the mail again."""
_NOT_THERE = "[TRYCREATE]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """The open folder into which mails are put."""

    folder: str
    selected: Selected
    folder_id: int | None  # in the ledger; None: of drafts, which is not in it
    limit: int | None  # bytes of one mail


class Appender:
    """Puts mails into folders of one account, on its open connection."""

    def __init__(
        self, mailbox: Mailbox, ledger: Ledger, packs: Packs, appends: Appends, lease: Lease
    ) -> None:
        self._mailbox = mailbox
        self._ledger = ledger
        self._packs = packs
        self._appends = appends
        self._lease = lease

    def hand_over(self, account: str) -> None:
        """Tell of mails of this account that are to be put elsewhere whether they are there.

        Raises:
            MailboxAway: the server is away; what was not asked for is asked for again.
        """
        places: dict[tuple[str, int], list[Source]] = defaultdict(list)
        for source in self._appends.sources(account):
            places[source.folder, source.uidvalidity].append(source)
        for (folder, uidvalidity), group in places.items():
            try:
                self._ask(folder, uidvalidity, group)
            except MailboxAway:
                raise
            except MailboxError:  # named where the folder is read
                continue

    def _ask(self, folder: str, uidvalidity: int, group: Sequence[Source]) -> None:
        if self._mailbox.examine(folder).uidvalidity != uidvalidity:
            return  # the next listing meets them under their new numbers
        listed = set(self._mailbox.uids())
        here = self._mailbox.flags([source.uid for source in group if source.uid in listed])
        flags = {source.id: _kept(here[source.uid]) for source in group if source.uid in here}
        gone = [source.id for source in group if source.uid not in listed]
        self._appends.hand_over(self._lease, flags, gone, clock.now())

    def run(self, account: str, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Put what is due into its folders; return how many mails were put there.

        Raises:
            MailboxAway: the server is away or wants to be left alone; what is open stays so.
        """
        groups: dict[tuple[str, bool], list[Append]] = defaultdict(list)
        for one in self._appends.open(account, clock.now()):
            groups[one.target, one.mail_id is None].append(one)
        done = 0
        for (folder, is_drafts), group in groups.items():
            spot = self._open(account, folder, group, is_drafts=is_drafts)
            if spot is None:
                continue
            for one in group:
                if is_stopping():
                    return done
                done += self._one(one, spot)
        return done

    def _open(
        self, account: str, folder: str, group: Sequence[Append], *, is_drafts: bool
    ) -> _Spot | None:
        """Open the folder, made where it is missing; None when it is refused."""
        try:
            self._mailbox.create(folder)
            selected = self._mailbox.select(folder)
            limit = self._mailbox.append_limit(folder)
        except MailboxAway:
            raise
        except MailboxError as refusal:
            for one in group:
                self._fail(one, f"{folder}: {refusal}")
            return None
        folder_id = None
        if not is_drafts:
            validity = selected.uidvalidity
            folder_id = self._ledger.open_folder(self._lease, account, folder, validity).id
        return _Spot(folder=folder, selected=selected, folder_id=folder_id, limit=limit)

    def _one(self, one: Append, spot: _Spot) -> int:
        """Put one mail into the open folder, unless something stands in the way."""
        if known := self._known(one):
            self._appends.finish(self._lease, one, known, clock.now())
            return 0
        if one.cut:
            note = f"too large: only its headers are held (limits.{one.cut})"
            self._finish(one, Ending(state="failed", note=note))
            return 0
        if spot.limit is not None and one.size > spot.limit:
            self._fail(one, f"the folder takes mails of at most {spot.limit} bytes (APPENDLIMIT)")
            return 0
        try:
            pieces = self._bytes(one)
        except StoreBusy:
            raise
        except StoreError as damage:
            self._fail(one, str(damage))
            return 0
        return self._send(one, spot, pieces)

    def _send(self, one: Append, spot: _Spot, pieces: Callable[[], Iterator[bytes]]) -> int:
        upload = Upload(
            size=one.size,
            pieces=pieces,
            flags=self._mailbox.kept(one.flags.split()),
            received_at=one.received_at,
        )
        now, at = clock.now(), (spot.selected.uidvalidity, spot.selected.uidnext)
        until = now + timedelta(seconds=self._mailbox.transfer_s(one.size))
        self._appends.issue(self._lease, one, at, now, until)
        try:
            told = self._put(spot.folder, upload)
        except ServerBusy:  # it has answered: nothing is there
            self._finish(one, Ending(state="planned", note="the server asked to come back later"))
            raise
        except MailboxAway:
            until = clock.now() + timedelta(seconds=self._mailbox.transfer_s(0))
            self._appends.postpone(self._lease, one, until)
            raise
        except MailboxError as refusal:
            self._fail(one, str(refusal))
            return 0
        failpoint("append.sent")
        is_current = told is not None and told[0] == spot.selected.uidvalidity
        folder_id = spot.folder_id if is_current else None
        uid = told[1] if told else None
        self._finish(one, Ending(state="done", folder_id=folder_id, uid=uid))
        return 1

    def _put(self, folder: str, upload: Upload) -> tuple[int, int] | None:
        """Send the mail; a folder that somebody has taken away just now is made again, once."""
        try:
            return self._mailbox.append(folder, upload)
        except MailboxAway:
            raise
        except MailboxError as refusal:
            if _NOT_THERE not in str(refusal).upper():
                raise
        self._mailbox.create(folder)
        return self._mailbox.append(folder, upload)

    def _known(self, one: Append) -> Ending | None:
        """Return how an append has ended already, without sending anything."""
        if one.mail_id is not None:
            note = "the folder holds it already"
            is_there = self._appends.is_there(one)
            return Ending(state="done", note=note, is_sought=True) if is_there else None
        if one.state != "issued":
            return None
        if found := self._mailbox.search_message_id(one.message_id or ""):
            return Ending(state="done", uid=found[-1])
        if self._appends.was_sent(one):
            return Ending(state="superseded", note="a person has sent it already")
        return None

    def _bytes(self, one: Append) -> Callable[[], Iterator[bytes]]:
        place = self._ledger.blob(one.digest)
        if place is None:
            raise StoreError(f"no bytes are kept for {one.digest.hex()}")
        return unpacked(self._packs.folder, place, one.digest)

    def _fail(self, one: Append, why: str) -> None:
        """Keep the refusal; it is tried again later, each time after twice as long."""
        wait = min(FIRST_RETRY * 2 ** min(one.attempts, 10), LAST_RETRY)
        self._finish(one, Ending(state="failed", note=why, retry_at=clock.now() + wait))

    def _finish(self, one: Append, ending: Ending) -> None:
        self._appends.finish(self._lease, one, ending, clock.now())


def _kept(flags: Sequence[str]) -> str:
    return " ".join(flag for flag in flags if flag.lower() not in _DROPPED)
