"""What people do with mails in their mail program -> what it means for the cases of these mails.

A mail moved to a queue is of that queue and has its label; moved to the queue's `Done` its case is
closed, and moved back it is open again. What a person moved stays where it was put.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from daemon.cases import acts
from daemon.cases.news import note_news
from daemon.cases.records import CLOSED, OPEN, Act, ActRefused, CaseLine
from daemon.cases.store import write_events
from daemon.deciding import Word, label_mail, labels_of, route_case, standing_case
from daemon.intake.actions import PersonsMove
from daemon.intake.placement import Placement
from daemon.intake.standing import lives_on, was_sent
from daemon.intake.stories import ReadMail, original_of, reading_of
from daemon.jobs import House, ordered_profile
from daemon.records import Asking, Decision, Verdict
from daemon.triage.casework import Arrival, wish_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Put:
    """A mail that somebody put into a queue, or what is done of it."""

    house: House
    connection: Connection
    now: datetime
    move: PersonsMove
    mail_id: int  # the first of its content
    queue: str

    @property
    def placement(self) -> Placement:
        """What each folder is."""
        return self.house.pipeline.policy.placement

    @property
    def is_done(self) -> bool:
        """Whether it was put where done things are."""
        return self.placement.is_done(self.move.account, self.move.target)

    @property
    def was_done(self) -> bool:
        """Whether it stood there before."""
        return self.placement.is_done(self.move.account, self.move.source)

    def act(self, case_id: int) -> Act:
        """Return this as an act: the mailbox tells no more than that it was one with access."""
        actor, rules = f"mailbox {self.move.account}", self.house.pipeline.policy.cases
        return Act(case_id=case_id, actor=actor, now=self.now, rules=rules)


def follow(house: House, now: datetime, connection: Connection, move: PersonsMove) -> None:
    """Let a case follow what a person did with its mail, in the transaction that explains it.

    A mail of an account that is only observed, or received before its go-live, moves nothing.
    """
    place = house.pipeline.policy.placement
    queue = place.queue_of(move.account, move.target)
    mail_id = original_of(connection, move.mail_id)
    found = reading_of(connection, mail_id)
    if queue is None or found is None or not place.is_live(move.account, found.received_at):
        return  # sorted out again by hand, or none of our business
    if was_sent(connection, mail_id):
        return  # somebody files what the house wrote
    put = _Put(house=house, connection=connection, now=now, move=move, mail_id=mail_id, queue=queue)
    line = standing_case(connection, mail_id)
    try:
        if line is not None:
            acts.lock(connection, put.act(line.id))
            _act(put, line)
        elif not put.is_done:
            _open(put, found)
    except ActRefused as refused:
        extra = {"action": "move_ignored", "mail": mail_id, "reason": str(refused)}
        _log.warning("Move without effect", extra=extra)


def _act(put: _Put, line: CaseLine) -> None:
    connection, act = put.connection, put.act(line.id)
    if put.is_done:
        if line.state == OPEN and not lives_on(connection, line.id, put.mail_id, _done(put)):
            acts.close(connection, act, acts.UNSAID)
        return
    if put.was_done and line.state == CLOSED:
        acts.take_back_closing(connection, act)
    if put.placement.queue_of(put.move.account, put.move.source) == put.queue:
        return
    label = label_of(put.house, put.queue)
    if label is not None and label != line.kind:
        label_mail(put.house, connection, Word(put.mail_id, label, act.actor, act.now))
    stands = standing_case(connection, put.mail_id)
    if stands is not None and stands.queue != put.queue:
        ordered = ordered_profile(put.house, connection, stands)
        route_case(put.house, connection, act, put.queue, ordered)


def _done(put: _Put) -> list[tuple[str, str]]:
    """Return the folders for what is done, as (account, folder)."""
    return [(one.account, one.done) for one in put.placement.queues.values() if one.done]


def label_of(house: House, queue: str) -> str | None:
    """Return the label of all mail that the rules send to a queue; None where it has several."""
    named = {
        label
        for rule in house.settings.rules
        if rule.queue == queue
        for label in rule.when.label or ("",)
    }
    found = next(iter(named)) if len(named) == 1 else None
    return found if found in labels_of(house) else None


def _open(put: _Put, found: ReadMail) -> None:
    """Open the case of a mail that the model took for something else."""
    house, connection = put.house, put.connection
    label = label_of(house, put.queue)
    wish = wish_of(
        found.reading,
        Verdict(label=label, confidence=1.0, abstained=False, reason="a person"),
        Decision(queue=put.queue, rule=None, reason="moved there by a person", orders=found.orders),
        Arrival(account=found.account, received_at=found.received_at),
        house.pipeline.policy.cases,
    )
    if wish is None or wish.kind is None:
        return
    asking = Asking(mail_id=put.mail_id, reading=found.reading, wish=wish)
    opened = house.cases.take(connection, [asking], put.now)
    rules = house.pipeline.policy.cases
    note_news(connection, house.acknowledgements.enqueue(connection, opened, put.now), rules)
    if line := standing_case(connection, put.mail_id):
        told = {"source": put.move.source, "target": put.move.target}
        write_events(connection, [(line.id, put.act(line.id).event("moved", **told))])
