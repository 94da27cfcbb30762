"""A job that is due -> a thread that runs it, and that never holds up the end of the process.

APScheduler's own pool is joined by the interpreter at exit: a reconciliation that waits for a
silent server would keep a stopped service alive until the server's deadline.
"""

import sys
import threading
from datetime import datetime

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job


class ThreadExecutor(BaseExecutor):  # type: ignore[misc]  # the library has no types
    """Runs each job in a daemon thread of its own; the scheduler bounds how many there are."""

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        threading.Thread(
            target=self._run, args=(job, run_times), name=f"job {job.name}", daemon=True
        ).start()

    def _run(self, job: Job, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)  # noqa: SLF001 - as its own executors do
        except BaseException:  # noqa: BLE001 - rim: the scheduler must learn that the job has ended
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, events)
