"""The cases of a period -> the report on complaints; pure.

Causes and decisions are known when a case is closed: they are those of the complaints closed in
the period and still closed at its end. Products, severities and repeats are those of the
complaints received in it. A term is judged when it is met or runs out (see `lateness`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from daemon.quality.lateness import (
    Fate,
    Lateness,
    Outcome,
    is_overdue,
    is_running,
    outcome_of,
)
from daemon.quality.records import (
    Case,
    Clock,
    Complaints,
    Cost,
    Group,
    Period,
    Repeats,
    Terms,
)
from daemon.quality.statistics import Share, pareto, share_of
from daemon.triage.rulebook import Rulebook

COMPLAINT = "complaint"
_JUDGED = (Fate.KEPT, Fate.LATE, Fate.MISSED)
_LATE = (Fate.LATE, Fate.MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A clock with what became of it."""

    case: Case
    clock: Clock
    outcome: Outcome


def complaints_of(
    known: Iterable[Case],
    period: Period,
    book: Rulebook,
    *,
    repeat_days: int,
    queue: str | None = None,
) -> Complaints:
    """Return the report.

    Args:
        known: all cases that matter, as `store.list_known` gives them.
        period: what it is about.
        book: the profiles, for what lateness costs.
        repeat_days: within how many days another complaint is a repeated one.
        queue: for the heading only.
    """
    cases = [one for one in known if one.kind == COMPLAINT]
    received = [one for one in cases if period.has(one.received_at)]
    closed = [one for one in cases if period.has(one.closed_at(period.end))]
    judged = [
        _Judged(case=one, clock=clock, outcome=outcome_of(one, clock, period))
        for one in cases
        for clock in one.clocks
    ]
    return Complaints(
        period=period,
        queue=queue,
        total=_group("", cases, judged, period),
        causes=pareto(_cause(one, period) for one in closed),
        decisions=pareto(one.decision for one in closed),
        products=pareto(one.product for one in received),
        severities=pareto(one.severity for one in received),
        terms=_terms(judged, period),
        repeats=_repeats(cases, period, repeat_days),
        costs=_costs(judged, period, book),
        queues=_groups(cases, judged, period, lambda one: one.queue),
        channels=_groups(cases, judged, period, lambda one: one.channel),
    )


def _cause(case: Case, period: Period) -> str:
    turn = case.turn_at(period.end)
    return turn.cause if turn else ""


def _kept(judged: Iterable[_Judged], period: Period) -> Share:
    """Return how many of the terms that were met or ran out in the period were kept."""
    fates = [
        one.outcome.fate
        for one in judged
        if one.outcome.fate in _JUDGED and period.has(one.outcome.at)
    ]
    return share_of(fates.count(Fate.KEPT), len(fates))


def _terms(judged: Iterable[_Judged], period: Period) -> tuple[Terms, ...]:
    by_clock: dict[tuple[str, str], list[_Judged]] = defaultdict(list)
    for one in judged:
        by_clock[_profile(one), one.clock.name].append(one)
    rows = (_of_clock(*name, same, period) for name, same in sorted(by_clock.items()))
    return tuple(one for one in rows if one.kept.of or one.running or one.dropped)


def _profile(judged: _Judged) -> str:
    return judged.clock.profile or judged.case.profile


def _of_clock(profile: str, clock: str, judged: Sequence[_Judged], period: Period) -> Terms:
    here = [one.outcome.fate for one in judged if period.has(one.outcome.at)]
    return Terms(
        profile=profile,
        clock=clock,
        kept=_kept(judged, period),
        missed=here.count(Fate.MISSED),
        running=sum(is_running(one.case, one.clock, period.end) for one in judged),
        dropped=here.count(Fate.DROPPED),
    )


def _groups(
    cases: Sequence[Case],
    judged: Sequence[_Judged],
    period: Period,
    name_of: Callable[[Case], str],
) -> tuple[Group, ...]:
    """Return one row per name of which there is anything to tell, the most received first."""
    own: dict[str, list[Case]] = defaultdict(list)
    terms: dict[str, list[_Judged]] = defaultdict(list)
    for one in cases:
        own[name_of(one)].append(one)
    for term in judged:
        terms[name_of(term.case)].append(term)
    rows = [_group(name, same, terms[name], period) for name, same in own.items()]
    told = (one for one in rows if one.received or one.closed or one.open or one.kept.of)
    return tuple(sorted(told, key=lambda one: (-one.received, one.name)))


def _group(name: str, cases: Sequence[Case], judged: Sequence[_Judged], period: Period) -> Group:
    return Group(
        name=name,
        received=sum(period.has(one.received_at) for one in cases),
        closed=sum(period.has(one.closed_at(period.end)) for one in cases),
        open=sum(one.is_open(period.end) for one in cases),
        overdue=sum(is_overdue(one, period) for one in cases),
        kept=_kept(judged, period),
    )


def _repeats(cases: Sequence[Case], period: Period, days: int) -> Repeats:
    """Return how many of the customers of the period had complained within the days before."""
    within, seen, again = timedelta(days=days), set[str](), set[str]()
    last: dict[str, Case] = {}
    for one in sorted(cases, key=lambda one: (one.received_at, one.id)):
        before = last.get(one.customer)
        if one.customer and period.has(one.received_at):
            seen.add(one.customer)
            if before and one.received_at - before.received_at <= within:
                again.add(one.customer)
        last[one.customer] = one
    unknown = sum(not one.customer and period.has(one.received_at) for one in cases)
    return Repeats(customers=share_of(len(again), len(seen)), days=days, unknown=unknown)


def _costs(judged: Iterable[_Judged], period: Period, book: Rulebook) -> tuple[Cost, ...]:
    sums: dict[str, list[tuple[Decimal, bool]]] = defaultdict(list)
    lateness = Lateness(book, period.now)
    for one in judged:
        if one.outcome.fate not in _LATE or not period.has(one.outcome.at):
            continue
        amount = lateness.owed(one.case, one.clock)
        if amount is not None:
            sums[_profile(one)].append((amount, one.outcome.fate is Fate.MISSED))
    return tuple(_cost(name, found, book) for name, found in sorted(sums.items()))


def _cost(profile: str, found: Sequence[tuple[Decimal, bool]], book: Rulebook) -> Cost:
    pays = book.profiles[profile].compensation
    return Cost(
        profile=profile,
        source=pays.source if pays else "",
        currency=pays.currency if pays else "",
        terms=len(found),
        amount=sum((amount for amount, _ in found), Decimal(0)),
        growing=sum(is_missed for _, is_missed in found),
    )
