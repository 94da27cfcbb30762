"""Outgoing rows -> a real SMTP server: nothing lost, nothing twice, nobody hammered."""

import email
import itertools
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.digest.daily import digest_for, enqueue
from daemon.errors import ConfigError, LeaseLost
from daemon.records import OutgoingMail
from daemon.sending.deliver import Outlet, send_due
from daemon.sending.errors import NotOurs, OutcomeUnknown, Refused, RelayAway
from daemon.sending.limits import Pace
from daemon.sending.policy import LONGEST_WAIT, wait_before_retry
from daemon.sending.records import Parcel, SendCount
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from tests.builders import ENGINES, MORNING, chosen_store, held_lease, open_test_store
from tests.servers.certs import Certificates
from tests.servers.loopback import free_port
from tests.servers.smtp_sink import Fault, SmtpSink
from tests.stages.digest_builders import settings

pytestmark = pytest.mark.server

MESSAGE = b"Subject: x\r\nMessage-ID: <1@desk.example>\r\n\r\n.dot\r\n..\r\ntext\r\n"
PARCEL = Parcel(sender="info@desk.example", recipient="team@desk.example", message=MESSAGE)
KINDS = ("digest", "newsletter")


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


def mail(number: int, kind: str = "digest", **changes: object) -> OutgoingMail:
    """Return one outgoing mail of a series."""
    plain = OutgoingMail(
        key=f"{kind}:{number}",
        kind=kind,
        sender="info@desk.example",
        recipient=f"r{number}@desk.example",
        message=b"Message-ID: <%d@desk.example>\r\n\r\nx\r\n" % number,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def login(sink: SmtpSink, **changes: object) -> RelayLogin:
    """Return how to reach the sink in plain text."""
    plain = RelayLogin(
        host=sink.host, port=sink.port, security="plain", timeout_s=5.0, dot_timeout_s=5.0
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def outlet(sink: SmtpSink, per_minute: int = 1000, **changes: object) -> Outlet:
    """Return the sink as the relay of all kinds."""
    relay = SmtpRelay(lambda: login(sink, **changes))
    return Outlet(name="main", transport=relay, per_minute=per_minute, kinds=KINDS)


def at(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still."""
    return lambda: moment


def states(store: Store) -> dict[str, str]:
    """Return key -> state of every row."""
    return {row.key: row.state for row in Outgoing(store).list_rows()}


def pass_by() -> None:
    """Do nothing before the dot."""


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


def test_the_bytes_arrive_as_they_are(smtp_sink: SmtpSink) -> None:
    """Lines that begin with a dot arrive whole; no bare line end can end a mail early."""
    relay = SmtpRelay(lambda: login(smtp_sink))
    relay.send(PARCEL, pass_by)
    smuggled = b"a: b\n\nx\n.\nMAIL FROM:<x@bad.example>\r.\r"
    relay.send(replace(PARCEL, message=smuggled), pass_by)
    relay.close()
    first, second = smtp_sink.wait_for(2)
    assert first.raw == MESSAGE
    assert second.raw == b"a: b\r\n\r\nx\r\n.\r\nMAIL FROM:<x@bad.example>\r\n.\r\n"


def test_the_marker_is_called_between_the_body_and_the_dot(smtp_sink: SmtpSink) -> None:
    """When the marker runs DATA was accepted and no mail was; when it raises, none ever is."""
    relay, seen = SmtpRelay(lambda: login(smtp_sink)), []

    def marker() -> None:
        seen.append((smtp_sink.commands[-1], len(smtp_sink.mails)))

    def refuse() -> None:
        raise NotOurs

    relay.send(PARCEL, marker)
    assert seen == [("DATA", 0)]
    with pytest.raises(NotOurs):
        relay.send(PARCEL, refuse)
    relay.send(replace(PARCEL, recipient="after@desk.example"), pass_by)
    relay.close()
    assert [m.recipients[0] for m in smtp_sink.wait_for(2)] == [
        "team@desk.example",
        "after@desk.example",
    ]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_relay_is_entered_over_verified_tls(security: str, certificates: Certificates) -> None:
    """Login happens inside TLS, also with ż in the password; a strange authority is refused."""
    tls = "implicit" if security == "tls" else "starttls"
    sink = SmtpSink(tls=tls, certificates=certificates, users={"info": "żółw'; 1"})
    sink.start()
    try:
        enter = login(
            sink, security=security, username="info", secret="żółw'; 1", ca_file=certificates.ca
        )
        relay = SmtpRelay(lambda: enter)
        relay.send(PARCEL, pass_by)
        relay.close()
        (got,) = sink.wait_for(1)
        assert got.encrypted
        assert got.user == "info"
        stranger = SmtpRelay(lambda: replace(enter, ca_file=None))
        with pytest.raises(RelayAway):
            stranger.send(PARCEL, pass_by)
        wrong = SmtpRelay(lambda: replace(enter, secret="wrong"))
        with pytest.raises(RelayAway, match="AUTH: 535"):
            wrong.send(PARCEL, pass_by)
        wrong.close()
    finally:
        sink.stop()


def test_starttls_never_falls_back_to_plain_text(smtp_sink: SmtpSink) -> None:
    """A relay that does not offer STARTTLS gets neither a login nor a mail."""
    relay = SmtpRelay(lambda: login(smtp_sink, security="starttls", username="u", secret="s"))
    with pytest.raises(RelayAway, match="STARTTLS"):
        relay.send(PARCEL, pass_by)
    assert not any(c.startswith(("AUTH", "MAIL")) for c in smtp_sink.commands)


def test_plain_text_stays_on_this_machine() -> None:
    """A relay elsewhere is not even connected to without TLS."""
    away = RelayLogin(host="relay.example", port=25, security="plain")
    with pytest.raises(RelayAway, match="LOGIN"):
        SmtpRelay(lambda: away).send(PARCEL, pass_by)


def test_a_missing_secret_keeps_the_mail_and_says_which(lite: Store) -> None:
    """The row waits, and its reply names the key that a person must see to."""

    def no_secret() -> RelayLogin:
        raise ConfigError("relays.main.password: no secret found")

    rows = Outgoing(lite)
    rows.enqueue([mail(1)], MORNING)
    keyless = Outlet(name="main", transport=SmtpRelay(no_secret), per_minute=60, kinds=("digest",))
    assert send_due(lite, held_lease(lite), [keyless], at(MORNING)) == SendCount(deferred=1)
    assert rows.list_rows()[0].reply == "LOGIN: relays.main.password: no secret found"


@pytest.mark.parametrize(
    ("step", "answer", "state"),
    [
        ("RCPT", "550 5.1.1 no such user", "failed"),
        ("RCPT", "450 4.2.0 greylisted", "queued"),
        ("MAIL", "553 5.7.1 not you", "failed"),
        ("DATA", "554 5.7.1 no", "failed"),
        ("DOT", "554 5.6.0 content", "failed"),
        ("DOT", "451 4.3.0 later", "queued"),
    ],
)
def test_a_refusal_concerns_one_mail_only(
    step: str, answer: str, state: str, lite: Store, smtp_sink: SmtpSink
) -> None:
    """The refused mail ends or waits with the relay's words, the next one is sent at once."""
    rows = Outgoing(lite)
    rows.enqueue([mail(1), mail(2)], MORNING)
    smtp_sink.script(step, answer)
    send_due(lite, held_lease(lite), [outlet(smtp_sink)], at(MORNING))
    second, first = rows.list_rows()
    assert (first.state, first.reply, second.state) == (state, f"{step}: {answer}", "sent")
    assert [m.recipients[0] for m in smtp_sink.mails] == ["r2@desk.example"]
    if state == "queued":
        assert first.not_before is not None
        assert timedelta(seconds=40) < first.not_before - MORNING < timedelta(seconds=80)


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL"])
def test_a_relay_that_is_away_is_left_alone_for_a_while(
    step: str, lite: Store, smtp_sink: SmtpSink
) -> None:
    """One connection is tried, every due mail waits, and all go when the relay is back."""
    rows, lease = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(n) for n in range(5)], MORNING)
    smtp_sink.always(step, "421 4.3.2 closing")
    count = send_due(lite, lease, [outlet(smtp_sink)], at(MORNING))
    assert count == SendCount(deferred=1)
    assert smtp_sink.connections == 1
    assert all(row.not_before is not None for row in rows.list_rows())
    smtp_sink.always(step, None)
    later = at(MORNING + timedelta(minutes=2))
    assert send_due(lite, lease, [outlet(smtp_sink)], later) == SendCount(sent=5)


def test_a_closed_port_is_a_relay_that_is_away(lite: Store) -> None:
    """No connection: the mails wait, nothing is raised."""
    Outgoing(lite).enqueue([mail(1)], MORNING)
    nowhere = RelayLogin(host="127.0.0.1", port=free_port(), security="plain", timeout_s=2.0)
    gone = Outlet(
        name="gone", transport=SmtpRelay(lambda: nowhere), per_minute=60, kinds=("digest",)
    )
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


@pytest.mark.parametrize("fault", [Fault.KEEP_THEN_DROP, Fault.KEEP_THEN_HANG, Fault.DROP])
def test_without_an_answer_to_the_dot_the_kind_decides(
    fault: Fault, lite: Store, smtp_sink: SmtpSink
) -> None:
    """A digest is sent again with the same Message-ID; another kind is held for a person."""
    rows, lease = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(1), mail(2, "newsletter")], MORNING)
    smtp_sink.always("DOT", fault)
    relay = [outlet(smtp_sink, dot_timeout_s=0.3)]
    assert send_due(lite, lease, relay, at(MORNING)) == SendCount(deferred=1, held=1)
    assert states(lite) == {"digest:1": "queued", "newsletter:2": "held"}
    smtp_sink.always("DOT", None)
    later = at(MORNING + timedelta(hours=2))
    assert send_due(lite, lease, relay, later) == SendCount(sent=1)
    copies = [m for m in smtp_sink.mails if m.recipients == ("r1@desk.example",)]
    assert len(copies) == (2 if fault.keeps else 1)
    assert len({re.search(rb"<.*>", m.raw)[0] for m in copies}) == 1  # type: ignore[index]


