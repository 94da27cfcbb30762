"""The register of cases: mails open and join them, people act on them, events keep it all."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select, update

from daemon.cases.records import CLOSED, HOUSE, OPEN, CaseEvent, NewCase
from daemon.cases.references import reference_of, references_in
from daemon.cases.threads import ids_answered, people_of
from daemon.records import CaseWish, ClockDue, Reading
from daemon.store.engine import Store
from daemon.store.tables import (
    case_clocks,
    case_events,
    case_mails,
    case_threads,
    cases,
    counters,
)

_MOST_SUBJECT = 500  # characters that are kept


class Cases:
    """Writes the register, always inside a transaction of the caller.

    Args:
        store: the database.
        zone: in whose years references are counted.
    """

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone

    def take(
        self, connection: Connection, mails: Sequence[tuple[int, Reading, CaseWish]], now: datetime
    ) -> None:
        """Let mails open or join cases, the earliest received first; repeated, it does nothing."""
        ids = [mail_id for mail_id, _, _ in mails]
        known = case_mails.c.mail_id.in_(ids)
        taken = set(connection.scalars(select(case_mails.c.mail_id).where(known))) if ids else ()
        for mail_id, reading, wish in sorted(mails, key=lambda one: (one[2].received_at, one[0])):
            if mail_id not in taken:
                self._take_one(connection, mail_id, reading, wish, now)

    def _take_one(
        self, connection: Connection, mail_id: int, reading: Reading, wish: CaseWish, now: datetime
    ) -> None:
        case_id = _joined(connection, reading)
        if case_id is None and wish.kind is None:
            return
        if case_id is None:
            case_id = self._open(connection, reading, wish, now)
            opened = ours(now, "opened", mail=mail_id, received_by=wish.received_by)
            note(connection, case_id, opened)
            for other in _possible(connection, reading, case_id):
                note(connection, case_id, ours(now, "possible", case=other))
        else:
            note(connection, case_id, ours(now, "joined", mail=mail_id, label=wish.kind))
            if wish.kind is not None:
                reopened = ours(now, "reopened", mail=mail_id)
                reopen(connection, case_id, wish.clocks, reopened)
        row = {"mail_id": mail_id, "case_id": case_id, "at": now}
        connection.execute(insert(case_mails).values(row))
        if reading.message_id:
            rows = [
                {"message_id": reading.message_id, "address": address, "case_id": case_id}
                for address in people_of(reading)
            ]
            self._store.insert_new(connection, case_threads, rows)

    def _open(self, connection: Connection, reading: Reading, wish: CaseWish, now: datetime) -> int:
        return self._enter(
            connection,
            {
                "kind": wish.kind,
                "queue": wish.queue,
                "subject": reading.subject[:_MOST_SUBJECT],
                "customer": reading.sender and reading.sender.email,
                "customer_name": reading.sender and reading.sender.name,
                "language": reading.language,
                "channel": wish.channel,
                "received_at": wish.received_at,
                "profile": wish.profile,
            },
            wish.clocks,
            now,
        )

    def open_by_hand(
        self,
        connection: Connection,
        new: NewCase,
        profile: str | None,
        clocks: tuple[ClockDue, ...],
        now: datetime,
    ) -> int:
        """Enter a case that came by letter, phone or counter; return its id."""
        fields = {
            "kind": new.kind,
            "queue": new.queue,
            "subject": new.subject[:_MOST_SUBJECT],
            "customer": new.customer,
            "customer_name": new.customer_name,
            "channel": new.channel,
            "received_at": new.received_at,
            "profile": profile,
        }
        case_id = self._enter(connection, fields, clocks, now)
        opened = {"received_by": new.channel}
        event = CaseEvent(at=now, actor=new.actor, kind="opened", detail=opened)
        note(connection, case_id, event)
        return case_id

    def _enter(
        self,
        connection: Connection,
        fields: dict[str, Any],
        clocks: tuple[ClockDue, ...],
        now: datetime,
    ) -> int:
        always = [clock.due_at for clock in clocks if not clock.only_if]
        row = {
            **fields,
            "reference": self._next_reference(connection, now),
            "state": OPEN,
            "due_at": min(always, default=None),
            "opened_at": now,
        }
        result = connection.execute(insert(cases).values(row).returning(cases.c.id))
        case_id: int = result.scalar_one()
        _start(connection, case_id, clocks)
        return case_id

    def _next_reference(self, connection: Connection, now: datetime) -> str:
        year = now.astimezone(self._zone).year
        name = f"case:{year}"
        self._store.insert_new(connection, counters, [{"name": name, "value": 0}])
        counted = update(counters).where(counters.c.name == name)
        value = counted.values(value=counters.c.value + 1).returning(counters.c.value)
        return reference_of(year, connection.execute(value).scalar_one())


def note(connection: Connection, case_id: int, event: CaseEvent) -> None:
    """Append an event to a case."""
    row = {
        "case_id": case_id,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "detail": json.dumps(event.detail, ensure_ascii=False),
    }
    connection.execute(insert(case_events).values(row))


def ours(now: datetime, kind: str, **detail: object) -> CaseEvent:
    """Return an event that nobody brought about by hand."""
    return CaseEvent(at=now, actor=HOUSE, kind=kind, detail=detail)


def set_due(connection: Connection, case_id: int) -> None:
    """Bring the due date of a case's row up to its clocks."""
    runs = (
        case_clocks.c.case_id == case_id,
        case_clocks.c.met_at.is_(None),
        case_clocks.c.only_if == "",
    )
    earliest = select(func.min(case_clocks.c.due_at)).where(*runs).scalar_subquery()
    connection.execute(update(cases).where(cases.c.id == case_id).values(due_at=earliest))


