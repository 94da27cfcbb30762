"""A slow second way to the figures of the reports; shares nothing with the first but the records.

It goes through each case's whole file, and through each day.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from daemon.cases.records import CaseFile
from tests.contracts.busy_year import ROME, midnight
from tests.stages.deadline_oracle import end_of_days, is_holiday

A_DAY, A_SECOND = timedelta(days=1), timedelta(seconds=1)
TERMS = {"reply": 30}
Span = tuple[date, date]


class OneCase:
    """A case that stands for itself, with the files merged into it."""

    def __init__(self, file: CaseFile, parts: Sequence[CaseFile], now: datetime) -> None:
        self.line, self.file, self.now = file.line, file, now
        self.own = [one for one in file.events if one.at < now]
        together = [one for each in (file, *parts) for one in each.events if one.at < now]
        back = {one.detail["mail"] for one in together if one.kind == "returned"}
        replies = [one for one in together if one.kind in ("acknowledged", "answered")]
        replies = [one for one in replies if one.detail.get("mail") not in back]
        acknowledged = [moment(one) for one in replies]
        answers = [
            (moment(one), one)
            for one in replies
            if one.kind == "answered" and not one.detail.get("interim")
        ]
        self.acknowledged = min(acknowledged, default=None)
        self.answered = min((at for at, _ in answers), default=None)
        self.channel = ""
        if answers:
            first = next(one for at, one in answers if at == self.answered)
            certified = "pec" if self.line.channel == "pec" else "mail"
            self.channel = first.detail.get("channel") or certified
        self.clocks = [one for one in file.clocks if not one.only_if]

    def state(self, at: datetime) -> tuple[bool, datetime | None, str]:
        """Return whether it was open just before a moment, else when and why it was closed."""
        is_open, closed, cause = True, None, ""
        for one in self.own:
            if one.at < at and one.kind == "closed":
                is_open, closed, cause = False, one.at, one.detail["cause"]
            elif one.at < at and one.kind == "reopened":
                is_open, closed, cause = True, None, ""
        said = [one for one in self.own if one.kind == "cause" and closed and one.at >= closed]
        again = [
            one.at for one in self.own if one.kind == "reopened" and closed and one.at >= closed
        ]
        for one in said:
            cause = one.detail["cause"] if one.at < min(again, default=self.now) else cause
        return is_open, closed, cause

    def paused_days(self, until: date) -> set[date]:
        """Return the days on which the clocks stood still."""
        days: set[date] = set()
        since = None
        for one in self.own:
            if one.kind == "paused":
                since = date.fromisoformat(one.detail["since"])
            elif since and one.kind in ("resumed", "closed", "routed"):
                days |= days_from(since, one.at.astimezone(ROME).date())
                since = None
        return days | days_from(since, until + A_DAY) if since else days

    def fate(self, clock: Any) -> tuple[str, datetime]:
        """Return what became of a term, and when."""
        if clock.met_at is not None and clock.met_at < self.now:
            in_time = clock.met_at - clock.due_at < A_SECOND
            return ("kept", clock.met_at) if in_time else ("late", clock.due_at)
        is_open, closed, _ = self.state(self.now)
        ended = self.now if is_open else closed
        assert ended is not None
        is_over = clock.due_at + A_SECOND <= ended
        if is_over and not clock.is_held:
            return "missed", clock.due_at
        return ("running", self.now) if is_open else ("dropped", ended)

    def owed(self, clock: Any) -> Decimal | None:
        """Return what a late term costs."""
        until = clock.met_at or self.now
        late = until.astimezone(ROME).date() - clock.due_at.astimezone(ROME).date()
        if clock.profile == "phone" and clock.name == "reply":
            return min(Decimal("2.50") * late.days, Decimal("40.00"))
        if clock.profile != "it-energy" or clock.name not in TERMS:
            return None
        start = (clock.since or self.line.received_at).astimezone(ROME).date()
        spans = self.file.course.of("").pauses
        paused = {day for first, last in spans for day in days_from(first, last + A_DAY)}
        ends = [end_of_days(start, term(n * TERMS[clock.name], paused)) for n in (2, 3)]
        steps = sum(until >= midnight(end + A_DAY) for end in ends)
        return Decimal(25) * (1 + steps)


def standing(files: Sequence[CaseFile], now: datetime) -> list[OneCase]:
    """Return the cases that stand for themselves, of the kinds that count."""
    kinds = ("complaint", "request", "unsure")
    parts: dict[int, list[CaseFile]] = {}
    for one in files:
        if one.line.merged_into is not None:
            parts.setdefault(one.line.merged_into, []).append(one)
    return [
        OneCase(one, parts.get(one.line.id, []), now)
        for one in files
        if one.line.merged_into is None and one.line.kind in kinds
    ]


def moment(event: Any) -> datetime:
    """Return when an event happened."""
    return datetime.fromisoformat(event.detail["on"]) if "on" in event.detail else event.at


def days_from(first: date, end: date) -> set[date]:
    """Return the days from the first up to, not including, the end."""
    return {first + timedelta(n) for n in range((end - first).days)}


def term(days: int, paused: set[date]) -> dict[str, Any]:
    """Return a term of days as the oracle of deadlines takes it."""
    return {
        "amount": days, "unit": "days", "country": "IT", "counts_start": False,
        "rolls_over": "holidays", "paused": paused,
    }  # fmt: skip


def is_late_at(case: OneCase, at: datetime) -> bool:
    """Tell whether a term was over and not met just before a moment."""
    if not case.state(at)[0] or case.line.received_at >= at:
        return False
    unmet = (one for one in case.clocks if one.met_at is None or one.met_at >= at)
    return any(one.due_at + A_SECOND <= at and not one.is_held for one in unmet)


def worked(begin: datetime, end: datetime, paused: set[date]) -> float:
    """Return the seconds for which the desk was open, day by day."""
    total, day = timedelta(), begin.astimezone(ROME).date()
    while day <= end.astimezone(ROME).date():
        spans = [(9, 13), (14, 18)][: 1 if day.weekday() == 4 else 2] if day.weekday() < 5 else []
        for first, last in () if is_holiday(day, "IT") or day in paused else spans:
            opens = datetime.combine(day, time(first), ROME).astimezone(UTC)
            shuts = datetime.combine(day, time(last), ROME).astimezone(UTC)
            total += max(min(shuts, end) - max(opens, begin), timedelta())
        day += A_DAY
    return total.total_seconds()


def quantile(spells: Sequence[tuple[float, bool]], part: Fraction) -> tuple[float | None, bool]:
    """Return a quantile by the definition of Kaplan and Meier, in whole fractions."""
    survives = Fraction(1)
    for at in sorted({seconds for seconds, ended in spells if ended}):
        at_risk = sum(seconds >= at for seconds, _ in spells)
        ends = sum(seconds == at and ended for seconds, ended in spells)
        survives *= 1 - Fraction(ends, at_risk)
        if survives <= 1 - part:
            return at, False
    longest = max((seconds for seconds, _ in spells), default=None)
    return longest, longest is not None


def repeated(cases: Sequence[OneCase], first: datetime, end: datetime, days: int) -> Counter[str]:
    """Return the customers of the period, each with 1 where he had complained before, else 0."""
    found: Counter[str] = Counter()
    for one in cases:
        who = (one.line.customer or "").lower()
        if not who or not first <= one.line.received_at < end:
            continue
        found[who] += 0
        for other in cases:
            before = (other.line.received_at, other.line.id) < (one.line.received_at, one.line.id)
            apart = one.line.received_at - other.line.received_at
            if (other.line.customer or "").lower() == who and before and apart <= days * A_DAY:
                found[who] = 1
    return found
