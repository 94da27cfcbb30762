"""Mails of one batch -> which case each opens or joins, before anything is written."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from daemon.cases.records import OPEN
from daemon.cases.references import references_in
from daemon.cases.threads import (
    Homing,
    address_of,
    id_of,
    ids_answered,
    mailbox_of,
    writer_of,
)
from daemon.mail.forwards import ATTACHED
from daemon.mail.trust import FAIL
from daemon.records import Asking, CaseWish, Reading
from daemon.store.tables import case_threads, cases
from daemon.triage.forwarding import forward_of, original_of

_MOST_LIKE = 10  # cases that are proposed
_MOST_IN = 500  # values in one IN list
_GRAVEST = "complaint"
_REOPENS = timedelta(days=90)  # after its closing an answer opens a case again


@dataclass(slots=True)
class Place:
    """A case that mails of this batch belong to; its id is 0 until it is written."""

    case_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A mail and its case."""

    mail_id: int
    reading: Reading
    original: Reading  # as the customer sent it, where a colleague passed it on; else the same
    wish: CaseWish
    place: Place
    opens: bool
    is_there: bool = False  # the customer's own mail is in the case: this one has no effect


@dataclass(slots=True)
class _Plan:
    """The steps of a batch, the earliest received first."""

    homing: Homing
    steps: list[Step] = field(default_factory=list)
    threads: dict[tuple[str, str], Place] = field(default_factory=dict)  # (Message-ID, address)

    def add(self, connection: Connection, asking: Asking) -> None:
        """Decide where a mail belongs; mail that opens no case and answers none is passed over."""
        reading, wish = asking.reading, asking.wish
        original = original_of(reading)
        there = self._there(connection, asking, original)
        known = there or self._known(connection, asking, original)
        if known is None and wish.kind is None:
            return
        step = Step(
            mail_id=asking.mail_id,
            reading=reading,
            original=original,
            wish=wish,
            place=known or Place(),
            opens=known is None,
            is_there=there is not None,
        )
        self.steps.append(step)
        for key in step_keys(step):
            self.threads.setdefault(key, step.place)

    def _there(self, connection: Connection, asking: Asking, original: Reading) -> Place | None:
        """Return the case in which the mail is that a colleague attached to his own."""
        own, address = id_of(original), writer_of(original)
        if not is_attached(asking.reading) or own is None or address is None:
            return None
        place = self._place_of(connection, (own,), address)
        if place is None or not place.case_id:
            return place
        return _home(connection, place, asking.wish.received_at)

    def _known(self, connection: Connection, asking: Asking, original: Reading) -> Place | None:
        """Return the case that a mail belongs to, None for one of which too long nothing was heard.

        Our own words in it prove that its sender has had mail of ours; without them it must come
        from one who wrote in the thread. What our server found to be forged joins nothing, and the
        complaint of one who was shown our mail by somebody else is a case of its own. A mail that
        a colleague attached is looked at as if it had come itself.
        """
        reading = asking.reading
        if reading.authentic == FAIL:
            return None
        is_grave = asking.wish.kind == _GRAVEST
        looked_at = (reading, original) if is_attached(reading) else (reading,)
        places: list[Place | None] = []
        for one in looked_at:
            ours = _existing(connection, self.homing.cases_named(one))
            if ours and is_grave and not _is_customer(connection, ours, original):
                ours = None
            places += [ours, self._written(connection, one)]
        for place in places:
            if place is None:
                continue
            if not place.case_id:
                return place  # one of this batch
            if home := _home(connection, place, asking.wish.received_at):
                return home
        return None

    def _written(self, connection: Connection, reading: Reading) -> Place | None:
        """Return the case of the nearest mail that is answered by one who wrote in its thread."""
        answered, address = ids_answered(reading), writer_of(reading)
        if not answered or address is None:
            return None
        return self._place_of(connection, answered, address)

    def _place_of(
        self, connection: Connection, answered: Sequence[str], address: str
    ) -> Place | None:
        """Return the case of the first of these Message-IDs under which a writer is known."""
        query = select(case_threads.c.message_id, case_threads.c.case_id).where(
            case_threads.c.message_id.in_(answered), case_threads.c.address == address
        )
        written = {row.message_id: row.case_id for row in connection.execute(query)}
        for one in answered:
            if one in written:
                return Place(written[one])
            if (one, address) in self.threads:
                return self.threads[one, address]
        return None


def home_of(connection: Connection, case_id: int, received_at: datetime) -> int | None:
    """Return the case that answers for one; None where it was closed too long before a moment."""
    home = _home(connection, Place(case_id), received_at)
    return None if home is None else home.case_id


def _existing(connection: Connection, named: Sequence[int]) -> Place | None:
    """Return the first of these cases that there is: a restored backup may lack some."""
    if not named:
        return None
    there = set(connection.scalars(select(cases.c.id).where(cases.c.id.in_(named))))
    return next((Place(one) for one in named if one in there), None)


def _is_customer(connection: Connection, place: Place, reading: Reading) -> bool:
    """Tell whether a mail comes from the mailbox whose case it is."""
    theirs = connection.scalar(select(cases.c.mailbox).where(cases.c.id == place.case_id))
    return theirs is None or theirs == mailbox_of(address_of(reading))


