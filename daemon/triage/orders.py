"""Rules that match a mail, in their order -> what they say of it together, beside its queue.

Of what can be but one (priority, owner, deadline, acknowledgement) the first rule that says it
counts; lists add up.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.records import Addition, Orders

if TYPE_CHECKING:
    from daemon.config.rules import Rule

NONE = "none"
_SINGLE = {
    "priority": "priority",
    "owner": "owner",
    "deadline": "deadline",
    "letter": "acknowledgement",
}
_LISTS = {"tags": "tags", "forward": "forward", "webhooks": "webhook"}
"""Field of the orders -> key of the rule."""


def orders_of(rule: "Rule") -> Orders:
    """Return what one rule says."""
    return Orders(
        priority=rule.priority,
        owner=rule.owner,
        deadline=rule.deadline,
        letter=rule.acknowledgement,
        tags=tuple(dict.fromkeys(rule.tags)),
        forward=tuple(dict.fromkeys(rule.forward)),
        webhooks=(rule.webhook,) if rule.webhook else (),
    )


def added(orders: Orders, rule: str, more: Orders) -> Orders:
    """Return orders with what a further rule says that no rule before it has said."""
    new = {
        field: getattr(more, field)
        for field in _SINGLE
        if getattr(orders, field) is None and getattr(more, field) is not None
    }
    longer = {
        field: tuple(one for one in getattr(more, field) if one not in getattr(orders, field))
        for field in _LISTS
    }
    values: dict[str, Any] = dict(new)
    values |= {field: (*getattr(orders, field), *some) for field, some in longer.items()}
    said = (*orders.said, *_said(rule, new), *_said(rule, longer))
    return replace(orders, **values, said=said)


def _said(rule: str, values: dict[str, str] | dict[str, tuple[str, ...]]) -> Iterator[Addition]:
    for field, value in values.items():
        words = value if isinstance(value, str) else ", ".join(value)
        if value or field == "letter":
            yield Addition(rule=rule, key=(_SINGLE | _LISTS)[field], value=words or NONE)
