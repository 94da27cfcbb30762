"""Mails of one batch -> which case each opens or joins, before anything is written."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from daemon.cases.records import OPEN
from daemon.cases.references import references_in
from daemon.cases.threads import Homing, address_of, id_of, ids_answered, writer_of
from daemon.records import Asking, CaseWish, Reading
from daemon.store.tables import case_threads, cases

_MOST_LIKE = 10  # cases that are proposed
_MOST_IN = 500  # values in one IN list
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
    wish: CaseWish
    place: Place
    opens: bool


@dataclass(slots=True)
class _Plan:
    """The steps of a batch, the earliest received first."""

    homing: Homing
    steps: list[Step] = field(default_factory=list)
    threads: dict[tuple[str, str], Place] = field(default_factory=dict)  # (Message-ID, address)

    def add(self, connection: Connection, asking: Asking) -> None:
        """Decide where a mail belongs; mail that opens no case and answers none is passed over."""
        reading, wish = asking.reading, asking.wish
        known = self._known(connection, asking)
        if known is None and wish.kind is None:
            return
        place = known or Place()
        step = Step(
            mail_id=asking.mail_id, reading=reading, wish=wish, place=place, opens=known is None
        )
        self.steps.append(step)
        for key in keys_of(reading):
            self.threads.setdefault(key, place)

    def _known(self, connection: Connection, asking: Asking) -> Place | None:
        """Return the case that a mail belongs to, None for one of which too long nothing was heard.

        Our own words in it prove that its sender has had mail of ours; without them it must come
        from one who wrote in the thread.
        """
        reading = asking.reading
        ours = self.homing.cases_named(reading)
        for place in (_existing(connection, ours), self._written(connection, reading)):
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


def _existing(connection: Connection, named: Sequence[int]) -> Place | None:
    """Return the first of these cases that there is: a restored backup may lack some."""
    if not named:
        return None
    there = set(connection.scalars(select(cases.c.id).where(cases.c.id.in_(named))))
    return next((Place(one) for one in named if one in there), None)


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
        customers = sorted({one for step in opening if (one := address_of(step.reading))})
        for start in range(0, len(customers), _MOST_IN):
            self._ask(customers[start : start + _MOST_IN])

    def of(self, step: Step) -> list[str]:
        """Return the references of cases that are like one just opened, the newest first."""
        of_customer = self._of_customer.get(address_of(step.reading) or "", ())
        found = dict([*self._named(step.reading), *of_customer])
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

    def _ask(self, customers: Sequence[str]) -> None:
        """Get the newest open cases of these customers."""
        newest_first = func.row_number().over(
            partition_by=cases.c.customer, order_by=cases.c.id.desc()
        )
        ranked = (
            select(cases.c.customer, cases.c.id, cases.c.reference, newest_first.label("rank"))
            .where(cases.c.customer.in_(customers), cases.c.state == OPEN)
            .subquery()
        )
        query = select(ranked).where(ranked.c.rank <= _MOST_LIKE + 1)
        for row in self._connection.execute(query):
            self._of_customer[row.customer].append((row.id, row.reference))
