"""Both engines keep alike what webhooks are told: each event once, of each case in order."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from daemon.cases import acts
from daemon.cases.views import Wanted, list_cases
from daemon.records import Addition, Decision, Matched, Orders
from daemon.store.engine import Store
from daemon.store.tables import case_events
from daemon.store.webhook_tables import webhook_deliveries
from daemon.webhooks.deliver import send_due
from daemon.webhooks.errors import ServerAway
from daemon.webhooks.records import Answer, CallCount, Endpoint
from daemon.webhooks.store import LEASE, Deliveries, note_matched
from daemon.webhooks.views import count_troubled, healths, list_deliveries
from tests.builders import MORNING, held_lease
from tests.contracts.register import DUE, Register
from tests.stages.triage_builders import reading

ALL = ("case.opened", "case.joined", "case.assigned", "case.closed", "case.reopened")
SOON = MORNING + timedelta(seconds=30)


class Fake:
    """A server in memory: answers by script, else 204, and keeps what it is told."""

    def __init__(self, *script: int | Exception) -> None:
        self.script, self.told = list(script), []

    def call(self, message_id: str, body: bytes) -> Answer:
        """Tell it."""
        self.told.append((message_id, json.loads(body)))
        step = self.script.pop(0) if self.script else 204
        if isinstance(step, Exception):
            raise step
        return Answer(status=step)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """What it was told: type and case."""
        return [(body["type"], body["data"].get("reference")) for _, body in self.told]


def endpoint(server: Fake, events=ALL, name: str = "erp", days: float = 3) -> Endpoint:
    """Return a webhook of the configuration."""
    return Endpoint(name=name, events=events, give_up_after=timedelta(days=days), caller=server)


def call(store: Store, *endpoints: Endpoint, at=MORNING) -> CallCount:
    """Run one round."""
    return send_due(store, held_lease(store, LEASE), endpoints, lambda: at)


def test_events_are_told_once_and_in_order(register: Register) -> None:
    """Of each case in the order in which they happened; those nobody wants, to nobody."""
    server, quiet = Fake(), Fake()
    one, two = register.take(), register.take()
    register.act(one, acts.assign, "Ada")
    register.act(two, acts.write_note, "nobody is told")
    register.act(one, acts.close, "repaired")
    hooks = (endpoint(server), endpoint(quiet, ["case.closed"], "second"))
    assert call(register.store, *hooks) == CallCount(sent=5)
    assert server.kinds == [
        ("case.opened", one.reference), ("case.opened", two.reference),
        ("case.assigned", one.reference), ("case.closed", one.reference),
    ]  # fmt: skip
    assert quiet.kinds == [("case.closed", one.reference)]
    assert quiet.told[0][1]["data"]["cause"] == "repaired"
    assert call(register.store, *hooks) == CallCount()
    assert len({message_id for message_id, _ in server.told + quiet.told}) == 5
    assert register.count(webhook_deliveries) == 5


def test_an_event_says_what_the_register_knows_and_nothing_of_the_customer(
    register: Register,
) -> None:
    """No name, no address, no subject, no word of the mail."""
    server = Fake()
    line = register.take(subject="Bolletta segreta", snippet="parola")
    call(register.store, endpoint(server))
    ((_, body),) = server.told
    assert set(body) == {"type", "timestamp", "data"}
    assert body["data"] == {
        "reference": line.reference, "kind": "complaint", "state": "open", "queue": "complaints",
        "owner": None, "priority": "normal", "tags": [], "channel": "mail",
        "received_at": "2026-11-23T06:30:00Z", "due_at": "2026-12-23T06:30:00Z",
        "closed_at": None, "mail": 1,
    }  # fmt: skip
    assert body["timestamp"] == "2026-11-23T06:30:00Z"


def test_what_happened_before_a_webhook_was_configured_is_not_told(register: Register) -> None:
    """A house without webhooks passes over its events for good."""
    register.take()
    assert call(register.store) == CallCount()
    server = Fake()
    line = register.take()
    call(register.store, endpoint(server))
    assert server.kinds == [("case.opened", line.reference)]


def test_an_event_whose_writer_committed_late_is_told(register: Register) -> None:
    """A lower id than the last that was told: a cursor would have passed over it."""
    server = Fake()
    line = register.take()
    with register.store.write() as connection:
        row = {"case_id": line.id, "at": MORNING, "actor": "Ada", "kind": "closed", "detail": "{}"}
        connection.execute(insert(case_events).values(id=900, **row))
    call(register.store, endpoint(server))
    with register.store.write() as connection:
        connection.execute(insert(case_events).values(id=800, **row | {"kind": "reopened"}))
    call(register.store, endpoint(server))
    assert [kind for kind, _ in server.kinds] == ["case.opened", "case.closed", "case.reopened"]


def test_a_refused_event_holds_up_its_case_only(register: Register) -> None:
    """The rest of that case waits behind it, under the id it had; other cases go on."""
    server = Fake(500)
    one, two = register.take(), register.take()
    register.act(one, acts.close, "repaired")
    hook = endpoint(server)
    assert call(register.store, hook) == CallCount(sent=1, deferred=1)
    assert server.kinds == [("case.opened", one.reference), ("case.opened", two.reference)]
    assert call(register.store, hook) == CallCount()
    assert call(register.store, hook, at=SOON) == CallCount(sent=2)
    assert server.kinds[2:] == [("case.opened", one.reference), ("case.closed", one.reference)]
    assert server.told[0][0] == server.told[2][0]


@pytest.mark.parametrize("step", [ServerAway("no answer in time"), 429, 503])
def test_a_server_that_is_away_is_left_alone(register: Register, step: int | Exception) -> None:
    """One call, then none until its time has come; then all in order."""
    server = Fake(step)
    one, two = register.take(), register.take()
    hook = endpoint(server)
    assert call(register.store, hook) == CallCount(deferred=1)
    assert call(register.store, hook) == CallCount()
    assert len(server.told) == 1
    assert call(register.store, hook, at=SOON) == CallCount(sent=2)
    assert server.kinds[1:] == [("case.opened", one.reference), ("case.opened", two.reference)]
    with register.store.read() as connection:
        health = healths(connection)["erp"]
    assert (health.failures, health.waiting, health.sent) == (0, 0, 2)


def test_410_disables_a_webhook_until_a_person_wants_it(register: Register) -> None:
    """Nothing is lost meanwhile, and people are told."""
    server = Fake(410)
    register.take()
    hook = endpoint(server)
    assert call(register.store, hook) == CallCount()
    register.take()
    assert call(register.store, hook, at=MORNING + timedelta(days=1)) == CallCount()
    assert len(server.told) == 1
    with register.store.read() as connection:
        assert healths(connection)["erp"].disabled_at == MORNING
        assert count_troubled(connection) == 1
    assert Deliveries(register.store).retry("erp") == 2
    assert call(register.store, hook, at=MORNING + timedelta(days=1)) == CallCount(sent=2)
    assert server.told[0][0] == server.told[1][0]
    with register.store.read() as connection:
        assert count_troubled(connection) == 0


@pytest.mark.parametrize("step", [ServerAway("refused"), 410, 500])
def test_what_is_not_taken_for_days_is_given_up_and_can_be_sent_again(
    register: Register, step: int | Exception
) -> None:
    """After the days of the configuration, counted from the event."""
    server = Fake(*[step] * 100)
    register.take()
    hook = endpoint(server, days=1)
    moment, failed = MORNING, 0
    while moment < MORNING + timedelta(days=3):
        failed += call(register.store, hook, at=moment).failed
        moment += timedelta(hours=1)
    assert failed == 1
    calls = len(server.told)
    assert calls <= 30
    with register.store.read() as connection:
        (row,) = list_deliveries(connection, "erp", 10)
        assert (row.state, row.reply.startswith("given up; ")) == ("failed", True)
        assert count_troubled(connection) == 1
    server.script.clear()
    assert Deliveries(register.store).retry("erp") == 1
    assert call(register.store, hook, at=moment) == CallCount(sent=1)
    assert len({message_id for message_id, _ in server.told}) == 1


def test_a_term_that_has_passed_is_told_once_for_each_term(register: Register) -> None:
    """And again where it has passed once more; not of closed cases."""
    server = Fake()
    one, two = register.take(), register.take()
    register.act(two, acts.close, "repaired")
    hook = endpoint(server, ["case.overdue"])
    assert call(register.store, hook, at=DUE) == CallCount()
    late = DUE + timedelta(minutes=1)
    assert call(register.store, hook, at=late) == CallCount(sent=1)
    assert call(register.store, hook, at=late) == CallCount()
    assert server.kinds == [("case.overdue", one.reference)]
    assert server.told[0][1]["timestamp"] == "2026-12-23T06:30:00Z"


def test_a_matched_mail_is_told_in_the_transaction_that_records_it(register: Register) -> None:
    """Once, however often that is repeated; with its case where it has one."""
    server, store = Fake(), register.store
    case = register.take()
    said = Addition(rule="bills", key="webhook", value="erp")
    orders = Orders(webhooks=("erp",), tags=("bill",), said=(said,))
    matched = [
        Matched(
            mail_id=mail_id, account="info", received_at=MORNING, reading=reading(), label="other",
            decision=Decision(queue="q", rule="bills", reason="", orders=orders), forwards=(),
        )
        for mail_id in (1, register.mail())
    ]  # fmt: skip
    for _ in range(2):
        with store.write() as connection:
            note_matched(store, connection, matched, MORNING)
    assert call(store, endpoint(server, [])) == CallCount(sent=2)
    first, second = (body["data"] for _, body in server.told)
    assert first["case"]["reference"] == case.reference
    assert (second["case"], second["rules"], second["tags"]) == (None, ["bills"], ["bill"])
    assert server.told[0][1]["type"] == "mail.matched"
    with store.read() as connection:
        ids = connection.scalars(select(webhook_deliveries.c.message_id)).all()
    assert sorted(ids) == sorted(message_id for message_id, _ in server.told)


def test_cases_due_together_are_listed_by_priority(register: Register) -> None:
    """The term first, then how much they press; a person's word counts."""
    low, plain, urgent, high = (register.take() for _ in range(4))
    for line, priority in ((low, "low"), (urgent, "urgent"), (high, "high")):
        register.act(line, acts.prioritize, priority)
    sooner = register.take(at=MORNING - timedelta(days=1))
    with register.store.write() as connection:
        assert [one.priority for one in list_cases(connection, Wanted())] == [
            "urgent", "high", "normal", "normal", "low",
        ]  # fmt: skip
        found = list_cases(connection, Wanted(priority="high"))
    assert [one.id for one in found] == [high.id]
    assert sooner.due_at == plain.due_at
