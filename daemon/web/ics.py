"""What is due -> an iCalendar object (RFC 5545), each clock an event; pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LINE_BYTES = 75  # RFC 5545 3.1, without the line break
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One clock that ends."""

    uid: str  # the same in every version of the calendar
    title: str
    at: datetime


def calendar(title: str, dues: Sequence[Due], zone: ZoneInfo, now: datetime) -> bytes:
    """Return a calendar for publishing, in UTF-8 with CRLF line ends.

    A clock that ends with its day stands at the top of that day, any other at its moment; none
    makes anybody busy, and none has an alarm.

    Args:
        title: of the calendar.
        dues: its clocks.
        zone: whose days are meant.
        now: when it was made.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Backdesk//Deadlines//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(title)}",  # RFC 7986 5.1
        f"X-WR-CALNAME:{_text(title)}",  # what programs read before that
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",  # RFC 7986 5.7
        "X-PUBLISHED-TTL:PT1H",
    ]
    for due in dues:
        lines += _event(due, zone, now)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(due: Due, zone: ZoneInfo, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(due.uid)}"
    yield f"DTSTAMP:{_moment(now)}"
    local = due.at.astimezone(zone)
    if local.time().replace(microsecond=0) == _LAST_SECOND:
        yield f"DTSTART;VALUE=DATE:{local:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{local.date() + timedelta(days=1):%Y%m%d}"
    else:
        yield f"DTSTART:{_moment(due.at)}"
    yield f"SUMMARY:{_text(due.title)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escape a text (RFC 5545 3.3.11); control characters are left out."""
    escaped = re.sub(r"([\\;,])", r"\\\1", _CONTROLS.sub("", text))
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Return a line in pieces of at most 75 octets, no character cut in two."""
    pieces, piece = [], b""
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > _LINE_BYTES:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
