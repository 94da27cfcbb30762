"""What settling asks the ledger: which mails are to be moved, what is open, what stands where."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Exists, Row, Select, and_, or_, select
from sqlalchemy.orm import aliased

from daemon.intake.placement import Standing
from daemon.store.tables import (
    actions,
    decisions,
    deliveries,
    folders,
    mails,
    readings,
    sightings,
)

OPEN = ("planned", "issued")


def to_settle(mail_ids: Sequence[int]) -> Select[Any]:
    """Present deliveries of the mails, with the queue decided for them or their original.

    A rematched delivery of a mail that was moved in this account before is left out: a person
    has put it where it is.
    """
    return (
        select(
            deliveries.c.id.label("delivery_id"),
            deliveries.c.mail_id,
            deliveries.c.received_at,
            deliveries.c.origin,
            folders.c.account,
            folders.c.name.label("folder"),
            decisions.c.queue,
            sightings.c.outcome,
            mails.c.digest,
            mails.c.size,
            readings.c.message_id,
        )
        .select_from(deliveries)
        .join(folders, and_(folders.c.id == deliveries.c.folder_id, folders.c.current))
        .join(mails, mails.c.id == deliveries.c.mail_id)
        .join(readings, readings.c.mail_id == deliveries.c.mail_id)
        .join(
            decisions,
            or_(
                decisions.c.mail_id == readings.c.mail_id,
                decisions.c.mail_id == readings.c.copy_of,
            ),
        )
        .outerjoin(sightings, sightings.c.delivery_id == deliveries.c.id)
        .outerjoin(actions, actions.c.delivery_id == deliveries.c.id)
        .where(
            deliveries.c.mail_id.in_(mail_ids),
            deliveries.c.gone_at.is_(None),
            actions.c.id.is_(None),
            or_(deliveries.c.origin != "rematched", ~_was_moved()),
        )
    )


def standing(row: Row[Any]) -> Standing:
    """Return the delivery of a row of `to_settle`."""
    return Standing(
        delivery_id=row.delivery_id,
        account=row.account,
        folder=row.folder,
        received_at=row.received_at,
        origin="copy" if row.outcome == "copy" else row.origin,
    )


def _was_moved() -> Exists:
    """Whether we have moved the mail of a delivery in its account before."""
    earlier, handled = aliased(deliveries), aliased(actions)
    return (
        select(handled.c.id)
        .join(earlier, earlier.c.id == handled.c.delivery_id)
        .where(
            handled.c.mail_id == deliveries.c.mail_id,
            handled.c.account == folders.c.account,
            handled.c.state == "done",
        )
        .exists()
    )


def open_actions(account: str) -> Select[Any]:
    """Select the unfinished moves of an account, with where each mail stands."""
    target = aliased(folders)
    target_listed_at = (
        select(target.c.listed_at)
        .where(target.c.account == account, target.c.name == actions.c.target, target.c.current)
        .scalar_subquery()
    )
    return (
        select(
            actions.c.id,
            actions.c.mail_id,
            actions.c.delivery_id,
            deliveries.c.folder_id,
            folders.c.name.label("folder"),
            folders.c.uidvalidity,
            deliveries.c.uid,
            actions.c.target,
            actions.c.state,
            actions.c.how,
            deliveries.c.received_at,
            actions.c.target_delivery_id.is_not(None).label("is_copied"),
            target_listed_at.label("target_listed_at"),
            actions.c.issued_at,
        )
        .select_from(actions)
        .join(deliveries, deliveries.c.id == actions.c.delivery_id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(actions.c.account == account, actions.c.state.in_(OPEN))
        .order_by(actions.c.id)
    )


def places(mail_id: int, account: str) -> Select[Any]:
    """Select every delivery of a mail in an account, with what was done to it."""
    used = aliased(sightings)
    explains = select(used.c.delivery_id).where(used.c.from_delivery_id == deliveries.c.id).exists()
    return (
        select(
            deliveries.c.id,
            folders.c.name,
            deliveries.c.seen_at,
            deliveries.c.gone_at,
            folders.c.listed_at,
            explains.label("explains"),
            actions.c.id.label("action_id"),
            actions.c.target,
            actions.c.state,
            actions.c.issued_at,
            actions.c.finished_at,
            actions.c.target_delivery_id.label("bound"),
        )
        .select_from(deliveries)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .outerjoin(
            actions,
            and_(
                actions.c.delivery_id == deliveries.c.id,
                or_(actions.c.how.is_(None), actions.c.how.in_(("move", "copy"))),
            ),
        )
        .where(deliveries.c.mail_id == mail_id, folders.c.account == account)
        .where(deliveries.c.origin != "import")  # a file is no place on the server
        .order_by(deliveries.c.id)
    )


def listed_at(connection: Connection, account: str, folder: str) -> datetime | None:
    """Return when a folder was listed in full last, None before."""
    query = select(folders.c.listed_at).where(
        folders.c.account == account, folders.c.name == folder, folders.c.current
    )
    return connection.execute(query).scalar_one_or_none()
