"""Where the mails of a case stand on the servers -> whether it lives on beside one that is done."""

from collections.abc import Collection

from sqlalchemy import Connection, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from daemon.store.tables import case_mails, cases, deliveries, folders, mails


def was_sent(connection: Connection, mail_id: int) -> bool:
    """Tell whether a mail was found among what people send."""
    query = select(deliveries.c.id).where(
        deliveries.c.mail_id == mail_id, deliveries.c.origin == "sent"
    )
    return connection.scalar(query.limit(1)) is not None


def lives_on(
    connection: Connection, case_id: int, mail_id: int, done: Collection[tuple[str, str]]
) -> bool:
    """Tell whether a case has a later mail of a customer that stands where work is found.

    Args:
        connection: a transaction.
        case_id: the case; mails of cases merged into it are its own.
        mail_id: of the mail that is done.
        done: folders for what is done, as (account, folder).
    """
    moved = select(mails.c.received_at).where(mails.c.id == mail_id).scalar_subquery()
    parts = select(cases.c.id).where(or_(cases.c.id == case_id, cases.c.merged_into == case_id))
    kept = aliased(deliveries)
    sent = select(kept.c.id).where(kept.c.mail_id == mails.c.id, kept.c.origin == "sent")
    query = (
        select(func.count())
        .select_from(case_mails)
        .join(mails, mails.c.id == case_mails.c.mail_id)
        .join(deliveries, deliveries.c.mail_id == mails.c.id)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .where(
            case_mails.c.case_id.in_(parts),
            mails.c.id != mail_id,
            mails.c.received_at > moved,
            deliveries.c.gone_at.is_(None),
            deliveries.c.origin != "import",
            tuple_(folders.c.account, folders.c.name).not_in(done),
            ~sent.exists(),
        )
    )
    return bool(connection.scalar(query))
