"""A relay stands in for another that is away; no mail leaves twice, and none is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.sending.deliver import Outlet, send_due
from daemon.sending.records import SendCount, Share
from daemon.sending.relays import Relays
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from tests.builders import MORNING, held_lease, open_test_store
from tests.flows.sending_builders import at, login, mail
from tests.servers.loopback import free_port
from tests.servers.smtp_sink import Fault, SmtpSink

pytestmark = pytest.mark.server

NAMES = ("main", "spare")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    opened = open_test_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def second() -> Iterator[SmtpSink]:
    """Give a second relay."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()


def outlets(first: SmtpSink | None, second: SmtpSink, per_minute: int = 1000) -> list[Outlet]:
    """Return two relays, the second of which stands in for the first; None is nobody there."""
    nowhere = RelayLogin(host="127.0.0.1", port=free_port(), security="plain", timeout_s=2.0)
    spare = Outlet(
        share=Share(relay="spare"),
        transport=SmtpRelay(lambda: login(second)),
        per_minute=per_minute,
    )
    main = Outlet(
        share=Share(relay="main", others=NAMES),
        transport=SmtpRelay(lambda: login(first) if first else nowhere),
        per_minute=1000,
        spare=spare,
    )
    return [main, spare]


def recipients(sink: SmtpSink) -> list[str]:
    """Return to whom mail has left."""
    return [recipient for one in sink.mails for recipient in one.recipients]


