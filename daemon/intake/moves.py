"""Explains why a mail we hold turned up in one more place: our move, a person's, a copy; pure.

A person's move is: gone from one watched folder, present in another, and no open action of ours
leads there. Each disappearance explains one appearance and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The appearance to be explained."""

    delivery_id: int
    folder: str
    seen_at: datetime  # when it was known to be this mail
    listed_at: datetime  # when its UID was first met; earlier where the server did not give it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Another delivery of the same mail in the same account."""

    delivery_id: int
    folder: str
    gone_at: datetime | None
    listed_at: datetime | None  # when its folder was listed last
    explains: bool  # its disappearance explains another appearance already


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMove:
    """An action of ours on one of the places, not yet tied to its target."""

    action_id: int
    delivery_id: int  # of the source
    target: str
    state: str  # planned, issued, done, superseded, failed
    was_issued: bool  # its command was, or may have been, sent
    target_listed_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What became of a sighting."""

    outcome: str  # own, person, copy
    from_delivery_id: int | None = None
    action_id: int | None = None


def explain(
    sighting: Sighting, places: Sequence[Place], moves: Sequence[OwnMove]
) -> Explanation | None:
    """Explain one sighting; None while a folder must be listed again before it can be known."""
    ours = [move for move in moves if _may_have_led(move, sighting)]
    if ours:  # one that is thought to have been overtaken only if there is no other
        led = min(ours, key=lambda move: (move.state == "superseded", move.action_id))
        return Explanation(outcome="own", from_delivery_id=led.delivery_id, action_id=led.action_id)
    gone = [p for p in places if p.gone_at and not p.explains and p.folder != sighting.folder]
    waiting = {move.delivery_id for move in moves if _may_still_show(move)}
    if free := [place for place in gone if place.delivery_id not in waiting]:
        latest = max(free, key=lambda place: (place.gone_at, place.delivery_id))
        return Explanation(outcome="person", from_delivery_id=latest.delivery_id)
    if gone:
        return None
    present = [place for place in places if place.gone_at is None]
    if all(place.listed_at and place.listed_at >= sighting.seen_at for place in present):
        return Explanation(outcome="copy")
    return None


def _may_have_led(move: OwnMove, sighting: Sighting) -> bool:
    """Tell whether a move of ours can be why the mail is where it was seen.

    The command of a superseded one may have been carried out before a crash, when what stood in
    its target could not be read: then the UID was met there before the move was given up.
    """
    if move.target != sighting.folder:
        return False
    if move.state == "superseded":
        given_up = move.finished_at
        return move.was_issued and given_up is not None and sighting.listed_at <= given_up
    return move.state in ("issued", "done")


def _may_still_show(move: OwnMove) -> bool:
    """Tell whether the target of a move may yet turn out to hold the mail."""
    if move.state == "issued":
        return True
    if move.state != "done" or move.finished_at is None:
        return False
    return move.target_listed_at is None or move.target_listed_at < move.finished_at
