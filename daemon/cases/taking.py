"""Mails of one batch -> which case each opens or joins, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select

from daemon.cases.records import OPEN
from daemon.cases.references import references_in
from daemon.cases.threads import Homing, address_of, id_of, ids_answered, writer_of
from daemon.records import Asking, CaseWish, Reading
from daemon.store.tables import case_threads, cases

_MOST_LIKE = 10  # cases that are proposed
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
        place = _existing(connection, ours) or self._written(connection, reading)
        if place is None or not place.case_id:
            return place  # none, or one of this batch
        return _home(connection, place, asking.wish.received_at)

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


def possible(connection: Connection, step: Step, homing: Homing) -> Sequence[str]:
    """Return the references of cases that a person may want to join with the one just opened.

    A number in the subject, an answer by one who took no part, or one to a case of long ago never
    joins by itself; nor does what the same customer writes of anew.
    """
    named, answered = references_in(step.reading.subject), ids_answered(step.reading)
    threads = select(case_threads.c.case_id).where(case_threads.c.message_id.in_(answered))
    ours = homing.cases_named(step.reading)
    customer = address_of(step.reading)
    wanted = or_(
        cases.c.reference.in_(named),
        cases.c.id.in_(threads),
        cases.c.id.in_(ours),
        and_(cases.c.customer == (customer or ""), cases.c.state == OPEN),
    )
    query = select(cases.c.reference).where(wanted, cases.c.id != step.place.case_id)
    return connection.scalars(query.order_by(cases.c.id.desc()).limit(_MOST_LIKE)).all()
