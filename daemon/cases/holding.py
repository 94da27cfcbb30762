"""Who is at a case just now, so that two people do not write the same answer."""

from sqlalchemy import Connection, select, update

from daemon.cases.records import Act, ActRefused
from daemon.cases.store import write_events
from daemon.store.tables import cases


def claim(connection: Connection, act: Act) -> None:
    """Take a case in hand; the owner stays who it is.

    Raises:
        ActRefused: somebody else has it in hand.
    """
    reference, holder = _holder(connection, act)
    if holder is not None and not same_person(holder, act.actor):
        raise ActRefused(f"{holder} has {reference} in hand; `case release` frees it")
    if holder is None:
        _set(connection, act, act.actor)
        write_events(connection, [(act.case_id, act.event("claimed"))])


def release(connection: Connection, act: Act) -> None:
    """Put a case down again, or free it of one who cannot.

    Raises:
        ActRefused: nobody has it in hand.
    """
    reference, holder = _holder(connection, act)
    if holder is None:
        raise ActRefused(f"nobody has {reference} in hand")
    _set(connection, act, None)
    write_events(connection, [(act.case_id, act.event("released", before=holder))])


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are of one person: capitals and spaces do not count."""
    return "".join(one.casefold().split()) == "".join(other.casefold().split())


def _holder(connection: Connection, act: Act) -> tuple[str, str | None]:
    query = select(cases.c.reference, cases.c.claimed_by).where(cases.c.id == act.case_id)
    row = connection.execute(query.with_for_update()).one()
    return row.reference, row.claimed_by


def _set(connection: Connection, act: Act, holder: str | None) -> None:
    here = cases.c.id == act.case_id
    connection.execute(update(cases).where(here).values(claimed_by=holder))
