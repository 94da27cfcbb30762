"""The table of outgoing mails: enqueued by key, sent under the lease `send`, shown to people.

A row is `queued` until the moment before its final dot and `sending` from there until the relay's
answer is recorded. So a crash leaves `sending` only where the relay may have the mail.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, update

from daemon.records import OutgoingMail
from daemon.sending.errors import NotOurs
from daemon.sending.records import Due, OutgoingRow, Parcel, Share, State
from daemon.sending.relays import wake_all
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import outgoing

MANY = 500  # values in one IN list
LEASE = "send"
REJECTED = "rejected: "
"""Begins what a second person says of a mail that must not leave."""
AWAITS_APPROVAL = "waits for the approval of a second person"
UNKNOWN = "the connection ended after the final dot: it may have arrived"
ALONE = "it alone is refused, other mail passes; "
NOWHERE = "no relay takes it; "
"""Begin what is said of a mail that is held because nobody knows why it is refused."""


class Outgoing:
    """Everything that leaves, or has left."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def enqueue(self, mails: Sequence[OutgoingMail], now: datetime) -> int:
        """Enter mails in a transaction of their own; see `enqueue_in`."""
        with self._store.write() as connection:
            return self.enqueue_in(connection, mails, now)

    def enqueue_in(
        self, connection: Connection, mails: Sequence[OutgoingMail], now: datetime
    ) -> int:
        """Enter mails in the caller's transaction; return how many keys were new.

        A mail whose key is there already is passed over, whatever became of it.
        """
        before = _count_keys(connection, mails)
        self._store.insert_new(connection, outgoing, [_row(mail, now) for mail in mails])
        return _count_keys(connection, mails) - before

    def due(self, share: Share, now: datetime, limit: int) -> tuple[Due, ...]:
        """Return a relay's rows whose turn has come, oldest first.

        Those that were refused and nobody knows why come last: if they are at fault themselves, the
        others pass before them.
        """
        columns = [outgoing.c[name] for name in Due.__dataclass_fields__]
        query = select(*columns).where(_is_due(now), _is_of(share)).order_by(outgoing.c.id)
        was_refused = outgoing.c.refused_at.is_not(None)
        found: list[Due] = []
        with self._store.read() as connection:
            for part in (~was_refused, was_refused):
                rows = connection.execute(query.where(part).limit(limit - len(found)))
                found += [Due(**row) for row in rows.mappings()]
        return tuple(found)

    def count_due(self, now: datetime) -> int:
        """Return how many rows wait for their turn and have it."""
        query = select(func.count()).select_from(outgoing).where(_is_due(now))
        with self._store.read() as connection:
            return connection.scalar(query) or 0

    def handed_over(self, relay: str, since: datetime) -> tuple[datetime, ...]:
        """Return when mails got this relay's last word, since a moment."""
        query = select(outgoing.c.finished_at).where(
            outgoing.c.finished_at > since, outgoing.c.relay == relay
        )
        with self._store.read() as connection:
            return tuple(connection.scalars(query))

    def begin(self, lease: Lease, row_id: int) -> Parcel | None:
        """Count an attempt and return what is to be sent; None when the row waits no longer.

        Raises:
            LeaseLost: somebody else is the sender by now.
        """
        values = {"attempts": outgoing.c.attempts + 1, "epoch": lease.epoch}
        query = select(outgoing.c.sender, outgoing.c.recipient, outgoing.c.message)
        with self._store.write() as connection:
            lease.guard(connection)
            if not _change(connection, row_id, (State.QUEUED,), values):
                return None
            row = connection.execute(query.where(outgoing.c.id == row_id)).one()
        return Parcel(sender=row.sender, recipient=row.recipient, message=row.message)

    def mark(self, lease: Lease, row_id: int) -> None:
        """Note durably that the final dot is sent next.

        Raises:
            NotOurs: a person held the row meanwhile; LeaseLost: somebody else is the sender.
        """
        with self._store.write() as connection:
            lease.guard(connection)
            changed = _change(
                connection, row_id, (State.QUEUED,), {"state": State.SENDING}, epoch=lease.epoch
            )
        if not changed:
            raise NotOurs(f"outgoing mail {row_id} was held")

    def finish(  # noqa: PLR0913 - what is known at the end
        self, lease: Lease, row_id: int, state: State, reply: str, relay: str, now: datetime
    ) -> None:
        """Record a relay's last word: `sent`, `failed`, or `held` where there was none.

        The row's epoch is asked, not the lease: what the relay said is true even when the lease
        was lost while it said so, unless the next sender has begun with the row.
        """
        values = {"state": state, "reply": reply, "relay": relay, "finished_at": now}
        anything = (State.QUEUED, State.SENDING, State.HELD)
        with self._store.write() as connection:
            _change(connection, row_id, anything, values, epoch=lease.epoch)

    def defer(self, lease: Lease, row_id: int, until: datetime, reply: str) -> None:
        """Put a row back to wait until a moment."""
        values = {"state": State.QUEUED, "reply": reply, "not_before": until}
        with self._store.write() as connection:
            active = (State.QUEUED, State.SENDING)
            _change(connection, row_id, active, values, epoch=lease.epoch)

    def take_back(self, lease: Lease, row_id: int) -> None:
        """Let a row wait again whose final dot this relay has refused; another may take it."""
        with self._store.write() as connection:
            values = {"state": State.QUEUED}
            _change(connection, row_id, (State.SENDING,), values, epoch=lease.epoch)

    def suspect(  # noqa: PLR0913 - what is known of it
        self, lease: Lease, row_id: int, until: datetime, reply: str, refusals: int, now: datetime
    ) -> None:
        """Put a row back to wait until a moment that was refused and nobody can tell why."""
        values = {"reply": reply, "not_before": until, "refusals": refusals, "refused_at": now}
        with self._store.write() as connection:
            _change(connection, row_id, (State.QUEUED,), values, epoch=lease.epoch)

    def has_sent(self, relay: str, since: datetime) -> bool:
        """Tell whether a relay has taken a mail since a moment."""
        query = select(outgoing.c.id).where(
            outgoing.c.finished_at > since,
            outgoing.c.relay == relay,
            outgoing.c.state == State.SENT,
        )
        with self._store.read() as connection:
            return connection.scalar(query.limit(1)) is not None

    def recover(
        self, lease: Lease, resends: Callable[[str], bool], now: datetime
    ) -> tuple[int, int]:
        """Decide on rows whose dot was sent and whose answer a crash has cost us.

        Args:
            lease: of the sender; nothing of its own may be on the way.
            resends: kind -> whether its mails are sent again (with the same Message-ID).
            now: the present.

        Returns:
            How many are queued again, and how many are held for a person.
        """
        with self._store.write() as connection:
            lease.guard(connection)
            left = outgoing.c.state == State.SENDING
            kinds = connection.scalars(select(outgoing.c.kind).where(left).distinct()).all()
            again = [kind for kind in kinds if resends(kind)]
            queued = connection.execute(
                update(outgoing)
                .where(left, outgoing.c.kind.in_(again))
                .values(state=State.QUEUED, not_before=None)
            )
            held = connection.execute(
                update(outgoing)
                .where(left)
                .values(state=State.HELD, finished_at=now, reply=UNKNOWN)
            )
        return queued.rowcount, held.rowcount

    def list_rows(
        self,
        states: Sequence[str] = (),
        kind: str | None = None,
        case_id: int | None = None,
        limit: int = 100,
    ) -> tuple[OutgoingRow, ...]:
        """Return rows for people, newest first; no states means all."""
        query = _rows_for_people().order_by(outgoing.c.id.desc()).limit(limit)
        if states:
            query = query.where(outgoing.c.state.in_(states))
        if kind is not None:
            query = query.where(outgoing.c.kind == kind)
        if case_id is not None:
            query = query.where(outgoing.c.case_id == case_id)
        with self._store.read() as connection:
            return tuple(OutgoingRow(**row) for row in connection.execute(query).mappings())

    def forwards_of(self, mail_id: int) -> tuple[OutgoingRow, ...]:
        """Return the rows by which rules send a mail on."""
        of_mail = outgoing.c.key.startswith(f"forward:{mail_id}:", autoescape=True)
        query = _rows_for_people().where(of_mail).order_by(outgoing.c.id)
        with self._store.read() as connection:
            return tuple(OutgoingRow(**row) for row in connection.execute(query).mappings())

    def show(self, row_id: int) -> tuple[OutgoingRow, bytes] | None:
        """Return a row and the bytes of its mail, None when there is no such row."""
        one = _rows_for_people().where(outgoing.c.id == row_id)
        with self._store.read() as connection:
            row = connection.execute(one).mappings().one_or_none()
            raw = connection.scalar(select(outgoing.c.message).where(outgoing.c.id == row_id))
        return None if row is None or raw is None else (OutgoingRow(**row), raw)

    def count_states(self) -> dict[str, int]:
        """Return how many rows there are in each state."""
        query = select(outgoing.c.state, func.count().label("number")).group_by(outgoing.c.state)
        with self._store.read() as connection:
            return {row.state: row.number for row in connection.execute(query)}

    def retry(self, row_id: int) -> bool:
        """Queue a held, failed or waiting row for now; return whether it is one.

        What waits for a second person's approval is not, and what that person rejected never:
        only `decide` lets it go. A relay that rests is asked again.
        """
        values = {
            "state": State.QUEUED,
            "attempts": 0,
            "not_before": None,
            "finished_at": None,
            "told": False,
            "refusals": 0,
            "refused_at": None,
        }
        awaits = select(outgoing.c.reply).where(outgoing.c.id == row_id)
        with self._store.write() as connection:
            if (connection.scalar(awaits) or "").startswith((AWAITS_APPROVAL, REJECTED)):
                return False
            stopped = (State.HELD, State.FAILED, State.QUEUED)
            wake_all(connection)
            return _change(connection, row_id, stopped, values)

    def decide(self, connection: Connection, row_id: int, refusal: str, now: datetime) -> bool:
        """Let what waits for approval go, or with a refusal never; return whether it waited."""
        values: dict[str, object] = {"state": State.QUEUED, "reply": None}
        if refusal:
            values = {"state": State.FAILED, "reply": refusal, "finished_at": now}
        waiting = update(outgoing).where(
            outgoing.c.id == row_id,
            outgoing.c.state == State.HELD,
            outgoing.c.reply == AWAITS_APPROVAL,
        )
        return connection.execute(waiting.values(values)).rowcount == 1

    def hold(self, row_id: int) -> bool:
        """Stop a queued row until a person retries it; return whether it was queued.

        A mail on its way is stopped too, as long as its final dot has not been sent.
        """
        with self._store.write() as connection:
            return _change(connection, row_id, (State.QUEUED,), {"state": State.HELD})


