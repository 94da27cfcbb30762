"""Moments of past sendings -> may one more go now: so many in any minute, over restarts too."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)


class Pace:
    """The last minute of one relay.

    Args:
        per_minute: mails that may be handed over within any 60 seconds.
        past: when mails were handed over before, from the rows; older ones do not matter.
    """

    def __init__(self, per_minute: int, past: Iterable[datetime] = ()) -> None:
        self._per_minute = per_minute
        self._moments = deque(sorted(past))

    def allows(self, now: datetime) -> bool:
        """Tell whether one more may be handed over now."""
        while self._moments and self._moments[0] <= now - WINDOW:
            self._moments.popleft()
        return len(self._moments) < self._per_minute

    def note(self, moment: datetime) -> None:
        """Count a mail that is about to be handed over."""
        self._moments.append(moment)
