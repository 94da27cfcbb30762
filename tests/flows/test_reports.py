"""Reports about our own mail come home to its row and its case; nothing else believes them."""

import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from daemon import clock
from daemon.cases import acts
from daemon.sending.store import Outgoing
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink):
    """Give a house that has acknowledged a complaint."""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink) as opened:
        opened.receive(written("Reclamo"))
        yield opened


def bounce(about: str, action: str = "failed", number: int = 1) -> bytes:
    """Return a delivery report (RFC 3464) about a mail."""
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: info@desk.example\r\nSubject: Undelivered\r\n"
        f"Message-ID: <b{number}@mx.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; anna@client.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {about}\r\n\r\n--b--\r\n"
    ).encode()


def receipt(about: str, kind: str, number: int) -> bytes:
    """Return a PEC receipt about a mail."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"] = "posta-certificata@pec.example", "desk@pec.example"
    mail["Subject"] = f"{kind.upper()}: conferma"
    mail["Message-ID"] = f"<r{number}@pec.example>"
    mail["X-Ricevuta"], mail["X-Riferimento-Message-ID"] = kind, about
    mail.set_content("Ricevuta")
    return mail.as_bytes()


def test_a_bounce_ties_to_the_mail_it_is_about(desk: FrontDesk) -> None:
    """Once, in words; it opens no case, reopens none and stops no clock."""
    ours = str(desk.answers()[0]["Message-ID"])
    due = desk.cases()[0].line.due_at
    desk.receive(bounce(ours), bounce(ours, number=2))
    (row,) = Outgoing(desk.house.store).list_rows()
    assert (row.state, row.returned) == ("sent", "5.1.1 550 no such user")
    (case,) = desk.cases()
    assert [event.kind for event in case.events][2:] == ["acknowledged", "returned"]
    assert (case.line.due_at, len(case.mails)) == (due, 1)


@pytest.mark.parametrize("action", ["delayed", "relayed"])
def test_a_mail_that_is_on_its_way_has_not_come_back(desk: FrontDesk, action: str) -> None:
    """Servers tell of delays as well."""
    desk.receive(bounce(str(desk.answers()[0]["Message-ID"]), action))
    (row,) = Outgoing(desk.house.store).list_rows()
    assert row.returned_at is None


def test_a_report_on_nothing_of_ours_changes_nothing(desk: FrontDesk) -> None:
    """An id that we never wrote, with another sign, or of a mail that came in."""
    ours = str(desk.answers()[0]["Message-ID"])
    for number, about in enumerate(("<1@client.example>", ours.replace("<c1.", "<c2."))):
        desk.receive(bounce(about, number=number))
    (row,) = Outgoing(desk.house.store).list_rows()
    assert row.returned_at is None
    assert desk.told() == [["opened", "acknowledging", "acknowledged"]]


def test_pec_receipts_are_proofs(desk: FrontDesk) -> None:
    """Of acceptance and of delivery, each with its moment."""
    ours = str(desk.answers()[0]["Message-ID"])
    desk.receive(receipt(ours, "accettazione", 1), receipt(ours, "avvenuta-consegna", 2))
    (row,) = Outgoing(desk.house.store).list_rows()
    assert row.accepted_at is not None
    assert row.delivered_at is not None
    assert desk.told()[0][-2:] == ["accepted", "delivered"]


def test_an_observed_report_changes_nothing(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """Mail of before the go-live day is read, and no more."""
    with front_desk(tmp_path / "second", fake_imap, smtp_sink) as desk:
        desk.receive(written("Reclamo"))
        ours = str(desk.answers()[-1]["Message-ID"])
        before = datetime(2019, 1, 1, tzinfo=UTC)
        fake_imap.store.add("INBOX", bounce(ours), internaldate=before)
        desk.work()
        assert Outgoing(desk.house.store).list_rows()[0].returned_at is None


def test_an_automatic_answer_reopens_nothing_and_stops_no_clock(desk: FrontDesk) -> None:
    """Though it names our own mail; neither in an open case nor in a closed one."""
    ours = str(desk.answers()[0]["Message-ID"])
    away = [("In-Reply-To", ours), ("Auto-Submitted", "auto-replied")]
    due = desk.cases()[0].line.due_at
    desk.receive(written("Reclamo: assente", number=8, headers=away))
    assert desk.cases()[0].line.due_at == due
    with desk.house.store.write() as connection:
        acts.close(connection, acts.Act(case_id=1, actor="Ada", now=clock.now()), "repaired")
    desk.receive(written("Reclamo: ancora assente", number=9, headers=away))
    (case,) = desk.cases()
    assert (case.line.state, len(case.mails)) == ("closed", 1)
    assert len(desk.answers()) == 1
