"""A colleague passes a complaint on: case, answer by return and clock are the customer's."""

from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from daemon import clock
from tests.flows.cli_builders import ended
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server

ADA = "Ada Verdi <ada@desk.example>"
ANNA = "Anna Rossi <anna@client.example>"
STAFF = """
[people.ada]
address = "ada@desk.example"
aliases = ["bruno@desk.example"]
digest = false
"""
TEXT = "Buongiorno, la bolletta di ottobre è stata addebitata due volte e nessuno risponde. Anna"


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink):
    """Give a house at work, with two colleagues."""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=STAFF) as opened:
        yield opened


def command(desk: FrontDesk, capsys: pytest.CaptureFixture[bytes], *arguments: object) -> Any:
    """Run a command on this house."""
    return ended(capsys, *arguments, "--config", desk.house.settings.path)


def letter(sender: str = ANNA, *, hours: float = 5, **headers: str) -> EmailMessage:
    """Return a mail that came to a colleague some hours ago."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, ADA, "Bolletta doppia"
    mail["Message-ID"] = "<orig@client.example>"
    mail["Date"] = format_datetime(clock.now() - timedelta(hours=hours))
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(TEXT)
    return mail


def forward(
    *attached: EmailMessage,
    text: str = "Per voi.",
    number: int = 1,
    sender: str = ADA,
    **headers: str,
) -> bytes:
    """Return a colleague's mail with a complaint."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = sender, "info@desk.example"
    mail["Subject"], mail["Message-ID"] = "I: reclamo", f"<fwd{number}@desk.example>"
    mail["Date"] = format_datetime(clock.now())
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    for one in attached:
        mail.add_attachment(one)
    return mail.as_bytes()


def in_text(who: str = ANNA) -> str:
    """Return Outlook's block and her mail."""
    day = f"{clock.now() - timedelta(days=2):%d/%m/%Y} 10:15"
    return f"Da: {who}\nInviato: {day}\nA: Ada Verdi\nOggetto: Bolletta doppia\n\n{TEXT}\n"


def answer(number: int = 9) -> bytes:
    """Return her next mail, in answer to her first."""
    thread = [("In-Reply-To", "<orig@client.example>"), ("References", "<orig@client.example>")]
    return written("Ancora il reclamo", ANNA, number=number, headers=thread)


def why(desk: FrontDesk, number: int = 0) -> str:
    """Return why nobody was answered by return."""
    events = desk.cases()[number].events
    return next(one.detail["why"] for one in events if one.kind == "unacknowledged")


def test_an_attached_complaint_is_hers_from_the_opening_to_her_answer(desk: FrontDesk) -> None:
    """She is answered by return in the thread of her own mail; the colleague never is."""
    desk.receive(forward(letter()))
    (case,) = desk.cases()
    assert (case.line.customer, case.line.customer_name) == ("anna@client.example", "Anna Rossi")
    assert (case.line.kind, case.line.subject) == ("complaint", "Bolletta doppia")
    (sent,) = desk.answers()
    assert sent["To"].addresses[0].addr_spec == "anna@client.example"
    assert sent["In-Reply-To"] == "<orig@client.example>"
    assert desk.answers("ada@desk.example") == []
    desk.receive(answer())
    desk.receive(forward(letter(), number=2))
    (case,) = desk.cases()
    kinds = [one.kind for one in case.events]
    assert kinds[:2] == ["opened", "possible_receipt"]
    assert kinds.count("joined") == 2
    assert len(desk.answers()) == 1


def test_what_only_the_text_tells_is_hers_and_not_answered_by_return(desk: FrontDesk) -> None:
    """Her next mail joins by the id that the forward answers."""
    thread = {"In_Reply_To": "<orig@client.example>", "References": "<orig@client.example>"}
    desk.receive(forward(text=in_text(), **thread))
    (case,) = desk.cases()
    assert case.line.customer == "anna@client.example"
    assert why(desk) == "a colleague passed it on, and only the text says who wrote it"
    desk.receive(answer())
    assert len(desk.cases()) == 1
    assert desk.answers() == []


def test_a_complaint_that_has_a_case_is_joined_by_its_forward(desk: FrontDesk) -> None:
    """She wrote to the house and to a colleague: one case, one answer by return."""
    mail = letter()
    mail.replace_header("Subject", "Reclamo: bolletta doppia")
    desk.receive(mail.as_bytes())
    desk.receive(forward(mail))
    (case,) = desk.cases()
    assert [one.kind for one in case.events if one.kind in ("opened", "joined")] == [
        "opened", "joined",
    ]  # fmt: skip
    assert len(desk.answers()) == 1
    assert desk.number_held() == 2


@pytest.mark.parametrize(
    ("attached", "reason"),
    [
        (letter(hours=24 * 5), "it was written too long ago"),
        (letter(Precedence="bulk"), "it is bulk mail (Precedence: bulk)"),
        (letter(List_Id="<n.client.example>"), "it is not sure who wrote it"),
        (letter(Auto_Submitted="auto-generated"), "a machine sent it (Auto-Submitted)"),
    ],
    ids=["old", "bulk", "list", "machine"],
)
def test_whom_no_machine_answers(desk: FrontDesk, attached: EmailMessage, reason: str) -> None:
    """By the attached mail's own headers, and its age; the case is opened all the same."""
    desk.receive(forward(attached))
    assert len(desk.cases()) == 1
    assert reason in why(desk)
    assert desk.answers() == []


