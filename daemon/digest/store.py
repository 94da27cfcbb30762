"""The ledger -> the figures of a digest; all queries of one digest see one picture."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    true,
)

from daemon.digest.records import (
    AccountHealth,
    Counts,
    FolderLine,
    Intake,
    Period,
    QuarantinedMail,
    RelayHealth,
    Scope,
    Unfetchable,
    UnsureMail,
)
from daemon.digest.register import MOST_LISTED, cases_open_to, cases_within
from daemon.store.append_table import appends
from daemon.store.tables import (
    accounts,
    actions,
    case_mails,
    cases,
    decisions,
    deliveries,
    folders,
    mails,
    outgoing,
    quarantine,
    readings,
    relays,
    sightings,
)

_NOT_RECEIVED = ("import", "sent")
"""Origins of deliveries that nobody wrote to the house."""

came_by_mail = (
    select(deliveries.c.id)
    .where(deliveries.c.mail_id == mails.c.id, deliveries.c.origin.not_in(_NOT_RECEIVED))
    .exists()
)
# Whoever labels a case has decided what its mail is.
_decided_on = (
    select(case_mails.c.mail_id)
    .join(cases, cases.c.id == case_mails.c.case_id)
    .where(case_mails.c.mail_id == mails.c.id, cases.c.kind != "unsure")
)
_original = readings.c.copy_of.is_(None)


def last_digest_at(connection: Connection, day: date, address: str = "") -> datetime | None:
    """Return when the digest before that of `day` was made; None when there is none.

    Of one reader where an address is given, else of anybody.
    """
    earlier = and_(outgoing.c.kind == "digest", outgoing.c.key < f"digest:{day.isoformat()}:")
    if address:
        own = outgoing.c.key.endswith(f":{address.lower()}", autoescape=True)
        earlier = and_(earlier, own)
    last: datetime | None = connection.scalar(
        select(func.max(outgoing.c.created_at)).where(earlier)
    )
    return last


def count_intake(connection: Connection, period: Period) -> Intake:
    """Count the mails taken in during the period."""
    taken = _taken_in(period)
    decided = and_(mails.c.state == "read", _original, readings.c.automatic.is_(None))
    label = case((decisions.c.label.is_not(None), decisions.c.label), else_="")
    by_label = dict(_grouped(connection, label, and_(taken, decided)))
    states = dict(_grouped(connection, mails.c.state, taken))
    automatic = and_(taken, mails.c.state == "read", _original, readings.c.automatic.is_not(None))
    return Intake(
        received=sum(states.values()),
        older=_number(connection, and_(taken, mails.c.received_at < period.since)),
        observed=_number(connection, and_(taken, decisions.c.live.is_(False))),
        unsure=by_label.pop("", 0),
        by_label=tuple(by_label.items()),
        automatic=_grouped(connection, readings.c.automatic, automatic),
        copies=_number(connection, and_(taken, mails.c.state == "read", ~_original)),
        quarantined=states.get("quarantined", 0),
        waiting=states.get("received", 0),
        by_queue=_grouped(
            connection, decisions.c.queue, and_(taken, decisions.c.queue.is_not(None))
        ),
        imported=_number(connection, and_(_stored_in(period), ~came_by_mail)),
    )


def count_without_model(connection: Connection, period: Period) -> int:
    """Return how many mails of the period went to people because there was no valid model."""
    return _number(connection, and_(_taken_in(period), decisions.c.verdict_reason == "no model"))


def list_unsure(
    connection: Connection, period: Period, scope: Scope, apart: str = ""
) -> tuple[tuple[UnsureMail, ...], int]:
    """Return the first mails that wait for a person's decision, and how many there are.

    Waiting is what still stands in a watched folder and was moved by nobody: all of it where the
    account is live, that of the period where it is only observed. New ones come first, by
    arrival, then the older ones, the oldest first. They are numbered from 1 in that order.
    Those of the queue `apart` are counted only, where its reader may not look into it.
    """
    standing = select(deliveries.c.id).where(
        deliveries.c.mail_id == mails.c.id,
        deliveries.c.gone_at.is_(None),
        deliveries.c.origin.not_in(_NOT_RECEIVED),
    )
    moved = select(sightings.c.delivery_id).where(
        sightings.c.mail_id == mails.c.id, sightings.c.outcome == "person"
    )
    waits = and_(
        mails.c.state == "read",
        decisions.c.abstained.is_(True),
        readings.c.automatic.is_(None),
        or_(decisions.c.live.is_(True), mails.c.stored_at >= period.since),
        standing.exists(),
        ~moved.exists(),
        ~_decided_on.exists(),
        mails_within(scope),
    )
    columns = (
        mails.c.id.label("mail_id"),
        mails.c.digest,
        readings.c.subject,
        func.coalesce(readings.c.sender, "").label("sender"),
        func.coalesce(readings.c.sender_name, "").label("sender_name"),
        mails.c.received_at,
        decisions.c.verdict_reason.label("reason"),
    )
    is_new = case((mails.c.stored_at >= period.since, 0), else_=1)
    query = joined(select(*columns)).where(waits, _mails_open_to(scope, apart))
    query = query.order_by(is_new, mails.c.received_at, mails.c.id).limit(MOST_LISTED)
    rows = connection.execute(query).mappings()
    listed = tuple(UnsureMail(item=number, **row) for number, row in enumerate(rows, start=1))
    return listed, _number(connection, waits)


def list_quarantined(connection: Connection) -> tuple[tuple[QuarantinedMail, ...], int]:
    """Return the first mails that could not be read, newest first, and how many there are."""
    is_open = quarantine.c.ended_at.is_(None)
    query = select(quarantine.c.mail_id, quarantine.c.reason, quarantine.c.since).where(is_open)
    query = query.order_by(quarantine.c.since.desc(), quarantine.c.id.desc()).limit(MOST_LISTED)
    rows = connection.execute(query).mappings().all()
    total = select(func.count()).select_from(quarantine).where(is_open)
    return tuple(QuarantinedMail(**row) for row in rows), connection.scalar(total) or 0


def list_unfetchable(connection: Connection) -> tuple[Unfetchable, ...]:
    """Return per folder how many mails the server would not give."""
    query = (
        select(folders.c.account, folders.c.name.label("folder"), func.count().label("number"))
        .join(deliveries, deliveries.c.folder_id == folders.c.id)
        .where(deliveries.c.mail_id.is_(None), deliveries.c.gone_at.is_(None), folders.c.current)
        .group_by(folders.c.account, folders.c.name)
        .order_by(folders.c.account, folders.c.name)
    )
    return tuple(Unfetchable(**row) for row in connection.execute(query).mappings())


def list_folders(
    connection: Connection, watched: Collection[tuple[str, str]]
) -> tuple[FolderLine, ...]:
    """Return per watched (account, folder) what its last listing showed, and what we hold.

    What was moved away after the listing counts as it stood then.
    """
    then = or_(deliveries.c.gone_at.is_(None), deliveries.c.gone_at > folders.c.listed_at)
    unread = or_(deliveries.c.mail_id.is_(None), mails.c.state == "quarantined")
    set_aside = and_(deliveries.c.id.is_not(None), unread)
    query = (
        select(
            folders.c.account,
            folders.c.name,
            folders.c.server_count,
            folders.c.listed_at,
            func.count(deliveries.c.id).label("rows"),
            func.coalesce(func.sum(case((set_aside, 1), else_=0)), 0).label("aside"),
        )
        .outerjoin(deliveries, and_(deliveries.c.folder_id == folders.c.id, then))
        .outerjoin(mails, mails.c.id == deliveries.c.mail_id)
        .where(folders.c.current, folders.c.server_count.is_not(None))
        .group_by(folders.c.id)
        .order_by(folders.c.account, folders.c.name)
    )
    rows = connection.execute(query)
    return tuple(_folder_line(row) for row in rows if (row.account, row.name) in watched)


def list_accounts(
    connection: Connection, patience: Mapping[str, timedelta], now: datetime
) -> tuple[AccountHealth, ...]:
    """Return how each configured account does, in their order; one never seen is stale.

    Args:
        connection: a transaction.
        patience: account -> for how long it may go without a success.
        now: the present.
    """
    rows = {row.name: row for row in connection.execute(select(accounts))}
    return tuple(_health(name, rows.get(name), now - wait) for name, wait in patience.items())


def list_relays_away(connection: Connection, names: Collection[str]) -> tuple[RelayHealth, ...]:
    """Return those of these relays that take no mail, by name."""
    query = select(relays).where(relays.c.away_since.is_not(None), relays.c.name.in_(names))
    return tuple(
        RelayHealth(name=row.name, since=row.away_since, said=row.said or "")
        for row in connection.execute(query.order_by(relays.c.name))
    )


def count_backlog(connection: Connection) -> dict[str, int]:
    """Return `backlog` and `unmoved`: mails that wait to be read, and those not moved."""
    unread = select(func.count()).select_from(mails).where(mails.c.state == "received")
    unmoved = select(func.count()).select_from(actions).where(actions.c.state == "failed")
    unput = select(func.count()).select_from(appends).where(appends.c.state == "failed")
    return {
        "backlog": connection.scalar(unread) or 0,
        "unmoved": (connection.scalar(unmoved) or 0) + (connection.scalar(unput) or 0),
    }


def mails_within(scope: Scope) -> ColumnElement[bool]:
    """Return which mails a digest is about, for a query that is `joined`: those of its cases.

    A mail without a case (its account is only observed) belongs to the queue it would go to.
    """
    if scope.is_house:
        return true()
    of_mail = (
        select(case_mails.c.mail_id)
        .join(cases, cases.c.id == case_mails.c.case_id)
        .where(case_mails.c.mail_id == mails.c.id)
    )
    within = of_mail.where(cases_within(scope.queues, scope.owner)).exists()
    if scope.queues is None:
        return within
    in_queue = decisions.c.queue.in_(sorted(scope.queues))
    return or_(within, and_(in_queue, ~of_mail.exists()))


def _mails_open_to(scope: Scope, apart: str) -> ColumnElement[bool]:
    """Return which mails a reader may see, by their case, or by their queue where there is none."""
    if not apart or (scope.queues is not None and apart in scope.queues):
        return true()
    of_mail = (
        select(case_mails.c.mail_id)
        .join(cases, cases.c.id == case_mails.c.case_id)
        .where(case_mails.c.mail_id == mails.c.id)
    )
    seen = of_mail.where(cases_open_to(scope, apart)).exists()
    return or_(seen, and_(func.coalesce(decisions.c.queue, "") != apart, ~of_mail.exists()))


def _stored_in(period: Period) -> ColumnElement[bool]:
    return and_(mails.c.stored_at >= period.since, mails.c.stored_at < period.until)


def _taken_in(period: Period) -> ColumnElement[bool]:
    return and_(_stored_in(period), came_by_mail)


def joined(query: Select[Any]) -> Select[Any]:
    """Return a query over mails with what was read of them, and decided."""
    return (
        query.select_from(mails)
        .outerjoin(readings, readings.c.mail_id == mails.c.id)
        .outerjoin(decisions, decisions.c.mail_id == mails.c.id)
    )


def _number(connection: Connection, chosen: ColumnElement[bool]) -> int:
    return connection.scalar(joined(select(func.count(mails.c.id))).where(chosen)) or 0


def _grouped(connection: Connection, by: ColumnElement[Any], chosen: ColumnElement[bool]) -> Counts:
    query = joined(select(by.label("name"), func.count(mails.c.id).label("number")))
    rows = connection.execute(query.where(chosen).group_by(by)).all()
    return tuple(sorted(((row.name, row.number) for row in rows), key=_largest_first))


def _largest_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _folder_line(row: Row[Any]) -> FolderLine:
    held = row.rows - row.aside
    return FolderLine(
        account=row.account,
        folder=row.name,
        server=row.server_count,
        held=held,
        quarantined=row.aside,
        missing=max(0, row.server_count - row.rows),
        listed_at=row.listed_at,
    )


def _health(name: str, row: Row[Any] | None, since: datetime) -> AccountHealth:
    last = row.last_success_at if row else None
    return AccountHealth(
        name=name,
        last_success_at=last,
        failures=row.failures if row else 0,
        last_error=row.last_error if row and row.failures else None,
        paused=row.paused if row else None,
        is_stale=last is None or last < since,
    )
