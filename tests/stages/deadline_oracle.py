"""A slow second way to count a term: a day, or a minute, at a time, and nothing shared with ours.

Holidays are written out here (Easter by Gauss' rule in Lichtenberg's form), so that a mistake of a
library does not agree with itself.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

FIXED = {
    "IT": (
        "01-01",
        "01-06",
        "04-25",
        "05-01",
        "06-02",
        "08-15",
        "11-01",
        "12-08",
        "12-25",
        "12-26",
    ),
    "PL": ("01-01", "01-06", "05-01", "05-03", "08-15", "11-01", "11-11", "12-25", "12-26"),
}
AFTER_EASTER = {"IT": (0, 1), "PL": (0, 1, 49, 60)}


def easter(year: int) -> date:
    """Return Easter Sunday of a year from 1900 to 2199."""
    golden, century = year % 19, year // 100
    secular = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    moon = (19 * golden + secular) % 30
    moon -= moon // 29 + (moon // 28 - moon // 29) * (golden // 11)
    sunday = 7 - (year + year // 4 + 2 - (3 * century + 3) // 4) % 7
    march = 21 + moon + 7 - (21 + moon - sunday) % 7
    return date(year, 3, 1) + timedelta(march - 1)


def is_holiday(day: date, country: str) -> bool:
    """Tell whether a day is a public holiday, by the law of 2026."""
    if (day - easter(day.year)).days in AFTER_EASTER[country]:
        return True
    if f"{day:%m-%d}" in FIXED[country]:
        return True
    if country == "IT":
        if day.month == 11 and day.weekday() == 6 and day.day <= 7:
            return True  # national unity, on the first Sunday (law 54/1977)
        return f"{day:%m-%d}" == "10-04" and day.year >= 2026
    return f"{day:%m-%d}" == "12-24" and day.year >= 2025


def end_of_days(start: date, case: dict) -> date:
    """Return the day on which a term of days, working days or months ends."""
    amount, unit, country = case["amount"], case["unit"], case["country"]
    if unit == "months":
        target = same_day_later(start, amount)
        amount = sum(1 for n in range(10_000) if start < start + timedelta(n) <= target)
    day = start if case["counts_start"] else start + timedelta(1)
    while True:
        works = day.weekday() < 5 and not is_holiday(day, country)
        if day not in case["paused"] and (unit != "working days" or works):
            amount -= 1
        if amount == 0:
            break
        day += timedelta(1)
    while forbidden(day, case) or day in case["paused"]:
        day += timedelta(1)
    return day


def same_day_later(day: date, months: int) -> date:
    """Return the same day so many months later, walking, or the last day of that month."""
    first = day.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(32)).replace(day=1)
    answer = first
    while answer.day != day.day and (answer + timedelta(1)).month == first.month:
        answer += timedelta(1)
    return answer


def forbidden(day: date, case: dict) -> bool:
    """Tell whether a term may not end on a day."""
    if case["rolls_over"] == "no":
        return False
    rest = {6} if case["rolls_over"] == "holidays" else {5, 6}
    return day.weekday() in rest or is_holiday(day, case["country"])


def end_of_hours(start: datetime, case: dict, zone: ZoneInfo) -> datetime:
    """Return the minute in which a term of hours ends; `start` is a whole minute."""
    moment = start.astimezone(UTC)
    if not case["counts_start"]:
        moment = moment.replace(minute=0) + timedelta(hours=1)
    left = case["amount"] * 60
    while True:
        wall = moment.astimezone(zone)
        counts = wall.date() not in case["paused"]
        if case["unit"] == "business hours":
            open_now = any(a <= wall.time() < b for a, b in case["week"][wall.weekday()])
            counts = counts and open_now and not is_holiday(wall.date(), case["country"])
        moment += timedelta(minutes=1)
        left -= counts
        if left == 0:
            return moment
