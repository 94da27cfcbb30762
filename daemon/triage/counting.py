"""A term and its start -> the moment it ends, and the count day by day.

Days are those of a time zone. The day of the start is not counted unless that is asked for
(Regulation 1182/71, art. 3(1); Italian Civil Code, art. 2963; Polish Civil Code, art. 111); a month
ends on the same day of a later month, or on its last day. A day on which the clock stands still is
not counted, and no term ends on it. Hours are hours that pass, whatever the clock on the wall does;
business hours pass while the desk is open.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.config.deadlines import Term
from daemon.triage.calendar import WorkCalendar

Spans = tuple[tuple[time, time], ...]
Segment = tuple[datetime, datetime]

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_LAST_SECOND = time(23, 59, 59)
_LONGEST = 8_000  # days that are walked over before a term counts as endless
_PAUSED = "the clock stands still"


class EndlessTerm(ValueError):
    """No day is left on which the term could end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """When people work at a desk: the open spans of each day from Monday to Sunday."""

    week: tuple[Spans, ...]
    zone: ZoneInfo
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A term that runs.

    Attributes:
        term: how long. start: aware; when it starts.
        counts_start: whether the day of the start is the first day, the hour the first hour.
        rolls_over: on which days it may not end, see `Profile`.
        zone: whose days are counted. calendar: which of them are worked.
        desk: for business hours.
        paused: days on which the clock stands still.
    """

    term: Term
    start: datetime
    counts_start: bool
    rolls_over: str
    zone: ZoneInfo
    calendar: WorkCalendar
    desk: Desk | None = None
    paused: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a count."""

    date: date
    number: int | None  # of the counted days so far; None: this day is not counted
    note: str  # why it is not counted, how much of it is, why the term does not end on it


Count = tuple[datetime, tuple[Day, ...]]
"""The last second in which an answer is in time, in the zone of the run; and the days."""


def count(run: Run) -> Count:
    """Return when a term ends, and how it was counted.

    Raises:
        EndlessTerm: all days are paused, the desk never opens, or there is no desk.
    """
    match run.term.unit:
        case "hours":
            return _by_hours(run, _whole_day, run.zone)
        case "business hours":
            if run.desk is None:
                raise EndlessTerm("business hours are counted, and no hours are configured")
            return _by_hours(run, _open_spans, run.desk.zone)
        case _:
            return _by_days(run)


def _by_days(run: Run) -> Count:
    first = run.start.astimezone(run.zone).date()
    wanted, counted, days = _days_wanted(run, first), 0, list[Day]()
    if not run.counts_start:
        days.append(Day(date=first, number=None, note="the day of the start"))
    walk = _days_from(first if run.counts_start else first + _DAY)
    while counted < wanted:
        day = next(walk)
        note = _not_counted(run, day)
        counted += not note
        days.append(Day(date=day, number=None if note else counted, note=note))
    days.extend(_rolled_over(run, days[-1].date))
    return _end_of(days[-1].date, run.zone), tuple(days)


def _days_wanted(run: Run, first: date) -> int:
    """Return how many days are to be counted; a month has as many as the calendar gives it."""
    if run.term.unit != "months":
        return run.term.amount
    last = _months_later(first, run.term.amount)
    return (last - first).days


def _months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _not_counted(run: Run, day: date) -> str:
    if day in run.paused:
        return _PAUSED
    return (run.calendar.free(day) or "") if run.term.unit == "working days" else ""


def _rolled_over(run: Run, last: date) -> Iterator[Day]:
    """Yield the days that come after the last one, while the term may not end."""
    day, why = last, run.calendar.no_end(last, run.rolls_over)
    while why:
        day += _DAY
        yield Day(date=day, number=None, note=f"after {why}")
        why = _PAUSED if day in run.paused else run.calendar.no_end(day, run.rolls_over)


def _by_hours(
    run: Run, segments_on: Callable[[Run, date], Iterable[Segment]], zone: ZoneInfo
) -> Count:
    start = run.start.astimezone(UTC)
    if not run.counts_start:
        start = start.replace(minute=0, second=0, microsecond=0) + _HOUR
    left, end, days, counted = run.term.amount * _HOUR, start, list[Day](), 0
    walk = _days_from(start.astimezone(zone).date())
    while left:
        day, before = next(walk), left
        for begin, until in () if day in run.paused else segments_on(run, day):
            span = min(max(until - max(begin, start), timedelta()), left)
            if span:
                left, end = left - span, max(begin, start) + span
        days.append(_day_of_hours(run, day, counted, before - left))
        counted += days[-1].number is not None
    return end.astimezone(run.zone), tuple(days)


def _day_of_hours(run: Run, day: date, earlier: int, passed: timedelta) -> Day:
    if passed:
        return Day(date=day, number=earlier + 1, note=f"{passed / _HOUR:g} h")
    if day in run.paused:
        return Day(date=day, number=None, note=_PAUSED)
    free = run.desk.calendar.free(day) if run.desk else None
    return Day(date=day, number=None, note=free or "closed")


def _whole_day(run: Run, day: date) -> list[Segment]:
    """Return the day from midnight to midnight, 23 to 25 hours."""
    return [(_midnight(day, run.zone), _midnight(day + _DAY, run.zone))]


def _open_spans(run: Run, day: date) -> list[Segment]:
    """Return when the desk of a run is open on a day."""
    return open_spans(run.desk, day) if run.desk else []


def open_spans(desk: Desk, day: date) -> list[Segment]:
    """Return when a desk is open on a day, in UTC; on a day of change a minute at a time."""
    if desk.calendar.holiday(day):
        return []
    spans = desk.week[day.weekday()]
    begin, end = _midnight(day, desk.zone), _midnight(day + _DAY, desk.zone)
    if end - begin != _DAY:  # the clock is put forward or back
        return [one for span in spans for one in _minutes_of(span, begin, end, desk.zone)]
    return [
        (_moment(day, opens, desk.zone), _moment(day, shuts, desk.zone)) for opens, shuts in spans
    ]


def _minutes_of(
    span: tuple[time, time], begin: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Segment]:
    """Yield the minutes of a day of change at which the clock on the wall is within a span."""
    while begin < end:
        if span[0] <= begin.astimezone(zone).time() < span[1]:
            yield begin, begin + _MINUTE
        begin += _MINUTE


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return _moment(day, time(), zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _LAST_SECOND, zone)


def _days_from(first: date) -> Iterator[date]:
    for number in range(_LONGEST):
        yield first + number * _DAY
    raise EndlessTerm("no day is left on which the term could end: all are paused or free")
