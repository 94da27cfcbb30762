"""What people do with a case: each act is one event, and brings its row up to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from daemon.cases import ending, pausing
from daemon.cases.clocks import (
    begin_again,
    change,
    clocks_of,
    course_of,
    replace_clocks,
    save_course,
    set_due,
)
from daemon.cases.ending import Named, Proof
from daemon.cases.records import (
    CLOSED,
    OPEN,
    Act,
    ActRefused,
    CaseClock,
    CaseEvent,
    Standstill,
)
from daemon.cases.store import write_events
from daemon.records import ClockDue
from daemon.store.tables import case_events, cases
from daemon.triage.channels import AT_ONCE, broken_rules
from daemon.triage.recounting import local_day, profile_of

KINDS = ("complaint", "request")
"""The labels of which a case may be; any other closes it."""

UNSAID = ""
"""The cause with which a case is closed of which nobody has said why; the digest asks."""

NO_CASE = "no case"
"""The cause with which a case is closed that was none."""


def assign(connection: Connection, act: Act, owner: str) -> None:
    """Give a case to somebody; "" to nobody."""
    before = _row(connection, act)["owner"]
    _set(connection, act, owner=owner or None)
    _tell(connection, act, act.event("assigned", owner=owner or None, before=before))


def prioritize(connection: Connection, act: Act, priority: str) -> None:
    """Say how much a case presses, whatever rules have said."""
    before = _row(connection, act)["priority"]
    _set(connection, act, priority=priority)
    _tell(connection, act, act.event("prioritized", priority=priority, before=before))


def write_note(connection: Connection, act: Act, text: str) -> None:
    """Keep a remark, for the house only."""
    _row(connection, act)
    _tell(connection, act, act.event("noted", text=text))


def attach(connection: Connection, act: Act, name: str, digest: str) -> None:
    """Keep that a paper belongs to a case: its file name, and its SHA-256."""
    _tell(connection, act, act.event("attached", name=name, sha256=digest))


def label(connection: Connection, act: Act, kind: str) -> None:
    """Say what a case is; a label that opens none closes it, and one that does undoes that."""
    row = _standing(connection, act)
    _tell(connection, act, act.event("labelled", label=kind, before=row["kind"]))
    _set(connection, act, kind=kind)
    if kind not in KINDS and row["state"] == OPEN:
        close(connection, act, NO_CASE)
    elif kind in KINDS and row["cause"] == NO_CASE:
        _open(connection, act)  # it was one all along: its clocks run from the receipt


def run_under(
    connection: Connection, act: Act, queue: str, profile: str | None, clocks: tuple[ClockDue, ...]
) -> None:
    """Put a case into another queue, under its deadlines, counted from the receipt.

    What was met stays met: a case that was answered is not asked for an answer again.
    """
    before = _standing(connection, act)["queue"]
    told = act.event("routed", queue=queue, before=before, profile=profile)
    _tell(connection, act, told)
    _set(connection, act, queue=queue, profile=profile)
    course = course_of(connection, act.case_id).having("", Standstill())
    save_course(connection, act.case_id, replace(course, matters=()))
    replace_clocks(connection, act.case_id, clocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer that was given outside of Backdesk."""

    channel: str  # mail, pec, post, phone, counter
    on: datetime  # when it was sent
    delivered: datetime | None = None  # when it arrived; None: nobody knows
    proof: str | None = None  # the digest of a file that shows it
    named: Named = field(default_factory=Named)
    is_interim: bool = False  # only the interim reply that an extension owes
    is_asked: bool = False  # the customer asked for an answer this way


def answer(connection: Connection, act: Act, given: Given) -> tuple[str, ...]:
    """Keep that a case was answered; clocks that wait for an answer have ended.

    Returns:
        The rules on the channel of an answer that it does not keep, in words.

    Raises:
        ActRefused: the case was received, or opened again, after that; or a clock that is named
            waits for something else.
    """
    row = _standing(connection, act)
    again = begun_again(connection, act.case_id)
    since = max(row["received_at"], again or row["received_at"])
    if given.on < since:
        raise ActRefused(f"{row['reference']} was not yet received then, or was opened again since")
    own = clocks_of(connection, act.case_id)
    by = ending.INTERIM_REPLY if given.is_interim else ending.ANSWER
    names = ending.concerned(own, by, given.named)
    if given.is_interim and not names:
        raise ActRefused(f"{row['reference']} owes no interim reply")
    against = rules_against(act, row["channel"], [own[name] for name in names], given)
    arrived = given.on if given.channel in AT_ONCE else given.delivered
    told = act.event(
        "answered",
        channel=given.channel,
        on=given.on.isoformat(),
        delivered=arrived and arrived.isoformat(),
        proof=given.proof,
        interim=given.is_interim,
        against=list(against),
        ends=names,
    )
    _tell(connection, act, told)
    proof = Proof(at=given.on, delivered_at=arrived)
    ending.end(connection, act.rules, act.case_id, names, proof)
    return against