def _joined(connection: Connection, reading: Reading) -> int | None:
    """Return the case of the nearest mail that is answered by one who took part in it."""
    answered = ids_answered(reading)
    if not answered or reading.sender is None:
        return None
    found = select(case_threads.c.message_id, case_threads.c.case_id).where(
        case_threads.c.message_id.in_(answered),
        case_threads.c.address == reading.sender.email.lower(),
    )
    by_id: dict[str, int] = {row.message_id: row.case_id for row in connection.execute(found)}
    return next((by_id[one] for one in answered if one in by_id), None)


def _possible(connection: Connection, reading: Reading, own: int) -> Iterable[str]:
    """Return the references of cases that a person may want to join with this one.

    A number in the subject, or an answer by one who took no part, never joins by itself.
    """
    named = references_in(reading.subject)
    by_number = cases.c.reference.in_(named)
    answered = ids_answered(reading)
    threads = select(case_threads.c.case_id).where(case_threads.c.message_id.in_(answered))
    wanted = by_number | cases.c.id.in_(threads.limit(len(answered))) if answered else by_number
    if not named and not answered:
        return ()
    query = select(cases.c.reference).where(wanted, cases.c.id != own).order_by(cases.c.id)
    return connection.scalars(query).all()


def reopen(
    connection: Connection, case_id: int, clocks: tuple[ClockDue, ...], event: CaseEvent
) -> bool:
    """Open a closed case again, its clocks running anew; say whether it was closed."""
    closed = (cases.c.id == case_id, cases.c.state == CLOSED)
    values = {"state": OPEN, "closed_at": None, "cause": None}
    if not connection.execute(update(cases).where(*closed).values(values)).rowcount:
        return False
    note(connection, case_id, event)
    if clocks:
        set_clocks(connection, case_id, clocks)
    return True


def set_clocks(connection: Connection, case_id: int, clocks: tuple[ClockDue, ...]) -> None:
    """Let other clocks run in a case, in place of those it had."""
    connection.execute(delete(case_clocks).where(case_clocks.c.case_id == case_id))
    _start(connection, case_id, clocks)
    set_due(connection, case_id)


def _start(connection: Connection, case_id: int, clocks: tuple[ClockDue, ...]) -> None:
    rows = [
        {
            "case_id": case_id,
            "name": clock.name,
            "term": clock.term,
            "only_if": clock.only_if,
            "met_by": clock.met_by,
            "due_at": clock.due_at,
        }
        for clock in clocks
    ]
    if rows:
        connection.execute(insert(case_clocks), rows)
