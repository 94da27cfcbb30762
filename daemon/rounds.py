"""The rounds of an account: take up, receive, explain, settle, over a connection that is kept.

The house (everything built and wired) is handed in; errors of accounts are decided here.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from daemon import clock, moving, replies
from daemon.errors import BackdeskError, MailboxAway, MailboxError, Stopping
from daemon.intake.appending import Appender
from daemon.intake.imap import Mailbox, Selected
from daemon.intake.receive import FolderRound, Received
from daemon.intake.settle import Settler
from daemon.intake.suspects import Suspects
from daemon.jobs import House
from daemon.pipeline import Batch
from daemon.store.leases import Lease

_log = logging.getLogger(__name__)

STOP_CHECK_S = 0.5
MOST_RECONNECTS = 50  # in one foreground round, as long as each gets further


class AccountJob:
    """The rounds of one account: keeps its connection, and what it has learnt of the server."""

    def __init__(
        self,
        house: House,
        account: str,
        lease: Lease,
        is_stopping: Callable[[], bool] = lambda: False,
        suspects: Suspects | None = None,
    ) -> None:
        self.account = account
        self.is_unfinished = False  # the next round has work at once
        self._refusals: set[str] = set()  # inboxes that could not be read in this round
        self._house = house
        self._lease = lease
        self._is_stopping = is_stopping
        self._suspects = suspects or Suspects()
        self._own = _Unrecorded()
        self._signs: dict[str, tuple[int, int]] = {}
        self.mailbox: Mailbox | None = None

    @property
    def blamed(self) -> int:
        """Broken fetches in all; while it grows, reconnecting gets further."""
        return self._suspects.total

    def round(self) -> int:
        """Run one round: take up, receive, explain, settle; return how many mails were settled.

        Raises:
            MailboxError, StoreError: the round broke off; what was received is ours.
        """
        house, is_first = self._house, self.mailbox is None
        try:
            mailbox = self.mailbox = self.mailbox or house.connect(self.account)
            if not (paused := house.ledger.is_paused(self.account)):
                house.pipeline.take_up(self._lease, self.account, self._begin)
            self._folders(mailbox, is_first=is_first, paused=paused)
            if self.is_unfinished and house.settings.accounts[self.account].go_live is None:
                return 0  # nothing will be settled: the next part is fetched while this is read
            self._wait_for_records()
            settled = self._settle(mailbox)
        except BaseException:
            if self.mailbox is not None:
                self.mailbox.discard()
            self.drop()
            raise
        if not self._refusals:
            house.ledger.note_success(self.account, clock.now())
        return settled

    def _settle(self, mailbox: Mailbox) -> int:
        """Carry out what was decided: first what we put where, as a sighting may be ours."""
        house, account, lease = self._house, self.account, self._lease
        appends, now = house.actions.appends, clock.now()
        appends.resolve(lease, account, now)
        house.actions.explain_sightings(lease, account, now, partial(moving.follow, house, now))
        replies.heed(house)
        appender = Appender(mailbox, house.ledger, house.packs, appends, lease)
        appender.hand_over(account)
        put = appender.run(account, self._is_stopping)
        return put + Settler(mailbox, house.ledger, house.actions, lease).run(account)

    def drop(self) -> None:
        """Break the connection; the next round makes a new one and sweeps every folder."""
        if self.mailbox is not None:
            self.mailbox.abort()
        self.mailbox = None
        self._signs.clear()

    def close(self) -> None:
        """Log out."""
        if self.mailbox is not None:
            self.mailbox.close()
        self.mailbox = None

    def _begin(self, size: int) -> Callable[[], None]:
        if self._is_stopping():
            raise Stopping
        return self._own.begin(self._house.receiver.budget.take(size, self.account))

    def is_listed(self, folder: str, selected: Selected) -> bool:
        """Tell whether a folder is still as the last round saw it, or could not see it."""
        seen = self._signs.get(folder) == (selected.uidnext, selected.exists)
        return seen or folder in self._refusals

    def forget_listings(self) -> None:
        """List every folder in full at the next round, and ask again for what was not given."""
        self._signs.clear()
        self._suspects.forget()

    def _folders(self, mailbox: Mailbox, *, is_first: bool, paused: bool) -> None:
        house = self._house
        folder_round = FolderRound(
            house.receiver, house.ledger, mailbox, self._lease, self._suspects
        )
        submit = self._leave if paused else self._submit
        must_list = is_first or house.actions.has_open(self.account)
        self.is_unfinished = False
        self._refusals.clear()
        for name in house.pipeline.policy.placement.watched(self.account):
            try:
                folder, sign = folder_round.open(self.account, name)
                if must_list or self._signs.get(name) != sign:
                    retry = name not in self._signs  # new connection, or the nightly sweep
                    is_whole = folder_round.run(folder, submit, retry=retry)
                    self._signs[name] = sign if is_whole else (0, 0)
                    self.is_unfinished = self.is_unfinished or not is_whole
            except MailboxAway:
                raise
            except MailboxError as refusal:
                self._refused(name, refusal)

    def _wait_for_records(self) -> None:
        """Wait until what this round received is recorded, so that it can be settled."""
        while not self._own.wait(STOP_CHECK_S):
            if self._is_stopping():
                raise Stopping

    def _refused(self, name: str, refusal: MailboxError) -> None:
        """Name an inbox that cannot be opened; a queue's folder is made when it is needed."""
        if name in self._house.settings.accounts[self.account].folders:
            _log.error(
                "Folder cannot be opened",
                extra={"action": "folder_refused", "account": self.account, "folder": name},
            )
            self._house.ledger.note_failure(self.account, f"{name}: {refusal}", clock.now())
            self._refusals.add(name)

    def _submit(self, lease: Lease, received: Received) -> None:
        done = self._own.begin(received.release)
        self._house.pipeline.submit(Batch(lease=lease, mails=received.mails, done=done))
        if self._is_stopping():
            raise Stopping

    def _leave(self, _lease: Lease, received: Received) -> None:
        """Leave received mails unread while the reading of this account is paused."""
        received.release()
        for mail in received.mails:
            if isinstance(mail.raw, Path):
                mail.raw.unlink(missing_ok=True)
        self._house.ledger.give_back([mail.mail_id for mail in received.mails])


class _Unrecorded:
    """Counts batches that are not recorded yet."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def begin(self, release: Callable[[], None]) -> Callable[[], None]:
        with self._changed:
            self._count += 1

        def done() -> None:
            release()
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

        return done

    def wait(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout_s)


def poll_once(house: House, account: str, lease: Lease) -> None:
    """Run one full round in the foreground, reconnecting as long as that gets further.

    Raises:
        MailboxError: the server refuses, or breaks off again and again.
    """
    job = AccountJob(house, account, lease)
    try:
        _round_through(job)
    except BackdeskError as error:
        house.ledger.note_failure(account, str(error), clock.now())
        raise
    finally:
        job.close()


def _round_through(job: AccountJob) -> None:
    blamed = -1
    for _ in range(MOST_RECONNECTS):
        try:
            job.round()
            while job.is_unfinished:
                job.round()
        except MailboxAway:
            if job.blamed <= blamed:
                raise
            blamed = job.blamed
        else:
            return
    raise MailboxAway(f"{job.account}: the connection broke {MOST_RECONNECTS} times")
