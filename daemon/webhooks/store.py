"""The tables of webhooks: what they are told is a row first, sent under the lease `webhooks`.

Events of cases become rows here after their own transaction: each event is marked as told in the
transaction that writes its rows, so that none is lost and none is told twice, in whatever order
writers commit. The body is kept as it will be sent.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Result, Text, and_, cast, exists, literal, or_, select, update
from sqlalchemy.orm import aliased

from daemon.records import Matched
from daemon.store.columns import EPOCH, MICROSECOND
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import UNTOLD, case_events, case_mails, case_tags, cases
from daemon.store.webhook_tables import webhook_deliveries, webhooks
from daemon.webhooks.events import OVERDUE, TYPES, body_of_case, body_of_mail
from daemon.webhooks.records import MATCHED, Due, State

LEASE = "webhooks"
MOST_TOLD = 500  # events in one transaction
_NUMBER = 24  # of hexadecimal digits in a webhook-id

Row = dict[str, Any]
Wanted = Mapping[str, Collection[str]]
"""Name of a webhook -> the types of events that it is told."""


def note_matched(
    store: Store, connection: Connection, matched: Sequence[Matched], now: datetime
) -> None:
    """Enter what rules tell webhooks of mails, in the transaction that records these."""
    called = [one for one in matched if one.decision.orders.webhooks]
    if not called:
        return
    in_case = select(case_mails.c.mail_id, case_mails.c.case_id)
    found = connection.execute(in_case.where(case_mails.c.mail_id.in_([m.mail_id for m in called])))
    case_of = {row.mail_id: row.case_id for row in found}
    known = _Known(connection, set(case_of.values()))
    rows: list[Row] = []
    for one in called:
        case_id = case_of.get(one.mail_id)
        case = known.cases[case_id] if case_id is not None else None
        body = body_of_mail(one, now, case, known.tags_of(case_id))
        rows += [
            _row(f"{name}:mail:{one.mail_id}", name, MATCHED, case_id, body, now)
            for name in one.decision.orders.webhooks
        ]
    store.insert_new(connection, webhook_deliveries, rows)


class Deliveries:
    """What webhooks are told, and were told."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write_down(self, lease: Lease, wanted: Wanted, now: datetime) -> None:
        """Enter what webhooks are told of events of cases since this was last done.

        Events that nobody wants are passed over for good: a webhook is told what happens from the
        day on which it is configured.
        """
        while self._has_untold():
            with self._store.write() as connection:
                lease.guard(connection)
                untold = select(case_events).where(UNTOLD).order_by(case_events.c.id)
                events = _records(connection.execute(untold.limit(MOST_TOLD)))
                rows = list(_rows_of(connection, events, wanted, now))
                self._store.insert_new(connection, webhook_deliveries, rows)
                told = case_events.c.id.in_([event["id"] for event in events])
                connection.execute(update(case_events).where(told).values(told=True))

    def write_overdue(self, lease: Lease, names: Sequence[str], now: datetime) -> None:
        """Enter the cases whose term has passed, once for each term and webhook."""
        for name in names:
            late = self._overdue(name, now)
            while late:
                with self._store.write() as connection:
                    lease.guard(connection)
                    known = _Known(connection, {one["id"] for one in late})
                    rows = [_overdue_row(name, one, known, now) for one in late]
                    self._store.insert_new(connection, webhook_deliveries, rows)
                late = self._overdue(name, now)

    def due(self, name: str, now: datetime, limit: int) -> tuple[Due, ...]:
        """Return the deliveries of a webhook whose turn has come, of each case the first only."""
        table = webhook_deliveries
        before = aliased(table)
        waits = exists().where(
            before.c.webhook == table.c.webhook,
            before.c.case_id == table.c.case_id,
            before.c.state == State.QUEUED,
            before.c.id < table.c.id,
        )
        its_turn = or_(table.c.not_before.is_(None), table.c.not_before <= now)
        query = (
            select(*(table.c[field.name] for field in fields(Due)))
            .where(table.c.webhook == name, table.c.state == State.QUEUED, its_turn, ~waits)
            .order_by(table.c.id)
            .limit(limit)
        )
        with self._store.read() as connection:
            return tuple(Due(**row) for row in connection.execute(query).mappings())

    def is_on(self, name: str, now: datetime) -> bool:
        """Tell whether a webhook may be called now: it is not disabled, nor left alone."""
        query = select(webhooks.c.disabled_at, webhooks.c.not_before)
        with self._store.read() as connection:
            row = connection.execute(query.where(webhooks.c.name == name)).one_or_none()
        if row is None:
            return True
        return row.disabled_at is None and (row.not_before is None or row.not_before <= now)

    def begin(self, lease: Lease, row_id: int) -> bool:
        """Count an attempt; return whether the row still waits.

        Raises:
            LeaseLost: somebody else sends by now.
        """
        with self._store.write() as connection:
            lease.guard(connection)
            attempts = webhook_deliveries.c.attempts + 1
            return _change(connection, row_id, {"attempts": attempts})

    def finish(self, name: str, row_id: int, status: int, now: datetime) -> None:
        """Record that a server has taken what it was told."""
        ended = {"state": State.SENT, "status": status, "reply": None, "finished_at": now}
        well = {"failures": 0, "not_before": None, "last_success_at": now}
        with self._store.write() as connection:
            _change(connection, row_id, ended)
            self._note(connection, name, well)

    def defer(self, row_id: int, until: datetime, status: int, words: str) -> None:
        """Let one delivery wait that its server did not take; the others go on."""
        waits = {"not_before": until, "status": status, "reply": words}
        with self._store.write() as connection:
            _change(connection, row_id, waits)

    def fail(self, row_id: int, status: int | None, words: str, now: datetime) -> None:
        """Give a delivery up."""
        ended = {"state": State.FAILED, "status": status, "reply": words, "finished_at": now}
        with self._store.write() as connection:
            _change(connection, row_id, ended)

    def rest(self, name: str, row_id: int, words: str, until: datetime, now: datetime) -> None:
        """Leave a server alone that is away; the delivery keeps its place."""
        failed = {"failures": webhooks.c.failures + 1, "not_before": until}
        with self._store.write() as connection:
            _change(connection, row_id, {"status": None, "reply": words})
            self._note(connection, name, {**failed, "last_error": words, "last_error_at": now})

    def failures(self, name: str) -> int:
        """Return how often in a row a server was away."""
        with self._store.read() as connection:
            query = select(webhooks.c.failures).where(webhooks.c.name == name)
            return connection.scalar(query) or 0

    def expire(self, name: str, before: datetime, words: str, now: datetime) -> int:
        """Give up what has waited since before a moment; return how many."""
        chosen = update(webhook_deliveries).where(
            webhook_deliveries.c.webhook == name,
            webhook_deliveries.c.state == State.QUEUED,
            webhook_deliveries.c.created_at < before,
        )
        ended = {"state": State.FAILED, "reply": words, "finished_at": now}
        with self._store.write() as connection:
            return connection.execute(chosen.values(**ended)).rowcount

    def disable(self, name: str, words: str, now: datetime) -> None:
        """Call a webhook no more until a person wants it."""
        values = {"disabled_at": now, "last_error": words, "last_error_at": now}
        with self._store.write() as connection:
            self._note(connection, name, values)

    def retry(self, name: str) -> int:
        """Call a webhook again, also what was given up; return how many deliveries wait."""
        here = webhook_deliveries.c.webhook == name
        failed = update(webhook_deliveries).where(here, webhook_deliveries.c.state == State.FAILED)
        waiting = here & (webhook_deliveries.c.state == State.QUEUED)
        now_again = {"not_before": None, "attempts": 0}
        on = {"failures": 0, "not_before": None, "disabled_at": None}
        with self._store.write() as connection:
            connection.execute(failed.values(state=State.QUEUED, finished_at=None))
            again = update(webhook_deliveries).where(waiting)
            number = connection.execute(again.values(**now_again)).rowcount
            self._note(connection, name, on)
        return number

    def _note(self, connection: Connection, name: str, values: Row) -> None:
        self._store.insert_new(connection, webhooks, [{"name": name}])
        connection.execute(update(webhooks).where(webhooks.c.name == name).values(**values))

    def _has_untold(self) -> bool:
        with self._store.read() as connection:
            query = select(case_events.c.id).where(UNTOLD).limit(1)
            return connection.scalar(query) is not None

    def _overdue(self, name: str, now: datetime) -> list[Row]:
        """Return open cases past a term of which this webhook has not been told."""
        key = literal(f"{name}:overdue:") + cast(cases.c.id, Text) + ":"
        told = exists().where(webhook_deliveries.c.key == key + cast(cases.c.due_at, Text))
        late = and_(cases.c.state == "open", cases.c.due_at < now)
        query = select(cases).where(late, ~told).order_by(cases.c.due_at, cases.c.id)
        with self._store.read() as connection:
            return _records(connection.execute(query.limit(MOST_TOLD)))


