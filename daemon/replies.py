"""What people answer to their digests -> done, once; what is not done is told in the next one."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon import clock
from daemon.cases import acts
from daemon.cases.records import Act, ActRefused
from daemon.cases.threads import ids_answered
from daemon.deciding import Outcome, Word, label_mail, labels_of
from daemon.digest import answers
from daemon.digest.answers import Item, Sent
from daemon.intake.stories import reading_of
from daemon.jobs import House
from daemon.mail.orders import Order, orders_in
from daemon.records import Reading

_log = logging.getLogger(__name__)

_FORGED = "forged"  # it names no digest of ours
_OTHER_SENDER = "sender"  # it does not come from the one who got the digest
_NO_ORDER = "nothing"  # no line of it is an order
_NUMBER = "number"  # no item has it, or none is named and there are several
_REFUSED = "refused"  # the register does not allow it now

Line = dict[str, Any]
"""What became of a line: `line`, and `did` or `trouble`."""


def heed(house: House) -> int:
    """Take up what people have answered to their digests; return how many mails that were.

    Each mail in one transaction, with the mark that it was taken up.
    """
    waiting = answers.unheard(house.store)
    for mail_id, is_genuine in waiting:
        with house.store.write() as connection:
            if answers.take(connection, mail_id):
                _heed(house, connection, mail_id, is_genuine=is_genuine)
    return len(waiting)


def _heed(house: House, connection: Connection, mail_id: int, *, is_genuine: bool) -> None:
    found = reading_of(connection, mail_id)
    sent = answers.sent_as(connection, ids_answered(found.reading)) if found else None
    if found is None or sent is None or not is_genuine:
        answers.note(connection, mail_id, [{"trouble": _FORGED}])
        return
    actor = _speaker(house, found.reading, sent)
    if actor is None:
        answers.note(connection, mail_id, [{"trouble": _OTHER_SENDER}], digest=sent.key)
        return
    orders = orders_in(found.reading.said, house.settings.classifier.labels)
    items = answers.items_of(connection, sent.key)
    now = clock.now()
    done = [
        line
        for order in orders
        for line in _do(_Desk(house, connection, actor, now, alone=len(orders) == 1), order, items)
    ]
    lines = done or [{"trouble": _NO_ORDER}]
    answers.note(connection, mail_id, lines, digest=sent.key, actor=actor)
    extra = {"action": "digest_answered", "mail": mail_id, "orders": len(done)}
    _log.info("Digest answered", extra=extra)


def _speaker(house: House, reading: Reading, sent: Sent) -> str | None:
    """Return who answers: the person whose digest it is, or its address; None for anybody else."""
    sender = reading.sender.email.lower() if reading.sender else ""
    person = house.settings.person_at(sent.recipient)
    if person is not None and sender in person.addresses:
        return person.name
    return sent.recipient if sender == sent.recipient.lower() else None


class _Desk:
    """Who orders, where and when."""

    def __init__(
        self, house: House, connection: Connection, actor: str, now: datetime, *, alone: bool
    ) -> None:
        self.house, self.connection, self.actor, self.now = house, connection, actor, now
        self.alone = alone  # it is the mail's only order

    def label(self, item: Item, label: str) -> str:
        """Say what an item's mail is; return what came of it."""
        word = Word(item.mail_id or 0, label, self.actor, self.now)
        return label_mail(self.house, self.connection, word).value

    def cause(self, item: Item, cause: str) -> str:
        """Say why an item's case was closed; return what came of it."""
        rules = self.house.pipeline.policy.cases
        act = Act(case_id=item.case_id or 0, actor=self.actor, now=self.now, rules=rules)
        acts.say_cause(self.connection, act, cause)
        return Outcome.DONE.value


def _do(desk: _Desk, order: Order, items: dict[int, Item]) -> Sequence[Line]:
    """Do what one line asks for, item by item."""
    if order.trouble:
        return [{"line": order.line, "trouble": order.trouble}]
    unsure = [number for number, item in items.items() if item.mail_id is not None]
    is_clear = desk.alone and len(unsure) == 1
    numbers = order.numbers or (tuple(unsure) if is_clear else ())
    if not numbers:
        return [{"line": order.line, "trouble": _NUMBER}]
    return [_do_one(desk, order, number, items.get(number)) for number in numbers]


def _do_one(desk: _Desk, order: Order, number: int, item: Item | None) -> Line:
    line = {"line": order.line, "number": number}
    try:
        if item is not None and item.mail_id is not None and order.label in labels_of(desk.house):
            did = desk.label(item, str(order.label))
            return line | ({"trouble": _REFUSED} if did == Outcome.NO_CASE else {"did": did})
        if item is not None and item.case_id is not None and order.cause is not None:
            return line | {"did": desk.cause(item, order.cause)}
    except ActRefused as refused:
        return line | {"trouble": _REFUSED, "why": str(refused)}
    return line | {"trouble": _NUMBER}
