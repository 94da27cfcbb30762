"""The register -> the cases that a period's reports are about, each once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from daemon.quality.history import ACKNOWLEDGED, ANSWERED, KINDS, Story, Told, story_of
from daemon.quality.records import Case, Clock, Period
from daemon.store.tables import case_clocks, case_events, cases

CASE_KINDS = ("complaint", "request", "unsure")
"""What a case is; of any other kind it was none."""

_MEETING = (ANSWERED, ACKNOWLEDGED, "delivered")
"""Kinds of events that may end a term of a case that is closed."""

_AT_ONCE = 2_000  # rows that are held while they are read
_NEEDED = (
    "id", "reference", "kind", "queue", "owner", "channel", "mailbox", "profile", "severity",
    "product", "remedy", "decision", "recourse", "received_at", "course",
)  # fmt: skip
_stands = func.coalesce(cases.c.merged_into, cases.c.id)


def list_known(
    connection: Connection, period: Period, *, before: timedelta, queue: str | None = None
) -> tuple[Case, ...]:
    """Return the cases that matter to a period, the earliest received first.

    These are the ones received in it or up to `before` earlier, and older ones that were open, or
    answered, since it began. One that was merged is part of the one that answers for it.
    """
    chosen = _chosen(period, before, queue)
    stories, clocks = _stories(connection, chosen, period), _clocks(connection, chosen)
    columns = (cases.c[name] for name in _NEEDED)
    query = select(*columns).where(chosen).order_by(cases.c.received_at, cases.c.id)
    return tuple(
        _case(row, stories.get(row.id, Story()), clocks.get(row.id, ()))
        for row in chain.from_iterable(connection.execute(query).partitions(_AT_ONCE))
    )


def _chosen(period: Period, before: timedelta, queue: str | None) -> ColumnElement[bool]:
    since = period.since
    told = (case_events.c.kind.in_(_MEETING), case_events.c.at >= since)
    answered = select(_stands).join(case_events, case_events.c.case_id == cases.c.id).where(*told)
    matters = or_(
        cases.c.received_at >= since - before,
        cases.c.closed_at.is_(None),
        cases.c.closed_at >= since,
        cases.c.id.in_(answered),
    )
    chosen = (
        cases.c.merged_into.is_(None)
        & cases.c.kind.in_(CASE_KINDS)
        & (cases.c.received_at < period.end)
        & matters
    )
    return chosen if queue is None else chosen & (cases.c.queue == queue)


def _stories(
    connection: Connection, chosen: ColumnElement[bool], period: Period
) -> Mapping[int, Story]:
    """Return what the events of each case say, as far as they are known when the report is made.

    They come case by case and are read at once: twenty thousand cases have a hundred thousand.
    """
    case_id = _stands.label("stands")
    told_of = case_id.in_(select(cases.c.id).where(chosen))
    part = cases.c.merged_into.is_not(None)
    query = (
        select(case_id, case_events.c.at, case_events.c.kind, case_events.c.detail, part)
        .join(cases, cases.c.id == case_events.c.case_id)
        .where(case_events.c.kind.in_(KINDS), case_events.c.at < period.now, told_of)
        .order_by(case_id, case_events.c.id)
    )
    rows = chain.from_iterable(connection.execute(query).partitions(_AT_ONCE))
    return {
        of: story_of([Told(*row[1:]) for row in told], period.zone)
        for of, told in groupby(rows, key=itemgetter(0))
    }


def _clocks(connection: Connection, chosen: ColumnElement[bool]) -> Mapping[int, Sequence[Clock]]:
    columns = (case_clocks.c[name] for name in ("case_id", *Clock._fields))
    presses = case_clocks.c.only_if == ""
    query = select(*columns).join(cases, cases.c.id == case_clocks.c.case_id).where(presses, chosen)
    query = query.order_by(case_clocks.c.due_at, case_clocks.c.name)
    found: dict[int, list[Clock]] = defaultdict(list)
    for row in chain.from_iterable(connection.execute(query).partitions(_AT_ONCE)):
        found[row.case_id].append(Clock(*row[1:]))
    return found


def _case(row: Row[Any], story: Story, clocks: Sequence[Clock]) -> Case:
    acknowledged, answered = story.acknowledged, story.answered
    return Case(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        queue=row.queue or "",
        owner=row.owner or "",
        channel=row.channel,
        customer=row.mailbox or "",
        profile=row.profile or "",
        severity=row.severity or "",
        product=row.product or "",
        remedy=row.remedy or "",
        decision=row.decision or "",
        recourse=row.recourse or "",
        received_at=row.received_at,
        acknowledged_at=acknowledged.at if acknowledged else None,
        answered_at=answered.at if answered else None,
        answered_by=_way(answered.channel, row.channel) if answered else "",
        turns=story.turns,
        pauses=story.pauses,
        course=row.course or "",
        clocks=tuple(clocks),
    )


def _way(channel: str, of_case: str) -> str:
    """Return by what it was answered: our own mail goes out certified where that came in."""
    return channel or ("pec" if of_case == "pec" else "mail")
