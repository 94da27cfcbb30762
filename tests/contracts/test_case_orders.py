"""Both engines keep alike what rules say of the case that a mail opens or joins."""

from dataclasses import replace
from datetime import datetime

from daemon.cases.records import CaseFile
from daemon.records import Addition, Orders
from tests.builders import MORNING
from tests.contracts.register import Register, ask, reply, wish
from tests.stages.triage_builders import address


def said(*keys: str, rule: str = "vip") -> tuple[Addition, ...]:
    """Return who said it."""
    return tuple(Addition(rule=rule, key=key, value="x") for key in keys)


FIRST = Orders(
    priority="high", owner="anna", tags=("vip", "bill"), said=said("priority", "owner", "tags")
)


def take(
    register: Register, orders: Orders, kind: str | None = "complaint",
    at: datetime = MORNING, **changes,
) -> CaseFile:  # fmt: skip
    """Let a mail with these orders open or join a case."""
    mail_id = register.mail()
    wanted = replace(wish(kind, at), orders=orders)
    with register.store.write() as connection:
        register.cases.take(connection, [ask(mail_id, wanted, **changes)], at)
        register.cases.take(connection, [ask(mail_id, wanted, **changes)], at)
    return register.file(register.case(mail_id))


def test_a_case_begins_with_what_rules_say(register: Register) -> None:
    """One event says which rules; repeated, nothing happens."""
    file = take(register, FIRST)
    assert (file.line.priority, file.line.owner, file.tags) == ("high", "anna", ("bill", "vip"))
    assert [event.kind for event in file.events] == ["opened", "ruled"]
    assert file.events[1].detail == {
        "rules": ["vip"], "priority": "high", "owner": "anna", "tags": ["vip", "bill"],
    }  # fmt: skip


def test_a_case_of_which_no_rule_says_anything(register: Register) -> None:
    """Is normal, and nobody's; that a mail is sent on is no event of this kind."""
    file = take(register, Orders(forward=("a@x.example",), said=said("forward")))
    assert (file.line.priority, file.line.owner, file.tags) == ("normal", None, ())
    assert [event.kind for event in file.events] == ["opened"]


def test_a_mail_that_joins_takes_nothing_away(register: Register) -> None:
    """The priority is only raised, an owner stays, tags are added; what stays is not told."""
    take(register, FIRST, message_id="<1@client.example>")
    anna = address("anna.rossi@client.example")
    second = Orders(
        priority="low", owner="jan", tags=("vip", "second"),
        said=said("priority", "owner", "tags", rule="again"),
    )  # fmt: skip
    file = take(register, second, **reply("<1@client.example>", 2, anna.email))
    assert (file.line.priority, file.line.owner) == ("high", "anna")
    assert file.tags == ("bill", "second", "vip")
    assert file.events[-1].detail == {"rules": ["again"], "tags": ["second"], "mail": 2}
    urgent = Orders(priority="urgent", said=said("priority", rule="again"))
    file = take(register, urgent, None, **reply("<1@client.example>", 3, anna.email))
    assert file.line.priority == "urgent"
    events = len(file.events)
    file = take(register, urgent, None, **reply("<1@client.example>", 4, anna.email))
    assert [event.kind for event in file.events[events:]] == ["joined"]
