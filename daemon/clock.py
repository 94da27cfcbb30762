"""The only place that asks the machine what time it is."""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that never jump; only differences mean anything."""
    return time.monotonic()


def local_date(moment: datetime, timezone: ZoneInfo) -> date:
    """Return the calendar date that `moment` falls on in `timezone`."""
    return moment.astimezone(timezone).date()
