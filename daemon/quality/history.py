"""The events of a case -> when it was first acknowledged and answered, closed, opened and paused.

An event that was entered later bears in its detail when it happened (`on`).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from daemon.quality.records import Turn

_A_DAY = timedelta(days=1)

ACKNOWLEDGED, ANSWERED = "acknowledged", "answered"
RETURNED, REPLYING = "returned", "replying"  # a mail came back; who wrote it, and as what
CLOSED, REOPENED = "closed", "reopened"
CAUSE = "cause"  # said after the closing
PAUSED, RESUMED, ROUTED = "paused", "resumed", "routed"
KINDS = (
    ACKNOWLEDGED, ANSWERED, RETURNED, REPLYING, CLOSED, REOPENED, CAUSE, PAUSED, RESUMED, ROUTED,
)  # fmt: skip
"""The kinds of events that say anything here."""

Pauses = tuple[tuple[date, date | None], ...]


class Told(NamedTuple):
    """One event of a case."""

    at: datetime
    kind: str
    detail: str  # JSON
    is_of_part: bool = False  # of a case that was merged into this one

    def said(self) -> dict[str, Any]:
        """Return what it says."""
        read: dict[str, Any] = msgspec.json.decode(self.detail)
        return read


class Story(NamedTuple):
    """What the events of a case say, with those of the cases merged into it."""

    acknowledged: "First | None" = None
    answered: "First | None" = None
    turns: tuple[Turn, ...] = ()
    pauses: "Pauses" = ()


class First(NamedTuple):
    """The first event of a kind."""

    at: datetime
    channel: str  # "": by mail of ours, on the channel of the case


def story_of(events: Sequence[Told], zone: ZoneInfo) -> Story:
    """Return what events say, in the order in which they were entered.

    Closings, reopenings and pauses are those of the case itself: what was closed before it was
    merged is open with the one that answers for it.
    """
    own = [one for one in events if not one.is_of_part]
    acknowledged, answered = first_replies(events)
    return Story(acknowledged, answered, turns_of(own), pauses_of(own, zone))


def first_replies(events: Sequence[Told]) -> tuple[First | None, First | None]:
    """Return the first acknowledgement and the first answer, which acknowledges as well.

    A mail that came back reached nobody; an interim reply acknowledges, and answers nothing.
    """
    back = _mails(events, RETURNED)
    interim = _mails(one for one in events if one.kind == REPLYING and one.said().get("interim"))
    acknowledged: First | None = None
    answered: First | None = None
    for one in events:
        if one.kind not in (ACKNOWLEDGED, ANSWERED):
            continue
        said = one.said()
        if said.get("mail") in back:
            continue
        reply = _reply(one, said)
        if acknowledged is None or reply.at < acknowledged.at:
            acknowledged = reply
        is_answer = one.kind == ANSWERED and not said.get("interim")
        if not is_answer or said.get("mail") in interim:
            continue
        if answered is None or reply.at < answered.at:
            answered = reply
    return acknowledged, answered


def _mails(events: Iterable[Told], kind: str = REPLYING) -> set[str]:
    """Return the keys of the mails that events of a kind are about."""
    found = (one.said().get("mail") for one in events if one.kind == kind)
    return {mail for mail in found if mail}


def _reply(one: Told, said: dict[str, Any]) -> First:
    on = said.get("on")
    return First(datetime.fromisoformat(on) if on else one.at, str(said.get("channel") or ""))


def turns_of(events: Iterable[Told]) -> tuple[Turn, ...]:
    """Return closings and reopenings; a cause that was said later is that of its closing."""
    turns: list[Turn] = []
    for one in events:
        if one.kind in (CLOSED, REOPENED):
            cause = str(one.said().get("cause") or "")
            turns.append(Turn(one.at, one.kind == CLOSED, cause))
        elif one.kind == CAUSE and turns:
            turns[-1] = turns[-1]._replace(cause=str(one.said()["cause"]))
    return tuple(turns)


def pauses_of(events: Iterable[Told], zone: ZoneInfo) -> Pauses:
    """Return the days on which the clocks stood still.

    A pause ends on the day before the one on which the clocks ran again; closing a case, and
    putting it under other deadlines, ends it as well.
    """
    pauses: list[tuple[date, date | None]] = []
    since: date | None = None
    for one in events:
        if one.kind in (PAUSED, RESUMED) and one.said().get("matter"):
            continue  # the clocks of the case's own profile ran
        if one.kind == PAUSED:
            since = date.fromisoformat(one.said()["since"])
            continue
        if since is None or one.kind not in (RESUMED, CLOSED, ROUTED):
            continue
        last = _last_day(one, zone)
        if last >= since:
            pauses.append((since, last))
        since = None
    return (*pauses, (since, None)) if since else tuple(pauses)


def _last_day(ended: Told, zone: ZoneInfo) -> date:
    if ended.kind != RESUMED:
        return ended.at.astimezone(zone).date() - _A_DAY
    return date.fromisoformat(ended.said()["on"]) - _A_DAY
