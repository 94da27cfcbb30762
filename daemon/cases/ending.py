"""What was answered, decided or acknowledged -> which clocks of the case that ends, and when.

The event of each says which clocks it concerned, so that one whose mail comes back can be taken
back, and what else was answered counts again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from daemon.cases.clocks import change, clocks_of, is_dependent, recount, set_due
from daemon.cases.records import ActRefused, CaseClock, CaseEvent
from daemon.store.tables import case_events, cases
from daemon.triage.casework import CaseRules
from daemon.triage.recounting import INTERIM, part_of

ANSWER = ("answer", "acknowledgement", INTERIM)
"""What an answer is to the clocks of a case."""

DECISION, RECEIPT_TOLD, INTERIM_REPLY = ("decision",), ("acknowledgement",), (INTERIM,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Which clocks a person means; none: those of the case's own profile."""

    clocks: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far something reached the customer."""

    at: datetime  # when it was sent, or done
    delivered_at: datetime | None = None  # None: nobody knows that it arrived
    mail: str | None = None  # key of the mail that carried it


def concerned(own: Mapping[str, CaseClock], by: tuple[str, ...], named: Named) -> list[str]:
    """Return the names of the clocks that an act concerns, met or not.

    An act is about the case's own terms. It ends the clocks of a matter where it names them; an
    answer or an acknowledgement does so too where the case has no others. A decision never does:
    to reject a complaint tells no authority of a breach.

    Raises:
        ActRefused: a clock that was named is not there, or waits for something else.
    """
    if not (named.clocks or named.matters):
        is_of_matters = not any(not part_of(name) for name in own) and by != DECISION
        parts = {part_of(name) for name in own} if is_of_matters else {""}
        return [one.name for one in own.values() if one.met_by in by and part_of(one.name) in parts]
    waiting = [one.name for one in own.values() if one.met_by in by]
    for name in named.clocks:
        if name not in waiting:
            why = f"{name} waits for: {own[name].met_by}" if name in own else f"no clock {name!r}"
            raise ActRefused(f"{why}; allowed: {', '.join(waiting) or 'none'}")
    of_matters = [name for name in waiting if part_of(name) in named.matters]
    for matter in named.matters:
        if matter not in map(part_of, of_matters):
            known = ", ".join(filter(None, dict.fromkeys(map(part_of, waiting)))) or "none"
            raise ActRefused(f"no clock of the matter {matter!r} waits for this; allowed: {known}")
    return list(dict.fromkeys((*named.clocks, *of_matters)))


def end(
    connection: Connection, rules: CaseRules, case_id: int, names: Sequence[str], proof: Proof
) -> None:
    """Let clocks end; one that asks for delivery, when it is known that this was delivered."""
    own = clocks_of(connection, case_id)
    mine = [own[name] for name in names if name in own and own[name].met_at is None]
    arrived = [one.name for one in mine if one.met_when == "delivered"]
    at_once = [one.name for one in mine if one.met_when != "delivered"]
    change(connection, case_id, at_once, met_at=proof.at, met_mail=proof.mail)
    values = {"sent_at": proof.at, "met_at": proof.delivered_at, "met_mail": proof.mail}
    change(connection, case_id, arrived, **values)
    _follow(connection, rules, case_id, own)


def note_delivered(
    connection: Connection, rules: CaseRules, case_id: int, mail: str | None, at: datetime
) -> list[str]:
    """Let the clocks end that waited for a delivery, of a certain mail or of all; return them."""
    own = clocks_of(connection, case_id)
    arrived = [
        one.name
        for one in own.values()
        if one.met_at is None and one.sent_at is not None and mail in (None, one.met_mail)
    ]
    change(connection, case_id, arrived, met_at=at)
    _follow(connection, rules, case_id, own)
    return arrived


def take_back(connection: Connection, rules: CaseRules, case_id: int, mail: str) -> None:
    """Let the clocks run again that a mail met which came back; unless more was answered."""
    own = clocks_of(connection, case_id)
    names = [one.name for one in own.values() if one.met_mail == mail]
    if not names:
        return
    change(connection, case_id, names, met_at=None, sent_at=None, met_mail=None)
    merged = connection.scalars(select(cases.c.id).where(cases.c.merged_into == case_id))
    here = [case_id, *merged]
    events = _events(connection, here)
    back = {event.detail.get("mail") for event in events if event.kind == "returned"} - {None}
    for event in events:
        if event.kind in ("answered", "acknowledged") and event.detail.get("mail") not in back:
            _end_again(connection, rules, case_id, event, names)
    _follow(connection, rules, case_id, own)


def _end_again(
    connection: Connection, rules: CaseRules, case_id: int, event: CaseEvent, names: Sequence[str]
) -> None:
    """Let clocks end by something else that was answered since they began."""
    at = _moment(event.detail.get("on")) or event.at
    own = clocks_of(connection, case_id)
    ended = [
        name
        for name in event.detail.get("ends", ())
        if name in names and at >= (own[name].since or at)
    ]
    mail = event.detail.get("mail")
    delivered = _moment(event.detail.get("delivered"))
    if mail is not None:
        delivered = reports_of(connection, [case_id], mail).get("delivered")
    end(connection, rules, case_id, ended, Proof(at=at, delivered_at=delivered, mail=mail))


def reports_of(connection: Connection, case_ids: Sequence[int], mail: str) -> dict[str, datetime]:
    """Return kind -> moment of what was reported of a mail: delivered, returned."""
    events = _events(connection, case_ids)
    return {
        event.kind: event.at
        for event in events
        if event.kind in ("delivered", "returned") and event.detail.get("mail") == mail
    }


def written(connection: Connection, case_ids: Sequence[int], mail: str) -> dict[str, Any]:
    """Return what was said when an answer was written: the clocks it is for, if it is interim."""
    events = _events(connection, case_ids)
    said = (one for one in events if one.kind == "replying" and one.detail.get("mail") == mail)
    return next((one.detail for one in said), {})


def _events(connection: Connection, case_ids: Sequence[int]) -> list[CaseEvent]:
    kinds = ("replying", "answered", "acknowledged", "delivered", "returned")
    query = select(case_events).where(
        case_events.c.case_id.in_(case_ids), case_events.c.kind.in_(kinds)
    )
    return [CaseEvent.of(row) for row in connection.execute(query.order_by(case_events.c.id))]


def _follow(
    connection: Connection, rules: CaseRules, case_id: int, before: Mapping[str, CaseClock]
) -> None:
    """Count the clocks anew that others start, now that these were met or are not any more."""
    if any(is_dependent(one) for one in before.values()):
        recount(connection, rules, case_id, is_dependent)
    else:
        set_due(connection, case_id)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
