"""A case's term and its reason -> how a person says them: days left, the date, what it follows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from daemon.digest.records import DueCase, Reason
from daemon.digest.words import Words
from daemon.triage.casework import OF_MATTER

_END_OF_DAY = time(23, 59)
_BY_THE_HOUR = ("hours", "business hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """How much of a term is left, or how long it is over."""

    mark: str  # a number of days, or a time of today
    unit: str


def left_of(due: datetime, now: datetime, zone: ZoneInfo, words: Words) -> Left:
    """Return the days between two local dates; within one date the time at which it is due."""
    then = due.astimezone(zone)
    days = (then.date() - now.astimezone(zone).date()).days
    if days == 0 and _is_whole_day(then):
        return Left(mark=words.say("today"), unit="")
    if days == 0:
        return Left(mark=f"{then:%H:%M}", unit=words.say("late_today" if due < now else "today"))
    return Left(
        mark=str(abs(days)), unit=words.say("days_late" if days < 0 else "days_left", abs(days))
    )


def why_due(case: DueCase, zone: ZoneInfo, words: Words) -> str:
    """Return when a case is due, and of what that follows.

    Due Wed 11 Nov: answer within 30 days of Mon 12 Oct, paused for 2 days (it-energy).
    """
    due = words.say("due", moment=_moment(case.due_at, zone, words))
    return f"{due}: {_because(case.reason, zone, words)}" if case.reason else due


def _because(reason: Reason, zone: ZoneInfo, words: Words) -> str:
    term = words.say(f"term_{reason.unit.replace(' ', '_')}", reason.amount)
    what = words.name("met_by", reason.met_by)
    if reason.since is None:
        said = words.say("within", what=what, term=term)
    elif reason.unit in _BY_THE_HOUR:
        said = words.say("within_of", what=what, term=term, start=words.moment(reason.since, zone))
    else:
        start = words.day(reason.since.astimezone(zone).date())
        said = words.say("within_of", what=what, term=term, start=start)
    return f"{', '.join((said, *_moved(reason, words)))}{_regime(reason, words)}"


def _moved(reason: Reason, words: Words) -> Iterator[str]:
    """Yield what moved the end of a term."""
    if reason.is_extended:
        yield words.say("extended")
    if reason.paused_days:
        yield words.say("paused", reason.paused_days)
    if reason.is_rolled:
        yield words.say("rolled")


def _regime(reason: Reason, words: Words) -> str:
    matter = reason.clock.rpartition(OF_MATTER)[0]
    parts = (words.name("matters", matter) if matter else "", reason.profile)
    known = ", ".join(part for part in parts if part)
    return f" ({known})" if known else ""


def _moment(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Return a day, with its time where the term does not simply end with it."""
    local = moment.astimezone(zone)
    return words.day(local.date()) if _is_whole_day(local) else words.moment(moment, zone)


def _is_whole_day(local: datetime) -> bool:
    return local.time().replace(second=0, microsecond=0) == _END_OF_DAY
