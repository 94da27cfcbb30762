"""The register of cases: mails open and join them, people act on them, events keep it all."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, update

from daemon.cases import ordering
from daemon.cases.clocks import (
    begin_again,
    change,
    clocks_of,
    course_of,
    save_course,
    start,
    tighten_clocks,
)
from daemon.cases.records import (
    CLOSED,
    HOUSE,
    OPEN,
    POSSIBLE_RECEIPT,
    CaseEvent,
    NewCase,
    Standstill,
)
from daemon.cases.references import reference_of
from daemon.cases.taking import Likenesses, Step, naming_ours, newest_open, plan, step_keys
from daemon.cases.threads import Homing, address_of, mailbox_of, writer_of
from daemon.records import Asking, CaseWish, ClockDue, Opened, Reading
from daemon.store.engine import Store
from daemon.store.tables import (
    case_events,
    case_mails,
    case_numbers,
    case_threads,
    cases,
    counters,
)
from daemon.triage.casework import term_to_tell
from daemon.triage.forwarding import forward_of, possible_receipt
from daemon.triage.recounting import part_of

Entry = tuple[dict[str, Any], tuple[ClockDue, ...]]
"""The columns of a new case, and its clocks."""

_MOST_SUBJECT = 500  # characters that are kept
_GRAVEST = "complaint"

THEIRS = {"protocol": "sender-protocol"}
"""Kinds of numbers that the house gives itself, where another house gave them."""


class Cases:
    """Writes the register, always inside a transaction of the caller.

    Args:
        store: the database.
        zone: in whose years references are counted.
        homing: knows our own words in mail that answers ours.
        confided: the queue for reports of wrongdoing, which no mail takes a case out of.
    """

    def __init__(self, store: Store, zone: ZoneInfo, homing: Homing, confided: str = "") -> None:
        self._store = store
        self._zone = zone
        self._homing = homing
        self._confided = confided

    def take(
        self, connection: Connection, mails: Sequence[Asking], now: datetime
    ) -> tuple[Opened, ...]:
        """Let mails open or join cases; return those opened. Repeated, it does nothing.

        A mail may ask once for itself and once for each of its copies: the case runs from the
        earliest receipt of them all.

        A batch is written in a handful of statements: opening a case costs as much as reading a
        mail otherwise.
        """
        if not mails:
            return ()
        taken = _cases_of(connection, [one.mail_id for one in mails])
        for one in mails:
            if one.mail_id in taken:
                _receive_earlier(connection, taken[one.mail_id], one.wish, now)
        new = [one for one in mails if one.may_open and one.mail_id not in taken]
        steps = plan(connection, new, self._homing)
        if not steps:
            return ()
        opening = [step for step in steps if step.opens]
        entries = [(_columns_of(step), step.wish.clocks) for step in opening]
        entered = self._enter(connection, entries, now)
        for step, (case_id, _) in zip(opening, entered, strict=True):
            step.place.case_id = case_id
        self._join(connection, steps, now)
        ours = naming_ours(connection, [step.original for step in opening], self._homing)
        return tuple(
            _opened(step, reference, names_ours=named)
            for step, (_, reference), named in zip(opening, entered, ours, strict=True)
        )

    def names_ours(self, connection: Connection, reading: Reading) -> bool:
        """Tell whether a mail names a case by its reference, or a mail of ours by its id."""
        return naming_ours(connection, [reading], self._homing)[0]

    def _join(self, connection: Connection, steps: Sequence[Step], now: datetime) -> None:
        """Write down which mail belongs to which case, and what follows from it."""
        rows = [
            {"mail_id": step.mail_id, "case_id": step.place.case_id, "at": now} for step in steps
        ]
        connection.execute(insert(case_mails), rows)
        likenesses = Likenesses(connection, self._homing, [step for step in steps if step.opens])
        told = [
            (step.place.case_id, event) for step in steps for event in _told(step, likenesses, now)
        ]
        write_events(connection, told)
        for step in steps:
            if not step.opens and step.wish.kind is not None and not step.is_there:
                _press(connection, step, now, self._confided)
        self._order(connection, steps, now)
        numbers = {
            (step.place.case_id, THEIRS.get(kind, kind), value)
            for step in steps
            for kind, value in step.reading.official
        }
        self._store.insert_new(
            connection,
            case_numbers,
            [
                {"case_id": case_id, "kind": kind, "value": value}
                for case_id, kind, value in sorted(numbers)
            ],
        )
        # In one order for everybody, so that two writers cannot wait for each other.
        known = {(*key, step.place.case_id) for step in steps for key in step_keys(step)}
        threads = [
            {"message_id": message_id, "address": address, "case_id": case_id}
            for message_id, address, case_id in sorted(known)
        ]
        self._store.insert_new(connection, case_threads, threads)

    def _order(self, connection: Connection, steps: Sequence[Step], now: datetime) -> None:
        """Let what rules say of mails have its effect on their cases."""
        ordering.tag_new(self._store, connection, [step for step in steps if step.opens])
        joining = [step for step in steps if not step.opens]
        told = [ordering.press_on(self._store, connection, step, now) for step in joining]
        if changed := [one for one in told if one is not None]:
            write_events(connection, changed)

    def open_by_hand(
        self,
        connection: Connection,
        new: NewCase,
        profile: str | None,
        clocks: tuple[ClockDue, ...],
        now: datetime,
    ) -> int:
        """Enter a case that came by letter, phone or counter; return its id."""
        columns = {
            "kind": new.kind,
            "queue": new.queue,
            "subject": new.subject[:_MOST_SUBJECT],
            "customer": new.customer,
            "customer_name": new.customer_name,
            "language": None,
            "channel": new.channel,
            "received_at": new.received_at,
            "profile": profile,
            "priority": new.priority,
        }
        ((case_id, _),) = self._enter(connection, [(columns, clocks)], now)
        opened = {"received_by": new.channel}
        events = [CaseEvent(at=now, actor=new.actor, kind="opened", detail=opened)]
        box = mailbox_of(new.customer)
        known = newest_open(connection, [box]) if box else ()
        if like := [reference for _, other, reference in known if other != case_id]:
            events.append(ours(now, "possible", cases=like))
        write_events(connection, [(case_id, event) for event in events])
        return case_id

    def _enter(
        self, connection: Connection, entries: Sequence[Entry], now: datetime
    ) -> Sequence[tuple[int, str]]:
        """Enter cases with their clocks; return ids and references in the same order."""
        if not entries:
            return ()
        references = self._references(connection, len(entries), now)
        rows = [
            {
                **columns,
                "reference": reference,
                "mailbox": mailbox_of(columns["customer"]),
                "state": OPEN,
                "due_at": _first_due(clocks),
                "opened_at": now,
            }
            for reference, (columns, clocks) in zip(references, entries, strict=True)
        ]
        entering = insert(cases).returning(cases.c.id, sort_by_parameter_order=True)
        ids: Sequence[int] = connection.scalars(entering, rows).all()
        running = zip(ids, (clocks for _, clocks in entries), strict=True)
        start(connection, [(case_id, clock) for case_id, clocks in running for clock in clocks])
        return tuple(zip(ids, references, strict=True))

    def count_up(
        self, connection: Connection, name: str, now: datetime, number: int = 1
    ) -> tuple[int, int]:
        """Take the next numbers of a year's counter, without gaps; return year and last number."""
        year = now.astimezone(self._zone).year
        key = f"{name}:{year}"
        self._store.insert_new(connection, counters, [{"name": key, "value": 0}])
        counting = update(counters).where(counters.c.name == key)
        counted = counting.values(value=counters.c.value + number).returning(counters.c.value)
        last: int = connection.execute(counted).scalar_one()
        return year, last

    def _references(self, connection: Connection, number: int, now: datetime) -> list[str]:
        """Return the next references of the year."""
        year, last = self.count_up(connection, "case", now, number)
        return [reference_of(year, last - number + n) for n in range(1, number + 1)]


