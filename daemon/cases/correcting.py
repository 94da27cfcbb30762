"""What people put right in a case that a colleague's forward opened: its customer, its receipt."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from daemon.cases.clocks import change, clocks_of, recount
from daemon.cases.records import POSSIBLE_RECEIPT, Act, ActRefused, CaseEvent
from daemon.cases.store import write_events
from daemon.cases.taking import keys_of
from daemon.cases.threads import mailbox_of
from daemon.records import Address, Reading
from daemon.store.engine import Store
from daemon.store.tables import case_events, case_threads, cases
from daemon.triage.forwarding import written_by


def name_customer(
    store: Store, connection: Connection, act: Act, customer: Address, mails: Sequence[Reading]
) -> None:
    """Say whose a case is; what he answers to these mails joins it from then on.

    Args:
        store: the database.
        connection: a write transaction.
        act: who, and when.
        customer: his address, and his name or "".
        mails: those of the case that he wrote, or that were passed on.

    Raises:
        ActRefused: the case was merged into another.
    """
    query = select(cases).where(cases.c.id == act.case_id).with_for_update()
    row = connection.execute(query).mappings().one()
    if row["merged_into"] is not None:
        raise ActRefused(
            f"{row['reference']} was merged into another case, which is to be acted on"
        )
    name = customer.name or (row["customer_name"] if row["customer"] == customer.email else None)
    told = act.event("customer", address=customer.email, name=name, before=row["customer"])
    write_events(connection, [(act.case_id, told)])
    values = {"customer": customer.email, "customer_name": name}
    values["mailbox"] = mailbox_of(customer.email)
    connection.execute(update(cases).where(cases.c.id == act.case_id).values(**values))
    known = sorted({key for one in mails for key in keys_of(written_by(one, customer))})
    threads = [
        {"message_id": message_id, "address": address, "case_id": act.case_id}
        for message_id, address in known
    ]
    store.insert_new(connection, case_threads, threads)


def proposed_receipt(connection: Connection, case_id: int) -> datetime | None:
    """Return the receipt that was last proposed for a case, None where none was."""
    query = select(case_events).where(
        case_events.c.case_id == case_id, case_events.c.kind == POSSIBLE_RECEIPT
    )
    row = connection.execute(query.order_by(case_events.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else datetime.fromisoformat(CaseEvent.of(row).detail["sent_at"])


def receive_earlier(connection: Connection, act: Act, on: datetime) -> None:
    """Let a case run from an earlier receipt: the clocks that began with it are counted anew.

    Args:
        connection: a write transaction.
        act: who, and when.
        on: when the house had it.

    Raises:
        ActRefused: it was received by then already, or the case was merged into another.
    """
    query = select(cases).where(cases.c.id == act.case_id).with_for_update()
    row = connection.execute(query).mappings().one()
    if row["merged_into"] is not None:
        raise ActRefused(
            f"{row['reference']} was merged into another case, which is to be acted on"
        )
    if on >= row["received_at"]:
        raise ActRefused(
            f"{row['reference']} was received at {row['received_at']:%Y-%m-%d %H:%MZ} already; "
            "its receipt can only be made earlier"
        )
    told = act.event("earlier", received_at=on.isoformat(), by=act.actor)
    write_events(connection, [(act.case_id, told)])
    received = update(cases).where(cases.c.id == act.case_id).values(received_at=on)
    connection.execute(received)
    own = clocks_of(connection, act.case_id).values()
    began = {one.name for one in own if one.since in (None, row["received_at"])}
    change(connection, act.case_id, began, since=on)
    recount(connection, act.rules, act.case_id, lambda clock: clock.name in began)
