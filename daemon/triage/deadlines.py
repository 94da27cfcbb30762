"""The moment of receipt and a profile -> when the answer is due, clock by clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daemon.config.deadlines import RECEIPT, Term
from daemon.triage.calendar import WorkCalendar
from daemon.triage.counting import Day, Desk, Run, count

if TYPE_CHECKING:
    from daemon.config.deadlines import Clock, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a profile is counted with.

    Attributes:
        zone: whose days are counted. calendar: which days are worked.
        desk: for business hours; None where none is configured.
    """

    zone: ZoneInfo
    calendar: WorkCalendar
    desk: Desk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What has happened since the mail came in, as far as deadlines go.

    Attributes:
        received: aware; when the organisation received it.
        pauses: spans of days, both ends included, on which the clocks stand still.
        is_extended: whether the term is extended, for clocks that can be.
        met: when clocks were met that start others; else these start when the first is due.
    """

    received: datetime
    pauses: tuple[tuple[date, date], ...] = ()
    is_extended: bool = False
    met: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When one clock ends.

    Attributes:
        clock: its name. term: what was counted. only_if: see `Clock`.
        due: the last second in which the answer is in time, in the zone of the house.
        interim: when an interim reply is due, where the term is extended and one is owed.
        days: the count, a day at a time, from the day of the start to that of the end.
    """

    clock: str
    term: Term
    only_if: str
    due: datetime
    interim: datetime | None
    days: tuple[Day, ...]


def clocks_due(profile: "Profile", course: Course, house: House) -> tuple[Due, ...]:
    """Return when each clock of a profile ends, in the order of the profile.

    Args:
        profile: a checked one, in force on the day of receipt.
        course: receipt, pauses, extension.
        house: zone, calendar and desk.

    Raises:
        EndlessTerm: all days are paused, the desk never opens, or none is configured.
    """
    paused = frozenset(day for first, last in course.pauses for day in _days(first, last))
    ended, answer = dict(course.met), dict[str, Due]()
    waiting = list(profile.clocks.values())
    while waiting:
        clock = next(one for one in waiting if one.starts == RECEIPT or one.starts in ended)
        waiting.remove(clock)
        run = Run(
            term=clock.term,
            start=course.received if clock.starts == RECEIPT else ended[clock.starts],
            counts_start=clock.first == "same",
            rolls_over=profile.rolls_over,
            zone=house.zone,
            calendar=house.calendar,
            desk=house.desk,
            paused=paused,
        )
        answer[clock.name] = _due(clock, run, is_extended=course.is_extended)
        ended.setdefault(clock.name, answer[clock.name].due)
    return tuple(answer[name] for name in profile.clocks)


def first_due(dues: Iterable[Due]) -> datetime | None:
    """Return the earliest end of the clocks that run whatever the mail is about."""
    always = (one.due for one in dues if not one.only_if)
    return min(always, key=lambda due: due.astimezone(UTC), default=None)


def _due(clock: "Clock", run: Run, *, is_extended: bool) -> Due:
    term = clock.extended if is_extended and clock.extended else clock.term
    due, days = count(replace(run, term=term))
    owes_interim = term is not clock.term and clock.interim_reply
    return Due(
        clock=clock.name,
        term=term,
        only_if=clock.only_if,
        due=due,
        interim=count(run)[0] if owes_interim else None,
        days=days,
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(number) for number in range((last - first).days + 1))