def _cases_of(connection: Connection, mail_ids: Sequence[int]) -> dict[int, int]:
    """Return the case of each mail that has one, or the one that answers for that."""
    stands = func.coalesce(cases.c.merged_into, cases.c.id).label("case_id")
    query = select(case_mails.c.mail_id, stands).join(cases, cases.c.id == case_mails.c.case_id)
    rows = connection.execute(query.where(case_mails.c.mail_id.in_(mail_ids)))
    return {row.mail_id: row.case_id for row in rows}


def _receive_earlier(connection: Connection, case_id: int, wish: CaseWish, now: datetime) -> None:
    """Let a case run from the receipt of a copy that came before the mail that opened it."""
    row = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one()
    if wish.received_at >= row.received_at:
        return
    told = ours(now, "earlier", received_at=wish.received_at.isoformat(), by=wish.received_by)
    write_events(connection, [(case_id, told)])
    values = {"received_at": wish.received_at}
    connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
    own = clocks_of(connection, case_id).values()
    from_receipt = [one.name for one in own if one.since == row.received_at]
    change(connection, case_id, from_receipt, since=wish.received_at)
    tighten_clocks(connection, case_id, wish.clocks, new=False)


def _press(connection: Connection, step: Step, now: datetime, confided: str) -> None:
    """Let a complaint, request or unsure mail that joins a case have its effect on it.

    A closed case is opened again. Where no clock of its profile runs, or the case was closed, what
    was met begins anew under the deadlines of the new mail, from its receipt; what nobody met stays
    as it was. A case that was less than a complaint gets the clocks of one, but no term of it ends
    later than it would have.
    """
    case_id, wish = step.place.case_id, step.wish
    row = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one()
    is_graver = wish.kind == _GRAVEST and row.kind != _GRAVEST
    values: dict[str, Any] = {"kind": wish.kind} if is_graver else {}
    if row.state == CLOSED:
        values |= {"state": OPEN, "closed_at": None, "cause": None}
        write_events(connection, [(case_id, ours(now, "reopened", mail=step.mail_id))])
    if values:
        connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
    begin_again(connection, case_id, [one for one in wish.clocks if part_of(one.name)])
    mine = _as_known(connection, case_id, wish.clocks)
    own = clocks_of(connection, case_id).values()
    is_idle = not any(one.presses for one in own if not part_of(one.name))
    is_new = False
    if mine and is_graver:
        _run_on(connection, case_id)
        tighten_clocks(connection, case_id, mine)
    if mine and (is_idle or row.state == CLOSED):
        is_new = begin_again(connection, case_id, mine)
    if mine and (is_graver or is_new):
        is_confided = bool(confided) and row.queue == confided  # nobody else may learn of it
        queue = row.queue if is_confided else wish.queue
        values = {"queue": queue, "profile": wish.profile}
        connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
        was = {"queue": queue, "before": row.queue, "was": row.profile, "was_kind": row.kind}
        told = ours(now, "clocks", mail=step.mail_id, profile=wish.profile, **was)
        write_events(connection, [(case_id, told)])


