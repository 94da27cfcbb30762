"""Random terms, counted by the house and by a slow second way: the same moment every time."""

import os
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from daemon.config.deadlines import Calendar, Term
from daemon.triage.calendar import WorkCalendar
from daemon.triage.counting import Desk, Run, count
from tests.stages.deadline_oracle import easter, end_of_days, end_of_hours, is_holiday

CASES = int(os.environ.get("CASES", "1200"))
PARTS = 4
ZONES = {"IT": ZoneInfo("Europe/Rome"), "PL": ZoneInfo("Europe/Warsaw")}
CALENDARS = {code: WorkCalendar(Calendar(name=code.lower(), country=code)) for code in ("IT", "PL")}
MOST = {"hours": 120, "business hours": 40, "days": 120, "working days": 60, "months": 24}
SPANS = (
    (),
    ((time(9), time(13)), (time(14), time(18))),
    ((time(8, 30), time(12, 15)),),
    ((time(0), time(2, 30)), (time(2, 45), time(23, 59))),  # over the hour that is put forward
)


def drawn(random: Random) -> dict:
    """Return one case: a term, its start and everything that bears on it."""
    country, unit = random.choice(("IT", "PL")), random.choice(tuple(MOST))
    # a third near the nights on which the clock is put forward or back, or near Christmas
    near = random.choice(
        (None, None, date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2026, 12, 24))
    )
    begin = near or date(2024, 1, 1) + timedelta(random.randrange(1500))
    start = datetime.combine(begin, time(), UTC) + timedelta(minutes=random.randint(-4000, 4000))
    paused: set[date] = set()
    for _ in range(random.choice((0, 0, 1, 2))):
        first = start.date() + timedelta(random.randint(-5, 40))
        paused |= {first + timedelta(n) for n in range(random.randint(1, 15))}
    week = [random.choice(SPANS) for _ in range(7)]
    week[random.randrange(7)] = SPANS[1]
    return {
        "country": country,
        "unit": unit,
        "amount": random.randint(1, MOST[unit]),
        "start": start,
        "counts_start": random.random() < 0.3,
        "rolls_over": random.choice(("no", "holidays", "holidays and saturdays")),
        "paused": frozenset(paused),
        "week": tuple(week),
    }


def ours(case: dict) -> datetime:
    """Return what the house counts."""
    zone, calendar = ZONES[case["country"]], CALENDARS[case["country"]]
    due, days = count(
        Run(
            term=Term(case["amount"], case["unit"]),
            start=case["start"],
            counts_start=case["counts_start"],
            rolls_over=case["rolls_over"],
            zone=zone,
            calendar=calendar,
            desk=Desk(week=case["week"], zone=zone, calendar=calendar),
            paused=case["paused"],
        )
    )
    assert days[-1].date in (due.date(), due.date() - timedelta(1))  # midnight ends the day before
    return due


def theirs(case: dict) -> datetime:
    """Return what the second way counts."""
    zone = ZONES[case["country"]]
    if "hours" in case["unit"]:
        return end_of_hours(case["start"], case, zone)
    day = end_of_days(case["start"].astimezone(zone).date(), case)
    return datetime.combine(day, time(23, 59, 59), zone)


@pytest.mark.parametrize("part", range(PARTS))
def test_both_ways_agree(part: int) -> None:
    """CASES=10000 counts ten thousand."""
    random = Random(part)
    for _ in range(CASES // PARTS):
        case = drawn(random)
        # in UTC: Python calls the hour that comes twice unequal to itself in another zone
        assert ours(case).astimezone(UTC) == theirs(case).astimezone(UTC), case


@pytest.mark.parametrize("country", ["IT", "PL"])
def test_the_holidays_are_those_of_the_law(country: str) -> None:
    """From 2024 to 2030, with Italy's 4 October (2026) and Poland's 24 December (2025)."""
    day = date(2024, 1, 1)
    while day < date(2031, 1, 1):
        known = CALENDARS[country].holiday(day)
        assert (known is not None) == is_holiday(day, country), (day, known)
        day += timedelta(1)


def test_easter_is_right() -> None:
    """Of the second way itself; dates from the almanac."""
    known = {2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2038: "04-25"}
    assert {year: f"{easter(year):%m-%d}" for year in known} == known
