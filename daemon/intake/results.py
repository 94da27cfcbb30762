"""Records what was read and decided: one transaction per batch, a no-op when repeated."""

import traceback
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select, update

from daemon.errors import LeaseLost, StoreBusy
from daemon.failpoint import failpoint
from daemon.intake.actions import Actions
from daemon.intake.records import Judged
from daemon.records import (
    Asking,
    Incoming,
    Matched,
    Orders,
    Reading,
    Reported,
    Said,
    Unreadable,
)
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import contents, decisions, mails, quarantine, readings
from daemon.triage.outbound import SENT

MOST_ID_BYTES = 1_000

TakeIn = Callable[[Connection, Incoming, datetime], object]
"""What else mails bring about in the transaction that records them.

They open and join cases, rules send them on and call webhooks, reports say what became of mail of
ours, and people answer digests.
"""


class Results:
    """The tables of readings, decisions and quarantine.

    Args:
        store: the database.
        actions: what is done on the server.
        take_in: the register of cases, and that of what has left.
    """

    def __init__(self, store: Store, actions: Actions, take_in: TakeIn) -> None:
        self._store = store
        self._actions = actions
        self._take_in = take_in

    def record(
        self, leases: Sequence[Lease], judged: Sequence[Judged], now: datetime
    ) -> dict[int, str]:
        """Record a batch; return by mail id whether it is `stored`, `duplicate` or `quarantined`.

        A batch that fails is recorded mail by mail, so that one mail cannot hold up the rest.

        Raises:
            StoreBusy, LeaseLost: nothing was recorded; the mails wait for their next reading.
        """
        try:
            return self._record(leases, judged, now)
        except (StoreBusy, LeaseLost):
            raise
        except Exception:  # noqa: BLE001 - rim: whatever one mail does must not stop the others
            ends: dict[int, str] = {}
            for one in judged:
                ends.update(self._record_alone(leases, one, now))
            return ends

    def _record_alone(self, leases: Sequence[Lease], one: Judged, now: datetime) -> dict[int, str]:
        try:
            return self._record(leases, [one], now)
        except (StoreBusy, LeaseLost):
            raise
        except Exception as error:  # noqa: BLE001 - rim, see above
            failed = Unreadable(
                reason="error",
                detail=f"cannot be recorded: {type(error).__name__}",
                traceback="".join(traceback.format_tb(error.__traceback__)),
            )
            set_aside = Judged(
                mail=one.mail, answer=failed, verdict=None, decision=None, live=one.live
            )
            return self._record(leases, [set_aside], now)

    def _record(
        self, leases: Sequence[Lease], judged: Sequence[Judged], now: datetime
    ) -> dict[int, str]:
        read = [(one, one.answer) for one in judged if isinstance(one.answer, Reading)]
        with self._store.write() as connection:
            for lease in leases:
                lease.guard(connection)
            _set_state(connection, [one.mail.mail_id for one, _ in read], "read")
            originals = self._originals(connection, read)
            rows = [_reading_row(one, answer, originals, now) for one, answer in read]
            self._store.insert_new(connection, readings, rows)
            first = [
                (one, answer)
                for one, answer in read
                if originals[answer.content_digest] == one.mail.mail_id
            ]
            before = _decided_before(connection, read, originals)
            decided = _decided(connection, read, originals, now)
            self._store.insert_new(connection, decisions, decided)
            incoming = Incoming(
                asking=tuple(_asking(read, originals, before)),
                matched=tuple(_matched(read, originals, before)),
                reported=tuple(_reported(first)),
                said=tuple(_said(first)),
            )
            self._take_in(connection, incoming, now)
            self._set_aside(connection, judged, now)
            self._actions.plan(connection, [one.mail.mail_id for one, _ in read], now)
            failpoint("record.before_commit")
        ends = {one.mail.mail_id: "quarantined" for one in judged}
        for one, answer in read:
            is_first = originals[answer.content_digest] == one.mail.mail_id
            ends[one.mail.mail_id] = "stored" if is_first else "duplicate"
        return ends

    def _originals(
        self, connection: Connection, read: Sequence[tuple[Judged, Reading]]
    ) -> dict[bytes, int]:
        """Return for each content digest the first mail that had it, entering new ones."""
        # In one order for everybody, so that two writers cannot wait for each other; of one
        # content the mail with the lowest id is the first.
        pairs = sorted((answer.content_digest, one.mail.mail_id) for one, answer in read)
        rows = [{"digest": digest, "mail_id": mail_id} for digest, mail_id in pairs]
        self._store.insert_new(connection, contents, rows)
        wanted = [digest for digest, _ in pairs]
        found: dict[bytes, int] = {}
        for start in range(0, len(wanted), 500):
            query = select(contents).where(contents.c.digest.in_(wanted[start : start + 500]))
            found.update((row.digest, row.mail_id) for row in connection.execute(query))
        return found

    def _set_aside(self, connection: Connection, judged: Sequence[Judged], now: datetime) -> None:
        rows = [
            {
                "mail_id": one.mail.mail_id,
                "reason": one.answer.reason,
                "detail": one.answer.detail,
                "traceback": one.answer.traceback,
                "since": now,
            }
            for one in judged
            if isinstance(one.answer, Unreadable)
        ]
        _set_state(connection, [int(str(row["mail_id"])) for row in rows], "quarantined")
        self._store.insert_new(connection, quarantine, rows)


