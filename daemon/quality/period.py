"""Days of the house -> the period of a report."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.quality.records import Period

_A_DAY = timedelta(days=1)


def period_of(first: date, last: date, zone: ZoneInfo, now: datetime) -> Period:
    """Return the period from the first day to the last, both included.

    A day has 23 to 25 hours where the clock is put forward or back.
    """

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), zone).astimezone(UTC)

    until, present = midnight(last + _A_DAY), now.astimezone(UTC)
    return Period(
        first=first,
        last=last,
        zone=zone,
        since=midnight(first),
        until=until,
        now=present,
        end=min(until, present),
    )


def month_of(year: int, month: int, zone: ZoneInfo, now: datetime) -> Period:
    """Return the period of a calendar month."""
    first = date(year, month, 1)
    following = (first + 31 * _A_DAY).replace(day=1)
    return period_of(first, following - _A_DAY, zone, now)


def month_before(day: date, zone: ZoneInfo, now: datetime) -> Period:
    """Return the period of the calendar month before that of a day."""
    last = day.replace(day=1) - _A_DAY
    return month_of(last.year, last.month, zone, now)
