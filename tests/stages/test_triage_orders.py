"""Rules that say more than a queue: they add up, and those of before decide as they did."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.rules import Rule
from daemon.config.settings import COSTS
from daemon.records import PRIORITIES, Addition, Automatic, Decision, Forward, Orders
from daemon.triage.forward import HOPS, ForwardRules, forwards_for
from daemon.triage.orders import added
from daemon.triage.route import RouteInput, compile_rules, route, route_under
from daemon.triage.verdict import judge
from tests.stages.triage_builders import address, reading


def mail(**changes: Any) -> RouteInput:
    """Return a mail with its verdict."""
    read = reading(**changes)
    return RouteInput(account="info", size=2_000, reading=read, verdict=judge(read, COSTS))


def rule(name: str, when: dict[str, Any] | None = None, **says: Any) -> Rule:
    """Return a rule as the configuration makes it."""
    table = {"name": name, "when": when or {}, **says}
    return Rule.model_validate(table)


VIP = rule("vip", {"sender": "*@client.example"}, priority="high", tags=["vip"])
RULES = (
    VIP,
    rule("urgent", {"label": "complaint"}, priority="urgent", owner="anna", tags=["vip", "bill"]),
    rule("elsewhere", {"language": "pl"}, queue="pl", owner="jan"),
    rule("complaints", {"label": "complaint"}, queue="complaints", deadline="it-energy"),
    rule("rest", queue="rest", owner="nobody", tags=["rest"]),
)


def test_rules_without_a_queue_add_and_go_on() -> None:
    """Of one value the first that is said counts; lists add up; who said what is kept."""
    decision = route(mail(), compile_rules(RULES))
    orders = decision.orders
    assert (decision.queue, decision.rule) == ("complaints", "complaints")
    assert decision.reason == "rule complaints: label = complaint"
    assert (orders.priority, orders.owner, orders.deadline) == ("high", "anna", "it-energy")
    assert orders.tags == ("vip", "bill")
    assert [(one.rule, one.key, one.value) for one in orders.said] == [
        ("vip", "priority", "high"),
        ("vip", "tags", "vip"),
        ("urgent", "owner", "anna"),
        ("urgent", "tags", "bill"),
        ("complaints", "deadline", "it-energy"),
    ]


def test_without_a_rule_that_decides_the_orders_stay() -> None:
    """The mail stays where it is, and the reason says that this is no oversight."""
    decision = route(mail(), compile_rules([VIP]))
    assert (decision.queue, decision.rule) == (None, None)
    assert decision.reason == "no rule names a queue"
    assert decision.orders.tags == ("vip",)


def test_a_rule_that_stops_says_something_as_well() -> None:
    """Left where it is, and sent on."""
    rules = [
        rule("bills", stop=True, forward=["a@x.example"], webhook="erp"),
        rule("all", queue="q"),
    ]
    decision = route(mail(), compile_rules(rules))
    assert (decision.queue, decision.rule) == (None, "bills")
    assert (decision.orders.forward, decision.orders.webhooks) == (("a@x.example",), ("erp",))


@pytest.mark.parametrize(
    ("said", "letter", "value"), [(False, "", "none"), ("vip-letter", "vip-letter", "vip-letter")]
)
def test_another_letter_or_none(said: object, letter: str, value: str) -> None:
    """`false` is said as well: a later rule does not bring the letter back."""
    rules = [rule("a", acknowledgement=said), rule("b", acknowledgement="late", queue="q")]
    orders = route(mail(), compile_rules(rules)).orders
    assert orders.letter == letter
    assert orders.said == (Addition(rule="a", key="acknowledgement", value=value),)


def test_a_report_of_wrongdoing_is_nobody_elses() -> None:
    """No rule is asked, so none sends it on or gives it an owner."""
    decision = route_under(mail(matters=("whistleblowing",)), compile_rules(RULES), (), "confided")
    assert decision.orders == Orders()


UNSURE = {"complaint": 0.30, "request": 0.30, "newsletter": 0.20, "other": 0.20}


def test_unsure_mail_runs_under_the_profile_it_would_have_as_a_complaint() -> None:
    """But its orders are those of the rules that matched it."""
    unsure = mail(scores=UNSURE)
    decision = route_under(unsure, compile_rules(RULES), ())
    assert (decision.queue, decision.deadlines_of, decision.feared) == (
        "rest", "complaints", "it-energy",
    )  # fmt: skip
    assert (decision.orders.deadline, decision.orders.owner) == (None, "nobody")
    own = (rule("clock", deadline="promise"), *RULES)
    decision = route_under(unsure, compile_rules(own), ())
    assert (decision.orders.deadline, decision.deadlines_of, decision.feared) == (
        "promise", None, None,
    )  # fmt: skip


LABELS = st.sampled_from(["complaint", "request", "unsure", "automatic", "other"])
OLD = st.builds(
    lambda name, label, queue: (name, label, queue),
    st.text("abc", min_size=1, max_size=3),
    LABELS | st.none(),
    st.sampled_from(["q1", "q2", "q3"]) | st.none(),
)
SAYS = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.sampled_from(PRIORITIES),
        "owner": st.sampled_from(["anna", "jan"]),
        "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "forward": st.lists(st.sampled_from(["a@x.example", "b@x.example"]), max_size=2),
        "webhook": st.just("erp"),
        "acknowledgement": st.sampled_from([False, "other"]),
    },
)
MAILS = st.sampled_from(
    [mail(), mail(scores=UNSURE), mail(automatic=Automatic.DSN), mail(scores=None)]
)


def old_way(subject: RouteInput, rules: list[tuple[str, str | None, str | None]]) -> Decision:
    """Decide as the first version did: the first that matches, and nothing else."""
    verdict = subject.verdict
    outcome = "automatic" if subject.reading.automatic else verdict.label or "unsure"
    for name, label, queue in rules:
        if label in (None, outcome):
            words = f"label = {label}" if label else "all mail"
            return Decision(queue=queue, rule=name, reason=f"rule {name}: {words}")
    return Decision(queue=None, rule=None, reason="no rule matched")


@given(st.lists(OLD, max_size=6), MAILS)
def test_old_rules_decide_as_before(old, subject) -> None:
    """Each has a queue or `stop`, so nothing adds and nothing goes on: equal in every field."""
    rules = [
        rule(name, {"label": label} if label else {}, queue=queue, stop=queue is None)
        for name, label, queue in old
    ]
    assert route(subject, compile_rules(rules)) == old_way(subject, old)


@given(st.lists(st.tuples(OLD, SAYS), max_size=6), st.lists(SAYS, max_size=3), MAILS)
def test_what_rules_add_never_changes_where_a_mail_goes(old, adding, subject) -> None:
    """With orders on them, and rules without a queue among them, the same rule decides."""
    plain = [(name, label, queue) for (name, label, queue), _ in old]
    rules = [
        rule(name, {"label": label} if label else {}, queue=queue, stop=queue is None, **says)
        for (name, label, queue), says in old
    ]
    more = [rule(f"adds {n}", **says) for n, says in enumerate(adding)]
    decision = route(subject, compile_rules([*more, *rules]))
    wanted = old_way(subject, plain)
    assert (decision.queue, decision.rule) == (wanted.queue, wanted.rule)
    said = [one.rule for one in decision.orders.said]
    assert set(said) <= {one.name for one in more} | {wanted.rule}
    tags = [tag for one in more for tag in one.tags]
    assert set(tags) <= set(decision.orders.tags)
    assert len(set(decision.orders.tags)) == len(decision.orders.tags)


@given(SAYS, SAYS)
def test_adding_the_same_again_changes_nothing(first, second) -> None:
    """Whatever was said before."""
    one, two = (compile_rules([rule("x", **says)]).rules[0].orders for says in (first, second))
    once = added(added(Orders(), "a", one), "b", two)
    assert added(once, "c", two) == once


RULED = ForwardRules(own=frozenset({"info@desk.example"}), hops=3, can_send=True)


@pytest.mark.parametrize(
    ("changes", "rules", "to", "why"),
    [
        ({}, {}, "bills@other.example", ""),
        ({}, {}, "INFO+x@desk.example", "it is an address of the house"),
        ({}, {}, "anna.rossi@client.example", "the mail comes from there"),
        ({}, {}, "Anna.Rossi+tag@CLIENT.example", "the mail comes from there"),
        ({"reply_to": (address("b@b.example"),)}, {}, "B@b.example", "the mail comes from there"),
        ({"sender": None}, {}, "a@a.example", ""),
        ({"automatic": Automatic.OWN}, {}, "a@a.example", "it is automatic mail (own)"),
        ({"automatic": Automatic.DSN}, {}, "a@a.example", "it is automatic mail (dsn)"),
        ({}, {"can_send": False}, "a@a.example", "there is no relay"),
        ({"headers": ((HOPS.lower(), "2"),)}, {}, "a@a.example", ""),
        ({"headers": ((HOPS.lower(), " 3 "),)}, {}, "a@a.example",
         "houses have sent it on 3 times already"),
        ({"headers": ((HOPS.lower(), "1"), (HOPS.lower(), "9"))}, {}, "a@a.example",
         "houses have sent it on 9 times already"),
        ({"headers": ((HOPS.lower(), "-1"),)}, {}, "a@a.example",
         "houses have sent it on too often already"),
        ({"headers": ((HOPS.lower(), "9" * 5_000),)}, {}, "a@a.example",
         "houses have sent it on too often already"),
        ({"headers": ((HOPS.lower(), ""),)}, {}, "a@a.example",
         "houses have sent it on too often already"),
    ],
)  # fmt: skip
def test_who_is_sent_a_mail_and_why_not(changes, rules, to: str, why: str) -> None:
    """A reason for each that is not."""
    found = forwards_for(reading(**changes), (to,), replace(RULED, **rules))
    assert found == (Forward(address=to, refusal=why),)
