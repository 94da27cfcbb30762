"""A configured calendar -> whether a day is worked, and if not, why."""

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from holidays import HolidayBase, country_holidays

from daemon.config.deadlines import WEEKDAYS

if TYPE_CHECKING:
    from daemon.config.deadlines import Calendar

SATURDAY, SUNDAY = "saturday", "sunday"


class WorkCalendar:
    """Which days are worked.

    Args:
        settings: a checked calendar; None: only Saturdays and Sundays are free.
    """

    def __init__(self, settings: "Calendar | None") -> None:
        self._weekend = settings.weekend if settings else (SATURDAY, SUNDAY)
        self._public = _public(settings.country, settings.subdivision) if settings else None
        own = settings.holidays if settings else ()
        self._own = {day for day in own if isinstance(day, date)}
        self._yearly = {day for day in own if not isinstance(day, date)}

    def holiday(self, day: date) -> str | None:
        """Return the name of the public holiday or free day of the house, None for others."""
        if day in self._own or (day.month, day.day) in self._yearly:
            return "a free day of the house"
        return None if self._public is None else self._public.get(day)

    def free(self, day: date) -> str | None:
        """Return why nobody works on a day, None when it is worked."""
        weekday = WEEKDAYS[day.weekday()]
        return self.holiday(day) or (weekday.title() if weekday in self._weekend else None)

    def no_end(self, day: date, rolls_over: str) -> str | None:
        """Return why no term may end on a day under a rule of rolling over, None when it may."""
        if rolls_over == "no":
            return None
        weekday = WEEKDAYS[day.weekday()]
        is_rest = weekday == SUNDAY or (weekday == SATURDAY and "saturdays" in rolls_over)
        return self.holiday(day) or (weekday.title() if is_rest else None)


@cache
def _public(country: str, subdivision: str) -> HolidayBase:
    """Return the public holidays of a country, which works out a year when it is asked for."""
    return country_holidays(country, subdiv=subdivision or None, language="en_US")
