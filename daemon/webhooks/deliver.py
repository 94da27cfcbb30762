"""Due deliveries -> calls of webhooks: one round, under the lease `webhooks`.

What a server answers is decided here: taken, later, or given up. Each delivery keeps its id on
every attempt, so a server that was told twice (a crash, an answer that got lost) can tell.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from daemon.failpoint import failpoint
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.webhooks.errors import ServerAway
from daemon.webhooks.events import OVERDUE
from daemon.webhooks.records import Answer, CallCount, Due, Endpoint
from daemon.webhooks.schedule import wait_after, wait_while_away
from daemon.webhooks.store import Deliveries

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 100  # rows that are looked up together
MOST_OF_ONE = timedelta(minutes=2)  # that a round spends on one webhook
GONE = 410
BUSY = frozenset({429, 502, 503, 504})  # Standard Webhooks: throttle


def send_due(
    store: Store, lease: Lease, endpoints: Sequence[Endpoint], now: Callable[[], datetime]
) -> CallCount:
    """Write down what has happened, and call the webhooks that are to be told; one round.

    Args:
        store: holds the rows.
        lease: `webhooks`, held by the caller, who runs one round at a time.
        endpoints: the webhooks of the configuration.
        now: the clock, as a round may take minutes.

    Raises:
        LeaseLost, StoreError: the round broke off; nothing is lost, and what was told and not
            recorded is told again under the same id.
    """
    rows, counts = Deliveries(store), Counter[str]()
    rows.write_down(lease, {one.name: one.events for one in endpoints}, now())
    rows.write_overdue(lease, [one.name for one in endpoints if OVERDUE in one.events], now())
    for endpoint in endpoints:
        _Round(rows, lease, endpoint, now).run(counts)
    return CallCount(**counts)


class _Round:
    """One webhook's turn."""

    def __init__(
        self, rows: Deliveries, lease: Lease, endpoint: Endpoint, now: Callable[[], datetime]
    ) -> None:
        self._rows, self._lease, self._endpoint, self._now = rows, lease, endpoint, now

    def run(self, counts: Counter[str]) -> None:
        """Call until nothing is due, the server is away, or others have waited long enough."""
        name, until = self._endpoint.name, self._now() + MOST_OF_ONE
        self._give_up(counts)
        while self._rows.is_on(name, self._now()) and self._now() < until:
            due = self._rows.due(name, self._now(), MOST_AT_ONCE)
            if not due:
                return
            for row in due:
                if not self._tell(row, counts) or self._now() >= until:
                    return

    def _give_up(self, counts: Counter[str]) -> None:
        """Give up what a server that is away, or wants no more, has not taken for days."""
        name, now = self._endpoint.name, self._now()
        if self._rows.is_on(name, now):
            return
        before = now - self._endpoint.give_up_after
        number = self._rows.expire(name, before, "given up; its server took nothing for days", now)
        counts["failed"] += number
        if number:
            _log.error(
                "Webhook given up", extra=self._extra(action="webhook_failed", number=number)
            )

    def _tell(self, row: Due, counts: Counter[str]) -> bool:
        """Make one call and record what came of it; False when its server is to be left alone."""
        if not self._rows.begin(self._lease, row.id):
            return True
        failpoint("webhook.begun")
        try:
            answer = self._endpoint.caller.call(row.message_id, row.body.encode())
        except ServerAway as away:
            return self._away(row, str(away), None, counts)
        failpoint("webhook.answered")
        return self._heard(row, answer, counts)

    def _heard(self, row: Due, answer: Answer, counts: Counter[str]) -> bool:
        if answer.status // 100 == 2:  # noqa: PLR2004 - 200 to 299
            self._rows.finish(self._endpoint.name, row.id, answer.status, self._now())
            counts["sent"] += 1
            return True
        if answer.status == GONE:
            return self._gone(answer)
        if answer.status in BUSY:
            return self._away(row, _words(answer), answer.retry_after, counts)
        self._refused(row, answer, counts)
        return True

    def _refused(self, row: Due, answer: Answer, counts: Counter[str]) -> None:
        now, words = self._now(), _words(answer)
        self._note("Webhook refused", row, words)
        if now - row.created_at >= self._endpoint.give_up_after:
            self._rows.fail(row.id, answer.status, f"given up; {words}", now)
            counts["failed"] += 1
            return
        wait = max(wait_after(row.message_id, row.attempts + 1), answer.retry_after or timedelta())
        self._rows.defer(row.id, now + wait, answer.status, words)
        counts["deferred"] += 1

    def _away(
        self, row: Due, words: str, asked: timedelta | None, counts: Counter[str]
    ) -> bool:  # fmt: skip
        name, now = self._endpoint.name, self._now()
        wait = wait_while_away(name, self._rows.failures(name) + 1, asked)
        self._note("Webhook away", row, words)
        self._rows.rest(name, row.id, words, now + wait, now)
        counts["deferred"] += 1
        self._give_up(counts)
        return False

    def _gone(self, answer: Answer) -> bool:
        extra = self._extra(action="webhook_disabled", reason=_words(answer))
        _log.error("Webhook disabled", extra=extra)
        self._rows.disable(self._endpoint.name, _words(answer), self._now())
        return False

    def _note(self, event: str, row: Due, words: str) -> None:
        extra = self._extra(action="webhook_not_sent", delivery=row.id, kind=row.kind, reason=words)
        _log.warning(event, extra=extra)

    def _extra(self, **more: object) -> dict[str, object]:
        return {"webhook": self._endpoint.name, **more}


def _words(answer: Answer) -> str:
    return f"HTTP {answer.status} {answer.words}".strip()
