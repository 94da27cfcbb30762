"""Runs the house on one machine: a thread per account, and a clock in memory.

The clock (APScheduler) only wakes; what is due is known from the tables, by schedule and local
date, so a tick twice, a restart or a change to summer time is a job once.
"""

import logging
from collections.abc import Callable
from datetime import datetime, time

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from daemon import clock, jobs
from daemon.digest.readers import readers_of
from daemon.engine.executor import ThreadExecutor
from daemon.engine.worker import AccountWorker
from daemon.errors import BackdeskError
from daemon.jobs import House
from daemon.store.runs import forget_interrupted, once_a_day

_log = logging.getLogger(__name__)

STOP_S = 10.0  # a command still running after it is cut off
CUT_S = 3.0  # for all that were cut off to end
RETRY_S = 300.0  # a daily job that failed is tried again after so long
SEND_S = 15.0  # how often due outgoing mail is looked for


class LocalEngine:
    """The running house."""

    def __init__(self, house: House, roles: frozenset[str]) -> None:
        self.house = house
        self._roles = roles
        names = house.settings.accounts if "intake" in roles else ()
        self.workers = [AccountWorker(house, name) for name in names]
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=house.settings.service.zone,
        )

    def start(self) -> None:
        """Start the accounts and the clock; what came due while nobody ran is done at once."""
        if "intake" in self._roles:
            forget_interrupted(self.house.store, ("sweep", "mix", "reconcile"))
            jobs.resume_reading(self.house)
        if "send" in self._roles:
            readers = readers_of(self.house.settings)
            schedules = [*(one.schedule for one in readers), "report"]
            forget_interrupted(self.house.store, schedules)
        for worker in self.workers:
            worker.start()
        if "intake" in self._roles:
            self._watch()
        if "send" in self._roles:
            self._send()
        self._scheduler.start()

    def stop(self) -> None:
        """Finish what is in hand and stop; takes at most some 15 s."""
        if self._scheduler.running:  # not when the start failed half way
            self._scheduler.shutdown(wait=False)
        for worker in self.workers:
            worker.stop()
        until = clock.monotonic() + STOP_S
        late = [one for one in self.workers if not one.join(max(until - clock.monotonic(), 0.0))]
        for worker in late:
            worker.cut_off()
        last = clock.monotonic() + CUT_S  # for all together, however many servers are silent
        for worker in late:
            worker.join(max(last - clock.monotonic(), 0.0))
        self.house.pipeline.wait(max(until - clock.monotonic(), 1.0))

    def stalled_s(self) -> float:
        """Return for how long the worst worker has been busy without anything moving."""
        return max((worker.stalled_s() for worker in self.workers), default=0.0)

    def status(self) -> str:
        """Say in a few words what is going on."""
        tally, in_hand = self.house.tally, len(self.house.pipeline.in_hand)
        return (
            f"{len(self.workers)} accounts, {tally.total('fetched')} mails fetched, "
            f"{in_hand} in hand, {tally.total('quarantined')} set aside"
        )

    def _watch(self) -> None:
        intake = self.house.settings.intake
        for worker in self.workers:
            account = self.house.settings.accounts[worker.account]
            every = IntervalTrigger(seconds=account.poll_s or intake.poll_s)
            self._scheduler.add_job(worker.wake, every, name=f"poll {worker.account}")
        self._daily("sweep", intake.sweep_at, self._sweep)
        self._daily("mix", intake.sweep_at, lambda: jobs.renew_mix(self.house))
        self._daily("reconcile", intake.reconcile_at, lambda: jobs.reconcile_all(self.house))

    def _send(self) -> None:
        self._digests()
        reports = self.house.settings.reports
        if reports.to:
            self._daily("report", reports.at, lambda: jobs.write_report(self.house))
        every = IntervalTrigger(seconds=SEND_S)
        self._scheduler.add_job(
            self._guarded("send", lambda: jobs.send_due(self.house)), every, name="send"
        )
        # A job of its own: a slow server of others must not hold up mail.
        call = self._guarded("webhooks", lambda: jobs.call_webhooks(self.house))
        self._scheduler.add_job(call, IntervalTrigger(seconds=SEND_S), name="webhooks")

    def _digests(self) -> None:
        """Look for digests to write whenever the time of a reader comes, and now and then."""
        readers = readers_of(self.house.settings)
        write = self._guarded("digests", lambda: jobs.write_digests(self.house))
        for zone, at in sorted({(one.zone.key, one.at) for one in readers}):
            exact = CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)
            self._scheduler.add_job(write, exact, name=f"digests {at:%H:%M} {zone}")
        if readers:
            again = IntervalTrigger(seconds=RETRY_S)
            self._scheduler.add_job(write, again, name="digests again", next_run_time=clock.now())

    def _daily(self, schedule: str, at: time, job: Callable[[], object]) -> None:
        """Run a job once per local date from `at` on, also when the service starts later."""

        def tick() -> None:
            now = clock.now().astimezone(self.house.settings.service.zone)
            if _is_due(now, at):
                once_a_day(self.house.store, schedule, now, job)

        guarded = self._guarded(schedule, tick)
        exact = CronTrigger(hour=at.hour, minute=at.minute)
        self._scheduler.add_job(guarded, exact, name=schedule)
        again = IntervalTrigger(seconds=RETRY_S)
        self._scheduler.add_job(guarded, again, name=f"{schedule} again", next_run_time=clock.now())

    def _guarded(self, name: str, job: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                job()
            except BackdeskError as error:
                _log.warning(
                    "Job failed", extra={"action": "job_failed", "job": name, "reason": str(error)}
                )
            except Exception:  # noqa: BLE001 - rim: one job must not stop the others
                _log.exception(
                    "Job failed unexpectedly", extra={"action": "job_failed", "job": name}
                )

        return run

    def _sweep(self) -> None:
        for worker in self.workers:
            worker.sweep()


def _is_due(local: datetime, at: time) -> bool:
    return local.time().replace(tzinfo=None) >= at
