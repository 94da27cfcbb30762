"""What people do with a case: each act is one event, and brings its row up to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from daemon.cases.records import CLOSED, OPEN, CaseEvent
from daemon.cases.store import reopen, set_clocks, set_due, write_events
from daemon.errors import BackdeskError
from daemon.records import ClockDue
from daemon.store.tables import case_clocks, cases

KINDS = ("complaint", "request")
"""The labels of which a case may be; any other closes it."""

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


def write_note(connection: Connection, act: Act, text: str) -> None:
    """Keep a remark, for the house only."""
    _row(connection, act)
    _tell(connection, act, act.event("noted", text=text))


def attach(connection: Connection, act: Act, name: str, digest: str) -> None:
    """Keep that a paper belongs to a case: its file name, and its SHA-256."""
    _tell(connection, act, act.event("attached", name=name, sha256=digest))


def label(connection: Connection, act: Act, kind: str) -> None:
    """Say what a case is; a label that opens none closes it."""
    row = _row(connection, act)
    _tell(connection, act, act.event("labelled", label=kind, before=row["kind"]))
    _set(connection, act, kind=kind)
    if kind not in KINDS and row["state"] == OPEN:
        close(connection, act, NO_CASE)


def run_under(
    connection: Connection, act: Act, queue: str, profile: str | None, clocks: tuple[ClockDue, ...]
) -> None:
    """Put a case into another queue, under its deadlines, counted from the receipt."""
    before = _row(connection, act)["queue"]
    _tell(connection, act, act.event("routed", queue=queue, before=before, profile=profile))
    _set(connection, act, queue=queue, profile=profile)
    set_clocks(connection, act.case_id, clocks)


def answer(connection: Connection, act: Act, channel: str, on: datetime, proof: str | None) -> None:
    """Keep that a case was answered; clocks that wait for an answer have ended.

    Args:
        connection: a write transaction.
        act: who, and when.
        channel: how: mail, pec, post, phone, counter.
        on: when it was sent.
        proof: what shows it: the digest of a file; None where there is none.
    """
    row = _row(connection, act)
    if on < row["received_at"]:
        raise ActRefused(f"{row['reference']} was not yet received then")
    _tell(
        connection,
        act,
        act.event("answered", channel=channel, on=on.isoformat(), proof=proof),
    )
    _meet(connection, act, ("answer", "acknowledgement"), on)


def close(connection: Connection, act: Act, cause: str) -> None:
    """Close a case; its clocks have ended."""
    row = _row(connection, act)
    if row["state"] == CLOSED:
        raise ActRefused(f"{row['reference']} is closed already")
    _set(connection, act, state=CLOSED, closed_at=act.now, cause=cause)
    _tell(connection, act, act.event("closed", cause=cause))
    _meet(connection, act, None, act.now)


def open_again(connection: Connection, act: Act, clocks: tuple[ClockDue, ...]) -> None:
    """Open a closed case again."""
    row = _row(connection, act)
    if not reopen(connection, act.case_id, clocks, act.event("reopened")):
        raise ActRefused(f"{row['reference']} is open")


def _tell(connection: Connection, act: Act, event: CaseEvent) -> None:
    write_events(connection, [(act.case_id, event)])


def _row(connection: Connection, act: Act) -> dict[str, Any]:
    query = select(cases).where(cases.c.id == act.case_id)
    return dict(connection.execute(query).mappings().one())


def _set(connection: Connection, act: Act, **values: object) -> None:
    connection.execute(update(cases).where(cases.c.id == act.case_id).values(**values))


def _meet(connection: Connection, act: Act, by: tuple[str, ...] | None, at: datetime) -> None:
    """End the clocks that wait for this; None: all of them."""
    running = update(case_clocks).where(
        case_clocks.c.case_id == act.case_id, case_clocks.c.met_at.is_(None)
    )
    if by is not None:
        running = running.where(case_clocks.c.met_by.in_(by))
    connection.execute(running.values(met_at=at))
    set_due(connection, act.case_id)
