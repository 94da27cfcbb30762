"""Outgoing rows -> a real SMTP server: nothing lost, nothing twice, nobody hammered."""

import email
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.digest.daily import digest_for
from daemon.errors import ConfigError
from daemon.sending.deliver import Outlet, send_due
from daemon.sending.errors import Refused
from daemon.sending.limits import Pace
from daemon.sending.policy import LONGEST_WAIT, wait_before_retry
from daemon.sending.records import SendCount, Share
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from tests.builders import ENGINES, MORNING, chosen_store, held_lease, open_test_store
from tests.flows.sending_builders import (
    PARCEL,
    WHOLE,
    at,
    login,
    mail,
    outlet,
    pass_by,
)
from tests.servers.loopback import free_port
from tests.servers.smtp_sink import SmtpSink
from tests.stages.digest_builders import enqueue_all, settings

pytestmark = pytest.mark.server


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each engine."""
    opened = chosen_store(request, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """Give an empty SQLite store, where the engine makes no difference."""
    opened = open_test_store(tmp_path)
    yield opened
    opened.close()


def test_a_mail_is_enqueued_once_and_sent_once(store: Store, smtp_sink: SmtpSink) -> None:
    """The second enqueuing of a key is a no-op, also after it was sent; so is a second round."""
    rows, lease = Outgoing(store), held_lease(store)
    assert rows.enqueue([mail(1), mail(2), mail(1)], MORNING) == 2
    assert rows.enqueue([mail(1, message=b"other")], MORNING) == 0
    assert send_due(store, lease, [outlet(smtp_sink)], at(MORNING)) == SendCount(sent=2)
    assert rows.enqueue([mail(1)], MORNING) == 0
    assert send_due(store, lease, [outlet(smtp_sink)], at(MORNING)) == SendCount()
    got = smtp_sink.wait_for(2)
    assert [m.recipients for m in got] == [("r1@desk.example",), ("r2@desk.example",)]
    assert {m.sender for m in got} == {"info@desk.example"}
    assert smtp_sink.connections == 1
    assert [(r.state, r.attempts, r.reply) for r in rows.list_rows()] == [
        ("sent", 1, "2.0.0 kept")
    ] * 2


def test_a_missing_secret_keeps_the_mail_and_says_which(lite: Store) -> None:
    """The row waits, and its reply names the key that a person must see to."""

    def no_secret() -> RelayLogin:
        raise ConfigError("relays.main.password: no secret found")

    rows = Outgoing(lite)
    rows.enqueue([mail(1)], MORNING)
    keyless = Outlet(share=WHOLE, transport=SmtpRelay(no_secret), per_minute=60)
    assert send_due(lite, held_lease(lite), [keyless], at(MORNING)) == SendCount(deferred=1)
    assert rows.list_rows()[0].reply == "LOGIN: relays.main.password: no secret found"


@pytest.mark.parametrize(
    ("step", "answer", "minutes"),
    [
        ("RCPT", "550 5.1.1 no such user", None),
        ("RCPT", "550 no such user", None),
        ("RCPT", "552 5.2.2 mailbox full", None),
        ("MAIL", "552 5.3.4 too big", None),
        ("DOT", "554 5.6.0 content", None),
        ("RCPT", "450 4.2.0 greylisted", 5),
        ("RCPT", "452 4.2.2 mailbox full", 60),
        ("DOT", "451 4.3.0 later", 1),
        ("DOT", "454 4.7.0 temporary authentication failure", 1),
        ("DOT", "451 4.7.28 too much mail", 15),
        ("MAIL", "451 4.7.1 not now", 5),
        # Whether these are about this mail is not said; until it is known nothing is lost.
        ("MAIL", "550 5.7.1 Client host blocked", 5),
        ("MAIL", "554 5.7.0 quota exceeded", 15),
        ("RCPT", "550 5.7.1 relaying denied", 5),
        ("RCPT", "503 5.5.1 bad sequence", 5),
        ("DATA", "554 5.3.2 system not accepting messages", 5),
        ("DOT", "554 5.7.0 daily sending quota exceeded", 15),
        ("DOT", "554 5.7.1 looks like spam", 5),
    ],
)
def test_a_refusal_concerns_one_mail_only(
    step: str, answer: str, minutes: int | None, lite: Store, smtp_sink: SmtpSink
) -> None:
    """The refused mail ends or waits with the relay's words, the next one is sent at once."""
    rows = Outgoing(lite)
    rows.enqueue([mail(1), mail(2)], MORNING)
    smtp_sink.script(step, answer)
    send_due(lite, held_lease(lite), [outlet(smtp_sink)], at(MORNING))
    second, first = rows.list_rows()
    state = "queued" if minutes else "failed"
    assert (first.state, first.reply, second.state) == (state, f"{step}: {answer}", "sent")
    assert [m.recipients[0] for m in smtp_sink.mails] == ["r2@desk.example"]
    if minutes:
        assert first.not_before is not None
        waits = (first.not_before - MORNING) / timedelta(minutes=minutes)
        assert 0.79 < waits < 1.21


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL"])
def test_a_relay_that_is_away_is_left_alone_for_a_while(
    step: str, lite: Store, smtp_sink: SmtpSink
) -> None:
    """One connection is tried, every due mail waits, and all go when the relay is back."""
    rows, lease = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(n) for n in range(5)], MORNING)
    smtp_sink.always(step, "421 4.3.2 closing")
    count = send_due(lite, lease, [outlet(smtp_sink)], at(MORNING))
    assert count == SendCount(deferred=1, left=4)
    assert send_due(lite, lease, [outlet(smtp_sink)], at(MORNING)) == SendCount(left=4)
    assert smtp_sink.connections == 1
    assert {row.state for row in rows.list_rows()} == {"queued"}
    smtp_sink.always(step, None)
    later = at(MORNING + timedelta(minutes=2))
    assert send_due(lite, lease, [outlet(smtp_sink)], later) == SendCount(sent=5)


