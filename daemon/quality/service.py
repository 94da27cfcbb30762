"""The cases of a period -> the report on service: what came, and how long it took; pure.

Times are those of the cases received in the period, from the receipt on: to the first
acknowledgement or answer, to the first answer, to the last closing. What has not happened yet
counts as "at least as long as so far". By the clock on the wall pauses count, as the customer
waits; in business hours they do not.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.config.deadlines import HOUSE
from daemon.quality.records import Case, Period, Served, Service, Step, Timing
from daemon.quality.statistics import Spell, pareto, times_of
from daemon.triage.elapsed import OpenTime
from daemon.triage.rulebook import Rulebook

MEASURES: Mapping[str, Callable[[Case, Period], datetime | None]] = {
    "acknowledge": lambda case, _: case.acknowledged_at,
    "answer": lambda case, _: case.answered_at,
    "close": lambda case, period: case.closed_at(period.now),
}
"""What is measured -> when it was done in a case."""

_MOST_DAYS = 31  # of a period that is shown day by day
_A_DAY = timedelta(days=1)


class Business:
    """Business time in cases: by the desk of the hours that the profile of each names.

    Args:
        book: profiles and hours.
        cases: whose times will be asked for.
        period: gives the zone and the present.
    """

    def __init__(self, book: Rulebook, cases: Sequence[Case], period: Period) -> None:
        self._book, self._period = book, period
        first = min((one.received_at for one in cases), default=period.now)
        desks = {name: book.desk(name, period.zone) for name in {HOUSE, *book.hours}}
        self._open = {
            name: OpenTime(desk, first, period.now) for name, desk in desks.items() if desk
        }

    def seconds(self, case: Case, until: datetime) -> float | None:
        """Return for how long the desk was open while a case ran; None: there is no desk."""
        profile = self._book.profiles.get(case.profile)
        desk = self._open.get(profile.hours if profile else HOUSE)
        if desk is None:
            return None
        begin = case.received_at
        paused = sum(desk.between(max(first, begin), min(last, until))
                     for first, last in self._paused(case))  # fmt: skip
        return max(desk.between(begin, until) - paused, 0.0)

    def _paused(self, case: Case) -> Iterable[tuple[datetime, datetime]]:
        zone = self._period.zone
        for first, last in case.pauses:
            end = self._period.now if last is None else _midnight(last + _A_DAY, zone)
            yield _midnight(first, zone), end


def service_of(
    known: Iterable[Case],
    period: Period,
    book: Rulebook,
    *,
    per_person: bool,
    queue: str | None = None,
) -> Service:
    """Return the report.

    Args:
        known: all cases that matter, as `store.list_known` gives them.
        period: what it is about.
        book: the profiles and hours, for business time.
        per_person: whether those who have the cases are told apart.
        queue: for the heading only.
    """
    cases = list(known)
    received = [one for one in cases if period.has(one.received_at)]
    business = Business(book, received, period)
    spells = {one.id: _spells(one, period, business) for one in received}

    def grouped(name_of: Callable[[Case], str]) -> tuple[Served, ...]:
        groups: dict[str, list[Case]] = defaultdict(list)
        for one in received:
            groups[name_of(one)].append(one)
        rows = (_served(name, same, spells) for name, same in groups.items())
        return tuple(sorted(rows, key=lambda one: (-one.received, one.name)))

    days = (period.last - period.first).days + 1
    return Service(
        period=period,
        queue=queue,
        total=_served("", received, spells),
        is_weekly=days > _MOST_DAYS,
        volume=_volume(cases, period, is_weekly=days > _MOST_DAYS),
        channels=pareto(one.answered_by for one in received if one.answered_at),
        kinds=grouped(lambda one: one.kind),
        queues=grouped(lambda one: one.queue),
        persons=grouped(lambda one: one.owner) if per_person else (),
    )


_Measured = tuple[Spell, Spell | None, bool]
"""By the clock on the wall, in business hours, and whether the case is closed."""


def _spells(case: Case, period: Period, business: Business) -> tuple[_Measured, ...]:
    """Return how long each thing took in a case, in the order of `MEASURES`."""
    closed = case.closed_at(period.now)
    answer = []
    for done_at in (done(case, period) for done in MEASURES.values()):
        is_done = done_at is not None
        until = done_at or closed or period.now
        wall = max((until - case.received_at).total_seconds(), 0.0)
        worked = business.seconds(case, until)
        in_hours = None if worked is None else (worked, is_done)
        answer.append(((wall, is_done), in_hours, closed is not None))
    return tuple(answer)


def _served(
    name: str, cases: Sequence[Case], spells: Mapping[int, tuple[_Measured, ...]]
) -> Served:
    timings = tuple(
        _timing(measure, [spells[one.id][place] for one in cases])
        for place, measure in enumerate(MEASURES)
    )
    return Served(name=name, received=len(cases), timings=timings)


def _timing(measure: str, found: Sequence[_Measured]) -> Timing:
    in_hours = [one for _, one, _ in found if one is not None]
    open_ones = [is_closed for (_, is_done), _, is_closed in found if not is_done]
    return Timing(
        measure=measure,
        done=len(found) - len(open_ones),
        waiting=open_ones.count(False),
        left=open_ones.count(True),
        wall=times_of([wall for wall, _, _ in found]),
        business=times_of(in_hours) if in_hours else None,
    )


def _volume(cases: Iterable[Case], period: Period, *, is_weekly: bool) -> tuple[Step, ...]:
    """Return what came and went, day by day or week by week, also where it was nothing."""

    def step_of(moment: datetime) -> date:
        day = moment.astimezone(period.zone).date()
        return max(day - day.weekday() * _A_DAY, period.first) if is_weekly else day

    came, went = Counter[date](), Counter[date]()
    for one in cases:
        closed = one.closed_at(period.end)
        if period.has(one.received_at):
            came[step_of(one.received_at)] += 1
        if closed is not None and period.has(closed):
            went[step_of(closed)] += 1
    steps = []
    moment = period.since
    while moment < period.end:
        day = step_of(moment)
        steps.append(Step(first=day, received=came[day], closed=went[day]))
        following = day + (7 - day.weekday() if is_weekly else 1) * _A_DAY
        moment = _midnight(following, period.zone)
    return tuple(steps)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
