"""Reads the ledger for people and reports: counts, accounts, queues, and which mail is meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, case, exists, func, or_, select

from daemon.intake import entries
from daemon.intake.records import Unread
from daemon.records import FolderCount
from daemon.store.append_table import appends
from daemon.store.engine import Store
from daemon.store.tables import (
    accounts,
    actions,
    decisions,
    deliveries,
    folders,
    mails,
    readings,
)


def count_folder(
    store: Store, account: str, name: str, uidvalidity: int, server: Sequence[int]
) -> FolderCount:
    """Compare the UIDs of a folder on the server with the ledger.

    Quarantined counts mails that could not be read and those the server would not give; the
    three numbers of the ledger sum to the server's.
    """
    query = (
        select(deliveries.c.uid, deliveries.c.mail_id, mails.c.state)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .outerjoin(mails, mails.c.id == deliveries.c.mail_id)
        .where(
            folders.c.account == account,
            folders.c.name == name,
            folders.c.uidvalidity == uidvalidity,
        )
    )
    with store.read() as connection:
        rows = {row.uid: row for row in connection.execute(query)}
    on_server = [rows.get(uid) for uid in server]
    missing = sum(row is None for row in on_server)
    quarantined = sum(row is not None and _is_set_aside(row) for row in on_server)
    return FolderCount(
        account=account,
        folder=name,
        uidvalidity=uidvalidity,
        server=len(on_server),
        held=len(on_server) - missing - quarantined,
        quarantined=quarantined,
        missing=missing,
    )


def _is_set_aside(row: Any) -> bool:  # noqa: ANN401 - a row of the query above
    return row.mail_id is None or row.state == "quarantined"


def count_mails(store: Store) -> dict[str, int]:
    """Return how many mails there are in each state (received, read, quarantined)."""
    query = select(mails.c.state, func.count().label("number")).group_by(mails.c.state)
    with store.read() as connection:
        return {row.state: row.number for row in connection.execute(query)}


FEWEST_DIGITS = 8  # of a digest, to name a mail by them
_HEX = frozenset("0123456789abcdef")
_DIGEST_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMail:
    """One mail's row in the ledger."""

    id: int
    digest: bytes  # SHA-256 of the raw bytes
    size: int
    account: str  # that received it first
    cut: str | None
    stored_at: datetime
    received_at: datetime
    state: str  # received, read, quarantined
    attempts: int


def find_mails(store: Store, name: str, most: int = 20) -> tuple[HeldMail, ...]:
    """Return the mails that a person may mean by `name`, oldest first.

    Args:
        store: the store.
        name: an id; else the first digits (8 or more) of a digest in hex; else a Message-ID,
            with or without its brackets.
        most: how many are returned at most.
    """
    with store.read() as connection:
        for chosen in _meant(name.strip()):
            rows = connection.execute(
                select(mails).where(chosen).order_by(mails.c.id).limit(most)
            ).all()
            if rows:
                return tuple(HeldMail(**row._asdict()) for row in rows)
    return ()


def _meant(name: str) -> Iterator[ColumnElement[bool]]:
    """Yield what `name` may stand for, the likeliest first."""
    digits = name.lower()
    if digits.isascii() and digits.isdigit() and len(digits) < 19:  # noqa: PLR2004 - fits 63 bits
        yield mails.c.id == int(digits)
    if FEWEST_DIGITS <= len(digits) <= _DIGEST_DIGITS and _HEX.issuperset(digits):
        first = bytes.fromhex(digits.ljust(_DIGEST_DIGITS, "0"))
        last = bytes.fromhex(digits.ljust(_DIGEST_DIGITS, "f"))
        yield mails.c.digest.between(first, last)
    bare = name.strip("<>")
    if bare:
        named = select(readings.c.mail_id).where(readings.c.message_id.in_([bare, f"<{bare}>"]))
        yield mails.c.id.in_(named)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """How an account's last rounds went."""

    account: str
    first_seen_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    failures: int  # in a row
    paused: str | None  # why its mail is not read


