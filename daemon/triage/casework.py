"""A decided mail -> what it asks of the register of cases: to open one, under which clocks."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from daemon.config.deadlines import RECEIPT, Profile
from daemon.config.people import Person, stand_in
from daemon.records import CaseWish, ClockDue, Decision, Orders, Reading, Verdict
from daemon.triage.acknowledge import AcknowledgeRules, acknowledgement_for, as_ordered
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course, Due
from daemon.triage.rulebook import Rulebook

UNSURE = "unsure"
"""The kind of a case whose mail a person has yet to read; it runs on its queue's clocks."""

OF_MATTER = ":"
"""Stands in the name of a clock between the matter that started it and its own."""

_OPENS = ("complaint", "request")
_ANSWERS = ("answer", "decision")  # whose lack the law may take for an answer
_OLDEST = timedelta(days=30)  # a date of receipt from before is a clock that is wrong, or a lie


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """Which queue and matter runs under which profile; without a rulebook no clock runs."""

    profiles: Mapping[str, str] = field(default_factory=dict)
    rulebook: Rulebook | None = None
    matters: Mapping[str, str] = field(default_factory=dict)  # matter -> profile of its clocks
    whistleblowing_queue: str = ""
    acknowledging: AcknowledgeRules = field(default_factory=AcknowledgeRules)
    people: Mapping[str, Person] = field(default_factory=dict)
    zone: tzinfo = UTC  # in whose days people are away


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a mail came in, and when."""

    account: str
    received_at: datetime  # INTERNALDATE


def wish_of(
    reading: Reading, verdict: Verdict, decision: Decision, came: Arrival, rules: CaseRules
) -> CaseWish | None:
    """Return what a live mail asks of the register; automatic mail asks nothing.

    Complaints and requests open a case, and so does a mail on which the model abstained, that
    stands in a queue with deadlines or got some by a rule, or that is about a matter with clocks of
    its own; other mail may join the case that it answers.

    Args:
        reading: what was read of it.
        verdict: its label.
        decision: its queue, and for an unsure mail the queue whose deadlines it runs under.
        came: to which account, and when the mailbox had it.
        rules: which queue has which deadlines, and who is answered by return.
    """
    if reading.automatic is not None:
        return None
    queue = decision.deadlines_of or decision.queue or ""
    kind = verdict.label if verdict.label in _OPENS else None
    matters = tuple(one for one in reading.matters if one in rules.matters)
    ordered = decision.orders.deadline or decision.feared
    if kind is None and (verdict.abstained or queue in rules.profiles or ordered or matters):
        kind = UNSURE
    received, proof = first_receipt(reading, came.received_at)
    name = (ordered or rules.profiles.get(queue)) if kind else None
    profile, clocks, why = clocks_for(rules, name, Course(received=received))
    wish = CaseWish(
        kind=kind,
        queue=decision.queue,
        channel="mail" if reading.pec_received_at is None else "pec",
        received_at=received,
        received_by=proof,
        profile=profile,
        clocks=(*clocks, *clocks_of_matters(rules, matters, received)),
        no_clock=why,
        orders=_present(decision.orders, came.received_at, rules),
    )
    answer = acknowledgement_for(
        wish.kind, wish.channel, reading, came.account, rules.acknowledging
    )
    return replace(wish, acknowledgement=as_ordered(answer, decision.orders))


def _present(orders: Orders, at: datetime, rules: CaseRules) -> Orders:
    """Return orders with who stands in for an owner that is away; nobody does: himself."""
    if orders.owner is None or orders.owner not in rules.people:
        return orders
    day = at.astimezone(rules.zone).date()
    return replace(orders, owner=stand_in(rules.people, orders.owner, day) or orders.owner)


def clocks_of_matters(
    rules: CaseRules, matters: Collection[str], received: datetime
) -> Iterator[ClockDue]:
    """Yield the clocks that matters start, each under the matter's name and its own."""
    for matter in filter(rules.matters.__contains__, matters):
        _, clocks, _ = clocks_for(rules, rules.matters[matter], Course(received=received))
        for clock in clocks:
            yield replace(clock, name=f"{matter}{OF_MATTER}{clock.name}")


def first_receipt(reading: Reading, received_at: datetime) -> tuple[datetime, str]:
    """Return when the organisation received a mail, as early as is proven, and what proves it.

    A date of long before the mailbox had it proves nothing, whoever wrote it.
    """
    proofs = [(received_at, "the mailbox")]
    for moment, proof in (
        (reading.hop_received_at, "our server's Received line"),
        (reading.pec_received_at, "the certified delivery"),
    ):
        if moment is not None and received_at - _OLDEST <= moment:
            proofs.append((moment, proof))
    return min(proofs)


def clocks_for(
    rules: CaseRules, name: str | None, course: Course, matters: Collection[str] = ()
) -> tuple[str | None, tuple[ClockDue, ...], str]:
    """Return the profile in force on the day of receipt, its clocks, and why there are none.

    Args:
        rules: of the house.
        name: of the profile; None: no clock runs.
        course: receipt, pauses, extension.
        matters: that a person has confirmed: their clocks press like the others.
    """
    book = rules.rulebook
    if book is None or name is None or name not in book.profiles:
        return None, (), ""
    chosen = book.profiles[name]
    day = book.received_on(chosen, course.received)
    profile = book.in_force(chosen, day)
    if profile is None:
        return None, (), f"{name} was not in force on {day}"
    try:
        dues = book.count(profile, course)
    except EndlessTerm as error:
        return profile.name, (), f"{profile.name}: {error}"
    clocks = (_clock_of(profile, due, course) for due in dues)
    known = (replace(one, only_if="") if one.only_if in matters else one for one in clocks)
    return profile.name, tuple(known), ""


def _clock_of(profile: Profile, due: Due, course: Course) -> ClockDue:
    clock = profile.clocks[due.clock]
    return ClockDue(
        name=due.clock,
        term=str(due.term),
        only_if=due.only_if,
        met_by=clock.met_by,
        due_at=due.due,
        met_when=clock.met_when,
        starts=clock.starts,
        silence=profile.silence if clock.met_by in _ANSWERS else "",
        profile=profile.name,
        since=course.received,
        is_extended=course.is_extended and clock.extended is not None,
    )


def term_to_tell(clocks: Iterable[ClockDue]) -> datetime | None:
    """Return by when a customer may be told that the answer comes; None: that is not known.

    What must be decided, or told to an authority, is no answer to the customer; nor does anybody
    know when a clock ends that another one has yet to start.
    """
    told = (
        one.due_at
        for one in clocks
        if one.met_by == "answer" and not one.only_if and one.starts == RECEIPT
    )
    return min(told, default=None)
