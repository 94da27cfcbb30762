"""Due rows -> mails with the relays: one round of sending, under the lease `send`.

What a relay answers is decided here: sent, later, failed, or a person's decision. A refusal that
does not say whether it is about the mail or about the house is judged by what becomes of the next
mail: is that refused too, the relay rests and no mail is to blame; does it pass, the refused one
waits alone, and is a person's after a few tries. So no relay costs a mail, and no mail a relay.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from daemon.failpoint import failpoint
from daemon.sending.errors import Deferred, Doubtful, NotOurs, OutcomeUnknown, Refused, RelayAway
from daemon.sending.limits import WINDOW, Pace
from daemon.sending.policy import MOST_REFUSALS, patience_for, policy_for, wait_before_retry
from daemon.sending.records import Due, Parcel, SendCount, Share, State
from daemon.sending.relays import Relays
from daemon.sending.store import ALONE, NOWHERE, UNKNOWN, Outgoing
from daemon.store.engine import Store
from daemon.store.leases import Lease

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 100  # rows of one relay in one round; the next round takes more
ENOUGH = 2  # mails refused one after the other, and nobody knows why: it is the relay

_ABOUT_A_MAIL = ("MAIL", "RCPT", "DATA", "DOT")  # steps that a mail may have spoiled
_PERMANENT = 5  # RFC 5321 4.2.1


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
    rows, relays, counts = Outgoing(store), Relays(store), Counter[str]()
    again, held = rows.recover(lease, lambda kind: policy_for(kind).resend_unknown, now())
    if again or held:
        extra = {"action": "send_recovered", "again": again, "held": held}
        _log.warning("Mails were cut off at their final dot", extra=extra)
    counts["held"] += held
    for outlet in outlets:
        try:
            _Round(rows=rows, relays=relays, lease=lease, outlet=outlet, now=now).run(counts)
        finally:
            for relay in _chain(outlet):
                relay.transport.close()
    return SendCount(**counts, left=rows.count_due(now()))


def _chain(outlet: Outlet) -> tuple[Outlet, ...]:
    return (outlet, outlet.spare) if outlet.spare else (outlet,)


@dataclass(slots=True, kw_only=True)
class _Refusal:
    """A mail that no relay took, and what each that was asked said."""

    row: Due
    said: list[tuple[str, Deferred]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Round:
    """One relay's turn."""

    rows: Outgoing
    relays: Relays
    lease: Lease
    outlet: Outlet
    now: Callable[[], datetime]
    refused: dict[int, _Refusal] = field(default_factory=dict)  # by row, in doubt or by all

    def run(self, counts: Counter[str]) -> None:
        """Send rows until none is due, the minute is full, or the relay and its spare are away."""
        due = self.rows.due(self.outlet.share, self.now(), MOST_AT_ONCE)
        for relay in _chain(self.outlet):
            if due and not self.relays.rests(relay.name, self.now()):
                due = self._through(relay, due, counts)
        for refusal in self.refused.values():
            counts[self._settle(refusal)] += 1

    def _through(self, relay: Outlet, due: Sequence[Due], counts: Counter[str]) -> tuple[Due, ...]:
        """Send what is due through one relay; return what another may take.

        That is what this one refused in doubt, and all that is left when it is away: the final dot
        of none of them was sent, or it was refused.
        """
        past = self.rows.handed_over(relay.name, self.now() - WINDOW)
        pace, left = Pace(relay.per_minute, past), list[Due]()
        has_taken, in_doubt = False, 0
        for number, row in enumerate(due, start=1):
            if not pace.allows(self.now()):
                break
            parcel = self.rows.begin(self.lease, row.id)
            if parcel is None:
                continue
            pace.note(self.now())
            try:
                end = self._send(relay, row, parcel)
            except (RelayAway, Doubtful) as error:
                # What another relay refuses too, or this one did before it took others, may be at
                # fault itself: it proves nothing.
                in_doubt += not (row.id in self.refused or (has_taken and row.refused_at))
                self._take_back(relay, row, error)
                left.append(row)
                if isinstance(error, RelayAway) or in_doubt >= ENOUGH:
                    self._rest(relay, row, error)
                    return (*left, *due[number:])
                continue
            counts[end] += 1
            self.refused.pop(row.id, None)
            has_taken, in_doubt = has_taken or end == State.SENT, 0
        return tuple(left)

    def _send(self, relay: Outlet, row: Due, parcel: Parcel) -> str:
        """Send one mail, record what came of it, and return the name of its count."""
        try:
            reply = relay.transport.send(parcel, lambda: self._mark(row))
        except NotOurs:
            return "held"
        except (RelayAway, Doubtful):
            raise
        except (Refused, Deferred) as error:
            self._note(relay, row, error)
            if error.code and not isinstance(error, OutcomeUnknown):
                self.relays.back(self.lease, relay.name)
            return self._end(relay, row, error)
        end = self._finish(relay.name, row, State.SENT, reply)
        self.relays.back(self.lease, relay.name)
        return end

    def _end(self, relay: Outlet, row: Due, error: Refused | Deferred) -> str:
        if isinstance(error, Refused):
            return self._finish(relay.name, row, State.FAILED, error.said)
        policy = policy_for(row.kind)
        if isinstance(error, OutcomeUnknown) and not policy.resend_unknown:
            return self._finish(relay.name, row, State.HELD, UNKNOWN)
        now = self.now()
        if now - row.created_at >= policy.give_up_after:
            return self._finish(relay.name, row, State.FAILED, f"given up; {error.said}")
        self.rows.defer(self.lease, row.id, now + self._wait(row, error), error.said)
        return "deferred"

    def _settle(self, refusal: _Refusal) -> str:
        """Decide on a mail that no relay took although none said that it is at fault."""
        row, (relay, error) = refusal.row, refusal.said[-1]
        now, policy = self.now(), policy_for(row.kind)
        is_over = now - row.created_at >= policy.give_up_after
        if is_over and policy.expires:
            return self._finish(relay, row, State.FAILED, f"given up; {error.said}")
        if error.step not in _ABOUT_A_MAIL:  # nothing speaks against the mail: it waits on
            until = self.relays.rest_until(relay) or now
            self.rows.defer(self.lease, row.id, until, error.said)
            return "deferred"
        refusals = row.refusals + self._is_suspect(refusal)
        if is_over or refusals >= MOST_REFUSALS:
            why = NOWHERE if is_over else ALONE
            return self._finish(relay, row, State.HELD, why + error.said)
        until = now + self._wait(row, error)
        self.rows.suspect(self.lease, row.id, until, error.said, refusals, now)
        return "deferred"

    def _is_suspect(self, refusal: _Refusal) -> bool:
        """Tell whether a relay that refuses a mail for good has taken others since it last did."""
        since = refusal.row.refused_at
        return since is not None and any(
            isinstance(error, Doubtful)
            and error.code // 100 == _PERMANENT
            and self.rows.has_sent(relay, since)
            for relay, error in refusal.said
        )

    def _mark(self, row: Due) -> None:
        failpoint("send.before_mark")
        self.rows.mark(self.lease, row.id)
        failpoint("send.marked")

    def _finish(self, relay: str, row: Due, state: State, reply: str) -> str:
        failpoint("send.answered")
        self.rows.finish(self.lease, row.id, state, reply, relay, self.now())
        return state.value

    def _take_back(self, relay: Outlet, row: Due, error: Deferred) -> None:
        self.rows.take_back(self.lease, row.id)
        refusal = self.refused.setdefault(row.id, _Refusal(row=row))
        refusal.said.append((relay.name, error))
        self._note(relay, row, error)

    def _wait(self, row: Due, error: Deferred) -> timedelta:
        return wait_before_retry(row.key, row.attempts + 1, patience_for(error.code, error.reply))

    def _rest(self, relay: Outlet, row: Due, error: Deferred) -> None:
        """Leave a relay alone; a refusal for good is an alarm: somebody must see to it.

        Not for long where only mails that were refused before speak against it: new mail must not
        wait for them.
        """
        is_sure = error.step not in _ABOUT_A_MAIL or row.refused_at is None
        self.relays.rest(self.lease, relay.name, error, self.now(), grows=is_sure)
        level = logging.ERROR if error.code // 100 == _PERMANENT else logging.WARNING
        extra = {
            "action": "relay_away",
            "relay": relay.name,
            "outcome": type(error).__name__,
            "step": error.step,
            "code": error.code,
        }
        _log.log(level, "Relay takes no mail", extra=extra)

    def _note(self, relay: Outlet, row: Due, error: Refused | Deferred) -> None:
        extra = {
            "action": "not_sent",
            "relay": relay.name,
            "outgoing": row.id,
            "kind": row.kind,
            "outcome": type(error).__name__,
            "step": error.step,
            "code": error.code,
        }
        _log.warning("Mail not sent", extra=extra)
