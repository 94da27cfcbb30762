"""What may run once a day: a row for each schedule and local date."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select, update

from daemon import clock
from daemon.store.engine import Store
from daemon.store.tables import runs

RUN_LIMIT = timedelta(hours=1)  # after it a daily job is taken for dead


def forget_interrupted(store: Store, schedules: Sequence[str]) -> None:
    """Let these daily jobs begin anew where a crash cut them off."""
    with store.write() as connection:
        cut_off = runs.c.schedule.in_(schedules) & (runs.c.outcome == "running")
        connection.execute(update(runs).where(cut_off).values(outcome=None))


def has_run(store: Store, schedule: str, day: date) -> bool:
    """Tell whether a daily job is done for a date."""
    here = (runs.c.schedule == schedule) & (runs.c.local_date == day)
    with store.read() as connection:
        return connection.scalar(select(runs.c.outcome).where(here)) == "done"


def once_a_day(store: Store, schedule: str, moment: datetime, job: Callable[[], object]) -> bool:
    """Run a job unless it has run on this date; return whether it ran.

    The row (schedule, local date) is taken before the job and keeps its outcome, so that a
    tick twice, also over DST and restarts, is a job once. A job that fails is tried again, also
    when its failure could not be written down.

    Args:
        store: the database.
        schedule: its name.
        moment: the present, in the zone in which days are counted.
        job: what is to be done.
    """
    day = moment.date()
    key = {"schedule": schedule, "local_date": day}
    here = (runs.c.schedule == schedule) & (runs.c.local_date == day)
    with store.write() as connection:
        store.insert_new(connection, runs, [{**key, "started_at": moment}])
        stale = and_(runs.c.outcome == "running", runs.c.started_at < moment - RUN_LIMIT)
        free = or_(runs.c.outcome.is_(None), stale)
        running = {"outcome": "running", "started_at": moment}
        taken = connection.execute(update(runs).where(here, free).values(running))
        if taken.rowcount == 0:
            return False
    outcome = None  # back to nothing when the job fails: the next tick tries again
    try:
        job()
        outcome = "done"
    finally:
        with store.write() as connection:
            values = {"outcome": outcome, "finished_at": clock.now()}
            connection.execute(update(runs).where(here).values(values))
    return True
