"""Mails that people of the house write to customers in their mail program -> answers in cases.

Such a mail answers a case if it names a mail of the customer, or one of ours, and goes to the
customer. So a colleague in copy, or a forward of the thread, answers nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from daemon.cases import acts
from daemon.cases.acts import Given
from daemon.cases.records import HOUSE, Act, ActRefused, CaseEvent
from daemon.cases.store import write_events
from daemon.cases.taking import home_of
from daemon.cases.threads import Homing, id_of, ids_answered, mailbox_of
from daemon.records import Asking, Reading
from daemon.store.engine import Store
from daemon.store.tables import case_mails, case_threads, cases
from daemon.triage.casework import CaseRules
from daemon.triage.outbound import Colleague

_MOST_RECIPIENTS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A case that a mail answers, and the customer's address in it."""

    case_id: int
    address: str


class Answering:
    """Takes them, always inside a transaction of the caller.

    Args:
        store: the database.
        homing: knows our own words in mail that answers ours.
        colleague: knows who is of the house, and no customer.
    """

    def __init__(self, store: Store, homing: Homing, colleague: Colleague) -> None:
        self._store = store
        self._homing = homing
        self._colleague = colleague

    def take(
        self, connection: Connection, mails: Sequence[Asking], now: datetime, rules: CaseRules
    ) -> tuple[Asking, ...]:
        """Let mails of the house answer cases; return those that answer none and may open one.

        Repeated, it does nothing.
        """
        known = _with_case(connection, [one.mail_id for one in mails])
        left = []
        for one in sorted(mails, key=lambda one: (one.wish.received_at, one.mail_id)):
            if one.mail_id in known:
                continue
            found = self._answered(connection, one)
            if found is None:
                left.append(one)
            else:
                self._answer(connection, one, found, now, rules)
        return tuple(left)

    def _answered(self, connection: Connection, asking: Asking) -> _Answered | None:
        reading = asking.reading
        named = (*reading.to, *reading.cc)[:_MOST_RECIPIENTS]
        to = [one.email.lower() for one in named if self._colleague(one.email) is None]
        found = self._of_thread(connection, reading, to) or self._of_ours(connection, reading, to)
        if found is None:
            return None
        home = home_of(connection, found.case_id, asking.wish.received_at)
        return None if home is None else _Answered(case_id=home, address=found.address)

    def _of_thread(
        self, connection: Connection, reading: Reading, to: Sequence[str]
    ) -> _Answered | None:
        """Return the case of the nearest mail answered that one of the recipients wrote."""
        answered = ids_answered(reading)
        if not answered or not to:
            return None
        query = select(case_threads).where(
            case_threads.c.message_id.in_(answered), case_threads.c.address.in_(to)
        )
        rows = sorted(connection.execute(query), key=lambda row: answered.index(row.message_id))
        return next((_Answered(case_id=row.case_id, address=row.address) for row in rows), None)

    def _of_ours(
        self, connection: Connection, reading: Reading, to: Sequence[str]
    ) -> _Answered | None:
        """Return the case that the mail names by an id of ours, if it goes to its customer."""
        named = self._homing.cases_named(reading)
        boxes = {mailbox_of(one): one for one in to}
        if not named or not boxes:
            return None
        query = select(cases.c.id, cases.c.mailbox).where(
            cases.c.id.in_(named), cases.c.mailbox.in_(boxes)
        )
        row = connection.execute(query.order_by(cases.c.id).limit(1)).one_or_none()
        return row and _Answered(case_id=row.id, address=boxes[row.mailbox])

    def _answer(
        self,
        connection: Connection,
        asking: Asking,
        found: _Answered,
        now: datetime,
        rules: CaseRules,
    ) -> None:
        wish, case_id = asking.wish, found.case_id
        row = {"mail_id": asking.mail_id, "case_id": case_id, "at": now}
        connection.execute(insert(case_mails), [row])
        if own := id_of(asking.reading):
            thread = {"message_id": own, "address": found.address, "case_id": case_id}
            self._store.insert_new(connection, case_threads, [thread])
        detail = {"mail": asking.mail_id, "by": wish.answered_by}
        joined = CaseEvent(at=now, actor=HOUSE, kind="joined", detail=detail)
        write_events(connection, [(case_id, joined)])
        act = Act(case_id=case_id, actor=wish.answered_by, now=now, rules=rules)
        try:
            acts.answer(connection, act, Given(channel="mail", on=wish.received_at))
        except ActRefused:
            return  # sent before the case was opened again: it answers what was asked before


def _with_case(connection: Connection, mail_ids: Sequence[int]) -> set[int]:
    query = select(case_mails.c.mail_id).where(case_mails.c.mail_id.in_(mail_ids))
    return set(connection.scalars(query))
