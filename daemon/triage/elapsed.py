"""Two moments and a desk -> for how long the desk was open between them."""

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import accumulate

from daemon.triage.counting import Desk, open_spans

_DAY = timedelta(days=1)


class OpenTime:
    """The time for which a desk is open, added up once for a whole period.

    Args:
        desk: whose hours count.
        since, until: aware; between them any two moments can be asked for.
    """

    def __init__(self, desk: Desk, since: datetime, until: datetime) -> None:
        day = since.astimezone(desk.zone).date() - _DAY
        last = until.astimezone(desk.zone).date() + _DAY
        spans = []
        while day <= last:
            spans += open_spans(desk, day)
            day += _DAY
        self._opens = [begin.timestamp() for begin, _ in spans]
        self._lasts = [(end - begin).total_seconds() for begin, end in spans]
        self._before = [0.0, *accumulate(self._lasts)]

    def between(self, begin: datetime, end: datetime) -> float:
        """Return the open seconds from one moment to a later one; 0 where it is earlier."""
        return max(self._until(end) - self._until(begin), 0.0)

    def _until(self, moment: datetime) -> float:
        at = moment.timestamp()
        number = bisect_right(self._opens, at)
        if not number:
            return 0.0
        passed = min(at - self._opens[number - 1], self._lasts[number - 1])
        return self._before[number - 1] + passed