def test_an_answer_that_drips_does_not_hold_the_sender(smtp_sink: SmtpSink) -> None:
    """Silence in the middle of a step ends at the deadline of that step."""
    relay = SmtpRelay(lambda: login(smtp_sink, timeout_s=0.3, dot_timeout_s=0.3))
    smtp_sink.script("RCPT", Fault.HANG)
    with pytest.raises(Exception, match="RCPT: no answer"):
        relay.send(PARCEL, pass_by)
    smtp_sink.script("DOT", Fault.HANG)
    with pytest.raises(OutcomeUnknown):
        relay.send(PARCEL, pass_by)
    relay.send(PARCEL, pass_by)
    relay.close()


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


def test_a_mail_before_its_moment_and_a_kind_without_relay_wait(
    store: Store, smtp_sink: SmtpSink
) -> None:
    """`not_before` is kept to, and a kind that no relay takes stays queued and is counted."""
    rows = Outgoing(store)
    later = MORNING + timedelta(hours=1)
    rows.enqueue([mail(1, not_before=later), mail(2, "survey")], MORNING)
    count = send_due(store, held_lease(store), [outlet(smtp_sink)], at(MORNING))
    assert count == SendCount(left=1)
    assert send_due(store, held_lease(store), [outlet(smtp_sink)], at(later)).sent == 1


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


