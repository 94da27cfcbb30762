"""What is asked for -> the digest, from one picture of the ledger and the register."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_

from daemon.config.deadlines import HOUSE
from daemon.config.settings import Settings
from daemon.digest import answers, register, store, trends, unsent
from daemon.digest.records import Deadlines, Digest, FolderLine, Period, Scope, Senders
from daemon.digest.window import soon_until
from daemon.intake.placement import Placement
from daemon.records import FolderCount
from daemon.triage.calendar import WorkCalendar
from daemon.triage.rulebook import Rulebook
from daemon.webhooks.views import count_troubled

SOON = timedelta(hours=1)
_MONDAY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which digest is wanted.

    Attributes:
        settings: of the house. day: the local date it bears. now: the present.
        zone: in which its days are counted. period: what it counts. scope: whose it is.
        counts: folders reconciled just now.
    """

    settings: Settings
    day: date
    now: datetime
    zone: ZoneInfo
    period: Period
    counts: tuple[FolderCount, ...]
    scope: Scope


def gather(connection: Connection, asked: Asked) -> Digest:
    """Return the digest, all of whose queries see the picture of this transaction.

    The lists are as far as the scope goes; health and what was taken in are the house's.
    """
    settings, period, scope = asked.settings, asked.period, asked.scope
    apart = settings.matters.whistleblowing_queue
    seen = register.cases_open_to(scope, apart)
    within = and_(register.cases_within(scope.queues, scope.owner), seen)
    unsure, unsure_total = store.list_unsure(connection, period, scope, apart)
    closed, closed_total = register.list_closed(connection, period, within, len(unsure) + 1)
    quarantined, quarantined_total = store.list_quarantined(connection)
    waiting = store.count_backlog(connection) | unsent.count_unsent(connection, scope)
    return Digest(
        day=asked.day,
        zone=asked.zone,
        period=period,
        intake=store.count_intake(connection, period),
        unsure=unsure,
        unsure_total=unsure_total,
        quarantined=quarantined,
        quarantined_total=quarantined_total,
        unfetchable=store.list_unfetchable(connection),
        folders=_renewed(store.list_folders(connection, _watched(settings)), asked.counts),
        accounts=store.list_accounts(connection, _patience(settings), asked.now),
        deadlines=_deadlines(connection, asked),
        without_model=store.count_without_model(connection, period),
        relays_away=store.list_relays_away(connection, tuple(settings.relays)),
        held_back=unsent.count_held_back(connection, period, scope),
        scope=scope,
        unsent=unsent.list_unsent(connection, period, scope, apart),
        closed=closed,
        closed_total=closed_total,
        newsletters=_senders(connection, asked),
        undone=answers.list_undone(connection, period, seen, scope.owner or scope.name or None),
        trends=trends.list_trends(connection, asked.day, settings.service.zone, scope),
        backlog=waiting["backlog"],
        unmoved=waiting["unmoved"],
        awaiting=waiting["awaiting"],
        outgoing_failed=waiting["failed"],
        outgoing_held=waiting["held"],
        webhooks=count_troubled(connection),
    )


def _senders(connection: Connection, asked: Asked) -> Senders | None:
    """Return who sent newsletters in the last week, on the day on which that is told."""
    if asked.day.weekday() != _MONDAY:
        return None
    return trends.list_senders(connection, asked.period.until, asked.scope)


def _deadlines(connection: Connection, asked: Asked) -> Deadlines:
    """Return what is overdue, and what will be by the end of the last day of what is soon."""
    settings, scope = asked.settings, asked.scope
    book = Rulebook.of(settings)
    last = soon_until(asked.day, WorkCalendar(book.calendars.get(HOUSE)))
    pressing = register.list_deadlines(
        connection,
        asked.period.until,
        register.end_of(last, settings.service.zone),
        register.Terms(
            book=book,
            now=asked.period.until,
            open_to=register.cases_open_to(scope, settings.matters.whistleblowing_queue),
        ),
        register.cases_within(scope.queues, scope.owner),
    )
    return replace(pressing, soon_until=last)


def _watched(settings: Settings) -> frozenset[tuple[str, str]]:
    """The folders that are watched, as (account, folder)."""
    place = Placement.of(settings)
    return frozenset((name, one) for name in settings.accounts for one in place.watched(name))


def _patience(settings: Settings) -> dict[str, timedelta]:
    """Account -> for how long it may go without a success: an hour, or three polls."""
    polls = {
        name: timedelta(seconds=one.poll_s or settings.intake.poll_s)
        for name, one in settings.accounts.items()
    }
    return {name: max(SOON, 3 * poll) for name, poll in polls.items()}


def _renewed(listed: Sequence[FolderLine], counts: Sequence[FolderCount]) -> tuple[FolderLine, ...]:
    """Return the lines of the last listings, each replaced by a fresh count where there is one."""
    lines = {(line.account, line.folder): line for line in listed}
    lines |= {(count.account, count.folder): _line(count) for count in counts}
    return tuple(lines.values())


def _line(count: FolderCount) -> FolderLine:
    return FolderLine(
        account=count.account,
        folder=count.folder,
        server=count.server,
        held=count.held,
        quarantined=count.quarantined,
        missing=count.missing,
    )
