"""A decided mail -> what it asks of the register of cases: to open one, under which clocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from daemon.records import CaseWish, ClockDue, Decision, Reading, Verdict
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course
from daemon.triage.rulebook import Rulebook

UNSURE = "unsure"
"""The kind of a case whose mail a person has yet to read; it runs on its queue's clocks."""

_OPENS = ("complaint", "request")
_OLDEST_HOP = timedelta(days=30)  # a Received date from before is a clock that is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """Which queue runs under which profile; without a rulebook no clock runs."""

    profiles: Mapping[str, str] = field(default_factory=dict)
    rulebook: Rulebook | None = None


def wish_of(
    reading: Reading, verdict: Verdict, decision: Decision, received_at: datetime, rules: CaseRules
) -> CaseWish | None:
    """Return what a live mail asks of the register; automatic mail asks nothing.

    Complaints and requests open a case, and so does a mail on which the model abstained; other
    mail may join the case that it answers.
    """
    if reading.automatic is not None:
        return None
    kind = verdict.label if verdict.label in _OPENS else UNSURE if verdict.abstained else None
    received, proof = first_receipt(reading, received_at)
    name = rules.profiles.get(decision.queue or "") if kind else None
    profile, clocks = clocks_for(rules, name, received)
    return CaseWish(
        kind=kind,
        queue=decision.queue,
        channel="mail" if reading.pec_received_at is None else "pec",
        received_at=received,
        received_by=proof,
        profile=profile,
        clocks=clocks,
    )


def first_receipt(reading: Reading, received_at: datetime) -> tuple[datetime, str]:
    """Return when the organisation received a mail, as early as is proven, and what proves it."""
    proofs = [(received_at, "the mailbox")]
    if reading.hop_received_at and received_at - reading.hop_received_at <= _OLDEST_HOP:
        proofs.append((reading.hop_received_at, "our server's Received line"))
    if reading.pec_received_at:
        proofs.append((reading.pec_received_at, "the certified delivery"))
    return min(proofs)


def clocks_for(
    rules: CaseRules, name: str | None, received: datetime
) -> tuple[str | None, tuple[ClockDue, ...]]:
    """Return the profile in force on the day of receipt with its clocks; none is no clock."""
    book = rules.rulebook
    if book is None or name is None or name not in book.profiles:
        return None, ()
    chosen = book.profiles[name]
    profile = book.in_force(chosen, book.received_on(chosen, received))
    if profile is None:
        return None, ()
    try:
        dues = book.count(profile, Course(received=received))
    except EndlessTerm:
        return profile.name, ()
    return profile.name, tuple(
        ClockDue(
            name=due.clock,
            term=str(due.term),
            only_if=due.only_if,
            met_by=profile.clocks[due.clock].met_by,
            due_at=due.due,
        )
        for due in dues
    )
