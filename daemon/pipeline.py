"""One mail through all stages: read in a child, decide, record. The account settles it afterwards.

    receive (intake) -> [read] -> [decide] -> [record] -> settle (intake)

Batches come in from the accounts' threads; the pool of children answers on its own threads;
one recorder thread decides and writes. Errors of single mails are decided here: a mail that
cannot be read is set aside, after five unexpected ones in a row its account's reading pauses.
"""

import logging
import queue
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from daemon import clock
from daemon.errors import LeaseLost, StoreBusy, StoreError
from daemon.failpoint import failpoint
from daemon.intake.placement import Placement
from daemon.intake.records import Judged, Tally, Unread
from daemon.intake.results import Results
from daemon.intake.store import Ledger
from daemon.reading.records import Job
from daemon.records import Decision, Reading, Unreadable, Verdict
from daemon.store.leases import Lease
from daemon.store.packs import Packs
from daemon.triage.casework import Arrival, CaseRules, wish_of
from daemon.triage.forward import ForwardRules, forwards_for
from daemon.triage.mix import HouseMix
from daemon.triage.readership import Readership
from daemon.triage.route import CompiledRules, RouteInput, route_under
from daemon.triage.verdict import Costs, judge

_log = logging.getLogger(__name__)

_SAID = Verdict(label=None, confidence=0.0, abstained=False, reason="answers a digest")
_TOLD = Decision(queue=None, rule=None, reason="its words are taken up; `explain` says which")

UNEXPECTED_IN_A_ROW = 5
THIRD_TIME = 3
RECORD_MAILS = 200  # recorded in one transaction at most
READ_MAILS = 40  # handed to one child at once
LINGER_S = 0.2  # that an answer waits for others, to be recorded together

Answers = list[tuple[int, Reading | Unreadable]]


