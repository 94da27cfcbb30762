"""A day and the calendar of the house -> up to which day a term is soon over; pure."""

from datetime import date, timedelta

from daemon.triage.calendar import WorkCalendar

DAYS = 3
_MOST_FREE = 31  # days in a row on which nobody works; more is a house that is closed


def soon_until(day: date, calendar: WorkCalendar) -> date:
    """Return the last day of what is soon: the third from `day`, or the next one that is worked.

    So a term that ends on a Saturday, a Sunday or a holiday is told on the last working days before
    it, as is one that ends on the first working day after them: what is due on a Monday is in the
    digests of Wednesday, Thursday and Friday.
    """
    last = day + timedelta(days=DAYS)
    for _ in range(_MOST_FREE):
        if calendar.free(last) is None:
            break
        last += timedelta(days=1)
    return last