def _as_known(connection: Connection, case_id: int, clocks: Sequence[ClockDue]) -> list[ClockDue]:
    """Return the clocks of a profile, where those for what the case is known to be about press."""
    matters = course_of(connection, case_id).matters
    mine = [one for one in clocks if not part_of(one.name)]
    return [replace(one, only_if="") if one.only_if in matters else one for one in mine]


def _run_on(connection: Connection, case_id: int) -> None:
    """End the pause of the clocks of a profile: what is graver than before waits for nothing."""
    course = course_of(connection, case_id)
    own = [name for name in clocks_of(connection, case_id) if not part_of(name)]
    save_course(connection, case_id, course.having("", Standstill(pauses=course.of("").pauses)))
    change(connection, case_id, own, is_held=False)


def _opened(step: Step, reference: str, *, names_ours: bool) -> Opened:
    reading, wish = step.reading, step.wish
    return Opened(
        case_id=step.place.case_id,
        reference=reference,
        kind=wish.kind or "",
        language=reading.language,
        channel=wish.channel,
        received_at=wish.received_at,
        due_at=term_to_tell(wish.clocks),
        answers=step.original.message_id,
        acknowledgement=wish.acknowledgement,
        names_ours=names_ours,
    )


def _first_due(clocks: tuple[ClockDue, ...]) -> datetime | None:
    return min((one.due_at for one in clocks if not one.only_if), default=None)


def _columns_of(step: Step) -> dict[str, Any]:
    original, wish = step.original, step.wish
    return {
        "kind": wish.kind,
        "queue": wish.queue,
        "subject": original.subject[:_MOST_SUBJECT],
        "customer": address_of(original),
        "customer_name": original.sender and original.sender.name,
        "language": original.language,
        "channel": wish.channel,
        "received_at": wish.received_at,
        "profile": wish.profile,
        **ordering.columns_of(wish.orders),
    }


def _told(step: Step, likenesses: Likenesses, now: datetime) -> list[CaseEvent]:
    """Return the events of a mail's coming to its case."""
    wish, forward = step.wish, forward_of(step.reading)
    passed = {"forwarded_by": address_of(step.reading), "how": forward.how} if forward else {}
    if not step.opens:
        by = writer_of(step.original)
        return [ours(now, "joined", mail=step.mail_id, label=wish.kind, by=by, **passed)]
    why = {"no_clock": wish.no_clock} if wish.no_clock else {}
    told = [ours(now, "opened", mail=step.mail_id, received_by=wish.received_by, **passed, **why)]
    told += ordering.told_of(wish.orders, now)
    if forward and not forward.is_sure:
        who = [one.email for one in forward.proposed]
        told.append(ours(now, "unknown_customer", why=forward.why, proposed=who))
    if receipt := possible_receipt(step.reading, wish.received_at):
        moment, source = receipt
        told.append(ours(now, POSSIBLE_RECEIPT, sent_at=moment.isoformat(), by=source))
    like = likenesses.of(step)
    return [*told, ours(now, "possible", cases=like)] if like else told


def write_events(connection: Connection, told: Sequence[tuple[int, CaseEvent]]) -> None:
    """Append events to cases, in order."""
    rows = [
        {
            "case_id": case_id,
            "at": event.at,
            "actor": event.actor,
            "kind": event.kind,
            "detail": json.dumps(event.detail, ensure_ascii=False),
        }
        for case_id, event in told
    ]
    connection.execute(insert(case_events), rows)


def ours(now: datetime, kind: str, **detail: object) -> CaseEvent:
    """Return an event that nobody brought about by hand."""
    return CaseEvent(at=now, actor=HOUSE, kind=kind, detail=detail)
