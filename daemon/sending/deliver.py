"""Due rows -> mails with the relays: one round of sending, under the lease `send`.

What a relay answers is decided here: sent, later, failed, or a person's decision.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from daemon.failpoint import failpoint
from daemon.sending.errors import Deferred, NotOurs, OutcomeUnknown, Refused, RelayAway
from daemon.sending.limits import WINDOW, Pace
from daemon.sending.policy import policy_for, wait_before_retry
from daemon.sending.records import Due, Parcel, SendCount, Share, State
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
    """A relay, and the rows that it takes."""

    share: Share
    transport: Transport
    per_minute: int
    spare: "Outlet | None" = None  # takes its rows while it is away

    @property
    def name(self) -> str:
        """The relay's name."""
        return self.share.relay


def send_due(
    store: Store, lease: Lease, outlets: Sequence[Outlet], now: Callable[[], datetime]
) -> SendCount:
    """Send what is due, as far as the relays' limits allow; one round.

    Args:
        store: holds the rows.
        lease: `send`, held by the caller, who runs one round at a time.
        outlets: the relays of the house; a row that is nobody's waits.
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
            for relay in _chain(outlet):
                relay.transport.close()
    return SendCount(**counts, left=rows.count_due(now()))


def _chain(outlet: Outlet) -> tuple[Outlet, ...]:
    return (outlet, outlet.spare) if outlet.spare else (outlet,)


class _Round:
    """One relay's turn."""

    def __init__(
        self, rows: Outgoing, lease: Lease, outlet: Outlet, now: Callable[[], datetime]
    ) -> None:
        self._rows, self._lease, self._outlet, self._now = rows, lease, outlet, now

    def run(self, counts: Counter[str]) -> None:
        """Send rows until none is due, the minute is full, or the relay and its spare are away."""
        due = deque(self._rows.due(self._outlet.share, self._now(), MOST_AT_ONCE))
        away: RelayAway | None = None
        for relay in _chain(self._outlet):
            if due:
                away = self._through(relay, due, counts)
            if away is None:
                return
        if away is not None:
            self._away(due[0], away, counts)

    def _through(self, relay: Outlet, due: deque[Due], counts: Counter[str]) -> RelayAway | None:
        """Send what is due through one relay; when it is away, return its words.

        The mail at which it went away is the first of `due` then: its final dot was not sent, or
        was refused, so that another relay may take it.
        """
        past = self._rows.handed_over(relay.name, self._now() - WINDOW)
        pace = Pace(relay.per_minute, past)
        while due and pace.allows(self._now()):
            row = due[0]
            parcel = self._rows.begin(self._lease, row.id)
            if parcel is not None:
                pace.note(self._now())
                try:
                    end = self._send(relay, row, parcel)
                except RelayAway as away:
                    self._note(relay, row, away, "Relay takes no mail")
                    self._rows.take_back(self._lease, row.id)
                    return away
                counts[end] += 1
            due.popleft()
        return None

    def _send(self, relay: Outlet, row: Due, parcel: Parcel) -> str:
        """Send one mail, record what came of it, and return the name of its count."""
        try:
            reply = relay.transport.send(parcel, lambda: self._mark(row))
        except NotOurs:
            return "held"
        except RelayAway:
            raise
        except (Refused, Deferred) as error:
            self._note(relay, row, error)
            return self._end(relay, row, error)
        return self._finish(relay, row, State.SENT, reply)

    def _end(self, relay: Outlet, row: Due, error: Refused | Deferred) -> str:
        if isinstance(error, Refused):
            return self._finish(relay, row, State.FAILED, _last_words(error))
        is_unknown = isinstance(error, OutcomeUnknown)
        if is_unknown and not policy_for(row.kind).resend_unknown:
            return self._finish(relay, row, State.HELD, UNKNOWN)
        return self._defer(relay, row, error)

    def _mark(self, row: Due) -> None:
        failpoint("send.before_mark")
        self._rows.mark(self._lease, row.id)
        failpoint("send.marked")

    def _finish(self, relay: Outlet, row: Due, state: State, reply: str) -> str:
        failpoint("send.answered")
        self._rows.finish(self._lease, row.id, state, reply, relay.name, self._now())
        return state.value

    def _defer(self, relay: Outlet, row: Due, error: Deferred) -> str:
        now = self._now()
        if now - row.created_at >= policy_for(row.kind).give_up_after:
            return self._finish(relay, row, State.FAILED, f"given up; {_last_words(error)}")
        until = now + wait_before_retry(row.key, row.attempts + 1)
        self._rows.defer(self._lease, row.id, until, _last_words(error))
        return "deferred"

    def _away(self, row: Due, away: RelayAway, counts: Counter[str]) -> None:
        """Let the whole relay rest; this row shows for how long."""
        counts[self._defer(self._outlet, row, away)] += 1
        now = self._now()
        until = now + wait_before_retry(self._outlet.name, row.attempts + 1)
        self._rows.postpone(self._lease, self._outlet.share, until, now)

    def _note(
        self, relay: Outlet, row: Due, error: Refused | Deferred, event: str = "Mail not sent"
    ) -> None:
        extra = {
            "action": "not_sent",
            "relay": relay.name,
            "outgoing": row.id,
            "kind": row.kind,
            "outcome": type(error).__name__,
            "step": error.step,
            "code": error.code,
        }
        _log.warning(event, extra=extra)


def _last_words(error: Refused | Deferred) -> str:
    return f"{error.step}: {error.code or ''} {error.reply}".replace("  ", " ").strip()
