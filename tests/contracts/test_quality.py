"""The reports of random years equal an independent recount, on both engines."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from daemon.cases.records import CaseFile
from daemon.quality.period import month_of, period_of
from daemon.quality.records import Complaints, Group, Period, Served
from daemon.quality.reports import Reporter
from daemon.store.engine import Store
from tests.contracts.busy_year import ROME, BusyYear, settings
from tests.contracts.recount import (
    OneCase,
    is_late_at,
    quantile,
    repeated,
    standing,
    worked,
)

HARD = ("merged", "unmerged", "cause", "reopened", "paused", "resumed", "answered", "routed")
HARD += ("returned", "extended")
LATER = datetime(2027, 6, 1, 6, tzinfo=UTC)


def the_year(store: Store, seed: int) -> BusyYear:
    """Return a year of 160 cases and 720 deeds."""
    lived = BusyYear(store, seed)
    lived.live(160, 720)
    return lived


def periods(now: datetime) -> list[Period]:
    """Return months with and without a change of the clock, and the whole."""
    months = [(2026, 3), (2026, 7), (2026, 10)]
    whole = period_of(date(2026, 2, 1), date(2027, 1, 31), ROME, now)
    return [*(month_of(*one, ROME, now) for one in months), whole]


def cohort(cases: list[OneCase], period: Period) -> list[OneCase]:
    """Return the cases received in the period."""
    end = min(period.until, period.now)
    return [one for one in cases if period.since <= one.line.received_at < end]


def gone(cases: list[OneCase], period: Period) -> list[OneCase]:
    """Return the cases closed in the period and still closed at its end."""
    end = min(period.until, period.now)
    found = ((one, one.state(end)[1]) for one in cases if one.line.received_at < end)
    return [one for one, closed in found if closed and period.since <= closed < end]


def judged(cases: list[OneCase], period: Period) -> list[tuple[OneCase, object, str]]:
    """Return the terms of cases that were met, ran out or were dropped in the period."""
    end = min(period.until, period.now)
    fates = ((one, clock, *one.fate(clock)) for one in cases for clock in one.clocks)
    return [(one, clock, fate) for one, clock, fate, at in fates if period.since <= at < end]


def check_group(group: Group, cases: list[OneCase], period: Period) -> None:
    """Compare a line of the report with its cases."""
    end = min(period.until, period.now)
    fates = Counter(fate for _, _, fate in judged(cases, period))
    known = [one for one in cases if one.line.received_at < end]
    assert group.received == len(cohort(cases, period))
    assert group.closed == len(gone(cases, period))
    assert group.open == sum(one.state(end)[0] for one in known)
    assert group.overdue == sum(is_late_at(one, end) for one in cases)
    assert group.kept.hits == fates["kept"]
    assert group.kept.of == fates["kept"] + fates["late"] + fates["missed"]


def check_served(served: Served, cases: list[OneCase], period: Period) -> None:
    """Compare the times of some cases with a recount."""
    assert served.received == len(cases)
    for timing in served.timings:
        done = {
            "acknowledge": lambda one: one.acknowledged,
            "answer": lambda one: one.answered,
            "close": lambda one: one.state(period.now)[1],
        }[timing.measure]
        wall, business, states = [], [], Counter[str]()
        for one in cases:
            closed = one.state(period.now)[1]
            until = done(one) or closed or period.now
            ended = done(one) is not None
            states["done" if ended else "left" if closed else "waiting"] += 1
            begin = one.line.received_at
            wall.append((max((until - begin).total_seconds(), 0.0), ended))
            paused = one.paused_days(period.now.astimezone(ROME).date())
            business.append((worked(begin, until, paused), ended))
        assert (timing.done, timing.waiting, timing.left) == tuple(
            states[name] for name in ("done", "waiting", "left")
        )
        assert timing.business is not None
        for times, spells in ((timing.wall, wall), (timing.business, business)):
            for found, part in ((times.median, Fraction(1, 2)), (times.p90, Fraction(9, 10))):
                seconds, at_least = quantile(spells, part)
                assert found.seconds == pytest.approx(seconds, abs=1e-3)
                assert found.at_least == at_least


def named(cases: list[OneCase], name: str) -> dict[str, list[OneCase]]:
    """Return cases by a column."""
    found: dict[str, list[OneCase]] = {}
    for one in cases:
        found.setdefault(getattr(one.line, name) or "", []).append(one)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_the_reports_equal_a_recount(store: Store, seed: int) -> None:
    """Of a random year, made in its end and long after."""
    year = the_year(store, seed)
    files, reporter = year.files(), Reporter(store=store, settings=settings())
    check_worth(files, reporter, year.now)
    for now in (year.now, LATER):
        check_complaints(files, reporter, now)
    check_service(files, reporter, year.now if seed == 1 else LATER)
    check_register(files, reporter, year.now if seed == 1 else LATER)


def check_complaints(files: list[CaseFile], reporter: Reporter, now: datetime) -> None:
    """Compare the reports on complaints with a recount."""
    cases = [one for one in standing(files, now) if one.line.kind == "complaint"]
    for period in periods(now):
        report = reporter.complaints(period)
        check_group(report.total, cases, period)
        check_bars(report, cases, period)
        check_terms(report, cases, period)
        customers = repeated(cases, period.since, min(period.until, period.now), 90)
        assert (report.repeats.customers.hits, report.repeats.customers.of) == (
            sum(customers.values()), len(customers),
        )  # fmt: skip
        for column, groups in (("queue", report.queues), ("channel", report.channels)):
            of_name = named(cases, column)
            for group in groups:
                check_group(group, of_name[group.name], period)
            assert sum(one.received for one in groups) == report.total.received
            assert sum(one.open for one in groups) == report.total.open


def check_bars(report: Complaints, cases: list[OneCase], period: Period) -> None:
    """Compare causes, decisions, products and severities."""
    closed, end = gone(cases, period), min(period.until, period.now)
    assert {one.name: one.number for one in report.causes} == Counter(
        one.state(end)[2] for one in closed
    )
    assert {one.name: one.number for one in report.decisions} == Counter(
        one.line.decision or "" for one in closed
    )
    for column, bars in (("product", report.products), ("severity", report.severities)):
        assert {one.name: one.number for one in bars} == Counter(
            getattr(one.line, column) or "" for one in cohort(cases, period)
        )


def check_terms(report: Complaints, cases: list[OneCase], period: Period) -> None:
    """Compare what became of terms, and what it costs."""
    fates = judged(cases, period)
    for term in report.terms:
        here = Counter(
            fate
            for one, clock, fate in fates
            if (clock.profile or one.line.profile, clock.name) == (term.profile, term.clock)
        )
        assert (term.kept.hits, term.missed, term.dropped) == (
            here["kept"], here["missed"], here["dropped"],
        )  # fmt: skip
        assert term.kept.of == here["kept"] + here["late"] + here["missed"]
    assert sum(term.kept.of for term in report.terms) == report.total.kept.of
    costs = [
        (clock.profile, owed)
        for one, clock, fate in fates
        if fate in ("late", "missed") and (owed := one.owed(clock)) is not None
    ]
    for cost in report.costs:
        mine = [owed for profile, owed in costs if profile == cost.profile]
        assert (cost.terms, cost.amount) == (len(mine), sum(mine, Decimal(0)))
    assert {one.profile for one in report.costs} == {profile for profile, _ in costs}


def check_service(files: list[CaseFile], reporter: Reporter, now: datetime) -> None:
    """All, by kind, queue and person; volume by day and week; channels of answers."""
    cases = standing(files, now)
    for period in periods(now):
        report = reporter.service(period)
        mine, closed = cohort(cases, period), gone(cases, period)
        check_served(report.total, mine, period)
        for column, served in (
            ("kind", report.kinds), ("queue", report.queues), ("owner", report.persons),
        ):  # fmt: skip
            of_name = named(mine, column)
            assert {one.name for one in served} == set(of_name)
            for one in served:
                check_served(one, of_name[one.name], period)
        assert {one.name: one.number for one in report.channels} == Counter(
            one.channel for one in mine if one.answered
        )
        assert sum(step.received for step in report.volume) == len(mine)
        assert sum(step.closed for step in report.volume) == len(closed)
        if not report.is_weekly:
            days = Counter(one.line.received_at.astimezone(ROME).date() for one in mine)
            assert {one.first: one.received for one in report.volume if one.received} == days
            last = min(period.last, (now - timedelta(microseconds=1)).astimezone(ROME).date())
            assert len(report.volume) == max((last - period.first).days + 1, 0)


def check_worth(files: list[CaseFile], reporter: Reporter, now: datetime) -> None:
    """The year has all that makes counting hard, and each report has something to say."""
    kinds = Counter(event.kind for file in files for event in file.events)
    for kind in HARD:
        assert kinds[kind] > 2, kind
    assert any(event.detail.get("interim") for file in files for event in file.events)
    report = reporter.complaints(periods(now)[-1])
    assert min(report.total.closed, report.total.open, report.total.overdue) > 3
    assert 0 < report.total.kept.hits < report.total.kept.of
    assert {one.profile for one in report.costs} == {"it-energy", "phone"}
    assert report.repeats.customers.hits
    states = {one.line.reference: one.state(now)[0] for one in standing(files, now)}
    assert states == {
        one.line.reference: one.line.state == "open"
        for one in files
        if one.line.reference in states
    }


def check_register(files: list[CaseFile], reporter: Reporter, now: datetime) -> None:
    """In the order of receipt, each once, with the states of the cases."""
    period = periods(now)[-1]
    entries = reporter.register(period)
    cases = [one for one in standing(files, now) if one.line.kind == "complaint"]
    mine = sorted(cohort(cases, period), key=lambda one: (one.line.received_at, one.line.id))
    assert [one.reference for one in entries] == [one.line.reference for one in mine]
    assert [one.state for one in entries] == [one.line.state for one in mine]
    assert [one.cause for one in entries] == [one.line.cause or "" for one in mine]
    assert [one.answered for one in entries] == [one.answered for one in mine]
    for entry, case in zip(entries, mine, strict=True):
        fates = [case.fate(clock)[0] for clock in case.clocks]
        late = {"late", "missed"} & set(fates)
        kept = fates and set(fates) == {"kept"}
        assert entry.on_time == ("no" if late else "yes" if kept else "")