def test_a_closed_port_is_a_relay_that_is_away(lite: Store) -> None:
    """No connection: the mails wait, nothing is raised."""
    Outgoing(lite).enqueue([mail(1)], MORNING)
    nowhere = RelayLogin(host="127.0.0.1", port=free_port(), security="plain", timeout_s=2.0)
    gone = Outlet(share=WHOLE, transport=SmtpRelay(lambda: nowhere), per_minute=60)
    assert send_due(lite, held_lease(lite), [gone], at(MORNING)) == SendCount(deferred=1)


def test_a_connection_that_the_relay_closed_is_opened_anew(
    lite: Store, smtp_sink: SmtpSink
) -> None:
    """Relays limit mails per connection with 421: the mail goes over a second connection."""
    Outgoing(lite).enqueue([mail(1), mail(2)], MORNING)
    smtp_sink.script("MAIL", None, "421 4.7.0 enough for one connection")
    count = send_due(lite, held_lease(lite), [outlet(smtp_sink)], at(MORNING))
    assert count == SendCount(sent=2)
    assert smtp_sink.connections == 2


def test_the_limit_of_a_minute_holds_over_restarts(store: Store, smtp_sink: SmtpSink) -> None:
    """What another process sent counts: 3 in any minute stay 3, the rest goes a minute later."""
    Outgoing(store).enqueue([mail(n) for n in range(5)], MORNING)
    first = send_due(store, held_lease(store), [outlet(smtp_sink, 3)], at(MORNING))
    assert first == SendCount(sent=3, left=2)
    soon = at(MORNING + timedelta(seconds=59))
    again = send_due(store, held_lease(store, epoch=2), [outlet(smtp_sink, 3)], soon)
    assert again == SendCount(left=2)
    later = at(MORNING + timedelta(seconds=61))
    assert send_due(store, held_lease(store), [outlet(smtp_sink, 3)], later) == SendCount(sent=2)


@given(
    per_minute=st.integers(1, 20),
    gaps=st.lists(st.floats(0, 40, allow_nan=False), max_size=200),
    restart=st.integers(0, 200),
)
def test_no_minute_ever_has_more_than_the_limit(
    per_minute: int, gaps: list[float], restart: int
) -> None:
    """Whatever the rhythm and wherever a restart falls, any 60 seconds hold at most the limit."""
    pace, sent, moment = Pace(per_minute), [], MORNING
    for number, gap in enumerate(gaps):
        moment += timedelta(seconds=gap)
        if number == restart:
            pace = Pace(per_minute, sent)
        if pace.allows(moment):
            pace.note(moment)
            sent.append(moment)
    for start in sent:
        assert sum(start <= m < start + timedelta(minutes=1) for m in sent) <= per_minute


@given(key=st.text(), attempts=st.integers(-3, 10_000))
def test_waits_grow_to_an_hour_and_no_further(key: str, attempts: int) -> None:
    """From 48 seconds to 72 minutes, the same for the same row and attempt."""
    wait = wait_before_retry(key, attempts)
    assert timedelta(seconds=48) <= wait <= LONGEST_WAIT * 1.2
    assert wait == wait_before_retry(key, attempts)
    if attempts <= 1:
        assert wait <= timedelta(seconds=72)


