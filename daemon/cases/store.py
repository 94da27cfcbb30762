"""The register of cases: mails open and join them, people act on them, events keep it all."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, update

from daemon.cases.clocks import add_clocks, set_clocks, start, tighten_clocks
from daemon.cases.records import CLOSED, HOUSE, OPEN, CaseCourse, CaseEvent, NewCase, encoded
from daemon.cases.references import reference_of
from daemon.cases.taking import Likenesses, Step, keys_of, naming_ours, plan
from daemon.cases.threads import Homing, address_of
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
from daemon.triage.casework import OF_MATTER

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
    """

    def __init__(self, store: Store, zone: ZoneInfo, homing: Homing) -> None:
        self._store = store
        self._zone = zone
        self._homing = homing

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
        ours = naming_ours(connection, [step.reading for step in opening], self._homing)
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
            if not step.opens and step.wish.kind is not None:
                _press(connection, step, now)
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
        known = {(*key, step.place.case_id) for step in steps for key in keys_of(step.reading)}
        threads = [
            {"message_id": message_id, "address": address, "case_id": case_id}
            for message_id, address, case_id in sorted(known)
        ]
        self._store.insert_new(connection, case_threads, threads)

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
        }
        ((case_id, _),) = self._enter(connection, [(columns, clocks)], now)
        opened = {"received_by": new.channel}
        event = CaseEvent(at=now, actor=new.actor, kind="opened", detail=opened)
        write_events(connection, [(case_id, event)])
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
    tighten_clocks(connection, case_id, wish.clocks, new=False)


def _press(connection: Connection, step: Step, now: datetime) -> None:
    """Let a complaint, request or unsure mail that joins a case have its effect on it.

    A closed case is opened again. One in which no clock runs is under the deadlines of the new mail
    from then on, from its receipt; one that was less than a complaint as well, but no term of it
    ends later than it would have.
    """
    case_id, wish = step.place.case_id, step.wish
    row = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one()
    is_graver = wish.kind == _GRAVEST and row.kind != _GRAVEST
    values: dict[str, Any] = {"kind": wish.kind} if is_graver else {}
    if row.state == CLOSED:
        values |= {"state": OPEN, "closed_at": None, "cause": None}
        write_events(connection, [(case_id, ours(now, "reopened", mail=step.mail_id))])
    has_none = row.due_at is None and row.paused_since is None
    of_profile = any(OF_MATTER not in one.name for one in wish.clocks)
    runs_anew = of_profile and (has_none or is_graver)
    if runs_anew:
        values |= {"queue": wish.queue, "profile": wish.profile, "paused_since": None}
        values |= {"course": encoded(CaseCourse(since=wish.received_at)) if has_none else None}
        told = ours(now, "clocks", mail=step.mail_id, profile=wish.profile)
        write_events(connection, [(case_id, told)])
    if values:
        connection.execute(update(cases).where(cases.c.id == case_id).values(**values))
    if runs_anew and has_none:
        set_clocks(connection, case_id, wish.clocks)
    elif runs_anew:
        tighten_clocks(connection, case_id, wish.clocks)
    else:
        of_matters = tuple(one for one in wish.clocks if OF_MATTER in one.name)
        add_clocks(connection, case_id, of_matters)


def _opened(step: Step, reference: str, *, names_ours: bool) -> Opened:
    reading, wish = step.reading, step.wish
    return Opened(
        case_id=step.place.case_id,
        reference=reference,
        kind=wish.kind or "",
        language=reading.language,
        channel=wish.channel,
        received_at=wish.received_at,
        due_at=_first_due(wish.clocks),
        answers=reading.message_id,
        acknowledgement=wish.acknowledgement,
        names_ours=names_ours,
    )


def _first_due(clocks: tuple[ClockDue, ...]) -> datetime | None:
    return min((one.due_at for one in clocks if not one.only_if), default=None)


def _columns_of(step: Step) -> dict[str, Any]:
    reading, wish = step.reading, step.wish
    return {
        "kind": wish.kind,
        "queue": wish.queue,
        "subject": reading.subject[:_MOST_SUBJECT],
        "customer": address_of(reading),
        "customer_name": reading.sender and reading.sender.name,
        "language": reading.language,
        "channel": wish.channel,
        "received_at": wish.received_at,
        "profile": wish.profile,
    }


def _told(step: Step, likenesses: Likenesses, now: datetime) -> list[CaseEvent]:
    """Return the events of a mail's coming to its case."""
    if not step.opens:
        return [ours(now, "joined", mail=step.mail_id, label=step.wish.kind)]
    wish = step.wish
    why = {"no_clock": wish.no_clock} if wish.no_clock else {}
    opened = ours(now, "opened", mail=step.mail_id, received_by=wish.received_by, **why)
    like = likenesses.of(step)
    return [opened, ours(now, "possible", cases=like)] if like else [opened]


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