def _home(connection: Connection, place: Place, received_at: datetime) -> Place | None:
    """Return the case that one was merged into, or itself; None where it was closed long ago."""
    into = select(func.coalesce(cases.c.merged_into, cases.c.id)).where(cases.c.id == place.case_id)
    query = select(cases.c.id, cases.c.closed_at).where(cases.c.id == into.scalar_subquery())
    row = connection.execute(query).one()
    is_alive = row.closed_at is None or received_at - row.closed_at <= _REOPENS
    return Place(row.id) if is_alive else None


def plan(connection: Connection, mails: Sequence[Asking], homing: Homing) -> list[Step]:
    """Return which case each mail opens or joins, the earliest received first."""
    answer = _Plan(homing)
    placed: set[int] = set()
    for asking in sorted(mails, key=lambda one: (one.wish.received_at, one.mail_id)):
        if asking.mail_id not in placed:  # else a copy, received later
            answer.add(connection, asking)
            placed.add(asking.mail_id)
    return answer.steps


def keys_of(reading: Reading) -> tuple[tuple[str, str], ...]:
    """Return under which (Message-ID, address) an answer to a mail will be known.

    Also under the ids that it answers itself: where several mails of a person answer one that is
    not of this case, as our own answer is not, they belong together.
    """
    address = writer_of(reading)
    ids = dict.fromkeys(one for one in (id_of(reading), *ids_answered(reading)) if one)
    return tuple((one, address) for one in ids) if address else ()


def step_keys(step: Step) -> tuple[tuple[str, str], ...]:
    """Return under which (Message-ID, address) answers to a mail and its original will be known.

    A colleague who passes a mail on is known by his own mail alone: what it answers is of somebody
    else, and he passes on the answers of many to one mail of ours.
    """
    if step.original is step.reading:
        return keys_of(step.reading)
    own, address = id_of(step.reading), writer_of(step.reading)
    his = ((own, address),) if own and address else ()
    return (*his, *keys_of(step.original))


def is_attached(reading: Reading) -> bool:
    """Tell whether a colleague attached the mail of one who is surely the customer."""
    forward = forward_of(reading)
    return forward is not None and forward.is_sure and forward.how == ATTACHED


def naming_ours(connection: Connection, readings: Sequence[Reading], homing: Homing) -> list[bool]:
    """Tell of each mail whether it names a case by its reference, or a mail of ours by its id.

    A machine that answers our mail does, under whatever address and subject of its own.
    """
    named = [references_in(reading.subject) for reading in readings]
    asked, there = sorted({one for ones in named for one in ones}), set[str]()
    for start in range(0, len(asked), _MOST_IN):
        part = cases.c.reference.in_(asked[start : start + _MOST_IN])
        there.update(connection.scalars(select(cases.c.reference).where(part)))
    return [
        not there.isdisjoint(ones) or bool(homing.cases_named(reading))
        for ones, reading in zip(named, readings, strict=True)
    ]


class Likenesses:
    """Cases that a person may want to join with those just opened; for one batch.

    A number in the subject, an answer by one who took no part, or one to a case of long ago never
    joins by itself; nor does what the same customer writes of anew.
    """

    def __init__(self, connection: Connection, homing: Homing, opening: Sequence[Step]) -> None:
        self._connection = connection
        self._homing = homing
        self._of_customer: dict[str, list[tuple[int, str]]] = defaultdict(list)
        boxes = sorted({one for step in opening if (one := _mailbox(step))})
        for start in range(0, len(boxes), _MOST_IN):
            for box, case_id, reference in newest_open(connection, boxes[start : start + _MOST_IN]):
                self._of_customer[box].append((case_id, reference))

    def of(self, step: Step) -> list[str]:
        """Return the references of cases that are like one just opened, the newest first."""
        of_customer = self._of_customer.get(_mailbox(step) or "", ())
        found = dict([*self._named(step.reading), *of_customer])
        if step.original is not step.reading:
            found |= dict(self._named(step.original))
        found.pop(step.place.case_id, None)
        newest = sorted(found, reverse=True)[:_MOST_LIKE]
        return [found[case_id] for case_id in newest]

    def _named(self, reading: Reading) -> Sequence[tuple[int, str]]:
        """Return the cases that a mail names, by a number or by what it answers."""
        named, answered = references_in(reading.subject), ids_answered(reading)
        if not named and not answered:
            return ()
        # Bounded: a mailer that gives one id to all its mail has a row here for each sender.
        threads = select(case_threads.c.case_id).where(case_threads.c.message_id.in_(answered))
        threads = threads.limit(_MOST_LIKE + 1)
        ours = cases.c.id.in_(self._homing.cases_named(reading))
        wanted = or_(cases.c.reference.in_(named), cases.c.id.in_(threads), ours)
        # In no order: to sort by id the whole table would be walked.
        query = select(cases.c.id, cases.c.reference).where(wanted).limit(_MOST_LIKE + 1)
        return [(row.id, row.reference) for row in self._connection.execute(query)]


def newest_open(connection: Connection, mailboxes: Sequence[str]) -> list[tuple[str, int, str]]:
    """Return the newest open cases of these customers, as (mailbox, id, reference)."""
    newest_first = func.row_number().over(partition_by=cases.c.mailbox, order_by=cases.c.id.desc())
    ranked = (
        select(cases.c.mailbox, cases.c.id, cases.c.reference, newest_first.label("rank"))
        .where(cases.c.mailbox.in_(mailboxes), cases.c.state == OPEN)
        .subquery()
    )
    query = select(ranked).where(ranked.c.rank <= _MOST_LIKE + 1)
    return [(row.mailbox, row.id, row.reference) for row in connection.execute(query)]


def _mailbox(step: Step) -> str | None:
    return mailbox_of(address_of(step.original))