def test_nobody_there(store: Store, second: SmtpSink) -> None:
    """All goes through the other, and the rows say so."""
    rows = Outgoing(store)
    rows.enqueue([mail(n) for n in range(3)], MORNING)
    count = send_due(store, held_lease(store), outlets(None, second), at(MORNING))
    assert count == SendCount(sent=3)
    assert {row.relay for row in rows.list_rows()} == {"spare"}
    assert len(second.mails) == 3


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
def test_a_relay_that_closes_at_any_step(
    step: str, store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """With 421 it has taken nothing, also after the final dot: the mail goes on at once."""
    Outgoing(store).enqueue([mail(n) for n in range(3)], MORNING)
    smtp_sink.always(step, "421 4.3.2 closing")
    count = send_due(store, held_lease(store), outlets(smtp_sink, second), at(MORNING))
    assert count == SendCount(sent=3)
    assert len(smtp_sink.mails) == 0
    assert sorted(recipients(second)) == [f"r{n}@desk.example" for n in range(3)]


def test_what_the_first_has_taken_is_not_sent_again(
    store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """It went away after the second mail; the third and fourth leave by the other."""
    Outgoing(store).enqueue([mail(n) for n in range(4)], MORNING)
    smtp_sink.script("MAIL", None, None, "421 4.7.0 enough", "421 4.7.0 enough")
    smtp_sink.script("CONNECT", None, "421 4.3.2 closing")
    count = send_due(store, held_lease(store), outlets(smtp_sink, second), at(MORNING))
    assert count == SendCount(sent=4)
    assert recipients(smtp_sink) == ["r0@desk.example", "r1@desk.example"]
    assert recipients(second) == ["r2@desk.example", "r3@desk.example"]


@pytest.mark.parametrize(("kind", "state"), [("digest", "queued"), ("newsletter", "held")])
def test_an_unknown_outcome_is_no_reason_to_try_another(
    kind: str, state: str, store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """The first may have the mail: the policy of its kind decides, not the other relay."""
    Outgoing(store).enqueue([mail(1, kind)], MORNING)
    smtp_sink.script("DOT", Fault.DROP)
    send_due(store, held_lease(store), outlets(smtp_sink, second), at(MORNING))
    assert second.mails == ()
    assert Outgoing(store).list_rows()[0].state == state


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "450 4.2.0 greylisted"])
def test_an_answer_about_one_mail_is_no_reason_either(
    answer: str, store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """The recipient's server has spoken; another relay would hear the same."""
    Outgoing(store).enqueue([mail(1)], MORNING)
    smtp_sink.script("RCPT", answer)
    send_due(store, held_lease(store), outlets(smtp_sink, second), at(MORNING))
    assert second.mails == ()


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("MAIL", "550 5.7.1 Client host blocked"),
        ("RCPT", "550 5.7.1 relaying denied"),
        ("DATA", "554 5.3.2 not accepting messages"),
        ("DOT", "554 5.7.0 daily quota exceeded"),
        ("DOT", "454 4.7.0 temporary authentication failure"),
    ],
)
def test_what_one_refuses_in_its_own_name_the_other_takes(
    step: str, answer: str, store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """At once and all of it; the first is asked twice, and not again before it has rested."""
    Outgoing(store).enqueue([mail(n) for n in range(5)], MORNING)
    smtp_sink.always(step, answer)
    both = outlets(smtp_sink, second)
    assert send_due(store, held_lease(store), both, at(MORNING)) == SendCount(sent=5)
    assert sorted(recipients(second)) == [f"r{n}@desk.example" for n in range(5)]
    asked = len(smtp_sink.commands)
    Outgoing(store).enqueue([mail(9)], MORNING)
    assert send_due(store, held_lease(store), both, at(MORNING)) == SendCount(sent=1)
    assert len(smtp_sink.commands) == asked


def test_a_mail_that_both_refuse_costs_neither(
    store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """Two such mails side by side: the rest leaves by the first, and none of them rests."""
    rows = Outgoing(store)
    rows.enqueue([mail(0), mail(1), mail(2), mail(3)], MORNING)
    for sink in (smtp_sink, second):
        for poisoned in ("r1@desk.example", "r3@desk.example"):
            sink.refuse(poisoned, "550 5.7.1 refused by policy")
    both = outlets(smtp_sink, second)
    count = send_due(store, held_lease(store), both, at(MORNING))
    assert count == SendCount(sent=2, deferred=2)
    assert recipients(smtp_sink) == ["r0@desk.example", "r2@desk.example"]
    assert Relays(store).away() == ()


def test_when_both_are_away_all_waits(store: Store, smtp_sink: SmtpSink, second: SmtpSink) -> None:
    """One try each; the rest of the queue is left alone, and goes when one is back."""
    rows = Outgoing(store)
    rows.enqueue([mail(n) for n in range(5)], MORNING)
    for sink in (smtp_sink, second):
        sink.always("CONNECT", "421 4.3.2 closing")
    both = outlets(smtp_sink, second)
    waits = SendCount(deferred=1, left=4)
    assert send_due(store, held_lease(store), both, at(MORNING)) == waits
    assert (smtp_sink.connections, second.connections) == (1, 1)
    assert {row.state for row in rows.list_rows()} == {"queued"}
    second.always("CONNECT", None)
    later = at(MORNING + timedelta(minutes=2))
    assert send_due(store, held_lease(store), both, later) == SendCount(sent=5)


def test_the_other_keeps_to_its_own_limit(store: Store, second: SmtpSink) -> None:
    """Whoever's mail it carries; what is over waits."""
    Outgoing(store).enqueue([mail(n) for n in range(5)], MORNING)
    both = outlets(None, second, per_minute=2)
    assert send_due(store, held_lease(store), both, at(MORNING)).sent == 2
    assert send_due(store, held_lease(store), both, at(MORNING + timedelta(seconds=30))).sent == 0
    assert send_due(store, held_lease(store), both, at(MORNING + timedelta(seconds=61))).sent == 2


def test_what_names_a_relay_leaves_by_it(
    store: Store, smtp_sink: SmtpSink, second: SmtpSink
) -> None:
    """And what names one that is no more by the first."""
    named = [mail(1, relay="spare"), mail(2, relay="gone"), mail(3, relay="main"), mail(4)]
    Outgoing(store).enqueue([replace(one) for one in named], MORNING)
    send_due(store, held_lease(store), outlets(smtp_sink, second), at(MORNING))
    assert recipients(second) == ["r1@desk.example"]
    assert recipients(smtp_sink) == [f"r{n}@desk.example" for n in (2, 3, 4)]