def _decided_before(
    connection: Connection, read: Sequence[tuple[Judged, Reading]], originals: dict[bytes, int]
) -> set[int]:
    """Return which first mails of contents in this batch were decided, live, in an earlier one."""
    firsts = {one.mail.mail_id for one, _ in read}
    earlier = {originals[answer.content_digest] for one, answer in read if one.live} - firsts
    live = select(decisions.c.mail_id).where(
        decisions.c.mail_id.in_(earlier), decisions.c.live, decisions.c.verdict_reason != SENT
    )
    return set(connection.scalars(live)) if earlier else set()


def _decided(
    connection: Connection,
    read: Sequence[tuple[Judged, Reading]],
    originals: dict[bytes, int],
    now: datetime,
) -> list[dict[str, object]]:
    """Return the decisions to be recorded: those on the first mail of each content.

    That a mail was found among what people send decides nothing where it is received as well, in
    another account: there the decision on the copy counts.
    """
    placed = [(one, originals[answer.content_digest]) for one, answer in read]
    rows = {
        mail_id: _decision_row(one, now) for one, mail_id in placed if mail_id == one.mail.mail_id
    }
    received = [
        (one, mail_id)
        for one, mail_id in placed
        if mail_id != one.mail.mail_id and one.verdict and one.verdict.reason != SENT
    ]
    asked = [mail_id for _, mail_id in received if mail_id not in rows]
    only_sent = (decisions.c.mail_id.in_(asked), decisions.c.verdict_reason == SENT)
    dropping = delete(decisions).where(*only_sent).returning(decisions.c.mail_id)
    dropped = set(connection.scalars(dropping)) if asked else set()
    for one, mail_id in received:
        if mail_id in dropped or rows.get(mail_id, {}).get("verdict_reason") == SENT:
            rows[mail_id] = {**_decision_row(one, now), "mail_id": mail_id}
            dropped.discard(mail_id)
    return list(rows.values())


def _asking(
    read: Sequence[tuple[Judged, Reading]], originals: dict[bytes, int], before: set[int]
) -> list[Asking]:
    """Return what the register is asked, each under the id of the first mail of its content.

    A copy asks as well: in the place of a first mail that was only observed (an import, an
    archive), and because it may have been received earlier. But there is no second decision.
    """
    return [
        Asking(mail_id=mail_id, reading=answer, wish=one.wish, may_open=mail_id not in before)
        for one, answer in read
        if one.wish and (mail_id := originals[answer.content_digest])
    ]


def _matched(
    read: Sequence[tuple[Judged, Reading]], originals: dict[bytes, int], before: set[int]
) -> list[Matched]:
    """Return the mails that rules send on or tell webhooks of, each content once."""
    found: dict[int, Matched] = {}
    for one, answer in read:
        mail_id, decision = originals[answer.content_digest], one.decision
        if decision is None or not one.live or mail_id in before:
            continue
        if one.forwards or decision.orders.webhooks:
            matched = Matched(
                mail_id=mail_id,
                account=one.mail.account,
                received_at=one.mail.received_at,
                reading=answer,
                label=one.verdict.label if one.verdict else None,
                decision=decision,
                forwards=one.forwards,
            )
            found.setdefault(mail_id, matched)
    return list(found.values())


def _reported(read: Sequence[tuple[Judged, Reading]]) -> list[Reported]:
    """Return the reports among live mails."""
    return [
        Reported(report=answer.report, at=one.mail.received_at)
        for one, answer in read
        if one.live and answer.report is not None
    ]


def _said(read: Sequence[tuple[Judged, Reading]]) -> list[Said]:
    """Return the answers to digests among live mails, and what looks like one."""
    return [
        Said(mail_id=one.mail.mail_id, is_genuine=one.answers_digest)
        for one, answer in read
        if one.live and answer.said
    ]


def _set_state(connection: Connection, mail_ids: Sequence[int], state: str) -> None:
    for start in range(0, len(mail_ids), 500):
        chosen = mails.c.id.in_(mail_ids[start : start + 500])
        connection.execute(update(mails).where(chosen).values(state=state))


def _reading_row(
    one: Judged, answer: Reading, originals: dict[bytes, int], now: datetime
) -> dict[str, object]:
    original = originals[answer.content_digest]
    return {
        "mail_id": one.mail.mail_id,
        "content_digest": answer.content_digest,
        "copy_of": None if original == one.mail.mail_id else original,
        "message_id": _indexed(answer.message_id),
        "subject": answer.subject,
        "sender": answer.sender and answer.sender.email,
        "sender_name": answer.sender and answer.sender.name,
        "sent_at": answer.sent_at,
        "language": answer.language,
        "automatic": answer.automatic and answer.automatic.value,
        "snippet": answer.snippet,
        "detail": msgspec.json.encode(answer).decode(),
        "read_at": now,
    }


def _indexed(message_id: str | None) -> str | None:
    """Return a Message-ID that an index can hold; what is longer is in the detail only."""
    return message_id if message_id and len(message_id.encode()) <= MOST_ID_BYTES else None


def _decision_row(one: Judged, now: datetime) -> dict[str, object]:
    if one.verdict is None or one.decision is None:
        raise ValueError("a mail that was read has a verdict and a decision")
    return {
        "mail_id": one.mail.mail_id,
        "label": one.verdict.label,
        "confidence": one.verdict.confidence,
        "abstained": one.verdict.abstained,
        "verdict_reason": one.verdict.reason,
        "queue": one.decision.queue,
        "rule": one.decision.rule,
        "reason": one.decision.reason,
        "live": one.live,
        "orders": _kept(one.decision.orders),
        "decided_at": now,
    }


def _kept(orders: Orders) -> str | None:
    return msgspec.json.encode(orders).decode() if orders.said else None