def account_states(store: Store) -> dict[str, AccountState]:
    """Return how each account that ever had a round is."""
    query = select(accounts.c.name.label("account"), *_columns(accounts, AccountState, "account"))
    with store.read() as connection:
        rows = connection.execute(query).all()
    return {row.account: AccountState(**row._asdict()) for row in rows}


def _columns(table: Table, record: type, *beyond: str) -> list[Column[Any]]:
    return [table.c[each.name] for each in fields(record) if each.name not in beyond]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCount:
    """How much mail was decided for a queue, and what became of it on the server."""

    queue: str | None  # None: no rule sent it anywhere
    mails: int
    observed: int  # of them only observed: nothing is moved
    moved: int
    waiting: int  # to be moved


def count_queues(store: Store) -> dict[str | None, QueueCount]:
    """Return the counts of every queue that a mail was ever decided for."""
    moves = (
        select(
            actions.c.mail_id,
            func.max(case((actions.c.state == "done", 1), else_=0)).label("moved"),
            func.max(case((actions.c.state.in_(("planned", "issued")), 1), else_=0)).label("open"),
        )
        .group_by(actions.c.mail_id)
        .subquery()
    )
    waits = appends.c.state.in_(("planned", "issued", "failed"))
    is_waiting = exists().where(appends.c.mail_id == decisions.c.mail_id, waits)
    query = (
        select(
            decisions.c.queue,
            func.count().label("mails"),
            func.sum(case((decisions.c.live, 0), else_=1)).label("observed"),
            func.coalesce(func.sum(moves.c.moved), 0).label("moved"),
            func.sum(case((or_(moves.c.open == 1, is_waiting), 1), else_=0)).label("waiting"),
        )
        .outerjoin(moves, moves.c.mail_id == decisions.c.mail_id)
        .group_by(decisions.c.queue)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    return {row.queue: _queue_count(row) for row in rows}


def _queue_count(row: Any) -> QueueCount:  # noqa: ANN401 - a row of the query above
    numbers = {name: int(getattr(row, name)) for name in _QUEUE_NUMBERS}  # PostgreSQL: Decimal
    return QueueCount(queue=row.queue, **numbers)


_QUEUE_NUMBERS = ("mails", "observed", "moved", "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A mail of the past with what was read and decided then."""

    mail: Unread
    detail: str  # JSON of the Reading record
    label: str | None
    verdict_reason: str
    queue: str | None
    rule: str | None


def decided_since(store: Store, since: datetime, part: int = 1_000) -> Iterator[Decided]:
    """Yield every decided mail received since a moment, oldest id first, in parts of one read."""
    after = 0
    while True:
        with store.read() as connection:
            rows = connection.execute(_decided(since, after).limit(part)).all()
        for row in rows:
            yield _decided_record(row)
        if len(rows) < part:
            return
        after = rows[-1].id


def _decided(since: datetime, after: int) -> Select[Any]:
    return (
        select(
            mails,
            folders.c.name.label("folder"),
            deliveries.c.origin,
            readings.c.detail,
            decisions.c.label,
            decisions.c.verdict_reason,
            decisions.c.queue,
            decisions.c.rule,
        )
        .select_from(mails)
        .join(readings, readings.c.mail_id == mails.c.id)
        .join(decisions, decisions.c.mail_id == mails.c.id)
        .outerjoin(deliveries, deliveries.c.id == entries.first_delivery())
        .outerjoin(folders, folders.c.id == deliveries.c.folder_id)
        .where(mails.c.received_at >= since, mails.c.id > after)
        .order_by(mails.c.id)
    )


def _decided_record(row: Any) -> Decided:  # noqa: ANN401 - a row of the query above
    return Decided(
        mail=entries.unread(row),
        detail=row.detail,
        label=row.label,
        verdict_reason=row.verdict_reason,
        queue=row.queue,
        rule=row.rule,
    )
