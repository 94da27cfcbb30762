"""One account's thread: takes the lease, runs rounds, waits in IDLE or by the clock, backs off."""

import logging
import threading
from datetime import timedelta

from daemon import clock
from daemon.engine.wake import Wake
from daemon.errors import BackdeskError, LeaseHeld, Stopping
from daemon.intake.plan import back_off_s
from daemon.intake.suspects import Suspects
from daemon.jobs import House
from daemon.rounds import AccountJob
from daemon.store.leases import Lease, account_lease

_log = logging.getLogger(__name__)

LEASE_WAIT = timedelta(seconds=1)


class AccountWorker:
    """Watches one account until told to stop; a broken account never disturbs another."""

    def __init__(self, house: House, account: str) -> None:
        self.account = account
        self._house = house
        self._wake = Wake()
        self._stop = threading.Event()
        self._failures = 0
        self._suspects = Suspects()  # outlives the connections that they break
        self._job: AccountJob | None = None
        self.busy_since: float | None = None  # monotonic; None while waiting
        self._thread = threading.Thread(target=self._run, name=f"account {account}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def wake(self) -> None:
        """Look now; during a back-off the wait goes on."""
        if not self._failures:
            self._wake.set()

    def sweep(self) -> None:
        """List every folder in full at the next round."""
        if self._job is not None:
            self._job.forget_listings()
        self.wake()

    def stop(self) -> None:
        """Ask the worker to end after the batch in hand."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came."""
        if self._thread.ident is None:
            return True  # never started
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def cut_off(self) -> None:
        """Break the connection, so that a command still running ends."""
        if self._job is not None:
            self._job.drop()

    def stalled_s(self) -> float:
        """Return for how long this worker has been busy without anything moving."""
        since, job = self.busy_since, self._job
        if since is None:
            return 0.0
        moved = [since, self._house.pipeline.moved_at(self.account)]
        if job is not None and job.mailbox is not None:
            moved.append(job.mailbox.active_at)
        return clock.monotonic() - max(moved)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._guarded_session()
        finally:
            self._wake.close()

    def _guarded_session(self) -> None:
        try:
            self._session()
        except Exception:  # noqa: BLE001 - rim: an account's thread must not end unnoticed
            _log.exception(
                "Account failed unexpectedly",
                extra={"action": "account_failed", "account": self.account},
            )
            self._stop.wait(self._house.settings.intake.backoff_max_s)

    def _session(self) -> None:
        """Hold the lease and run rounds until something breaks or the service stops."""
        try:
            lease = self._house.leases.take(account_lease(self.account), LEASE_WAIT)
        except LeaseHeld as held:
            self._fail(held)
            return
        except BackdeskError as error:
            self._fail(error)
            return
        failure = self._outcome(lease)
        self.busy_since = None
        self._give_back(lease)
        if failure is not None:
            self._fail(failure)

    def _outcome(self, lease: Lease) -> BackdeskError | None:
        """Run rounds; return what ended them, None for a stop."""
        try:
            self._rounds(lease)
        except Stopping:
            return None
        except BackdeskError as error:
            return error
        except Exception:  # noqa: BLE001 - rim: one job must not stop the others
            # Unexpected in one account's job: it backs off with an alarm, the others go on.
            _log.exception(
                "Account failed unexpectedly",
                extra={"action": "account_failed", "account": self.account},
            )
            return BackdeskError("unexpected error, see the log")
        return None

    def _rounds(self, lease: Lease) -> None:
        job = self._job = AccountJob(
            self._house, self.account, lease, self._stop.is_set, self._suspects
        )
        try:
            while not self._stop.is_set():
                self.busy_since = clock.monotonic()
                job.round()
                self.busy_since = None
                self._failures = 0
                if not job.is_unfinished:
                    self._wait(job)
        finally:
            self._job = None
            job.close()

    def _wait(self, job: AccountJob) -> None:
        intake, account = self._house.settings.intake, self._house.settings.accounts[self.account]
        wait_s = account.poll_s or intake.poll_s
        mailbox = job.mailbox
        if intake.idle and mailbox is not None and mailbox.can_idle and not self._stop.is_set():
            inbox = account.folders[0]
            if not job.is_listed(inbox, mailbox.examine(inbox)):
                return  # something came between the round and here
            mailbox.idle(min(wait_s, intake.idle_renew_s), self._wake)
            self._wake.clear()
        else:
            self._wake.wait(wait_s)

    def _fail(self, error: BackdeskError) -> None:
        intake = self._house.settings.intake
        self._failures += 1
        wait_s = back_off_s(self._failures, intake.backoff_first_s, intake.backoff_max_s)
        _log.warning(
            "Account is left alone for a while",
            extra={
                "action": "backed_off",
                "account": self.account,
                "reason": str(error),
                "failures": self._failures,
                "wait_s": round(wait_s, 1),
            },
        )
        try:
            self._house.ledger.note_failure(self.account, str(error), clock.now())
        except BackdeskError:
            _log.warning("Failure not noted", extra={"action": "note", "account": self.account})
        self._stop.wait(wait_s)

    def _give_back(self, lease: Lease) -> None:
        try:
            self._house.leases.release(lease)
        except BackdeskError as error:
            _log.warning(
                "Lease not returned",
                extra={"action": "lease", "account": self.account, "reason": str(error)},
            )
