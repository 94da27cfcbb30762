"""What became of our mail -> events of their cases, and clocks that have ended."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, update

from daemon.cases.clocks import set_due
from daemon.cases.records import HOUSE, CaseEvent
from daemon.cases.store import write_events
from daemon.records import CaseNews
from daemon.store.tables import case_clocks, cases

_ENDS = {"acknowledged": ("acknowledgement",), "answered": ("answer", "acknowledgement")}
"""Kind of the event -> the clocks that end with it."""


def note_news(connection: Connection, news: Sequence[CaseNews]) -> None:
    """Keep in the events of cases what became of our mail in them."""
    if not news:
        return
    told = [
        (one.case_id, CaseEvent(at=one.at, actor=HOUSE, kind=one.kind, detail=dict(one.detail)))
        for one in news
    ]
    write_events(connection, told)
    for one in news:
        if one.kind in _ENDS:
            _end(connection, one)


def _end(connection: Connection, sent: CaseNews) -> None:
    """Let the clocks end that wait for what was sent; the register keeps the first reply."""
    stands = select(func.coalesce(cases.c.merged_into, cases.c.id)).where(
        cases.c.id == sent.case_id
    )
    case_id = connection.scalar(stands) or sent.case_id  # the case that answers for it
    this = cases.c.id == case_id
    connection.execute(select(cases.c.id).where(this).with_for_update())
    first = update(cases).where(this, cases.c.acknowledged_at.is_(None))
    connection.execute(first.values(acknowledged_at=sent.at))
    waiting = update(case_clocks).where(
        case_clocks.c.case_id == case_id,
        case_clocks.c.met_at.is_(None),
        case_clocks.c.met_by.in_(_ENDS[sent.kind]),
    )
    connection.execute(waiting.values(met_at=sent.at))
    set_due(connection, case_id)
