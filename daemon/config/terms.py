"""All profiles, calendars and hours there are: those that come with Backdesk, and the house's."""

import tomllib
from collections.abc import Mapping
from functools import cache

from daemon.config.deadlines import HOUSE, Calendar, Profile, Terms
from daemon.config.shipped import shipped

COUNTRIES = {
    "Europe/Amsterdam": "NL", "Europe/Athens": "GR", "Europe/Berlin": "DE",
    "Europe/Bratislava": "SK", "Europe/Brussels": "BE", "Europe/Bucharest": "RO",
    "Europe/Budapest": "HU", "Europe/Copenhagen": "DK", "Europe/Dublin": "IE",
    "Europe/Helsinki": "FI", "Europe/Lisbon": "PT", "Europe/Ljubljana": "SI",
    "Europe/London": "GB", "Europe/Luxembourg": "LU", "Europe/Madrid": "ES", "Europe/Malta": "MT",
    "Europe/Oslo": "NO", "Europe/Paris": "FR", "Europe/Prague": "CZ", "Europe/Riga": "LV",
    "Europe/Rome": "IT", "Europe/Sofia": "BG", "Europe/Stockholm": "SE", "Europe/Tallinn": "EE",
    "Europe/Vienna": "AT", "Europe/Vilnius": "LT", "Europe/Warsaw": "PL", "Europe/Zagreb": "HR",
    "Europe/Zurich": "CH", "Asia/Nicosia": "CY",
}  # fmt: skip
"""Time zone -> the country whose holidays the house keeps, where no calendar says so."""


@cache
def shipped_terms() -> Terms:
    """Return what `deadlines.toml` says."""
    text = shipped("deadlines.toml").read_text("utf-8")
    return Terms.model_validate(tomllib.loads(text))


def profiles(own: Mapping[str, Profile]) -> dict[str, Profile]:
    """Return all profiles by name; the house's own take the place of shipped ones."""
    return {**shipped_terms().deadlines, **own}


def calendars(own: Mapping[str, Calendar], timezone: str) -> dict[str, Calendar]:
    """Return all calendars by name; that of the house, where it is not written, by its zone."""
    answer = {**shipped_terms().calendars, **own}
    if HOUSE not in answer and timezone in COUNTRIES:
        answer[HOUSE] = Calendar(name=HOUSE, country=COUNTRIES[timezone])
    return answer


def zone_of(calendar: Calendar) -> str:
    """Return the time zone of a calendar's country, UTC where there is more than one."""
    zones = [zone for zone, country in COUNTRIES.items() if country == calendar.country]
    return zones[0] if zones else "UTC"
