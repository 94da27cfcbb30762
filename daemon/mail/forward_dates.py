"""The date in a forward's headers, as people of five languages read it -> a moment in UTC; pure.

"lunedì 23 novembre 2026 10:15", "Mon, Nov 23, 2026 at 10:15 AM", "23.11.26  10:15  (GMT+01:00)".
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from classifiers.folding import fold

_LONGEST = 120  # characters that are looked at
_LAST_MONTH = 12
_NOON = 12
_CENTURY = 100
_OLD_CENTURY = 70  # years from here on are of the one before
_MOST_OFFSET = timedelta(hours=14)

_NAMES = """
    january jan gennaio gen stycznia styczen sty januar janner janvier janv enero ene
    february feb febbraio lutego luty lut februar fevrier fevr fev febrero
    march mar marzo marca marzec marz maer mrz mars
    april apr aprile kwietnia kwiecien kwi avril avr abril abr
    may maggio mag maja maj mai mayo
    june jun giugno giu czerwca czerwiec cze juni juin junio
    july jul luglio lug lipca lipiec lip juli juillet juil julio
    august aug agosto ago sierpnia sierpien sie aout
    september sep sept settembre set wrzesnia wrzesien wrz septembre septiembre
    october oct ottobre ott pazdziernika pazdziernik paz oktober okt octobre octubre
    november nov novembre listopada listopad lis noviembre
    december dec dicembre dic grudnia grudzien gru dezember dez decembre diciembre
"""
_MONTHS = {
    name: month
    for month, names in enumerate(_NAMES.strip().splitlines(), start=1)
    for name in names.split()
}
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "west": 1, "cet": 1, "mez": 1}
_ZONES |= {"cest": 2, "mesz": 2, "eet": 2, "eest": 3}

_YEAR_FIRST = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_NUMBERS = re.compile(r"\b(\d{1,2})[-/.] ?(\d{1,2})[-/.] ?(\d{4}|\d\d)\b")
_DAY_FIRST = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|er|o)?[.,]?[ -](?:de |of )?([a-z]{3,12})[.,]?,?[ -](?:de )?"
    r"(\d{4})\b"
)
_MONTH_FIRST = re.compile(r"\b([a-z]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b")
_TIME = re.compile(r"\b(\d{1,2})[:.h](\d\d)(?:[:.](\d\d))?(?: ?([ap])\.? ?m\b)?")
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d\d)?\b")
_ZONE = re.compile(r"\b([a-z]{1,4})\b")


def moment_in(text: str, zone: tzinfo, *, is_english: bool = False) -> datetime | None:
    """Return the moment that a date line names, None where it names none, or one of two.

    Args:
        text: the line, without its key.
        zone: in which a time without one is meant.
        is_english: whether the headers are English: then 03/04/2026 may be either, and is none.
    """
    said = " ".join(fold(text[:_LONGEST]).split())
    found = _day_in(said, is_english=is_english)
    if found is None:
        return None
    (year, month, day), rest = found
    time = _TIME.search(rest)
    hour, minute, second = _clock(time)
    meant = _zone_in(rest[time.end() :], zone) if time else zone
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=meant).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day_in(said: str, *, is_english: bool) -> tuple[tuple[int, int, int], str] | None:
    """Return year, month and day, and the text behind them (before them where none is)."""
    for pattern, places in ((_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2))):
        found = pattern.search(said)
        if found and (month := _MONTHS.get(found[places[1]])):
            return (int(found[places[0]]), month, int(found[places[2]])), _beside(said, found)
    if found := _YEAR_FIRST.search(said):
        return (int(found[1]), int(found[2]), int(found[3])), _beside(said, found)
    return _numbers_in(said, is_english=is_english)


def _numbers_in(said: str, *, is_english: bool) -> tuple[tuple[int, int, int], str] | None:
    """Return the day of 23/11/2026, or of 11/23/2026 where the time has AM or PM."""
    found = _NUMBERS.search(said)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if year < _CENTURY:
        year += 2000 if year < _OLD_CENTURY else 1900
    rest = _beside(said, found)
    time = _TIME.search(rest)
    is_american = second > _LAST_MONTH or bool(time and time[4])
    if is_english and not is_american and first <= _LAST_MONTH and first != second:
        return None
    return ((year, first, second) if is_american else (year, second, first)), rest


def _beside(said: str, found: re.Match[str]) -> str:
    """Return what stands behind the day; some programs write the time before it."""
    behind = said[found.end() :]
    return behind if _TIME.search(behind) else said[: found.start()]


def _clock(time: re.Match[str] | None) -> tuple[int, int, int]:
    if time is None:
        return 0, 0, 0
    hour = int(time[1])
    if time[4]:
        hour = hour % _NOON + (_NOON if time[4] == "p" else 0)
    return hour, int(time[2]), int(time[3] or 0)


def _zone_in(behind: str, zone: tzinfo) -> tzinfo:
    """Return the zone that stands behind a time, else that of the house."""
    if offset := _OFFSET.search(behind):
        behind_utc = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if behind_utc <= _MOST_OFFSET:
            return timezone(behind_utc if offset[1] == "+" else -behind_utc)
    named = next((_ZONES[one] for one in _ZONE.findall(behind) if one in _ZONES), None)
    return zone if named is None else timezone(timedelta(hours=named))
