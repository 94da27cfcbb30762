"""The time for which a desk is open, against counting each minute."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.deadlines import Calendar
from daemon.triage.calendar import WorkCalendar
from daemon.triage.counting import Desk
from daemon.triage.elapsed import OpenTime
from tests.stages.deadline_oracle import is_holiday

ROME = ZoneInfo("Europe/Rome")
DAY = ((time(9), time(13)), (time(14), time(18)))
NIGHT = ((time(0), time(4, 30)), (time(22), time(23, 59)))  # over the hour of change
DESK = Desk(
    week=(DAY, DAY, DAY, DAY, ((time(9), time(13)),), (), NIGHT),
    zone=ROME,
    calendar=WorkCalendar(Calendar(name="it", country="IT")),
)
FIRST = datetime(2026, 3, 20, tzinfo=UTC)  # the clock is put forward on the 29th
AUTUMN = datetime(2026, 10, 20, tzinfo=UTC)  # and back on the 25th
MINUTES = st.integers(0, 20 * 1440)


def minutes_open(begin: datetime, end: datetime) -> int:
    """Return how many minutes of the wall's clock are within the desk's hours."""
    count = 0
    while begin < end:
        local = begin.astimezone(ROME)
        spans = () if is_holiday(local.date(), "IT") else DESK.week[local.weekday()]
        count += any(first <= local.time() < last for first, last in spans)
        begin += timedelta(minutes=1)
    return count


@pytest.mark.parametrize("since", [FIRST, AUTUMN])
@given(one=MINUTES, other=MINUTES)
def test_it_is_what_the_minutes_say(since: datetime, one: int, other: int) -> None:
    """Over both changes of the clock, Easter and All Saints."""
    begin, end = sorted(since + timedelta(minutes=n) for n in (one, other))
    opened = OpenTime(DESK, since, since + timedelta(days=21))
    assert opened.between(begin, end) == 60 * minutes_open(begin, end)


def test_no_time_passes_backwards() -> None:
    """An answer entered for a moment before the receipt took no time."""
    opened = OpenTime(DESK, FIRST, FIRST + timedelta(days=9))
    assert opened.between(FIRST + timedelta(days=5), FIRST) == 0.0
