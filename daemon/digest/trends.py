"""The ledger and the register -> how much came and went on each of the last days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from daemon.digest.records import Scope, Senders, Trend, Trends
from daemon.digest.register import cases_within
from daemon.digest.store import came_by_mail, joined, mails_within
from daemon.store.tables import cases, decisions, mails, readings

DAYS = 14
MOST_SENDERS = 12
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)


def list_trends(connection: Connection, day: date, zone: ZoneInfo, scope: Scope) -> Trends:
    """Return the mails received, the complaints opened and those closed, by local day.

    The last day is the one before `day`: a day that has only begun would look like a quiet one.
    """
    first = day - timedelta(days=DAYS)
    ends = [
        datetime.combine(first + timedelta(days=number), time(), zone).astimezone(UTC)
        for number in range(DAYS + 1)
    ]
    complaints = and_(cases.c.kind == "complaint", cases_within(scope.queues, scope.owner))
    # A mail is stored after it was received, by which there is no index.
    stored = and_(mails.c.stored_at >= ends[0] - _DAY, came_by_mail, mails_within(scope))
    return Trends(
        first=first,
        last=day - _DAY,
        rows=(
            _trend(
                connection,
                "received",
                joined(select(_bucket(mails.c.received_at, ends))).where(
                    stored, _between(mails.c.received_at, ends)
                ),
            ),
            _trend(
                connection,
                "opened",
                select(_bucket(cases.c.opened_at, ends)).where(
                    complaints, _between(cases.c.opened_at, ends)
                ),
            ),
            _trend(
                connection,
                "closed",
                select(_bucket(cases.c.closed_at, ends)).where(
                    complaints, _between(cases.c.closed_at, ends)
                ),
            ),
        ),
    )


def list_senders(connection: Connection, until: datetime, scope: Scope) -> Senders:
    """Return who has sent newsletters within a week, by address, the most first."""
    since = until - _WEEK
    sender = func.lower(func.coalesce(readings.c.sender, "")).label("sender")
    name = func.coalesce(readings.c.sender_name, "").label("name")
    sent = (
        joined(select(sender, name))
        .where(
            decisions.c.label == "newsletter",
            came_by_mail,
            mails_within(scope),
            mails.c.stored_at >= since - _DAY,
            mails.c.received_at >= since,
            mails.c.received_at < until,
        )
        .subquery()
    )
    number = func.count().label("number")
    query = select(sent.c.sender, func.max(sent.c.name).label("name"), number)
    query = query.group_by(sent.c.sender).order_by(number.desc(), sent.c.sender)
    rows = connection.execute(query).all()
    return Senders(
        rows=tuple((row.sender, row.name, row.number) for row in rows[:MOST_SENDERS]),
        total=sum(row.number for row in rows),
        senders=len(rows),
    )


def _bucket(moment: ColumnElement[Any], ends: Sequence[datetime]) -> ColumnElement[Any]:
    days = ((moment < end, number) for number, end in enumerate(ends[1:-1]))
    return case(*days, else_=DAYS - 1).label("bucket")


def _between(moment: ColumnElement[Any], ends: Sequence[datetime]) -> ColumnElement[bool]:
    return and_(moment >= ends[0], moment < ends[-1])


def _trend(connection: Connection, name: str, buckets: Select[Any]) -> Trend:
    # Grouped outside: PostgreSQL takes an expression with parameters for another one each time.
    found = buckets.subquery()
    query = select(found.c.bucket, func.count().label("number")).group_by(found.c.bucket)
    numbers = {row.bucket: row.number for row in connection.execute(query)}
    return Trend(name=name, numbers=tuple(numbers.get(day, 0) for day in range(DAYS)))