def test_a_mail_held_while_on_its_way_is_not_sent(lite: Store, smtp_sink: SmtpSink) -> None:
    """Holding wins until the final dot: the connection ends without it."""
    rows = Outgoing(lite)
    rows.enqueue([mail(1)], MORNING)
    relay = SmtpRelay(lambda: login(smtp_sink))

    class HeldMeanwhile:
        def send(self, parcel: Parcel, before_dot: Callable[[], None]) -> str:
            rows.hold(rows.list_rows()[0].id)
            return relay.send(parcel, before_dot)

        def close(self) -> None:
            relay.close()

    slow = Outlet(name="main", transport=HeldMeanwhile(), per_minute=60, kinds=KINDS)
    count = send_due(lite, held_lease(lite), [slow], at(MORNING))
    assert count == SendCount(held=1)
    assert states(lite) == {"digest:1": "held"}
    assert smtp_sink.mails == ()


def test_a_sender_that_lost_its_lease_sends_no_dot(lite: Store, smtp_sink: SmtpSink) -> None:
    """The marker checks the epoch: the mail stays queued for the new holder."""
    Outgoing(lite).enqueue([mail(1)], MORNING)
    old = held_lease(lite, epoch=1)
    relay = SmtpRelay(lambda: login(smtp_sink))

    class TakenOver:
        def send(self, parcel: Parcel, before_dot: Callable[[], None]) -> str:
            held_lease(lite, epoch=2)
            return relay.send(parcel, before_dot)

        def close(self) -> None:
            relay.close()

    late = Outlet(name="main", transport=TakenOver(), per_minute=60, kinds=KINDS)
    with pytest.raises(LeaseLost):
        send_due(lite, old, [late], at(MORNING))
    assert states(lite) == {"digest:1": "queued"}
    assert smtp_sink.mails == ()
    with pytest.raises(LeaseLost):
        send_due(lite, old, [outlet(smtp_sink)], at(MORNING))


