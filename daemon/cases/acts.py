"""What people do with a case: each act is one event, and brings its row up to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from daemon.cases.clocks import meet, set_clocks, set_due, tighten_clocks
from daemon.cases.records import CLOSED, OPEN, CaseCourse, CaseEvent, encoded
from daemon.cases.store import write_events
from daemon.cases.views import course_of
from daemon.errors import BackdeskError
from daemon.records import ClockDue
from daemon.store.tables import case_clocks, case_events, cases
from daemon.triage.casework import OF_MATTER

KINDS = ("complaint", "request")
"""The labels of which a case may be; any other closes it."""

UNSAID = ""
"""The cause with which a case is closed of which nobody has said why; the digest asks."""

NO_CASE = "no case"
"""The cause with which a case is closed that was none."""


class ActRefused(BackdeskError):
    """The case is not in a state for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts on which case, and when."""

    case_id: int
    actor: str
    now: datetime

    def event(self, kind: str, **detail: Any) -> CaseEvent:  # noqa: ANN401 - what JSON can hold
        """Return the event of this act."""
        return CaseEvent(at=self.now, actor=self.actor, kind=kind, detail=detail)


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
    _set(connection, act, queue=queue, profile=profile, course=None, paused_since=None)
    run_anew(connection, act, clocks)


def run_anew(connection: Connection, act: Act, clocks: tuple[ClockDue, ...]) -> None:
    """Let clocks run in place of those of the profile; what was met since they began stays met."""
    of_profile = (
        case_clocks.c.case_id == act.case_id,
        case_clocks.c.name.not_like(f"%{OF_MATTER}%"),
    )
    met = select(case_clocks.c.met_by, case_clocks.c.met_at).where(
        *of_profile, case_clocks.c.met_at.is_not(None)
    )
    since = begun_again(connection, act.case_id)
    already = {
        row.met_by: row.met_at
        for row in connection.execute(met)
        if since is None or row.met_at >= since
    }
    set_clocks(connection, act.case_id, clocks)
    fold_in(connection, act.case_id)
    for by, at in already.items():
        running = update(case_clocks).where(
            *of_profile, case_clocks.c.met_at.is_(None), case_clocks.c.met_by == by
        )
        connection.execute(running.values(met_at=at))
    set_due(connection, act.case_id)


def fold_in(connection: Connection, case_id: int) -> None:
    """Let no clock of a case end later than those of the cases merged into it, which it answers.

    Those that were closed when they were merged ask for nothing.
    """
    parts = select(cases.c.id).where(cases.c.merged_into == case_id, cases.c.closed_at.is_(None))
    query = select(case_clocks).where(
        case_clocks.c.case_id.in_(parts), case_clocks.c.met_at.is_(None)
    )
    for row in connection.execute(query.order_by(case_clocks.c.due_at)).all():
        clock = ClockDue(
            name=row.name,
            term=row.term,
            only_if=row.only_if,
            met_by=row.met_by,
            due_at=row.due_at,
        )
        tighten_clocks(connection, case_id, (clock,))


def begun_again(connection: Connection, case_id: int) -> datetime | None:
    """Return when a case was last opened again, or its clocks began anew; None: never."""
    again = select(func.max(case_events.c.at)).where(
        case_events.c.case_id == case_id, case_events.c.kind.in_(("reopened", "clocks"))
    )
    found: datetime | None = connection.scalar(again)
    return found


def answer(connection: Connection, act: Act, channel: str, on: datetime, proof: str | None) -> None:
    """Keep that a case was answered; clocks that wait for an answer have ended.

    Args:
        connection: a write transaction.
        act: who, and when.
        channel: how: mail, pec, post, phone, counter.
        on: when it was sent.
        proof: what shows it: the digest of a file; None where there is none.

    Raises:
        ActRefused: the case was received, or opened again, after that.
    """
    row = _standing(connection, act)
    again = begun_again(connection, act.case_id)
    since = max(row["received_at"], again or row["received_at"])
    if on < since:
        raise ActRefused(f"{row['reference']} was not yet received then, or was opened again since")
    told = act.event("answered", channel=channel, on=on.isoformat(), proof=proof)
    _tell(connection, act, told)
    meet(connection, act.case_id, ("answer", "acknowledgement"), on)


def close(connection: Connection, act: Act, cause: str) -> None:
    """Close a case: nothing is due any more. A clock that nobody met stays unmet, for reports."""
    row = _standing(connection, act)
    if row["state"] == CLOSED:
        raise ActRefused(f"{row['reference']} is closed already")
    _tell(connection, act, act.event("closed", cause=cause))
    meet(connection, act.case_id, ("closing",), act.now)
    ended = {"state": CLOSED, "closed_at": act.now, "cause": cause, "claimed_by": None}
    _set(connection, act, **ended, due_at=None, paused_since=None)


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
    """Open a closed case again; with clocks, these run in place of those it had."""
    row = _standing(connection, act)
    if row["state"] == OPEN:
        raise ActRefused(f"{row['reference']} is open")
    _open(connection, act)
    if clocks:
        course = course_of(connection, act.case_id)
        _set(connection, act, course=encoded(CaseCourse(since=act.now, matters=course.matters)))
        set_clocks(connection, act.case_id, clocks)


def take_back_closing(connection: Connection, act: Act) -> None:
    """Open a closed case again as if it had not been closed: its clocks run on.

    Raises:
        ActRefused: it is open.
    """
    row = _standing(connection, act)
    if row["state"] == OPEN:
        raise ActRefused(f"{row['reference']} is open")
    ended = (case_clocks.c.case_id == act.case_id, case_clocks.c.met_by == "closing")
    by_it = case_clocks.c.met_at == row["closed_at"]
    connection.execute(update(case_clocks).where(*ended, by_it).values(met_at=None))
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