class Readers(Protocol):
    """The pool of children, as the pipeline uses it."""

    def submit(self, jobs: Sequence[Job], done: Callable[[Answers], None]) -> None:
        """Read jobs in one child; answer each exactly once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What decides: replaced as a whole at a reload."""

    rules: CompiledRules
    costs: Costs
    mix: HouseMix
    placement: Placement
    cases: CaseRules
    readers: Readership = Readership()
    forwarding: ForwardRules = field(default_factory=ForwardRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Mails received together, under one lease."""

    lease: Lease
    mails: tuple[Unread, ...]
    done: Callable[[], None]  # called once all are recorded (or left for later)


def decide(policy: Policy, mail: Unread, answer: Reading | Unreadable) -> Judged:
    """Decide on one mail: its label, its queue, and whether it may be acted on."""
    is_live = policy.placement.is_live(mail.account, mail.received_at)
    live = is_live and not mail.is_imported
    if isinstance(answer, Unreadable):
        return Judged(mail=mail, answer=answer, verdict=None, decision=None, live=live)
    if live and policy.readers.is_answer(answer):
        return Judged(
            mail=mail, answer=answer, verdict=_SAID, decision=_TOLD, live=live, answers_digest=True
        )
    verdict = judge(answer, policy.costs, policy.mix.seen_by(answer.model))
    if here := policy.placement.queue_of(mail.account, mail.folder):
        decision = Decision(queue=here, rule=None, reason="first seen in the queue's folder")
    else:
        subject = RouteInput(account=mail.account, size=mail.size, reading=answer, verdict=verdict)
        decision = route_under(
            subject, policy.rules, policy.cases.profiles, policy.cases.whistleblowing_queue
        )
    came = Arrival(account=mail.account, received_at=mail.received_at)
    wish = wish_of(answer, verdict, decision, came, policy.cases) if live else None
    forwards = forwards_for(answer, decision.orders.forward, policy.forwarding)
    judged = Judged(mail=mail, answer=answer, verdict=verdict, decision=decision, live=live)
    return replace(judged, wish=wish, forwards=forwards)


class Pipeline:
    """Takes received mails, and sees each through to its record."""

    def __init__(  # noqa: PLR0913 - the stages of the way of a mail
        self,
        policy: Policy,
        readers: Readers,
        ledger: Ledger,
        results: Results,
        packs: Packs,
        tally: Tally,
    ) -> None:
        self.policy = policy
        self.tally = tally
        self._readers = readers
        self._ledger = ledger
        self._results = results
        self._packs = packs
        self._answers: queue.SimpleQueue[tuple[Batch, Answers] | None] = queue.SimpleQueue()
        self._in_hand: dict[int, Unread] = {}
        self._unexpected: dict[str, int] = defaultdict(int)
        self._idle = threading.Condition()
        self._closing = threading.Event()
        self._suspect = threading.Lock()  # held while a mail of an unfinished attempt is read
        self._moved_at: dict[str, float] = {}  # account -> when its mails last moved
        self._recorder = threading.Thread(target=self._record_all, name="recorder", daemon=True)
        self._recorder.start()

    @property
    def in_hand(self) -> tuple[int, ...]:
        """Ids of the mails that are being read or recorded."""
        with self._idle:
            return tuple(self._in_hand)

    def moved_at(self, account: str) -> float:
        """Return when mails of an account were last received or recorded (monotonic), or 0.

        By account, for the watchdog: one that hangs must be seen while the others go on.
        """
        return self._moved_at.get(account, 0.0)

    def submit(self, batch: Batch) -> None:
        """Send received mails to the children; their attempt is committed already."""
        self._hold(batch)
        parts = [batch.mails[i : i + READ_MAILS] for i in range(0, len(batch.mails), READ_MAILS)]
        if not parts:
            batch.done()
        left = _Countdown(len(parts), batch.done)
        for part in parts:
            self._send(Batch(lease=batch.lease, mails=part, done=left.one_less))

    def take_up(
        self,
        lease: Lease,
        account: str,
        begun: Callable[[int], Callable[[], None]] = lambda _size: _nothing,
    ) -> None:
        """Take up mails whose reading did not end, each alone; the third time it is set aside.

        The pool commits each attempt before a child sees the mail, and not earlier: a mail that
        only stood in the queue when the service died is not charged.

        Args:
            lease: of the account.
            account: its name.
            begun: called with the bytes of each mail before it is taken up, waits while too much
                is in flight; what it returns is called once the mail is recorded.
        """
        for mail in self._ledger.unread(account, beyond=self.in_hand):
            batch = Batch(lease=lease, mails=(mail,), done=begun(mail.size))
            try:
                self._take_up_one(batch, mail)
            except BaseException:
                self._let_go([(batch, [])], {mail.mail_id: mail})
                raise

    def _take_up_one(self, batch: Batch, mail: Unread) -> None:
        if mail.attempts >= THIRD_TIME:
            self._give_up(batch)
        elif mail.attempts == 0:
            self._ledger.begin_attempt([mail.mail_id])
            self.submit(batch)
        else:
            self._read_alone(batch)

    def _give_up(self, batch: Batch) -> None:
        (mail,) = batch.mails
        tired = Unreadable(
            reason="interrupted",
            detail=f"the service died {mail.attempts} times while this mail was read",
        )
        with self._idle:
            self._in_hand[mail.mail_id] = mail
        self._answers.put((batch, [(mail.mail_id, tired)]))

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing is in hand; False when the time was not enough."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._in_hand, timeout_s)

    def close(self) -> None:
        """Record what has been answered, and stop."""
        self._closing.set()
        self._answers.put(None)
        self._recorder.join()

    def _read_alone(self, batch: Batch) -> None:
        """Have a mail read that was in hand when the service died, with no other such mail beside.

        Else the neighbour of a mail that takes the service down would be charged with each death;
        also one that was answered, and not yet recorded when the next was read.
        """
        recorded = threading.Event()

        def done() -> None:
            batch.done()
            recorded.set()

        with self._suspect:
            self._hold(batch)
            self._send(replace(batch, done=done))
            recorded.wait()

    def _hold(self, batch: Batch) -> None:
        with self._idle:
            for mail in batch.mails[:1]:
                self._moved_at[mail.account] = clock.monotonic()
            self._in_hand.update((mail.mail_id, mail) for mail in batch.mails)

    def _send(self, batch: Batch) -> None:
        jobs: list[Job] = []
        lost: Answers = []
        for mail in batch.mails:
            try:
                jobs.append(self._job(mail))
            except StoreBusy:
                raise
            except StoreError as error:  # one damaged record must not stop its account
                lost.append((mail.mail_id, Unreadable(reason="error", detail=str(error))))

        def tell(answers: Answers) -> None:
            self._answers.put((batch, [*answers, *lost]))

        if jobs:
            self._readers.submit(jobs, tell)
        else:
            tell([])
        failpoint("read.sent")

    def _job(self, mail: Unread) -> Job:
        raw = mail.raw
        if raw is None:
            place = self._ledger.blob(mail.digest)
            if place is None:
                raise StoreError(f"no bytes are kept for mail {mail.digest.hex()}")
            raw = self._packs.read(place, mail.digest)
        return Job(key=mail.mail_id, raw=raw, alone=mail.attempts > 0, attempts=mail.attempts)

    def _record_all(self) -> None:
        while (first := self._answers.get()) is not None:
            taken = [first]
            until = clock.monotonic() + LINGER_S
            while (wait_s := self._linger_s(taken, until)) is not None:
                try:
                    more = self._answers.get(timeout=wait_s)
                except queue.Empty:
                    break
                if more is None:
                    self._answers.put(None)
                    break
                taken.append(more)
            try:
                self._record(taken)
            except Exception:  # noqa: BLE001 - rim: the recorder's end would be everybody's
                # Nothing was recorded: the mails stay received, and are read again.
                _log.exception("Batch not recorded", extra={"action": "record_failed"})

    def _linger_s(self, taken: Sequence[tuple[Batch, Answers]], until: float) -> float | None:
        """Return how long to wait for more to record at once; None when there is enough.

        A transaction costs as much as some twenty mails, so while others are being read their
        answers are worth a short wait.
        """
        mails = sum(len(answers) for _, answers in taken)
        if mails >= RECORD_MAILS:
            return None
        with self._idle:
            is_last = len(self._in_hand) <= mails
        return 0.0 if is_last else max(until - clock.monotonic(), 0.0)

    def _record(self, taken: Sequence[tuple[Batch, Answers]]) -> None:
        mails = {mail.mail_id: mail for batch, _ in taken for mail in batch.mails}
        leases = tuple({batch.lease.name: batch.lease for batch, _ in taken}.values())
        try:
            judged = [
                self._decided(mails[key], answer)
                for _, answers in taken
                for key, answer in answers
                if not _is_interrupted(mails[key], answer)
            ]
            self._write(leases, judged)
            self._give_back(mails.keys() - {one.mail.mail_id for one in judged})
        except LeaseLost as lost:
            _log.warning("Batch dropped", extra={"action": "lease_lost", "reason": str(lost)})
            self._give_back(mails.keys())
        except BaseException:
            self._give_back(mails.keys())
            raise
        finally:
            self._let_go(taken, mails)

    def _decided(self, mail: Unread, answer: Reading | Unreadable) -> Judged:
        try:
            return decide(self.policy, mail, answer)
        except Exception as error:  # noqa: BLE001 - rim: one mail must not stop the others
            failed = Unreadable(
                reason="error",
                detail=f"cannot be decided: {type(error).__name__}",
                traceback="".join(traceback.format_tb(error.__traceback__)),
            )
            return Judged(mail=mail, answer=failed, verdict=None, decision=None, live=False)

    def _give_back(self, mail_ids: Iterable[int]) -> None:
        """Take the attempt back of mails that stay unrecorded through no fault of theirs."""
        try:
            self._ledger.give_back(list(mail_ids))
        except StoreError as error:  # then they are read alone next time
            _log.warning("Attempts stay", extra={"action": "give_back", "reason": str(error)})

    def _write(self, leases: Sequence[Lease], judged: Sequence[Judged]) -> None:
        ends: dict[int, str] = {}
        while True:
            try:
                ends = self._results.record(leases, judged, clock.now())
            except StoreBusy as busy:
                # What is in hand is bounded by the budget, so waiting here stops the fetchers.
                _log.warning("Store busy", extra={"action": "store_busy", "reason": str(busy)})
                if self._closing.wait(1.0):
                    raise  # what is in hand stays received, and is read at the next start
            else:
                break
        failpoint("record.committed")
        for one in judged:
            self.tally.add(one.mail.account, one.mail.folder, ends[one.mail.mail_id])
        for account in {one.mail.account for one in judged}:
            self._moved_at[account] = clock.monotonic()
        self._watch_unexpected(judged)

    def _watch_unexpected(self, judged: Sequence[Judged]) -> None:
        for one in judged:
            account = one.mail.account
            if isinstance(one.answer, Unreadable):
                _log.warning(
                    "Mail set aside",
                    extra={
                        "action": "quarantined",
                        "mail": one.mail.mail_id,
                        "account": account,
                        "reason": one.answer.reason,
                    },
                )
            unexpected = isinstance(one.answer, Unreadable) and one.answer.reason == "error"
            self._unexpected[account] = self._unexpected[account] + 1 if unexpected else 0
            if self._unexpected[account] == UNEXPECTED_IN_A_ROW:
                why = f"{UNEXPECTED_IN_A_ROW} mails in a row failed unexpectedly"
                self._ledger.pause(account, why, clock.now())
                _log.error("Reading paused", extra={"action": "paused", "account": account})

    def _let_go(self, taken: Sequence[tuple[Batch, Answers]], mails: Mapping[int, Unread]) -> None:
        for mail in mails.values():
            if isinstance(mail.raw, Path):
                with suppress(OSError):  # a disk that became read-only keeps it
                    mail.raw.unlink(missing_ok=True)
        with self._idle:
            for key in mails:
                self._in_hand.pop(key, None)
            self._idle.notify_all()
        for batch, _ in taken:
            batch.done()


class _Countdown:
    """Calls `done` at the last of `count` calls."""

    def __init__(self, count: int, done: Callable[[], None]) -> None:
        self._count, self._done, self._lock = count, done, threading.Lock()

    def one_less(self) -> None:
        with self._lock:
            self._count -= 1
            is_last = self._count == 0
        if is_last:
            self._done()


def _nothing() -> None:
    """Nobody waits for this batch."""


def _is_interrupted(mail: Unread, answer: Reading | Unreadable) -> bool:
    """Tell whether the pool gave a mail back unread; it stays received and is read later."""
    interrupted = isinstance(answer, Unreadable) and answer.reason == "interrupted"
    return interrupted and mail.attempts < THIRD_TIME