def _row(mail: OutgoingMail, now: datetime) -> dict[str, object]:
    return {
        "key": mail.key,
        "kind": mail.kind,
        "sender": mail.sender,
        "recipient": mail.recipient,
        "message": mail.message,
        "state": State.HELD if mail.held else State.QUEUED,
        "reply": mail.held or None,
        "created_at": now,
        "not_before": mail.not_before,
        "addressee": mail.addressee,
        "stranger": mail.is_stranger,
        "relay": mail.relay,
        "message_id": mail.message_id,
        "case_id": mail.case_id,
    }


def _is_due(now: datetime) -> ColumnElement[bool]:
    its_turn = or_(outgoing.c.not_before.is_(None), outgoing.c.not_before <= now)
    return (outgoing.c.state == State.QUEUED) & its_turn


def _is_of(share: Share) -> ColumnElement[bool]:
    own = outgoing.c.relay == share.relay
    if share.others is None:
        return own
    return own | outgoing.c.relay.is_(None) | outgoing.c.relay.not_in(share.others)


def _change(
    connection: Connection,
    row_id: int,
    states: Sequence[State],
    values: dict[str, Any],
    *,
    epoch: int | None = None,
) -> bool:
    """Change a row in one of these states, and claimed in this epoch where one is given."""
    chosen = update(outgoing).where(outgoing.c.id == row_id, outgoing.c.state.in_(states))
    if epoch is not None:
        chosen = chosen.where(outgoing.c.epoch == epoch)
    return connection.execute(chosen.values(values)).rowcount == 1


def _count_keys(connection: Connection, mails: Sequence[OutgoingMail]) -> int:
    keys = sorted({mail.key for mail in mails})
    query = select(func.count()).select_from(outgoing)
    return sum(
        connection.scalar(query.where(outgoing.c.key.in_(part))) or 0 for part in _parts(keys)
    )


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[i : i + MANY] for i in range(0, len(values), MANY))


def _rows_for_people() -> Select[Any]:
    names = [name for name in OutgoingRow.__dataclass_fields__ if name != "size"]
    size = func.length(outgoing.c.message).label("size")
    return select(*(outgoing.c[name] for name in names), size)
