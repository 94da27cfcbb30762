"""What people do with answers that leave by mail: one writes, another may have to approve."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from daemon.cases.acts import Act, ActRefused
from daemon.cases.records import CaseEvent
from daemon.cases.store import write_events
from daemon.store.tables import case_events

_WRITTEN, _APPROVED, _REJECTED = "replying", "approved", "rejected"


def note_reply(connection: Connection, act: Act, key: str, *, awaits: bool) -> None:
    """Keep who wrote an answer; that it has left is told when it has."""
    told = act.event(_WRITTEN, mail=key, awaits_approval=awaits)
    write_events(connection, [(act.case_id, told)])


def check_second_person(connection: Connection, act: Act) -> None:
    """Make sure that nobody approves what he has written himself.

    Raises:
        ActRefused: he wrote an answer of this case that nobody has decided on.
    """
    kinds = (_WRITTEN, _APPROVED, _REJECTED)
    query = select(case_events).where(
        case_events.c.case_id == act.case_id, case_events.c.kind.in_(kinds)
    )
    writers: set[str] = set()
    for row in connection.execute(query.order_by(case_events.c.id)):
        event = CaseEvent.of(row)
        if event.kind != _WRITTEN:
            writers.clear()
        elif event.detail["awaits_approval"]:
            writers.add(event.actor)
    if act.actor in writers:
        raise ActRefused(f"{act.actor} wrote the answer; somebody else must decide on it")


def note_decision(connection: Connection, act: Act, keys: Sequence[str], refusal: str) -> None:
    """Keep who let answers go, or did not, and why."""
    kind = _REJECTED if refusal else _APPROVED
    detail = {"mails": list(keys)} | ({"why": refusal} if refusal else {})
    write_events(connection, [(act.case_id, act.event(kind, **detail))])