class _Known:
    """Cases of a batch, with their tags, as they stand."""

    def __init__(self, connection: Connection, case_ids: Collection[int]) -> None:
        query = select(cases).where(cases.c.id.in_(case_ids))
        self.cases = {row["id"]: row for row in _records(connection.execute(query))}
        tagged = select(case_tags).where(case_tags.c.case_id.in_(case_ids))
        self._tags: dict[int, list[str]] = {}
        for row in connection.execute(tagged.order_by(case_tags.c.tag)):
            self._tags.setdefault(row.case_id, []).append(row.tag)

    def tags_of(self, case_id: int | None) -> Sequence[str]:
        """Return the tags of a case."""
        return self._tags.get(case_id, ()) if case_id is not None else ()


def _records(found: Result[Any]) -> list[Row]:
    return [dict(row) for row in found.mappings()]


def _rows_of(
    connection: Connection, events: Sequence[Row], wanted: Wanted, now: datetime
) -> Iterator[Row]:
    types_wanted = {kind for types in wanted.values() for kind in types}
    told = [event for event in events if TYPES.get(event["kind"]) in types_wanted]
    known = _Known(connection, {event["case_id"] for event in told})
    for event in told:
        kind, case_id = TYPES[event["kind"]], event["case_id"]
        body = body_of_case(
            kind,
            event["at"],
            known.cases[case_id],
            known.tags_of(case_id),
            json.loads(event["detail"]),
        )
        for name in (name for name, types in wanted.items() if kind in types):
            yield _row(f"{name}:event:{event['id']}", name, kind, case_id, body, now)


def _overdue_row(name: str, case: Row, known: _Known, now: datetime) -> Row:
    due_at, case_id = case["due_at"], case["id"]
    key = f"{name}:overdue:{case_id}:{(due_at - EPOCH) // MICROSECOND}"
    body = body_of_case(OVERDUE, due_at, case, known.tags_of(case_id), {})
    return _row(key, name, OVERDUE, case_id, body, now)


def _row(  # noqa: PLR0913 - the columns of a row
    key: str, name: str, kind: str, case_id: int | None, body: str, now: datetime
) -> Row:
    return {
        "key": key,
        "webhook": name,
        # By lot: a database that was restored counts its events again from where it was.
        "message_id": f"msg_{secrets.token_hex(_NUMBER // 2)}",
        "kind": kind,
        "case_id": case_id,
        "body": body,
        "state": State.QUEUED,
        "created_at": now,
    }


def _change(connection: Connection, row_id: int, values: Row) -> bool:
    """Change a row that still waits."""
    chosen = update(webhook_deliveries).where(
        webhook_deliveries.c.id == row_id, webhook_deliveries.c.state == State.QUEUED
    )
    return connection.execute(chosen.values(**values)).rowcount == 1
