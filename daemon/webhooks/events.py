"""What happened to a case or a mail -> what webhooks are told of it: a type and a JSON body; pure.

Never a word that a customer wrote, nor who he is: whoever needs that asks by the reference.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from daemon.records import Matched
from daemon.webhooks.records import MATCHED, TEST

TYPES: Mapping[str, str] = {
    "opened": "case.opened",
    "joined": "case.joined",
    "assigned": "case.assigned",
    "answered": "case.answered",
    "closed": "case.closed",
    "reopened": "case.reopened",
}
"""Kind of a case's event -> its type; of the others nobody is told."""

OVERDUE = "case.overdue"
_TOLD_OF_EVENT = ("mail", "cause", "channel", "before")
"""What of an event's own detail is told."""


def body_of_case(
    kind: str, at: datetime, case: Mapping[str, Any], tags: Sequence[str], detail: Mapping[str, Any]
) -> str:
    """Return the body of a case's event: the case as it stands, and what the event adds.

    Args:
        kind: the type.
        at: when it happened.
        case: its row.
        tags: its tags.
        detail: of the event.
    """
    more = {key: detail[key] for key in _TOLD_OF_EVENT if detail.get(key) is not None}
    return _body(kind, at, {**_case(case, tags), **more})


def body_of_mail(
    one: Matched, at: datetime, case: Mapping[str, Any] | None, tags: Sequence[str]
) -> str:
    """Return the body that tells of a mail which a rule has matched."""
    decision, orders = one.decision, one.decision.orders
    rules = [said.rule for said in orders.said if said.key == "webhook"]
    told = {
        "mail": one.mail_id,
        "account": one.account,
        "received_at": _moment(one.received_at),
        "label": one.label,
        "automatic": one.reading.automatic,
        "language": one.reading.language,
        "queue": decision.queue,
        "priority": orders.priority,
        "owner": orders.owner,
        "tags": list(orders.tags),
        "rules": rules,
        "case": _case(case, tags) if case is not None else None,
    }
    return _body(MATCHED, at, told)


def body_of_test(at: datetime) -> str:
    """Return the body of a call that tells nothing."""
    return _body(TEST, at, {})


def _case(case: Mapping[str, Any], tags: Sequence[str]) -> dict[str, Any]:
    return {
        "reference": case["reference"],
        "kind": case["kind"],
        "state": case["state"],
        "queue": case["queue"],
        "owner": case["owner"],
        "priority": case["priority"],
        "tags": list(tags),
        "channel": case["channel"],
        "received_at": _moment(case["received_at"]),
        "due_at": _moment(case["due_at"]),
        "closed_at": _moment(case["closed_at"]),
    }


def _body(kind: str, at: datetime, told: Mapping[str, Any]) -> str:
    document = {"type": kind, "timestamp": _moment(at), "data": told}
    return json.dumps(document, separators=(",", ":"))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
