"""A mail with its verdict, and the house's rules -> the queue it goes to, what else, and why."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from daemon.records import LABELS, Decision, Orders
from daemon.triage.conditions import RouteInput, Test, tests_of
from daemon.triage.orders import added, orders_of

if TYPE_CHECKING:
    from daemon.config.rules import Rule

__all__ = ["CompiledRule", "CompiledRules", "RouteInput", "compile_rules", "route", "route_under"]

_WRONGDOING = "whistleblowing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """One rule, ready to be asked."""

    name: str
    queue: str | None  # None: the mail stays where it is
    tests: tuple[Test, ...]  # all must hold
    ends: bool = True  # whether it decides; else it only adds its orders
    orders: Orders = field(default_factory=Orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRules:
    """The rules in their order, and what they need to see of a mail."""

    rules: tuple[CompiledRule, ...] = ()
    headers: tuple[str, ...] = ()  # lower-cased names that rules ask for, sorted


def compile_rules(rules: Iterable["Rule"]) -> CompiledRules:
    """Return the rules of a checked configuration, ready for `route`; their order stays."""
    listed = tuple(rules)
    names = {name.lower() for rule in listed for name in rule.when.headers or ()}
    return CompiledRules(
        rules=tuple(
            CompiledRule(
                name=rule.name,
                queue=rule.queue,
                tests=tests_of(rule.when),
                ends=rule.ends,
                orders=orders_of(rule),
            )
            for rule in listed
        ),
        headers=tuple(sorted(names)),
    )


def route(subject: RouteInput, rules: CompiledRules) -> Decision:
    """Return the decision of the first rule that matches and decides; never raises.

    Rules before it that match and name no queue add their orders. The reason is `rule complaints:
    label = complaint`, with all that held; where no rule decides the mail stays where it is.
    """
    orders = Orders()
    for rule in rules.rules:
        words = _words(subject, rule)
        if words is None:
            continue
        orders = added(orders, rule.name, rule.orders)
        if rule.ends:
            reason = f"rule {rule.name}: {words}"
            return Decision(queue=rule.queue, rule=rule.name, reason=reason, orders=orders)
    reason = "no rule names a queue" if orders.said else "no rule matched"
    return Decision(queue=None, rule=None, reason=reason, orders=orders)


def route_under(
    subject: RouteInput,
    rules: CompiledRules,
    clocked: Container[str | None],
    confided: str = "",
) -> Decision:
    """Return where a mail goes, and for one of which nobody knows yet what it is, whose clock runs.

    A report of wrongdoing goes to the queue for it before any rule is asked (Directive (EU)
    2019/1937, art. 16: nobody else may learn who wrote it); so no rule sends it on.

    Args:
        subject: what is known of it.
        rules: of the house.
        clocked: queues with deadlines; an unsure mail in none of them runs under those of the
            queue that it would go to as a complaint.
        confided: the queue for reports of wrongdoing; "": there is none.
    """
    if confided and _WRONGDOING in subject.reading.matters:
        return Decision(queue=confided, rule=None, reason="a report of wrongdoing")
    decision, verdict = route(subject, rules), subject.verdict
    if not verdict.abstained or decision.queue in clocked or decision.orders.deadline:
        return decision
    complaint = replace(verdict, label=LABELS[0], abstained=False)
    feared = route(replace(subject, verdict=complaint), rules)
    return replace(decision, deadlines_of=feared.queue, feared=feared.orders.deadline)


def _words(subject: RouteInput, rule: CompiledRule) -> str | None:
    held = []
    for test in rule.tests:
        words = test(subject)
        if words is None:
            return None
        held.append(words)
    return ", ".join(held) or "all mail"
