"""The deadlines of the configuration, ready to be counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from daemon.config.deadlines import Calendar, Hours, Profile
from daemon.config.settings import Document
from daemon.config.terms import calendars, profiles, zone_of
from daemon.triage.calendar import WorkCalendar
from daemon.triage.counting import Desk
from daemon.triage.deadlines import Course, Due, House, clocks_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All profiles by name, and what they are counted with.

    Attributes:
        timezone: of the house; None where there is no configuration, so that a profile is counted
            in the zone of its country.
    """

    profiles: Mapping[str, Profile]
    calendars: Mapping[str, Calendar]
    hours: Mapping[str, Hours]
    timezone: str | None

    @classmethod
    def of(cls, settings: Document | None) -> "Rulebook":
        """Return the rulebook of a configuration; without one, what comes with Backdesk."""
        if settings is None:
            shipped = profiles({})
            return cls(profiles=shipped, calendars=calendars({}, ""), hours={}, timezone=None)
        zone = settings.service.timezone
        return cls(
            profiles=profiles(settings.deadlines),
            calendars=calendars(settings.calendars, zone),
            hours=settings.hours,
            timezone=zone,
        )

    def zone(self, profile: Profile) -> ZoneInfo:
        """Return the zone whose days a profile is counted in."""
        calendar = self.calendars.get(profile.calendar)
        return ZoneInfo(self.timezone or (zone_of(calendar) if calendar else "UTC"))

    def in_force(self, profile: Profile, day: date) -> Profile | None:
        """Return the profile for mail received on a day: this, an earlier one, or none."""
        current: Profile | None = profile
        for _ in self.profiles:
            if current is None or current.valid_from is None or day >= current.valid_from:
                break
            current = self.profiles.get(current.earlier or "")
        is_over = current and current.valid_until and day > current.valid_until
        is_early = current and current.valid_from and day < current.valid_from
        return None if is_over or is_early else current

    def newest(self, name: str) -> str:
        """Return the profile that stands now for what once ran under this one."""
        for _ in self.profiles:
            later = (one.name for one in self.profiles.values() if one.earlier == name)
            name = next(later, name)
        return name

    def count(self, profile: Profile, course: Course) -> tuple[Due, ...]:
        """Return when each clock of a profile ends; see `clocks_due`."""
        calendar = WorkCalendar(self.calendars.get(profile.calendar))
        desk = self.desk(profile.hours, self.zone(profile))
        house = House(zone=self.zone(profile), calendar=calendar, desk=desk)
        return clocks_due(profile, course, house)

    def desk(self, name: str, house: ZoneInfo) -> Desk | None:
        """Return the desk of some hours, in the zone of the house unless they have their own."""
        hours = self.hours.get(name)
        if hours is None:
            return None
        zone = ZoneInfo(hours.timezone) if hours.timezone else house
        calendar = WorkCalendar(self.calendars.get(hours.calendar))
        return Desk(week=hours.open, zone=zone, calendar=calendar)

    def received_on(self, profile: Profile, moment: datetime) -> date:
        """Return the day on which a mail was received, as the profile counts days."""
        return moment.astimezone(self.zone(profile)).date()
