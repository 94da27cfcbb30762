"""What became of mail that leaves for cases -> what the cases are told, each end once."""

from sqlalchemy import ColumnElement, Connection, or_, select, update

from daemon.outbox import acknowledgements, answers, forwards
from daemon.records import CaseNews
from daemon.sending.records import State
from daemon.sending.store import AWAITS_APPROVAL, REJECTED
from daemon.store.engine import Store
from daemon.store.tables import outgoing

_ENDED = (State.SENT, State.FAILED, State.HELD)
_TOLD_AS = {
    acknowledgements.KIND: ("acknowledged", "unacknowledged"),
    answers.KIND: ("answered", "unanswered"),
    forwards.KIND: ("forwarded", "unforwarded"),
}
"""Kind of the mail -> kinds of the case's event, where it left and where it did not."""


def has_untold(store: Store) -> bool:
    """Tell whether `untold` has anything to say."""
    with store.read() as connection:
        query = select(outgoing.c.id).where(_is_untold()).limit(1)
        return connection.scalar(query) is not None


def untold(connection: Connection, limit: int) -> list[CaseNews]:
    """Return what became of mail since it was last asked, in the caller's transaction."""
    chosen = select(outgoing.c.id).where(_is_untold()).order_by(outgoing.c.id).limit(limit)
    ids = connection.scalars(chosen).all()
    # What another process has told meanwhile is not told again.
    told = update(outgoing).where(outgoing.c.id.in_(ids), ~outgoing.c.told).values(told=True)
    rows = connection.execute(told.returning(*outgoing.c)).all()
    news = []
    for row in sorted(rows, key=lambda row: row.id):
        is_sent = row.state == State.SENT
        detail = {"to": row.recipient} if is_sent else {"why": f"{row.state}: {row.reply}"}
        kind = _TOLD_AS[row.kind][0 if is_sent else 1]
        at = row.finished_at or row.created_at
        news.append(CaseNews(case_id=row.case_id, kind=kind, at=at, detail=detail, mail=row.key))
    return news


def _is_untold() -> ColumnElement[bool]:
    awaits = outgoing.c.reply.startswith(AWAITS_APPROVAL) | outgoing.c.reply.startswith(REJECTED)
    return (
        outgoing.c.kind.in_(tuple(_TOLD_AS))
        & outgoing.c.state.in_(_ENDED)
        & ~outgoing.c.told
        & outgoing.c.case_id.is_not(None)
        & or_(outgoing.c.reply.is_(None), ~awaits)
    )
