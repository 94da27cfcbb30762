"""The tables of what we do on the server, and of what we see others do there.

An action is a committed row before its command is sent: planned (in the transaction that records
the decision), issued, then done or superseded (the mail was no longer there).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, or_, select, update
from sqlalchemy.orm import aliased

from daemon.failpoint import failpoint
from daemon.intake import finding, selects
from daemon.intake.appends import Appends
from daemon.intake.moves import Explanation, OwnMove, Place, Sighting, explain
from daemon.intake.placement import Placement
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import actions, deliveries, folders, sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One mail to be moved on the server."""

    id: int
    mail_id: int
    delivery_id: int
    folder_id: int
    folder: str
    uidvalidity: int
    uid: int
    target: str
    state: str
    how: str | None
    received_at: datetime
    is_copied: bool  # its target is known already, only the source is left
    target_listed_at: datetime | None
    issued_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an action ended."""

    action: Action
    state: str  # done, superseded, failed
    how: str | None = None  # move, copy, keyword, ledger, none (the server left it)
    target_uid: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsMove:
    """What somebody did with a mail in a mailbox."""

    mail_id: int
    account: str
    source: str  # folder
    target: str
    seen_at: datetime


Told = Callable[[Connection, PersonsMove], object]
"""Is told of each move of a person, in the transaction that explains it."""


def _untold(_connection: Connection, _move: PersonsMove) -> None:
    """Nobody asks."""


class Actions:
    """Server actions and sightings of the accounts."""

    def __init__(self, store: Store, placement: Placement) -> None:
        self.store = store
        self.placement = placement
        self.appends = Appends(store, placement)

    def plan(self, connection: Connection, mail_ids: Sequence[int], now: datetime) -> None:
        """Plan what the decisions on these mails (or their originals) ask for.

        Moves, and what is put into queues of other accounts. Runs inside the transaction that
        makes them known; repeating it is a no-op.
        """
        for start in range(0, len(mail_ids), 500):
            rows = connection.execute(selects.to_settle(mail_ids[start : start + 500])).all()
            planned = [_planned(row, target, now) for row in rows if (target := self._target(row))]
            self.store.insert_new(connection, actions, planned)
            self.appends.plan(connection, rows, now)

    def open(self, account: str) -> list[Action]:
        """Return the moves of an account that are not finished, oldest first."""
        with self.store.read() as connection:
            rows = connection.execute(selects.open_actions(account)).all()
        return [Action(**row._asdict()) for row in rows]

    def has_open(self, account: str) -> bool:
        """Tell whether folders must be listed: for actions, appends or unexplained sightings."""
        issued = select(actions.c.id).where(
            actions.c.account == account, actions.c.state.in_(selects.OPEN)
        )
        unexplained = select(sightings.c.delivery_id).where(
            sightings.c.account == account, sightings.c.outcome.is_(None)
        )
        with self.store.read() as connection:
            unknown = or_(issued.exists(), unexplained.exists(), finding.needs_listing(account))
            return bool(connection.scalar(select(unknown)))

    def issue(self, lease: Lease, chosen: Sequence[Action], how: str, now: datetime) -> None:
        """Commit that the command for these actions is about to be sent."""
        with self.store.write() as connection:
            lease.guard(connection)
            ids = actions.c.id.in_([action.id for action in chosen])
            values = {
                "state": "issued",
                "how": how,
                "issued_at": now,
                "attempts": actions.c.attempts + 1,
            }
            connection.execute(update(actions).where(ids).values(values))
        failpoint("settle.issued")

    def finish(
        self,
        lease: Lease,
        target_folder_id: int | None,
        outcomes: Sequence[Outcome],
        now: datetime,
    ) -> None:
        """Commit how actions ended, with the new place of each mail where the server told it."""
        with self.store.write() as connection:
            lease.guard(connection)
            arrived = self._arrive(connection, target_folder_id, outcomes, now)
            connection.execute(
                update(actions)
                .where(actions.c.id == bindparam("action"))
                .values(
                    state=bindparam("ended"),
                    how=func.coalesce(bindparam("done_by"), actions.c.how),
                    note=bindparam("said"),
                    target_delivery_id=func.coalesce(
                        bindparam("arrived"), actions.c.target_delivery_id
                    ),
                    finished_at=now,
                ),
                [_ending(outcome, arrived) for outcome in outcomes],
            )
            moved = [o.action.delivery_id for o in outcomes if _has_moved(o)]
            gone = deliveries.c.id.in_(moved)
            connection.execute(update(deliveries).where(gone).values(gone_at=now))
            failpoint("settle.before_commit")

    def explain_sightings(
        self, lease: Lease, account: str, now: datetime, tell: Told = _untold
    ) -> dict[str, int]:
        """Explain what can be explained after a round; return how many of each outcome."""
        counts: dict[str, int] = defaultdict(int)
        with self.store.write() as connection:
            lease.guard(connection)
            query = select(sightings).where(
                sightings.c.account == account, sightings.c.outcome.is_(None)
            )
            for row in connection.execute(query.order_by(sightings.c.delivery_id)).all():
                if found := self._explain(connection, account, row):
                    self._settle_sighting(connection, row, found, now)
                    counts[found.outcome] += 1
                    if found.outcome == "person":
                        tell(connection, _move(connection, row, found))
        return counts

    def persons_moves(self, account: str | None = None) -> list[Row[Any]]:
        """Return every move of a person: mail, from, to and when it was seen."""
        source, target = aliased(deliveries), aliased(deliveries)
        left, joined = aliased(folders), aliased(folders)
        query = (
            select(
                sightings.c.mail_id,
                sightings.c.account,
                left.c.name.label("from_folder"),
                joined.c.name.label("to_folder"),
                sightings.c.seen_at,
            )
            .select_from(sightings)
            .join(target, target.c.id == sightings.c.delivery_id)
            .join(joined, joined.c.id == target.c.folder_id)
            .join(source, source.c.id == sightings.c.from_delivery_id)
            .join(left, left.c.id == source.c.folder_id)
            .where(sightings.c.outcome == "person")
            .order_by(sightings.c.delivery_id)
        )
        if account is not None:
            query = query.where(sightings.c.account == account)
        with self.store.read() as connection:
            return list(connection.execute(query))

    def _target(self, row: Row[Any]) -> str | None:
        return self.placement.target(selects.standing(row), row.queue)

    def _arrive(
        self,
        connection: Connection,
        folder_id: int | None,
        outcomes: Sequence[Outcome],
        now: datetime,
    ) -> dict[int, int]:
        """Enter the new places of moved mails; return the new delivery by target UID."""
        told = [outcome for outcome in outcomes if outcome.target_uid]
        if folder_id is None or not told:
            return {}
        rows = [
            {
                "folder_id": folder_id,
                "uid": outcome.target_uid,
                "mail_id": outcome.action.mail_id,
                "received_at": outcome.action.received_at,
                "seen_at": now,
                "origin": "own",
            }
            for outcome in told
        ]
        self.store.insert_new(connection, deliveries, rows)
        uids = deliveries.c.uid.in_([outcome.target_uid for outcome in told])
        query = select(deliveries.c.uid, deliveries.c.id)
        found = connection.execute(query.where(deliveries.c.folder_id == folder_id, uids))
        return {row.uid: row.id for row in found}

    def _explain(self, connection: Connection, account: str, row: Row[Any]) -> Explanation | None:
        places = connection.execute(selects.places(row.mail_id, account)).all()
        own = next(place for place in places if place.id == row.delivery_id)
        others = [
            Place(
                delivery_id=place.id,
                folder=place.name,
                gone_at=place.gone_at,
                listed_at=place.listed_at,
                explains=place.explains or place.bound is not None,
            )
            for place in places
            if place.id != row.delivery_id
        ]
        moves = [
            OwnMove(
                action_id=place.action_id,
                delivery_id=place.id,
                target=place.target,
                state=place.state,
                was_issued=place.issued_at is not None,
                target_listed_at=selects.listed_at(connection, account, place.target),
                finished_at=place.finished_at,
            )
            for place in places
            if place.action_id and place.bound is None and not place.explains
        ]
        seen = Sighting(
            delivery_id=row.delivery_id,
            folder=own.name,
            seen_at=row.seen_at,
            listed_at=own.seen_at,
        )
        return explain(seen, others, moves)

    def _settle_sighting(
        self, connection: Connection, row: Row[Any], found: Explanation, now: datetime
    ) -> None:
        values = {
            "outcome": found.outcome,
            "from_delivery_id": found.from_delivery_id,
            "settled_at": now,
        }
        here = sightings.c.delivery_id == row.delivery_id
        connection.execute(update(sightings).where(here).values(values))
        if found.action_id:
            # Whatever was thought of it, the move took place: a later look must know that.
            ended = case((actions.c.state == "superseded", "done"), else_=actions.c.state)
            bound = {"target_delivery_id": row.delivery_id, "state": ended, "note": None}
            connection.execute(update(actions).where(actions.c.id == found.action_id).values(bound))
        if found.outcome == "copy":
            self.plan(connection, [row.mail_id], now)


def _move(connection: Connection, row: Row[Any], found: Explanation) -> PersonsMove:
    """Return the move that a sighting turned out to be."""
    ends = (found.from_delivery_id, row.delivery_id)
    query = select(deliveries.c.id, folders.c.name).join(
        folders, folders.c.id == deliveries.c.folder_id
    )
    named = {one.id: one.name for one in connection.execute(query.where(deliveries.c.id.in_(ends)))}
    return PersonsMove(
        mail_id=row.mail_id,
        account=row.account,
        source=named[found.from_delivery_id],
        target=named[row.delivery_id],
        seen_at=row.seen_at,
    )


def _has_moved(outcome: Outcome) -> bool:
    return outcome.state == "done" and outcome.how in ("move", "copy")


def _ending(outcome: Outcome, arrived: Mapping[int, int]) -> dict[str, object]:
    return {
        "action": outcome.action.id,
        "ended": outcome.state,
        "done_by": outcome.how,
        "said": outcome.note,
        "arrived": arrived.get(outcome.target_uid or 0),
    }


def _planned(row: Row[Any], target: str, now: datetime) -> dict[str, object]:
    return {
        "delivery_id": row.delivery_id,
        "mail_id": row.mail_id,
        "account": row.account,
        "target": target,
        "state": "planned",
        "attempts": 0,
        "planned_at": now,
    }
