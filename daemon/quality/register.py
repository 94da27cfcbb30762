"""The cases of a period -> the register of complaints, for a regulator (ISO 10002, 8.1); pure.

No subject, no name, no address and nothing that was written: what a clerk has entered, and when.
"""

from collections.abc import Iterable, Sequence

from daemon.quality.complaints import COMPLAINT
from daemon.quality.lateness import Fate, outcome_of
from daemon.quality.records import Case, Clock, Entry, Period

_LATE = (Fate.LATE, Fate.MISSED)


def entries_of(known: Iterable[Case], period: Period) -> tuple[Entry, ...]:
    """Return the complaints received in the period, in the order of their receipt."""
    cases = (one for one in known if one.kind == COMPLAINT and period.has(one.received_at))
    return tuple(_entry(one, period) for one in cases)


def _entry(case: Case, period: Period) -> Entry:
    turn = case.turn_at(period.now)
    is_closed = turn is not None and turn.closes
    term = _term_of_answer(case.clocks)
    return Entry(
        reference=case.reference,
        received=case.received_at.astimezone(period.zone),
        channel=case.channel,
        queue=case.queue,
        state="closed" if is_closed else "open",
        acknowledged=case.acknowledged_at and case.acknowledged_at.astimezone(period.zone),
        severity=case.severity,
        product=case.product,
        remedy=case.remedy,
        due=term.due_at.astimezone(period.zone) if term else None,
        answered=case.answered_at and case.answered_at.astimezone(period.zone),
        decision=case.decision,
        cause=turn.cause if turn and is_closed else "",
        closed=turn.at.astimezone(period.zone) if turn and is_closed else None,
        recourse=case.recourse,
        on_time=_on_time(case, period),
    )


def _term_of_answer(clocks: Sequence[Clock]) -> Clock | None:
    """Return the earliest term for an answer; where there is none the earliest of all."""
    answers = [one for one in clocks if one.met_by == "answer"]
    return min(answers or clocks, key=lambda one: one.due_at, default=None)


def _on_time(case: Case, period: Period) -> str:
    """Return whether every term was kept; as long as one runs that is not known."""
    fates = [outcome_of(case, one, period).fate for one in case.clocks]
    if any(one in _LATE for one in fates):
        return "no"
    return "yes" if fates and all(one is Fate.KEPT for one in fates) else ""
