"""Two cases that are one, one that is two, and the way back; nothing is ever rewritten.

A merged case keeps its mails and its events, and stands for the other from then on: whatever
comes to it goes there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from daemon.cases.clocks import change, course_of, fold_in, set_due
from daemon.cases.records import MERGED, OPEN, Act, ActRefused, CaseEvent
from daemon.cases.store import write_events
from daemon.store.columns import EPOCH
from daemon.store.tables import case_clocks, case_events, case_mails, case_threads, cases

_MICROSECOND = timedelta(microseconds=1)
_STANDS = ("met_at", "sent_at", "met_mail", "is_held")
"""Columns that say how a clock stands, not what it is."""
_GRAVEST = "complaint"
_OWN = ("case_id", "name", "only_if")
"""What a clock keeps when one of another case takes its place."""
_MOMENTS = ("due_at", "met_at", "since", "sent_at")


def merge(connection: Connection, act: Act, into: int, *, across: bool = False) -> None:
    """Let a case be part of another; the other answers for both, by the sooner of their terms.

    Args:
        connection: a write transaction.
        act: who, on the case that is merged, and when.
        into: the id of the other.
        across: whether they may be of different customers.

    Raises:
        ActRefused: they are one, one is merged already, or the other is not open; or they are of
            different customers, of whom only one would be answered.
    """
    rows = _locked(connection, act.case_id, into)
    source, target = rows[act.case_id], rows.get(into)
    if target is None or act.case_id == into:
        raise ActRefused(f"{source['reference']} cannot be merged with itself")
    if source["state"] == MERGED:
        raise ActRefused(f"{source['reference']} is merged already")
    if target["state"] != OPEN:
        raise ActRefused(f"{target['reference']} is not open")
    mailboxes = {source["mailbox"], target["mailbox"]} - {None}
    if len(mailboxes) > 1 and not across:
        names = f"{source['reference']} and {target['reference']}"
        raise ActRefused(
            f"{names} are of different customers, and answers go to one of them; "
            "--other-customer merges them all the same"
        )
    for row in (source, target):
        if course_of(connection, row["id"]).paused:
            raise ActRefused(f"{row['reference']} is paused; `resume` it before")
    before = {name: target[name] for name in ("kind", "received_at")}
    after = {
        "kind": source["kind"] if source["kind"] == _GRAVEST else target["kind"],
        "received_at": min(source["received_at"], target["received_at"]),
    }
    sooner = _take_clocks(connection, act.case_id, into) if source["state"] == OPEN else {}
    parts = select(cases.c.id).where(cases.c.merged_into == act.case_id)
    moved = list(connection.scalars(parts))
    connection.execute(
        update(cases).where(cases.c.merged_into == act.case_id).values(merged_into=into)
    )
    kept = {name: _plain(source[name]) for name in ("state", "closed_at", "cause")}
    told = {"into": target["reference"], "was": kept, "parts": moved}
    change = {name: [_plain(before[name]), _plain(after[name])] for name in before}
    taken = {"case": source["reference"], "changed": change, "clocks": sooner}
    both = [(act.case_id, act.event("merged", **told)), (into, act.event("took in", **taken))]
    write_events(connection, both)
    _set(connection, act.case_id, state=MERGED, merged_into=into, due_at=None)
    _set(connection, into, **after)
    set_due(connection, into)


def unmerge(connection: Connection, act: Act) -> None:
    """Undo a merging: both cases are as they would be without it; later mail stays where it went.

    Raises:
        ActRefused: it is not merged.
    """
    found = connection.scalar(select(cases.c.merged_into).where(cases.c.id == act.case_id))
    rows = _locked(connection, act.case_id, found or act.case_id)
    row = rows[act.case_id]
    into = row["merged_into"]
    if into is None or into not in rows:
        raise ActRefused(f"{row['reference']} is not merged with another")
    target = rows[into]
    merged = _last(connection, act.case_id, "merged", "was")
    taken = _last(connection, into, "took in", "case", row["reference"])
    was = merged["was"]
    _set(
        connection, act.case_id, state=was["state"], closed_at=_moment(was["closed_at"]),
        cause=was["cause"], merged_into=None,
    )  # fmt: skip
    parts = cases.c.id.in_(merged["parts"]) & (cases.c.merged_into == into)
    connection.execute(update(cases).where(parts).values(merged_into=act.case_id))
    if taken:
        _give_back(connection, target, taken)
    write_events(
        connection,
        [
            (act.case_id, act.event("unmerged", of=target["reference"])),
            (into, act.event("gave back", case=row["reference"])),
        ],
    )
    for case_id in (act.case_id, into):
        set_due(connection, case_id)


def split(connection: Connection, act: Act, mails: Sequence[int], into: int) -> None:
    """Give mails of a case to one that was just opened for them, with their threads.

    Raises:
        ActRefused: a mail is not in the case, or none would be left in it.
    """
    rows = _locked(connection, act.case_id, into)
    here = set(
        connection.scalars(select(case_mails.c.mail_id).where(case_mails.c.case_id == act.case_id))
    )
    reference = rows[act.case_id]["reference"]
    if strange := sorted(set(mails) - here):
        raise ActRefused(f"mail {strange[0]} is not in {reference}")
    if not here - set(mails):
        raise ActRefused(f"no mail would be left in {reference}")
    chosen = case_mails.c.mail_id.in_(mails)
    connection.execute(update(case_mails).where(chosen).values(case_id=into))
    told = {"mails": sorted(mails)}
    write_events(
        connection,
        [
            (act.case_id, act.event("split", into=rows[into]["reference"], **told)),
            (into, act.event("split off", of=reference, **told)),
        ],
    )


def rethread(connection: Connection, case_id: int, ids: Sequence[str], into: int) -> None:
    """Let answers to these Message-IDs go to another case from now on."""
    named = (case_threads.c.case_id == case_id) & case_threads.c.message_id.in_(ids)
    connection.execute(update(case_threads).where(named).values(case_id=into))


def _take_clocks(connection: Connection, source: int, into: int) -> dict[str, list[Any]]:
    """Let the sooner terms of one case run in the other; return name -> before and after."""
    query = select(case_clocks).where(case_clocks.c.met_at.is_(None))
    theirs = connection.execute(query.where(case_clocks.c.case_id == source)).mappings().all()
    everything = select(case_clocks).where(case_clocks.c.case_id == into)
    own = {row["name"]: row for row in connection.execute(everything).mappings()}
    changed: dict[str, list[Any]] = {}
    for clock in theirs:
        mine = own.get(clock["name"])
        if mine is None:
            connection.execute(insert(case_clocks).values({**clock, "case_id": into}))
        elif mine["met_at"] is not None or clock["due_at"] < mine["due_at"]:
            # Also one that was met: what was answered there was not answered here.
            terms = {name: value for name, value in clock.items() if name not in _OWN}
            change(connection, into, [clock["name"]], **terms)
        else:
            continue
        before = {name: _plain(mine[name]) for name in mine if name not in _OWN} if mine else None
        changed[clock["name"]] = [before, _plain(clock["due_at"])]
    return changed


def _give_back(connection: Connection, target: Any, taken: dict[str, Any]) -> None:  # noqa: ANN401 - a row
    """Take back what a merging changed, as far as nobody has changed it since."""
    for name, (before, after) in taken["changed"].items():
        if _plain(target[name]) == after:
            value = _moment(before) if name == "received_at" else before
            _set(connection, target["id"], **{name: value})
    for name, (before, after) in taken["clocks"].items():
        here = (case_clocks.c.case_id == target["id"], case_clocks.c.name == name)
        unchanged = (*here, case_clocks.c.met_at.is_(None), case_clocks.c.due_at == _moment(after))
        if before is None:
            connection.execute(case_clocks.delete().where(*unchanged))
        else:
            values = {
                name: _moment(one) if name in _MOMENTS else one for name, one in before.items()
            }
            connection.execute(update(case_clocks).where(*unchanged).values(values))
            # What met it meanwhile stays; when it would have ended without the other is its own.
            terms = {name: one for name, one in values.items() if name not in _STANDS}
            met = (*here, case_clocks.c.met_at.is_not(None), case_clocks.c.due_at == _moment(after))
            connection.execute(update(case_clocks).where(*met).values(terms))
    _take_again(connection, target["id"])


def _take_again(connection: Connection, case_id: int) -> None:
    """Let a case still answer for those that stay merged into it."""
    fold_in(connection, case_id)
    row = connection.execute(select(cases).where(cases.c.id == case_id)).one()
    parts = connection.execute(select(cases).where(cases.c.merged_into == case_id)).all()
    everybody = [row, *parts]
    is_grave = any(one.kind == _GRAVEST for one in everybody)
    earliest = min(one.received_at for one in everybody)
    _set(connection, case_id, kind=_GRAVEST if is_grave else row.kind, received_at=earliest)


def _locked(connection: Connection, *ids: int) -> dict[int, dict[str, Any]]:
    """Return rows that nobody else changes until this transaction ends; in one order for all."""
    query = select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.id).with_for_update()
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _last(
    connection: Connection, case_id: int, kind: str, key: str, value: str | None = None
) -> dict[str, Any]:
    """Return what the last event of a kind says, of a certain case where one is given."""
    query = select(case_events).where(case_events.c.case_id == case_id, case_events.c.kind == kind)
    rows = connection.execute(query.order_by(case_events.c.id.desc())).all()
    events = (CaseEvent.of(row) for row in rows)
    wanted = (one.detail for one in events if value is None or one.detail.get(key) == value)
    return next(wanted, {})


def _set(connection: Connection, case_id: int, **values: object) -> None:
    connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


def _plain(value: object) -> object:
    """Return a value as JSON can hold it; a moment as whole microseconds."""
    return (value - EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def _moment(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + value * _MICROSECOND