def test_a_digest_of_yesterday_is_given_up(lite: Store, smtp_sink: SmtpSink) -> None:
    """After 24 hours of deferrals the row fails with the relay's last words."""
    rows, lease = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(1)], MORNING)
    smtp_sink.always("RCPT", "450 4.2.0 busy")
    for hours in range(30):
        send_due(lite, lease, [outlet(smtp_sink)], at(MORNING + timedelta(hours=hours)))
    (row,) = rows.list_rows()
    assert (row.state, row.reply) == ("failed", "given up; RCPT: 450 4.2.0 busy")
    assert row.finished_at is not None
    assert timedelta(hours=24) <= row.finished_at - MORNING <= timedelta(hours=26)


def test_a_mail_before_its_moment_and_another_relays_mail_wait(
    store: Store, smtp_sink: SmtpSink
) -> None:
    """`not_before` is kept to, and a mail of another relay stays queued and is counted."""
    rows = Outgoing(store)
    later = MORNING + timedelta(hours=1)
    rows.enqueue([mail(1, not_before=later), mail(2, relay="other")], MORNING)
    two = replace(outlet(smtp_sink), share=Share(relay="main", others=("main", "other")))
    count = send_due(store, held_lease(store), [two], at(MORNING))
    assert count == SendCount(left=1)
    assert send_due(store, held_lease(store), [two], at(later)).sent == 1


def test_people_hold_and_retry(store: Store, smtp_sink: SmtpSink) -> None:
    """A held row is not sent, a retried one is, a sent one can be neither."""
    rows, lease = Outgoing(store), held_lease(store)
    rows.enqueue([mail(1)], MORNING)
    (row,) = rows.list_rows(("queued",), "digest")
    assert rows.hold(row.id)
    assert not rows.hold(row.id)
    assert send_due(store, lease, [outlet(smtp_sink)], at(MORNING)) == SendCount()
    assert rows.retry(row.id)
    assert send_due(store, lease, [outlet(smtp_sink)], at(MORNING)) == SendCount(sent=1)
    assert not rows.retry(row.id)
    assert not rows.hold(row.id)
    shown = rows.show(row.id)
    assert shown is not None
    assert shown[0].state == "sent"
    assert shown[0].size == len(shown[1])
    assert rows.show(row.id + 1) is None
    assert rows.count_states() == {"sent": 1}


def test_an_address_that_is_none_fails_alone(lite: Store, smtp_sink: SmtpSink) -> None:
    """A line end in an address reaches no relay."""
    bad = mail(1, recipient="x@desk.example>\r\nRCPT TO:<y@bad.example")
    Outgoing(lite).enqueue([bad, mail(2)], MORNING)
    count = send_due(lite, held_lease(lite), [outlet(smtp_sink)], at(MORNING))
    assert count == SendCount(sent=1, failed=1)
    with pytest.raises(Refused):
        SmtpRelay(lambda: login(smtp_sink)).send(replace(PARCEL, recipient=""), pass_by)


def test_the_log_has_no_address_no_secret_and_no_words_of_the_relay(
    lite: Store, smtp_sink: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    """Above debug a line names rows, kinds and codes."""
    caplog.set_level(logging.DEBUG)
    rows = Outgoing(lite)
    rows.enqueue([mail(n) for n in range(3)], MORNING)
    smtp_sink.script("RCPT", "550 5.1.1 <r0@desk.example> unknown", "450 r1@desk.example later")
    send_due(lite, held_lease(lite), [outlet(smtp_sink)], at(MORNING))
    said = " ".join(
        f"{r.getMessage()} {r.__dict__}" for r in caplog.records if r.name.startswith("daemon")
    )
    assert "not_sent" in said
    assert "desk.example" not in said


def test_the_digest_reaches_its_readers(store: Store, smtp_sink: SmtpSink) -> None:
    """Made, enqueued and sent: one mail for each reader, and none for a second tick."""
    office, lease = settings(), held_lease(store)
    for _ in range(2):
        made = digest_for(store, office, MORNING.date(), MORNING)
        enqueue_all(store, office, made)
        send_due(store, lease, [outlet(smtp_sink)], at(MORNING))
    got = {mail.recipients[0]: email.message_from_bytes(mail.raw) for mail in smtp_sink.mails}
    assert set(got) == {"team@desk.example", "Ewa@desk.example", "ann@desk.example"}
    assert len(smtp_sink.mails) == 3
    assert len({message["Message-ID"] for message in got.values()}) == 3
    assert str(got["ann@desk.example"]["Subject"]).startswith("Backdesk, Mon 23 Nov: ")
