"""Due rows -> mails with the relays: one round of sending, under the lease `send`.

What a relay answers is decided here: sent, later, failed, or a person's decision.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from daemon.failpoint import failpoint
from daemon.sending.errors import Deferred, NotOurs, OutcomeUnknown, Refused, RelayAway
from daemon.sending.limits import WINDOW, Pace
from daemon.sending.policy import policy_for, wait_before_retry
from daemon.sending.records import Due, Parcel, SendCount, State
from daemon.sending.store import UNKNOWN, Outgoing
from daemon.store.engine import Store
from daemon.store.leases import Lease

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 100  # rows of one relay in one round; the next round takes more


class Transport(Protocol):
    """A relay's adapter, as a round uses it."""

    def send(self, parcel: Parcel, before_dot: Callable[[], None]) -> str:
        """Hand a mail over; return the relay's words; see `daemon.sending.smtp`."""

    def close(self) -> None:
        """Say goodbye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A relay, and the kinds of mail that it takes."""

    name: str
    transport: Transport
    per_minute: int
    kinds: tuple[str, ...]


def send_due(
    store: Store, lease: Lease, outlets: Sequence[Outlet], now: Callable[[], datetime]
) -> SendCount:
    """Send what is due, as far as the relays' limits allow; one round.

    Args:
        store: holds the rows.
        lease: `send`, held by the caller, who runs one round at a time.
        outlets: each kind of mail has one relay; a kind without one waits.
        now: the clock, as a round may take minutes.

    Raises:
        LeaseLost, StoreError: the round broke off; no mail is lost, none is sent twice by it.
    """
    rows, counts = Outgoing(store), Counter[str]()
    again, held = rows.recover(lease, lambda kind: policy_for(kind).resend_unknown, now())
    if again or held:
        extra = {"action": "send_recovered", "again": again, "held": held}
        _log.warning("Mails were cut off at their final dot", extra=extra)
    counts["held"] += held
    for outlet in outlets:
        try:
            _Round(rows, lease, outlet, now).run(counts)
        finally:
            outlet.transport.close()
    return SendCount(**counts, left=rows.count_due(now()))


class _Round:
    """One relay's turn."""

    def __init__(
        self, rows: Outgoing, lease: Lease, outlet: Outlet, now: Callable[[], datetime]
    ) -> None:
        self._rows, self._lease, self._outlet, self._now = rows, lease, outlet, now

    def run(self, counts: Counter[str]) -> None:
        """Send rows until none is due, the minute is full, or the relay is away."""
        kinds, start = self._outlet.kinds, self._now()
        due = self._rows.due(kinds, start, MOST_AT_ONCE)
        if not due:
            return
        pace = Pace(self._outlet.per_minute, self._rows.handed_over(kinds, start - WINDOW))
        for row in due:
            if not pace.allows(self._now()):
                return
            parcel = self._rows.begin(self._lease, row.id)
            if parcel is None:
                continue
            pace.note(self._now())
            try:
                end = self._send(row, parcel)
            except RelayAway as away:
                self._away(row, away, counts)
                return
            counts[end] += 1

    def _send(self, row: Due, parcel: Parcel) -> str:
        """Send one mail, record what came of it, and return the name of its count."""
        try:
            reply = self._outlet.transport.send(parcel, lambda: self._mark(row))
        except NotOurs:
            return "held"
        except RelayAway:
            raise
        except (Refused, Deferred) as error:
            self._note(row, error)
            return self._end(row, error)
        return self._finish(row, State.SENT, reply)

    def _end(self, row: Due, error: Refused | Deferred) -> str:
        if isinstance(error, Refused):
            return self._finish(row, State.FAILED, _last_words(error))
        is_unknown = isinstance(error, OutcomeUnknown)
        if is_unknown and not policy_for(row.kind).resend_unknown:
            return self._finish(row, State.HELD, UNKNOWN)
        return self._defer(row, error)

    def _mark(self, row: Due) -> None:
        failpoint("send.before_mark")
        self._rows.mark(self._lease, row.id)
        failpoint("send.marked")

    def _finish(self, row: Due, state: State, reply: str) -> str:
        failpoint("send.answered")
        self._rows.finish(self._lease, row.id, state, reply, self._now())
        return state.value

    def _defer(self, row: Due, error: Deferred) -> str:
        now = self._now()
        if now - row.created_at >= policy_for(row.kind).give_up_after:
            return self._finish(row, State.FAILED, f"given up; {_last_words(error)}")
        until = now + wait_before_retry(row.key, row.attempts + 1)
        self._rows.defer(self._lease, row.id, until, _last_words(error))
        return "deferred"

    def _away(self, row: Due, away: RelayAway, counts: Counter[str]) -> None:
        """Let the whole relay rest; this row shows for how long."""
        counts[self._defer(row, away)] += 1
        now = self._now()
        until = now + wait_before_retry(self._outlet.name, row.attempts + 1)
        self._rows.postpone(self._lease, self._outlet.kinds, until, now)
        self._note(row, away, "Relay takes no mail")

    def _note(self, row: Due, error: Refused | Deferred, event: str = "Mail not sent") -> None:
        extra = {
            "action": "not_sent",
            "relay": self._outlet.name,
            "outgoing": row.id,
            "kind": row.kind,
            "outcome": type(error).__name__,
            "step": error.step,
            "code": error.code,
        }
        _log.warning(event, extra=extra)


def _last_words(error: Refused | Deferred) -> str:
    return f"{error.step}: {error.code or ''} {error.reply}".replace("  ", " ").strip()
