"""The records of the reports: what the register says of a case, and what is told of many."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from daemon.quality.statistics import Bar, Share, Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a report is about: from midnight to midnight, in the zone of the house.

    Attributes:
        first, last: the days, both included.
        zone: whose midnights.
        since, until: these midnights in UTC, the second no longer included.
        now: when the report is made; nothing later is known.
        end: at whose state is looked: `until`, or `now` where that is sooner.
    """

    first: date
    last: date
    zone: ZoneInfo
    since: datetime
    until: datetime
    now: datetime
    end: datetime

    def has(self, moment: datetime | None) -> bool:
        """Tell whether a moment is in the period, and not to come."""
        return moment is not None and self.since <= moment < self.end


class Clock(NamedTuple):
    """A term of a case that presses whatever the case is about."""

    name: str
    met_by: str
    due_at: datetime  # the last second in which it is met in time
    met_at: datetime | None
    since: datetime | None = None  # from when it is counted; None: from the receipt
    is_extended: bool = False
    is_held: bool = False  # it stands still: its due date does not count
    profile: str = ""  # by which it is counted


class Turn(NamedTuple):
    """A closing or a reopening of a case."""

    at: datetime
    closes: bool
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case that stands for itself, as its events tell it; cases merged into it are part of it."""

    id: int
    reference: str
    kind: str
    queue: str
    owner: str
    channel: str
    customer: str  # mailbox: address in lower case, without +tag; "": not known
    profile: str
    severity: str
    product: str
    remedy: str
    decision: str
    recourse: str
    received_at: datetime
    acknowledged_at: datetime | None = None  # first acknowledgement or answer
    answered_at: datetime | None = None  # first answer
    answered_by: str = ""  # the channel of that
    turns: tuple[Turn, ...] = ()
    pauses: tuple[tuple[date, date | None], ...] = ()  # of its profile's clocks; None: it lasts
    course: str = ""  # JSON: when its clocks stood still, as the table keeps it
    clocks: tuple[Clock, ...] = ()

    def turn_at(self, moment: datetime) -> Turn | None:
        """Return the last closing or reopening before a moment."""
        for one in reversed(self.turns):
            if one.at < moment:
                return one
        return None

    def is_open(self, moment: datetime) -> bool:
        """Tell whether it was in the register and not closed just before a moment."""
        last = self.turn_at(moment)
        return self.received_at < moment and not (last and last.closes)

    def closed_at(self, moment: datetime) -> datetime | None:
        """Return when it was closed, as far as it was so just before a moment."""
        last = self.turn_at(moment)
        return last.at if last and last.closes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What became of one clock of a profile, over all cases of the period."""

    profile: str  # "": of none that is known
    clock: str
    kept: Share  # met in time, of those that were met or ran out in the period
    missed: int  # of the rest: still not met when the report is made
    running: int  # neither met nor run out at the end, of cases open then
    dropped: int  # of cases closed in the period before the term was over, without being met


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Customers who complained again."""

    customers: Share  # with another complaint in the days before, of all known of the period
    days: int
    unknown: int  # complaints of the period of which no address is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the lateness of terms that ran out in the period costs under one profile, at most."""

    profile: str
    source: str
    currency: str
    terms: int
    amount: Decimal
    growing: int  # terms of these that are still not met: their sum may grow


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The complaints of one queue, or of one channel."""

    name: str  # "": none
    received: int
    closed: int
    open: int  # at the end
    overdue: int  # of these
    kept: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """The report on complaints."""

    period: Period
    queue: str | None
    total: Group
    causes: tuple[Bar, ...]  # of those closed in the period
    decisions: tuple[Bar, ...]  # of the same
    products: tuple[Bar, ...]  # of those received in the period
    severities: tuple[Bar, ...]  # of the same
    terms: tuple[Terms, ...]
    repeats: Repeats
    costs: tuple[Cost, ...]
    queues: tuple[Group, ...]
    channels: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one thing took in the cases received in the period."""

    measure: str  # acknowledge, answer, close
    done: int
    waiting: int  # still open without it: counted as "at least"
    left: int  # closed without it: counted as "at least" up to the closing
    wall: Times
    business: Times | None  # None: no hours are configured


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The cases of one kind, queue or person."""

    name: str  # "": none
    received: int
    timings: tuple[Timing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came and went on a day, or in a week."""

    first: date
    received: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The report on service."""

    period: Period
    queue: str | None
    total: Served
    is_weekly: bool  # the steps are weeks, cut at the ends of the period; else days
    volume: tuple[Step, ...]
    channels: tuple[Bar, ...]  # of the first answers
    kinds: tuple[Served, ...]
    queues: tuple[Served, ...]
    persons: tuple[Served, ...]  # only where the configuration wants them


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the register of complaints, without what was written in it."""

    reference: str
    received: datetime
    channel: str
    queue: str
    state: str
    acknowledged: datetime | None
    severity: str
    product: str
    remedy: str
    due: datetime | None
    answered: datetime | None
    decision: str
    cause: str
    closed: datetime | None
    recourse: str
    on_time: str  # yes, no, "": not known yet, or no term
