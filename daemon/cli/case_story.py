"""The case of a mail for `explain`: what it opened or joined, or would have, day by day."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from daemon.cases.records import POSSIBLE_RECEIPT, CaseFile
from daemon.cases.threads import address_of
from daemon.cases.views import case_file, case_of_mail
from daemon.cli.counted import counted
from daemon.intake.stories import Facts, Story, orders_in
from daemon.intake.views import HeldMail
from daemon.jobs import House
from daemon.records import Acknowledgement, ClockDue, Decision, Reading, Verdict
from daemon.triage.casework import Arrival, CaseRules, wish_of
from daemon.triage.forwarding import original_of
from daemon.triage.recounting import Ran, recounted


def case_story(
    house: House, story: Story, held: HeldMail, reading: Reading | None
) -> dict[str, Any] | None:
    """Return the case of a mail with its count day by day.

    For a mail that is only observed it says what would have been; None for one without a case.

    Args:
        house: the house.
        story: what the ledger has of the mail.
        held: its row.
        reading: what was read of it, None when it was not.
    """
    rules, decision = house.pipeline.policy.cases, story.decision
    original = (story.reading or {}).get("copy_of") or held.id
    with house.store.read() as connection:
        line = case_of_mail(connection, original)
        file = case_file(connection, line) if line else None
    if file is not None:
        return _case(file, rules)
    if reading is None or decision is None or decision["live"]:
        return None
    came = Arrival(account=held.account, received_at=held.received_at)
    return _would_be(reading, decision, came, rules)


def _case(file: CaseFile, rules: CaseRules) -> dict[str, Any]:
    line, course = file.line, file.course
    ran = Ran(
        received_at=line.received_at,
        pauses=course.pauses,
        paused_since=course.paused,
        met={one.name: one.met_at for one in file.clocks if one.met_at},
    )
    days = _days_of(rules, file.clocks, ran)
    return {
        "reference": line.reference,
        "kind": line.kind,
        "state": line.state,
        "owner": line.owner,
        "customer": line.customer,
        "priority": line.priority,
        "received_at": line.received_at,
        "possible_receipt": _possible_receipt(file),
        "profile": line.profile,
        "due_at": line.due_at,
        "acknowledged_at": line.acknowledged_at,
        "clocks": [
            {
                "name": one.name,
                "term": one.term,
                "only_if": one.only_if or None,
                "due_at": one.due_at,
                "met_at": one.met_at,
                "stands_still": one.is_held,
                "days": days.get(one.name, []),
            }
            for one in file.clocks
        ],
    }


def _possible_receipt(file: CaseFile) -> str | None:
    """Return the receipt that is proposed, None where there is none before the proven one."""
    told = [one.detail["sent_at"] for one in file.events if one.kind == POSSIBLE_RECEIPT]
    return next((one for one in told if datetime.fromisoformat(one) < file.line.received_at), None)


def _would_be(
    reading: Reading, decision: Facts, came: Arrival, rules: CaseRules
) -> dict[str, Any] | None:
    verdict = Verdict(
        label=decision["label"],
        confidence=decision["confidence"],
        abstained=decision["abstained"],
        reason=decision["verdict_reason"],
    )
    route = Decision(
        queue=decision["queue"],
        rule=decision["rule"],
        reason=decision["reason"],
        orders=orders_in(decision["orders"]),
    )
    wish = wish_of(reading, verdict, route, came, rules)
    if wish is None or wish.kind is None:
        return None
    days = _days_of(rules, wish.clocks, Ran(received_at=wish.received_at))
    return {
        "would_open": wish.kind,
        "customer": address_of(original_of(reading)),
        "received_at": wish.received_at,
        "received_by": wish.received_by,
        "acknowledgement": _answered(wish.acknowledgement),
        "profile": wish.profile,
        "clocks": [
            {
                "name": one.name,
                "term": one.term,
                "only_if": one.only_if or None,
                "due_at": one.due_at,
                "days": days.get(one.name, []),
            }
            for one in wish.clocks
        ],
    }


def _answered(asked: Acknowledgement | None) -> str | None:
    """Return who would have been answered by return, or why nobody."""
    if asked is None:
        return None
    return f"none: {asked.refusal}" if asked.refusal else f"to {asked.recipient}"


def _days_of(
    rules: CaseRules, clocks: Iterable[ClockDue], ran: Ran
) -> dict[str, list[dict[str, Any]]]:
    """Return the count of each clock by name, as the configuration counts today.

    A clock that was counted otherwise (the configuration has changed) ends elsewhere, and is
    shown without days.
    """
    mine = {clock.name: clock for clock in clocks}
    dues = recounted(rules, mine.values(), ran)
    return {name: counted(due.days) for name, due in dues.items() if due.due == mine[name].due_at}