def test_an_answer_is_recorded_even_when_the_lease_was_lost(lite: Store) -> None:
    """What the relay said is true: the next holder must not send the mail a second time."""
    rows, old = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(1)], MORNING)
    (row,) = rows.list_rows()
    rows.begin(old, row.id)
    rows.mark(old, row.id)
    new = held_lease(lite, epoch=2)
    rows.recover(new, lambda _kind: True, MORNING)
    rows.finish(old, row.id, "sent", "kept", MORNING)  # type: ignore[arg-type]
    assert states(lite) == {"digest:1": "sent"}
    assert rows.begin(new, row.id) is None


def test_an_address_that_is_none_fails_alone(lite: Store, smtp_sink: SmtpSink) -> None:
    """A line end in an address reaches no relay."""
    bad = mail(1, recipient="x@desk.example>\r\nRCPT TO:<y@bad.example")
    Outgoing(lite).enqueue([bad, mail(2)], MORNING)
    count = send_due(lite, held_lease(lite), [outlet(smtp_sink)], at(MORNING))
    assert count == SendCount(sent=1, failed=1)
    with pytest.raises(Refused):
        SmtpRelay(lambda: login(smtp_sink)).send(replace(PARCEL, recipient=""), pass_by)


def test_the_null_path_is_a_sender(smtp_sink: SmtpSink) -> None:
    """A mail that must never be bounced back has no sender (RFC 5321 4.5.5)."""
    relay = SmtpRelay(lambda: login(smtp_sink))
    relay.send(replace(PARCEL, sender=""), pass_by)
    relay.close()
    assert smtp_sink.wait_for(1)[0].sender == ""


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
        enqueue(store, office, made)
        send_due(store, lease, [outlet(smtp_sink)], at(MORNING))
    got = {mail.recipients[0]: email.message_from_bytes(mail.raw) for mail in smtp_sink.mails}
    assert set(got) == {"team@desk.example", "Ewa@desk.example", "ann@desk.example"}
    assert len(smtp_sink.mails) == 3
    assert len({message["Message-ID"] for message in got.values()}) == 3
    assert str(got["ann@desk.example"]["Subject"]).startswith("Backdesk, Mon 23 Nov: ")


SENDER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from daemon.sending.deliver import Outlet, send_due
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.store.engine import open_store, sqlite_url
from tests.builders import held_lease

folder, port, epoch, now = sys.argv[1:]
store = open_store(sqlite_url(Path(folder)))
login = RelayLogin(host="127.0.0.1", port=int(port), security="plain")
relay = SmtpRelay(lambda: login)
outlet = Outlet(name="main", transport=relay, per_minute=1000, kinds=("digest", "newsletter"))
send_due(store, held_lease(store, epoch=int(epoch)), [outlet], lambda: datetime.fromisoformat(now))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["digest", "newsletter"])
@pytest.mark.parametrize("place", ["send.before_mark", "send.marked", "send.answered"])
def test_a_power_cut_while_sending_loses_nothing(
    place: str, kind: str, tmp_path: Path, smtp_sink: SmtpSink
) -> None:
    """After kills at every step each mail arrived; twice only what may be, cut off at its dot."""
    store = open_test_store(tmp_path)
    rows = Outgoing(store)
    rows.enqueue([mail(n, kind) for n in range(4)], MORNING)
    for epoch in itertools.count(2):
        environ = {**os.environ, "BACKDESK_FAILPOINT": f"{place}:2", "PYTHONPATH": os.getcwd()}  # noqa: PTH109 - where pytest stands
        moment = (MORNING + timedelta(minutes=epoch)).isoformat()
        arguments = [str(tmp_path), str(smtp_sink.port), str(epoch), moment]
        run = subprocess.run([sys.executable, "-c", SENDER, *arguments], env=environ, check=False)
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL
        assert epoch < 12, "no progress"
    by_state = rows.count_states()
    arrived = [m.recipients[0] for m in smtp_sink.mails]
    held = by_state.get("held", 0)
    assert by_state.get("sent", 0) + held == 4
    if place == "send.before_mark":
        assert (len(arrived), held) == (4, 0)
    elif kind == "digest":
        assert (len(set(arrived)), held) == (4, 0)
    else:
        assert len(arrived) == len(set(arrived))
        assert len(arrived) >= by_state.get("sent", 0)
    store.close()
