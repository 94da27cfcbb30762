"""Which appends are due, and which mail in the ledger is the one that we put there: queries."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    Row,
    ScalarSelect,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from daemon.intake.selects import OPEN
from daemon.store.append_table import appends
from daemon.store.tables import accounts, actions, deliveries, folders, mails, readings


def due(account: str, now: datetime) -> Select[Any]:
    """Select the appends of an account that may be sent now, in their order."""
    again = appends.c.retry_at <= now
    is_draft = appends.c.mail_id.is_(None)
    return (
        select(
            appends.c.id,
            appends.c.mail_id,
            appends.c.account,
            appends.c.target,
            appends.c.digest,
            appends.c.size,
            appends.c.message_id,
            appends.c.flags,
            appends.c.received_at,
            appends.c.state,
            appends.c.attempts,
            mails.c.cut,
        )
        .outerjoin(mails, mails.c.id == appends.c.mail_id)
        .where(appends.c.account == account, appends.c.flags.is_not(None))
        .where(
            or_(
                appends.c.state == "planned",
                and_(appends.c.state == "failed", again),
                and_(appends.c.state == "issued", again, is_draft),
            )
        )
        .order_by(appends.c.id)
    )


def sources(account: str) -> Select[Any]:
    """Select where the mails of an account stand that are to be put elsewhere, unasked so far."""
    return (
        select(
            appends.c.id,
            folders.c.name.label("folder"),
            folders.c.uidvalidity,
            deliveries.c.uid,
        )
        .join(deliveries, deliveries.c.id == appends.c.delivery_id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(folders.c.account == account, appends.c.state == "planned")
        .where(appends.c.flags.is_(None))
        .order_by(appends.c.id)
    )


def needs_listing(account: str) -> Exists:
    """Whether folders of an account must be listed to know what became of appends."""
    unknown = or_(appends.c.state == "issued", appends.c.state == "done")
    return exists().where(
        appends.c.account == account,
        unknown,
        appends.c.sought_at.is_(None),
        appends.c.mail_id.is_not(None),
    )


def has_unresolved(account: str) -> Select[tuple[bool]]:
    """Select whether there is anything for `resolve`."""
    return select(or_(needs_listing(account), without_source(account).exists()))


def without_source(account: str) -> Select[tuple[int]]:
    """Select the appends not sent yet whose mail somebody has taken away where it came."""
    return (
        select(appends.c.id)
        .join(deliveries, deliveries.c.id == appends.c.delivery_id)
        .where(appends.c.account == account, appends.c.state.in_(("planned", "failed")))
        .where(deliveries.c.gone_at.is_not(None))
    )


def unsought(account: str) -> Select[Any]:
    """Select the appends of an account whose place is not known."""
    return (
        select(appends)
        .where(appends.c.account == account, appends.c.state.in_(("issued", "done")))
        .where(appends.c.sought_at.is_(None), appends.c.mail_id.is_not(None))
        .order_by(appends.c.id)
    )


def candidates(row: Row[Any]) -> Select[Any]:
    """Select the deliveries that may be what an append brought about, the likeliest first.

    It has come since, in the target: of the same content (a server may write other line ends), or,
    where the server has rewritten it, under the same Message-ID and date. A person may have moved
    it on at once: then it stands in another folder, under our INTERNALDATE.
    """
    other, read = aliased(appends), aliased(readings)
    bound = exists().where(other.c.target_delivery_id == deliveries.c.id)
    same_date = deliveries.c.received_at == row.received_at
    in_target = folders.c.name == row.target
    is_later = or_(folders.c.uidvalidity != row.uidvalidity, deliveries.c.uid >= row.uidnext)
    same_content = deliveries.c.mail_id.in_(_same_content(row.mail_id))
    renamed = and_(in_target, read.c.message_id == row.message_id, same_date)
    return (
        select(deliveries.c.id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .outerjoin(read, read.c.mail_id == deliveries.c.mail_id)
        .where(folders.c.account == row.account, deliveries.c.seen_at >= row.issued_at)
        .where(deliveries.c.origin.in_(("arrived", "sighted")), ~bound)
        .where(or_(and_(in_target, is_later), and_(~in_target, same_date)))
        .where(or_(same_content, renamed))
        .order_by(in_target.desc(), deliveries.c.id)
    )


def is_certain(connection: Connection, row: Row[Any], now: datetime) -> bool:
    """Tell whether an append that was not found is not there, as far as can be known.

    Its target has been listed since, all of it was read, and the server is no longer at it.
    """
    since = max(row.issued_at, row.finished_at or row.issued_at)
    here = (folders.c.account == row.account, folders.c.name == row.target, folders.c.current)
    listed = connection.scalar(select(folders.c.listed_at).where(*here))
    if listed is None or listed < since or (row.retry_at is not None and now < row.retry_at):
        return False
    unclear = (
        select(deliveries.c.id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .outerjoin(mails, mails.c.id == deliveries.c.mail_id)
        .where(*here, deliveries.c.gone_at.is_(None), deliveries.c.seen_at >= row.issued_at)
        .where(or_(deliveries.c.mail_id.is_(None), mails.c.state == "received"))
    )
    paused = exists().where(accounts.c.name == row.account, accounts.c.paused.is_not(None))
    return not connection.scalar(select(or_(unclear.exists(), paused)))


def is_there(mail_id: int, account: str, target: str) -> Select[tuple[bool]]:
    """Select whether a folder holds a content already, or a move of ours leads it there."""
    leads = and_(actions.c.target == target, actions.c.state.in_(OPEN))
    found = (
        select(deliveries.c.id)
        .join(folders, and_(folders.c.id == deliveries.c.folder_id, folders.c.current))
        .outerjoin(actions, actions.c.delivery_id == deliveries.c.id)
        .where(folders.c.account == account, deliveries.c.gone_at.is_(None))
        .where(deliveries.c.mail_id.in_(_same_content(mail_id)))
        .where(deliveries.c.origin != "import")
        .where(or_(folders.c.name == target, leads))
    )
    return select(found.exists())


def is_held(message_id: str | None) -> Select[tuple[bool]]:
    """Select whether a mail of this Message-ID was read."""
    return select(exists().where(readings.c.message_id == message_id))


def of_old_number(row: Row[Any]) -> Select[Any]:
    """Select the append of a mail in the same folder whose number is no longer valid."""
    return (
        select(appends.c.id, appends.c.state)
        .join(deliveries, deliveries.c.id == appends.c.delivery_id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(appends.c.mail_id == row.mail_id, deliveries.c.gone_at.is_not(None))
        .where(folders.c.account == row.account, folders.c.name == row.folder)
        .where(appends.c.state != "superseded")
        .order_by(appends.c.id)
    )


def _same_content(mail_id: int) -> Select[tuple[int]]:
    """Select the mails of one content: the first of it and its copies."""
    own = select(func.coalesce(readings.c.copy_of, readings.c.mail_id))
    first: ScalarSelect[Any] = own.where(readings.c.mail_id == mail_id).scalar_subquery()
    one = aliased(readings)
    same: ColumnElement[bool] = or_(one.c.mail_id == first, one.c.copy_of == first)
    return select(one.c.mail_id).where(same)