def test_a_stranger_s_forward_is_the_stranger_s(desk: FrontDesk) -> None:
    """He is the customer, and is answered."""
    desk.receive(forward(letter(), sender="Ugo Blu <ugo@neighbour.example>"))
    (case,) = desk.cases()
    assert case.line.customer == "ugo@neighbour.example"
    assert len(desk.answers("ugo@neighbour.example")) == 1
    assert desk.answers("anna@client.example") == []


def test_a_forged_colleague_passes_nothing_on(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """Our server found that it is not the colleague: nobody gets an answer by return."""
    more = f'authserv_id = "mx.desk.example"\n{STAFF}'
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
        found = "mx.desk.example; dmarc=fail header.from=desk.example"
        desk.receive(forward(letter(), Authentication_Results=found))
        (case,) = desk.cases()
        assert case.line.customer == "ada@desk.example"
        assert desk.answers() == []


def test_a_person_says_whose_it_is(
    desk: FrontDesk, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`case list` asks; `case customer` tells, never a colleague; her next mail joins."""
    desk.receive(forward(letter(), letter("Ugo Blu <ugo@neighbour.example>")))
    (case,) = desk.cases()
    assert case.line.customer is None
    assert "unknown_customer" in [one.kind for one in case.events]
    listed = command(desk, capsysbinary, "case", "list")
    assert " ask " in listed.text
    documents = command(desk, capsysbinary, "case", "list", "--json").document
    assert documents["cases"][0]["asks_customer"] is True
    shown = command(desk, capsysbinary, "explain", "1").text
    assert "several people wrote what is passed on" in shown
    for wrong, message in (
        ("bruno@desk.example", "is of the house"), ("anna", "not an e-mail address"),
    ):  # fmt: skip
        refused = command(desk, capsysbinary, "case", "customer", "1", wrong)
        assert (refused.code, message in refused.err) == (2, True), refused.err
    told = command(
        desk,
        capsysbinary,
        "case",
        "customer",
        "1",
        "anna@Client.example",
        "--name",
        "Anna",
        "--json",
    )
    assert told.document["customer"] == "anna@client.example"
    assert told.document["asks_customer"] is False
    desk.receive(answer())
    assert len(desk.cases()) == 1


def test_who_wrote_by_a_person_s_word_is_not_answered_by_the_headers(
    tmp_path: Path,
    fake_imap: FakeImap,
    smtp_sink: SmtpSink,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """An unsure mail gets its answer by return when it is labelled, but not to another."""
    home = tmp_path / "house"
    with front_desk(home, fake_imap, smtp_sink, more=STAFF, always="unsure") as desk:
        other = letter("Ugo Blu <ugo@neighbour.example>")
        other.replace_header("Message-ID", "<other@neighbour.example>")
        desk.receive(forward(letter()), forward(other, number=2))
        assert command(desk, capsysbinary, "case", "customer", "2", "eva@client.example").code == 0
        for case in ("1", "2"):
            command(desk, capsysbinary, "case", "label", case, "complaint")
        desk.work()
        (sent,) = desk.answers()
        assert sent["To"].addresses[0].addr_spec == "anna@client.example"
        assert why(desk, 1) == "a person has said that somebody else wrote it"


def test_a_person_accepts_the_earlier_receipt(
    desk: FrontDesk, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """As proposed, or of a day; the clocks are counted anew, and never end later."""
    desk.receive(forward(text=in_text()))
    (case,) = desk.cases()
    proposed = next(one for one in case.events if one.kind == "possible_receipt")
    explained = command(desk, capsysbinary, "explain", "1", "--json").document["case"]
    assert explained["possible_receipt"] == proposed.detail["sent_at"]
    assert "possible_receipt" in command(desk, capsysbinary, "case", "show", "1").text
    before = case.line
    told = command(desk, capsysbinary, "case", "receipt", "1", "--json").document
    (case,) = desk.cases()
    assert case.line.received_at.isoformat() == proposed.detail["sent_at"]
    assert case.line.due_at <= before.due_at - timedelta(days=1)
    assert told["due_at"][:10] == f"{case.line.due_at:%Y-%m-%d}"
    assert {one.name: one.due_at for one in case.clocks}.keys() == {
        one.name for one in desk.cases()[0].clocks
    }
    again = command(desk, capsysbinary, "case", "receipt", "1")
    assert (again.code, "can only be made earlier" in again.err) == (2, True)
    day = f"{clock.now() - timedelta(days=9):%Y-%m-%d}"
    assert command(desk, capsysbinary, "case", "receipt", "1", "--on", day).code == 0
    assert desk.cases()[0].line.due_at < case.line.due_at
    assert command(desk, capsysbinary, "case", "receipt", "1", "--on", "2999-01-01").code == 2


def test_no_receipt_is_proposed_for_her_own_mail(
    desk: FrontDesk, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`case receipt` wants a day then."""
    desk.receive(written("Reclamo"))
    refused = command(desk, capsysbinary, "case", "receipt", "1")
    assert (refused.code, "no receipt is proposed" in refused.err) == (2, True)
