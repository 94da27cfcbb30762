"""A daily job runs once per local date, over restarts, failures and a store that was away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.errors import StoreBusy
from daemon.jobs import House, forget_interrupted, once_a_day
from tests.houses import Desk, open_house, settings_of

MORNING = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path):
    """Give a house whose account nobody asks."""
    with open_house(settings_of(tmp_path, {"info": Desk(port=1)})) as opened:
        yield opened


def test_a_second_tick_of_the_day_does_nothing(house: House):
    """The row of the schedule and date is taken once."""
    runs = []

    assert once_a_day(house, "digest", MORNING, lambda: runs.append(1))
    assert not once_a_day(house, "digest", MORNING + timedelta(hours=2), lambda: runs.append(2))
    assert once_a_day(house, "digest", MORNING + timedelta(days=1), lambda: runs.append(3))
    assert runs == [1, 3]


def test_a_job_that_failed_is_tried_again(house: House):
    """A failure leaves the day open."""

    def fail() -> None:
        raise StoreBusy("the disk is full")

    with pytest.raises(StoreBusy):
        once_a_day(house, "digest", MORNING, fail)

    assert once_a_day(house, "digest", MORNING, lambda: None)


def test_a_start_takes_up_only_its_own_schedules(house: House):
    """What another role's process is running is left to it."""
    ran = []

    def look_from_a_second_start() -> None:
        forget_interrupted(house, ("sweep", "reconcile"))
        ran.append(once_a_day(house, "digest", MORNING, lambda: None))
        forget_interrupted(house, ("digest",))
        ran.append(once_a_day(house, "digest", MORNING, lambda: None))

    once_a_day(house, "digest", MORNING, look_from_a_second_start)

    assert ran == [False, True]


def test_a_job_that_never_ended_is_taken_for_dead_after_an_hour(house: House):
    """The row says `running`, but nobody can be at it any more."""
    ran = []

    def look_later() -> None:
        soon, later = MORNING + timedelta(minutes=30), MORNING + timedelta(minutes=90)
        ran.append(once_a_day(house, "digest", soon, lambda: None))
        ran.append(once_a_day(house, "digest", later, lambda: None))

    once_a_day(house, "digest", MORNING, look_later)

    assert ran == [False, True]
