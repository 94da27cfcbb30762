"""A case, its clocks and the profiles -> why it is due when it is; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from daemon.cases.records import CaseClock, CaseCourse
from daemon.config.deadlines import RECEIPT, Profile, term_of
from daemon.digest.records import Reason
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course, Due
from daemon.triage.recounting import Ran, course_of, named_in_profile
from daemon.triage.rulebook import Rulebook

_ROLLED = "after "  # begins the note of a day to which an end was moved, see `counting`


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What a case's term follows from."""

    received_at: datetime
    due_at: datetime
    course: CaseCourse
    clocks: Sequence[CaseClock]


def reason_of(case: Timed, book: Rulebook) -> Reason | None:
    """Return why a case is due when it is; None when no clock of it ends then.

    The clock is counted anew: where that ends at another moment (the profile has changed, or a
    later mail has pressed), nothing is said of its start.

    Args:
        case: with all its clocks.
        book: the profiles.
    """
    clock = next((one for one in case.clocks if one.presses and one.due_at == case.due_at), None)
    if clock is None:
        return None
    try:
        term = term_of(clock.term)
    except ValueError:
        return None
    reason = Reason(
        profile=clock.profile,
        clock=clock.name,
        met_by=clock.met_by,
        amount=term.amount,
        unit=term.unit,
        since=None,
    )
    profile = book.profiles.get(clock.profile)
    if profile is None or named_in_profile(clock.name) not in profile.clocks:
        return reason
    return _counted(reason, case, clock, book, profile)


def _counted(
    reason: Reason, case: Timed, clock: CaseClock, book: Rulebook, profile: Profile
) -> Reason:
    """Return the reason with what a new count of its clock tells."""
    ran = Ran(
        received_at=case.received_at,
        pauses=case.course.pauses,
        paused_since=case.course.paused,
        met={one.name: one.met_at for one in case.clocks if one.met_at},
    )
    course, name = course_of(profile, clock, ran), named_in_profile(clock.name)
    try:
        dues = {due.clock: due for due in book.count(profile, course)}
    except EndlessTerm:
        return reason
    due, term = dues[name], profile.clocks[name]
    if due.due != case.due_at:
        return reason
    if term.starts == RECEIPT:
        since = course.received
    else:
        since = course.met.get(term.starts, dues[term.starts].due)
    zone = book.zone(profile)
    span = (since.astimezone(zone).date(), due.due.astimezone(zone).date())
    return replace(
        reason,
        since=since,
        paused_days=_paused(course, *span),
        is_extended=due.term != term.term,
        is_rolled=_is_rolled(due),
    )


def _is_rolled(due: Due) -> bool:
    last = due.days[-1] if due.days else None
    return last is not None and last.number is None and last.note.startswith(_ROLLED)


def _paused(course: Course, first: date, last: date) -> int:
    """Return on how many days of a span the clock stood still."""
    spans = ((max(first, since), min(last, until)) for since, until in course.pauses)
    return sum(max(0, (until - since) // timedelta(days=1) + 1) for since, until in spans)