def rules_against(
    act: Act, came_by: str, clocks: Sequence[CaseClock], given: Given
) -> tuple[str, ...]:
    """Return the rules on its channel that an answer does not keep, of the clocks that it ends."""
    profiles = (profile_of(act.rules, one.profile) for one in clocks if not one.only_if)
    return broken_rules(
        filter(None, profiles),
        came_by,
        given.channel,
        on_paper=given.proof is not None,
        is_asked=given.is_asked,
    )


def deliver(connection: Connection, act: Act, on: datetime) -> None:
    """Keep that an answer arrived which was kept before; clocks that wait for that have ended.

    Raises:
        ActRefused: no answer waits for its delivery, or it was sent later.
    """
    row = _standing(connection, act)
    own = clocks_of(connection, act.case_id).values()
    sent = [one.sent_at for one in own if one.met_at is None and one.sent_at is not None]
    if not sent:
        raise ActRefused(f"{row['reference']}: no clock waits for the delivery of an answer")
    if on < max(sent):
        raise ActRefused(f"{row['reference']} was answered later")
    ends = ending.note_delivered(connection, act.rules, act.case_id, None, on)
    _tell(connection, act, act.event("delivered", on=on.isoformat(), ends=ends))


def begun_again(connection: Connection, case_id: int) -> datetime | None:
    """Return when a case was last opened again, or its clocks began anew; None: never."""
    again = select(func.max(case_events.c.at)).where(
        case_events.c.case_id == case_id, case_events.c.kind.in_(("reopened", "clocks"))
    )
    found: datetime | None = connection.scalar(again)
    return found


def close(connection: Connection, act: Act, cause: str) -> None:
    """Close a case: nothing is due any more, and no pause goes on.

    A clock that nobody met stays unmet: reports can tell, and a case that is opened again has the
    term that it had.
    """
    row = _standing(connection, act)
    if row["state"] == CLOSED:
        raise ActRefused(f"{row['reference']} is closed already")
    _tell(connection, act, act.event("closed", cause=cause))
    for part in course_of(connection, act.case_id).paused:
        pausing.run_on(connection, act, part, local_day(act.rules, act.now))
    own = clocks_of(connection, act.case_id).values()
    names = [one.name for one in own if one.met_by == "closing"]
    ending.end(connection, act.rules, act.case_id, names, Proof(at=act.now, delivered_at=act.now))
    ended = {"state": CLOSED, "closed_at": act.now, "cause": cause, "claimed_by": None}
    _set(connection, act, **ended, due_at=None)


def say_cause(connection: Connection, act: Act, cause: str) -> None:
    """Say why a case was closed, of which nobody has said it.

    Raises:
        ActRefused: it is open, or its cause is said.
    """
    row = _standing(connection, act)
    if row["state"] != CLOSED:
        raise ActRefused(f"{row['reference']} is open")
    if row["cause"] != UNSAID:
        raise ActRefused(f"why {row['reference']} was closed is said: {row['cause']}")
    _tell(connection, act, act.event("cause", cause=cause))
    _set(connection, act, cause=cause)


def open_again(connection: Connection, act: Act, clocks: tuple[ClockDue, ...]) -> None:
    """Open a closed case again: what was met begins anew by these clocks, the rest stays due."""
    row = _standing(connection, act)
    if row["state"] == OPEN:
        raise ActRefused(f"{row['reference']} is open")
    _open(connection, act)
    begin_again(connection, act.case_id, clocks)


def take_back_closing(connection: Connection, act: Act) -> None:
    """Open a closed case again as if it had not been closed: its clocks run on.

    Raises:
        ActRefused: it is open.
    """
    row = _standing(connection, act)
    if row["state"] == OPEN:
        raise ActRefused(f"{row['reference']} is open")
    own = clocks_of(connection, act.case_id).values()
    by_it = (one for one in own if one.met_by == "closing" and one.met_at == row["closed_at"])
    change(connection, act.case_id, [one.name for one in by_it], met_at=None, sent_at=None)
    _open(connection, act)


def _open(connection: Connection, act: Act) -> None:
    _tell(connection, act, act.event("reopened"))
    _set(connection, act, state=OPEN, closed_at=None, cause=None)
    set_due(connection, act.case_id)


def lock(connection: Connection, act: Act) -> None:
    """Let nobody else act on a case until this transaction ends."""
    _row(connection, act)


def _standing(connection: Connection, act: Act) -> dict[str, Any]:
    """Return the row of a case that stands for itself.

    Raises:
        ActRefused: it was merged into another, which is to be acted on.
    """
    row = _row(connection, act)
    if row["merged_into"] is not None:
        into = select(cases.c.reference).where(cases.c.id == row["merged_into"])
        raise ActRefused(f"{row['reference']} was merged into {connection.scalar(into)}")
    return row


def _row(connection: Connection, act: Act) -> dict[str, Any]:
    """Return the case's row, which nobody else changes until this transaction ends."""
    query = select(cases).where(cases.c.id == act.case_id).with_for_update()
    return dict(connection.execute(query).mappings().one())


def _tell(connection: Connection, act: Act, event: CaseEvent) -> None:
    write_events(connection, [(act.case_id, event)])


def _set(connection: Connection, act: Act, **values: object) -> None:
    connection.execute(update(cases).where(cases.c.id == act.case_id).values(**values))
