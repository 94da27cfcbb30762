"""The SMTP adapter and a real server: bytes, marker, TLS, login, deadlines."""

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.sending.deliver import send_due
from daemon.sending.errors import NotOurs, OutcomeUnknown, RelayAway
from daemon.sending.records import SendCount
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.sending.store import Outgoing
from tests.builders import MORNING, held_lease, open_test_store
from tests.flows.sending_builders import MESSAGE, PARCEL, at, login, mail, outlet, pass_by
from tests.servers.certs import Certificates
from tests.servers.smtp_sink import Fault, SmtpSink

pytestmark = pytest.mark.server

SHORT, LONG = "canary-token-5", "canary-token-7" + "." * 500  # LONG: more than a command line takes


@pytest.fixture
def token_sink() -> Iterator[SmtpSink]:
    """Give a sink that knows one token of each length, and no password."""
    sink = SmtpSink(tokens={"info@desk.example": SHORT, "long@desk.example": LONG})
    sink.start()
    yield sink
    sink.stop()


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


@pytest.mark.parametrize(
    ("user", "token"), [("info@desk.example", SHORT), ("long@desk.example", LONG)]
)
def test_the_right_token_enters(user: str, token: str, token_sink: SmtpSink) -> None:
    """XOAUTH2 is spoken as the providers want it; a long token does not fit the AUTH line."""
    enter = login(token_sink, username=user, secret=token, auth="xoauth2")
    relay = SmtpRelay(lambda: enter)
    relay.send(PARCEL, pass_by)
    relay.close()
    (got,) = token_sink.wait_for(1)
    assert got.user == user
    assert token_sink.commands.count("AUTH ***") == 1


@pytest.mark.parametrize("token", ["canary-token-6", "canary-token-8" + "." * 500])
def test_a_refused_token_keeps_the_mail_waiting(
    token: str, token_sink: SmtpSink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An expired token is no fault of the mail, is shown nowhere, and a new one is enough."""
    store = open_test_store(tmp_path)
    rows, lease = Outgoing(store), held_lease(store)
    rows.enqueue([mail(1)], MORNING)
    entry = {"username": "info@desk.example", "auth": "xoauth2"}
    with caplog.at_level(logging.DEBUG):
        expired = outlet(token_sink, **entry, secret=token)
        assert send_due(store, lease, [expired], at(MORNING)) == SendCount(deferred=1)
    (row,) = rows.list_rows()
    assert row.state == "queued"
    assert row.reply == "AUTH: 535 5.7.8 Authentication credentials invalid"
    assert token_sink.mails == ()
    assert not any(command.startswith("MAIL") for command in token_sink.commands)
    told = [record for record in caplog.records if hasattr(record, "action")]
    assert [(one.action, one.outcome, one.step) for one in told] == [
        ("not_sent", "RelayAway", "AUTH"),
        ("relay_away", "RelayAway", "AUTH"),
    ]
    assert told[-1].levelno == logging.ERROR
    shown = repr([vars(record) for record in caplog.records]) + caplog.text
    said = base64.b64encode(f"user=info@desk.example\1auth=Bearer {token}".encode()).decode()
    assert token not in shown
    assert said[:64] not in shown
    renewed = outlet(token_sink, **entry, secret=SHORT)
    later = at(MORNING + timedelta(minutes=2))
    assert send_due(store, lease, [renewed], later) == SendCount(sent=1)
    store.close()


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


def test_the_null_path_is_a_sender(smtp_sink: SmtpSink) -> None:
    """A mail that must never be bounced back has no sender (RFC 5321 4.5.5)."""
    relay = SmtpRelay(lambda: login(smtp_sink))
    relay.send(replace(PARCEL, sender=""), pass_by)
    relay.close()
    assert len(smtp_sink.wait_for(1)) == 1
    assert "MAIL FROM:<>" in smtp_sink.commands
