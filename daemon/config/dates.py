"""A date or a moment -> words in it, pl or en, as `templates/dates.<language>.toml` has them."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from daemon.config.shipped import shipped

_BY_THE_HOUR = timedelta(hours=48)  # a term up to that is told with its time of day


def day_in_words(day: date, language: str, form: str = "short") -> str:
    """Return a date: `short` is Mon 23 Nov, `long` is Monday 23 November 2026.

    `letter` stands in a sentence: that something came on it, or comes by it; `date` has no weekday.
    """
    names = _names(language)
    length = "short" if form == "short" else "long"
    return str(names[form]).format(
        weekday=names[f"weekdays_{length}"][day.weekday()],
        day=day.day,
        month=names[f"months_{length}"][day.month - 1],
        year=day.year,
    )


def moment_in_words(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """Return a moment in the house's time, for a letter: Monday 23 November 2026, at 07:30."""
    local = moment.astimezone(zone)
    day = day_in_words(local.date(), language, "letter")
    return str(_names(language)["moment"]).format(day=day, time=f"{local:%H:%M}")


def due_in_words(received: datetime, due: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Return by when an answer comes, for a letter: a day, or of a short term the hour as well."""
    if due is None:
        return ""
    if due - received <= _BY_THE_HOUR:
        return moment_in_words(due, zone, language)
    return day_in_words(due.astimezone(zone).date(), language, "letter")


@cache
def _names(language: str) -> Mapping[str, Any]:
    path = shipped(f"templates/dates.{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
