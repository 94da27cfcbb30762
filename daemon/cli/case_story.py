"""The case of a mail for `explain`: what it opened or joined, or would have, day by day."""

from datetime import datetime
from typing import Any

from daemon.cases.records import CaseFile
from daemon.cases.views import case_file, case_of_mail
from daemon.cli.counted import counted
from daemon.intake.stories import Facts, Story, orders_in
from daemon.intake.views import HeldMail
from daemon.jobs import House
from daemon.records import Acknowledgement, Decision, Reading, Verdict
from daemon.triage.casework import OF_MATTER, Arrival, CaseRules, wish_of
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course


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
    line = file.line
    days = _days(rules, line.profile, line.received_at)
    return {
        "reference": line.reference,
        "kind": line.kind,
        "state": line.state,
        "owner": line.owner,
        "priority": line.priority,
        "received_at": line.received_at,
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
                "days": days.get((one.name, one.due_at), []),
            }
            for one in file.clocks
        ],
    }


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
    days = _days(rules, wish.profile, wish.received_at)
    return {
        "would_open": wish.kind,
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
                "days": days.get((one.name, one.due_at), []),
            }
            for one in wish.clocks
        ],
    }


def _answered(asked: Acknowledgement | None) -> str | None:
    """Return who would have been answered by return, or why nobody."""
    if asked is None:
        return None
    return f"none: {asked.refusal}" if asked.refusal else f"to {asked.recipient}"


def _days(
    rules: CaseRules, profile: str | None, received: datetime
) -> dict[tuple[str, datetime], list[dict[str, Any]]]:
    """Return the count of each clock by name and end, as the configuration counts today.

    A clock that was counted otherwise (the configuration has changed) ends elsewhere, and is
    shown without days.
    """
    days = _counted(rules, profile, received)
    for matter, of_matter in rules.matters.items():
        for (name, end), rows in _counted(rules, of_matter, received).items():
            days[f"{matter}{OF_MATTER}{name}", end] = rows
    return days


def _counted(
    rules: CaseRules, profile: str | None, received: datetime
) -> dict[tuple[str, datetime], list[dict[str, Any]]]:
    book = rules.rulebook
    if book is None or profile is None or profile not in book.profiles:
        return {}
    try:
        dues = book.count(book.profiles[profile], Course(received=received))
    except EndlessTerm:
        return {}
    return {(due.clock, due.due): counted(due.days) for due in dues}
