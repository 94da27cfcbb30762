"""A case and a clock of it -> whether the term was kept, and what its lateness costs; pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec

from daemon.cases.records import CaseCourse
from daemon.config.deadlines import RECEIPT, Profile, Term
from daemon.config.deadlines import Clock as ProfileClock
from daemon.quality.records import Case, Clock, Period
from daemon.records import ClockDue
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course
from daemon.triage.recounting import INTERIM, Ran, course_of, named_in_profile
from daemon.triage.rulebook import Rulebook

_SECOND = timedelta(seconds=1)  # a due date is the last second that is in time
_MOST_TERMS = 100  # that are counted where no sum is the most
_CENT = Decimal("0.01")
_NO_ANSWER = ("acknowledgement", INTERIM)
"""What is late without costing anything."""


class Fate(StrEnum):
    """What becomes of a term."""

    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"  # late, and not met so far
    DROPPED = "dropped"  # closed before it was over
    RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a term, and the moment to which that belongs: each has one."""

    fate: Fate
    at: datetime


def outcome_of(case: Case, clock: Clock, period: Period) -> Outcome:
    """Return what had become of a term when the report is made.

    A term that was kept is of the moment at which it was met, one that was not of its end: so
    each is judged once, in one month.
    """
    met, over = clock.met_at, clock.due_at + _SECOND
    if met is not None and met < period.now:
        if met < over:
            return Outcome(fate=Fate.KEPT, at=met)
        return Outcome(fate=Fate.LATE, at=clock.due_at)
    closed = case.closed_at(period.now)
    if over <= (closed or period.now) and not clock.is_held:
        return Outcome(fate=Fate.MISSED, at=clock.due_at)
    if closed is not None:
        return Outcome(fate=Fate.DROPPED, at=closed)
    return Outcome(fate=Fate.RUNNING, at=period.now)


def is_running(case: Case, clock: Clock, at: datetime) -> bool:
    """Tell whether a term was neither met nor over just before a moment, in an open case."""
    return case.is_open(at) and not _is_met(clock, at) and clock.due_at + _SECOND > at


def is_overdue(case: Case, period: Period) -> bool:
    """Tell whether a term was over and not met at the end.

    Clocks that stand still ask for nothing; what has run on since is due later by those days.
    """
    at = period.end
    late = (
        one.due_at + _SECOND <= at and not one.is_held and not _is_met(one, at)
        for one in case.clocks
    )
    return case.is_open(at) and any(late)


def _is_met(clock: Clock, at: datetime) -> bool:
    return clock.met_at is not None and clock.met_at < at


class Lateness:
    """What late terms cost, as far as their profiles say so.

    Args:
        book: the profiles.
        now: what is not met costs as if it was met now.
    """

    def __init__(self, book: Rulebook, now: datetime) -> None:
        self._book, self._now = book, now
        self._counted: dict[tuple[object, ...], datetime | None] = {}

    def owed(self, case: Case, clock: Clock) -> Decimal | None:
        """Return what a late term of a case costs; None where its profile does not say."""
        profile = self._book.profiles.get(clock.profile or case.profile)
        rule = profile.clocks.get(named_in_profile(clock.name)) if profile else None
        if profile is None or rule is None or profile.compensation is None:
            return None
        if clock.met_by in _NO_ANSWER:
            return None
        pays, until = profile.compensation, clock.met_at or self._now
        amount = pays.sum_of("base")
        if pays.per_day:
            zone = self._book.zone(profile)
            days = until.astimezone(zone).date() - clock.due_at.astimezone(zone).date()
            amount += pays.sum_of("per_day") * days.days
        if pays.per_term:
            course = self._course(case, clock, rule, profile)
            amount += pays.sum_of("per_term") * self._further_terms(profile, rule, course, until)
        most = pays.sum_of("most")
        return (min(amount, most) if most else amount).quantize(_CENT)

    def _further_terms(
        self, profile: Profile, rule: ProfileClock, course: Course, until: datetime
    ) -> int:
        """Return how often the whole term has passed again: 1 after twice it, 2 after thrice."""
        for times in range(2, _MOST_TERMS):
            due = self._due(profile, rule, times, course)
            if due is None or due + _SECOND > until:
                return times - 2
        return _MOST_TERMS - 2

    def _course(self, case: Case, clock: Clock, rule: ProfileClock, profile: Profile) -> Course:
        """Return what the term is counted by; days do not depend on the hour of the receipt."""
        said = msgspec.json.decode(case.course, type=CaseCourse) if case.course else CaseCourse()
        ran = Ran(
            received_at=case.received_at,
            pauses=said.pauses,
            paused_since=said.paused,
            met={one.name: one.met_at for one in case.clocks if one.met_at},
        )
        course = course_of(profile, _due_of(clock), ran)
        received = course.received.astimezone(self._book.zone(profile))
        if "hours" not in rule.term.unit:
            received = received.replace(hour=12, minute=0, second=0, microsecond=0, fold=0)
        met = course.met if rule.starts != RECEIPT else {}
        return replace(course, received=received, met=met)

    def _due(
        self, profile: Profile, rule: ProfileClock, times: int, course: Course
    ) -> datetime | None:
        """Return when so many times the term would end; None: never."""
        met = tuple(sorted(course.met.items()))
        plain = (course.received, course.pauses, course.is_extended, met)
        key = (profile.name, rule.name, times, *plain)
        if key not in self._counted:
            self._counted[key] = self._count(profile, rule, times, course)
        return self._counted[key]

    def _count(
        self, profile: Profile, rule: ProfileClock, times: int, course: Course
    ) -> datetime | None:
        needed = {} if rule.starts == RECEIPT else profile.clocks
        clocks = {**needed, rule.name: _longer(rule, times)}
        try:
            dues = self._book.count(profile.model_copy(update={"clocks": clocks}), course)
        except EndlessTerm:
            return None
        return next(one.due for one in dues if one.clock == rule.name)


def _due_of(clock: Clock) -> ClockDue:
    return ClockDue(
        name=clock.name,
        term="",
        only_if="",
        met_by=clock.met_by,
        due_at=clock.due_at,
        since=clock.since,
        is_extended=clock.is_extended,
    )


def _longer(rule: ProfileClock, times: int) -> ProfileClock:
    """Return a clock of so many times its term."""

    def longer(term: Term) -> Term:
        return Term(term.amount * times, term.unit)

    extended = longer(rule.extended) if rule.extended else None
    return rule.model_copy(update={"term": longer(rule.term), "extended": extended})
