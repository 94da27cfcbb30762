"""The ledger -> how far a demo is: counts by queue and label."""

from sqlalchemy import Connection, case, func, literal, or_, select

from daemon.demo.records import INBOX, Progress, Row
from daemon.store.engine import Store
from daemon.store.tables import actions, decisions, deliveries, folders, mails, readings, sightings

UNFINISHED = ("planned", "issued")


def progress(store: Store) -> Progress:
    """Return how far the house is, all of one moment."""
    with store.read() as connection:
        query = select(mails.c.state, func.count().label("number")).group_by(mails.c.state)
        states = {row.state: row.number for row in connection.execute(query)}
        return Progress(
            received=_received(connection),
            waiting=states.get("received", 0),
            moving=_moving(connection),
            quarantined=states.get("quarantined", 0),
            rows=_rows(connection),
        )


def _received(connection: Connection) -> int:
    query = (
        select(func.count())
        .select_from(deliveries.join(folders, folders.c.id == deliveries.c.folder_id))
        .where(folders.c.name == INBOX)
    )
    return connection.scalar(query) or 0


def _moving(connection: Connection) -> int:
    """Count the moves that are not done, and those whose arrival is not explained yet."""
    moves = select(func.count()).where(actions.c.state.in_(UNFINISHED))
    arrivals = select(func.count()).where(sightings.c.outcome.is_(None))
    return (connection.scalar(moves) or 0) + (connection.scalar(arrivals) or 0)


def _rows(connection: Connection) -> tuple[Row, ...]:
    label = case(
        (readings.c.automatic.is_not(None), literal("automatic")),
        (or_(decisions.c.abstained, decisions.c.label.is_(None)), literal("unsure")),
        else_=decisions.c.label,
    )
    queue = func.coalesce(decisions.c.queue, "")
    query = (
        select(queue.label("queue"), label.label("label"), func.count().label("number"))
        .select_from(decisions.join(readings, readings.c.mail_id == decisions.c.mail_id))
        .group_by(queue, label)
        .order_by(queue, label)
    )
    return tuple(Row(**row._mapping) for row in connection.execute(query))  # noqa: SLF001 - SQLAlchemy's public name
