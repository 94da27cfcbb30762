"""The clocks of a case and what has happened to it -> when each of them ends now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.config.deadlines import Profile
from daemon.records import ClockDue
from daemon.triage.casework import OF_MATTER, CaseRules
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course, Due

INTERIM = "interim"
"""What meets the clock of the interim reply that an extension owes."""

Spans = tuple[tuple[date, date], ...]
"""Days, the first and the last of each span, both included."""

_ITS_INTERIM = f" {INTERIM}"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What has happened to a case, as far as its clocks go.

    Attributes:
        received_at: when it was received; where a clock does not know since when it runs.
        pauses: part ("" for the profile, or a matter) -> days on which its clocks stood still.
        paused_since: part -> the first day of a pause that is not over.
        met: clock -> when it was met.
    """

    received_at: datetime
    pauses: Mapping[str, Spans] = field(default_factory=dict)
    paused_since: Mapping[str, date] = field(default_factory=dict)
    met: Mapping[str, datetime] = field(default_factory=dict)


def part_of(name: str) -> str:
    """Return the matter that started a clock; "" for a clock of the case's own profile."""
    matter, found, _ = name.partition(OF_MATTER)
    return matter if found else ""


def interim_of(name: str) -> str:
    """Return the name of the clock of the interim reply that is owed where a clock is extended."""
    return f"{name}{_ITS_INTERIM}"


def named_in_profile(name: str) -> str:
    """Return the name that a clock has in its profile."""
    return name.rpartition(OF_MATTER)[2].removesuffix(_ITS_INTERIM)


def profile_of(rules: CaseRules, name: str) -> Profile | None:
    """Return a profile; None where the configuration has none of that name."""
    return rules.rulebook.profiles.get(name) if rules.rulebook else None


def local_day(rules: CaseRules, moment: datetime) -> date:
    """Return the day of a moment as the house counts days."""
    zone = rules.rulebook.timezone if rules.rulebook else None
    return moment.astimezone(ZoneInfo(zone) if zone else UTC).date()


def recounted(rules: CaseRules, clocks: Iterable[ClockDue], ran: Ran) -> dict[str, Due]:
    """Return how clocks end, by name.

    A clock whose profile is not configured any more, or whose term would never end, is left out:
    it ends as it did.
    """
    counts: dict[tuple[object, ...], dict[str, Due]] = {}
    found: dict[str, Due] = {}
    for clock in clocks:
        key = (part_of(clock.name), clock.profile, clock.since, clock.is_extended)
        if key not in counts:
            counts[key] = _count(rules, clock, ran)
        due = counts[key].get(named_in_profile(clock.name))
        if due is not None:
            found[clock.name] = due
    return found


def _count(rules: CaseRules, clock: ClockDue, ran: Ran) -> dict[str, Due]:
    profile = profile_of(rules, clock.profile)
    if rules.rulebook is None or profile is None:
        return {}
    try:
        dues = rules.rulebook.count(profile, course_of(profile, clock, ran))
    except EndlessTerm:
        return {}
    return {due.clock: due for due in dues}


def course_of(profile: Profile, clock: ClockDue, ran: Ran) -> Course:
    """Return by what a clock of a profile is counted."""
    part = part_of(clock.name)
    met = {named_in_profile(name): at for name, at in ran.met.items() if part_of(name) == part}
    return Course(
        received=clock.since or ran.received_at,
        pauses=(*ran.pauses.get(part, ()), *_going_on(profile, part, ran)),
        is_extended=clock.is_extended,
        met=met,
    )


def _going_on(profile: Profile, part: str, ran: Ran) -> Spans:
    """Return the days of a pause that is not over, where it ends by itself."""
    since = ran.paused_since.get(part)
    left = days_left(profile, ran.pauses.get(part, ()))
    return () if since is None or left is None else ended_pause(since, since + left * _A_DAY, left)


def days_left(profile: Profile, pauses: Spans) -> int | None:
    """Return how many days the clocks of a profile may still stand still; None: any number."""
    if not profile.pause_days:
        return None
    return max(0, profile.pause_days - sum((last - first).days + 1 for first, last in pauses))


def ended_pause(since: date, on: date, left: int | None) -> Spans:
    """Return the span of a pause from a day on, ended on the first day that counts again."""
    days = (on - since).days if left is None else min((on - since).days, left)
    return ((since, since + (days - 1) * _A_DAY),) if days > 0 else ()
