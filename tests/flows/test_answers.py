"""Answers that leave through the house: in the thread, approved where that is wanted."""

from pathlib import Path

import pytest

from daemon import clock
from daemon.cli.app import run
from daemon.sending.store import Outgoing
from tests.flows.cli_builders import Ended, ended
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server


class Counter:
    """The people behind the counter, at the command line of a house."""

    def __init__(self, home: Path, imap: FakeImap, sink: SmtpSink, capsys, more: str = "") -> None:
        self._parts, self._more, self._capsys = (home, imap, sink), more, capsys
        self.config = home / "backdesk.toml"
        self.body = home.parent / "answer.txt"
        self.body.write_text("Gentile signora,\n\nl'addebito è stato stornato: 84 €.\n\nUfficio\n")

    def case(self, *arguments: object) -> Ended:
        """Run a command on a case."""
        return ended(self._capsys, "case", *arguments, "--config", self.config)

    def reply(self, *more: object) -> Ended:
        """Answer the first case."""
        return self.case("reply", "1", "--body", self.body, "--by", "Ada", *more)

    def at_work(self):
        """Open the house."""
        return front_desk(*self._parts, more=self._more)


@pytest.fixture
def counter(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, capsysbinary) -> Counter:
    """Give a house that has received a complaint, and acknowledged it."""
    made = Counter(tmp_path / "house", fake_imap, smtp_sink, capsysbinary)
    with made.at_work() as desk:
        desk.receive(written("Reclamo per la bolletta"))
    return made


def last(desk: FrontDesk):
    """Return the newest mail that has left."""
    return desk.answers()[-1]


def test_an_answer_leaves_and_stops_the_clock(counter: Counter) -> None:
    """It is a person's mail, in the customer's thread, from the address that was written to."""
    told = counter.reply("--json").document
    assert told["due_at"] is not None
    with counter.at_work() as desk:
        desk.work()
        answer, (case,) = last(desk), desk.cases()
        assert answer["To"] == "anna@client.example"
        assert answer["From"].addresses[0].addr_spec == "info@desk.example"
        assert answer["Auto-Submitted"] is None
        assert answer["In-Reply-To"] == "<1@client.example>"
        assert answer["Subject"] == f"Re: Reclamo per la bolletta [{case.line.reference}]"
        assert "stornato: 84 €" in answer.get_content()
        assert desk.sink.mails[-1].sender == "info@desk.example"
        assert case.line.due_at is None
        assert [event.kind for event in case.events][-2:] == ["replying", "answered"]
        reply = written(
            "Re: grazie",
            "altro@elsewhere.example",
            number=9,
            headers=[("In-Reply-To", str(answer["Message-ID"]))],
        )
        desk.receive(reply)
        assert len(desk.cases()[0].mails) == 2


def test_an_answer_names_the_newest_mails_of_who_gets_it(counter: Counter) -> None:
    """Not more than twenty, however long it went on; and nobody else's, who may not know of it."""
    with counter.at_work() as desk:
        ours = str(desk.answers()[0]["Message-ID"])
        by_husband = written("Re: x", "m@other.example", number=99, headers=[("In-Reply-To", ours)])
        mine = [
            written("Re: x", "ANNA@client.example", number=n, headers=[("In-Reply-To", ours)])
            for n in range(2, 30)
        ]
        desk.receive(*mine[:10], by_husband, *mine[10:])
        assert len(desk.cases()[0].mails) == 30
    assert counter.reply().code == 0
    with counter.at_work() as desk:
        desk.work()
        answer = last(desk)
        assert str(answer["References"]).split() == [f"<{n}@client.example>" for n in range(10, 30)]
        assert answer["In-Reply-To"] == "<29@client.example>"


def test_a_refused_answer_stops_nothing(counter: Counter) -> None:
    """The clock runs on, and the case says why."""
    counter.reply()
    with counter.at_work() as desk:
        desk.sink.refuse("anna@client.example", "550 5.1.1 no such user")
        desk.work()
        (case,) = desk.cases()
        assert case.line.due_at is not None
        assert case.events[-1].kind == "unanswered"


def test_a_second_person_approves(tmp_path, fake_imap, smtp_sink, capsysbinary) -> None:
    """Not who wrote it, and no `outbox retry`; then it leaves once."""
    more = "[acknowledgements]\nkinds = []"
    counter = Counter(tmp_path / "house", fake_imap, smtp_sink, capsysbinary, more)
    with counter.at_work() as desk:
        desk.receive(written("Reclamo per la bolletta"))
    text = counter.config.read_text()
    approval = 'folder = "Queues/Complaints"\napproval = true'
    counter._more = more
    counter.config.write_text(text.replace('folder = "Queues/Complaints"', approval))
    waiting = counter.reply()
    assert (waiting.code, "approval of a second person" in waiting.err) == (0, True)
    retried = ended(capsysbinary, "outbox", "retry", "1", "--config", counter.config)
    assert (retried.code, "case approve" in retried.err) == (2, True)
    own = counter.case("approve", "1", "--by", "Ada")
    assert (own.code, "somebody else must decide" in own.err) == (2, True)
    assert counter.case("approve", "1", "--by", "Bruno").code == 0
    again = counter.case("approve", "1", "--by", "Bruno")
    assert (again.code, "no answer of this case waits" in again.err) == (2, True)
    with counter.at_work() as desk:
        assert [row.state for row in Outgoing(desk.house.store).list_rows()] == ["queued"]
        desk.work()
        desk.work()
        assert len(desk.sink.mails) == 1
        assert desk.told() == [["opened", "replying", "approved", "answered"]]


def test_a_request_that_turns_out_a_complaint_is_approved(
    tmp_path, fake_imap, smtp_sink, capsysbinary
) -> None:
    """Its answer stops before it leaves; calling it a request again sets nothing free."""
    more = "[acknowledgements]\nkinds = []"
    counter = Counter(tmp_path / "house", fake_imap, smtp_sink, capsysbinary, more)
    with counter.at_work() as desk:
        desk.receive(written("Reclamo per la bolletta"))
    approval = 'folder = "Queues/Complaints"\napproval = true'
    text = counter.config.read_text().replace('folder = "Queues/Complaints"', approval)
    counter.case("label", "1", "request", "--by", "Ada")
    assert counter.reply().code == 0  # nobody approves answers yet
    counter.config.write_text(text)
    stopped = counter.case("label", "1", "request", "--by", "Ada")
    assert "waits for approval" in stopped.err
    assert counter.case("approve", "1", "--by", " ADA").code == 2
    assert counter.case("approve", "1", "--by", "Bruno").code == 0
    again = counter.case("label", "1", "complaint", "--by", "Ada")
    assert "waits for approval" not in again.err  # it has been approved


def test_what_one_has_in_hand_no_other_answers(counter: Counter) -> None:
    """Until it is released."""
    assert counter.case("claim", "1", "--by", "Bruno").code == 0
    refused = counter.reply()
    assert (refused.code, "Bruno has 2026-" in refused.err) == (2, True)
    assert counter.case("release", "1", "--by", "Ada").code == 0
    assert counter.reply().code == 0


def test_a_second_person_rejects(tmp_path, fake_imap, smtp_sink, capsysbinary) -> None:
    """It never leaves; the next one waits for its own approval."""
    counter = Counter(tmp_path / "house", fake_imap, smtp_sink, capsysbinary)
    with counter.at_work() as desk:
        desk.receive(written("Reclamo per la bolletta"))
    approval = 'folder = "Queues/Complaints"\napproval = true'
    text = counter.config.read_text().replace('folder = "Queues/Complaints"', approval)
    counter.config.write_text(text)
    counter.reply()
    assert counter.case("reject", "1", "--why", "wrong sum", "--by", "Bruno").code == 0
    counter.reply()
    assert run(["poll", "--once", "--config", str(counter.config)]) in (0, 1)
    with counter.at_work() as desk:
        states = [
            row.state for row in Outgoing(desk.house.store).list_rows() if row.kind == "answer"
        ]
        assert states == ["held", "failed"]
        assert not Outgoing(desk.house.store).retry(2)
        kinds = desk.told()[0]
        assert kinds[2:] == ["acknowledged", "replying", "rejected", "replying"]
        assert len(desk.sink.mails) == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--subject", "a\nb"), "--subject: must be one line"),
        (("--body", "/nowhere"), "does not exist"),
    ],
)
def test_what_cannot_be_an_answer(counter: Counter, more, message: str) -> None:
    """Nothing is written."""
    done = counter.reply(*more)
    assert (done.code, message in done.err) == (2, True)


def test_texts_that_cannot_be_sent(counter: Counter) -> None:
    """Empty, not UTF-8, too long; and a closed case is not answered by accident."""
    for raw, message in (
        (b" \n", "is empty"), (b"\xff\xfe", "is not UTF-8 text"), (b"x" * 500_001, "is longer"),
    ):  # fmt: skip
        counter.body.write_bytes(raw)
        done = counter.reply()
        assert (done.code, message in done.err) == (2, True)
    counter.body.write_text("Gentile signora")
    counter.case("close", "1", "--cause", "x")
    assert "is closed" in counter.reply().err


def test_a_letter_has_no_address_to_answer(counter: Counter) -> None:
    """Who wrote on paper is answered on paper."""
    counter.case("new", "--channel", "letter", "--received", "2026-11-02", "--subject", "x")
    done = counter.case("reply", "2", "--body", counter.body)
    assert (done.code, "has no e-mail address; use `case answer`" in done.err) == (2, True)


CLOCKS = """[calendars.house]
country = "IT"
[deadlines.it-energy]
title = "Ours"
source = "our website"
pauses = ["identity"]
[deadlines.it-energy.clocks.reply]
term = "30 days"
extended = "60 days"
interim_reply = true
met_when = "delivered"
"""


@pytest.fixture
def promising(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, capsysbinary) -> Counter:
    """Give a house whose answers must arrive, which has received a complaint."""
    made = Counter(tmp_path / "house", fake_imap, smtp_sink, capsysbinary, CLOCKS)
    with made.at_work() as desk:
        desk.receive(written("Reclamo per la bolletta"))
    return made


def clocks(counter: Counter) -> dict[str, dict]:
    """Return the clocks of the first case."""
    shown = counter.case("show", "1", "--json").document
    return {one["name"]: one for one in shown["clocks"]}


def test_an_interim_reply_meets_its_own_clock_only(promising: Counter) -> None:
    """And the answer, when the server of the customer says that it arrived; not if it came back."""
    refused = promising.reply("--interim")
    assert (refused.code, "no interim reply is owed" in refused.err) == (2, True)
    promising.case("extend", "1", "--why", "the meter is examined")
    assert promising.reply("--interim").code == 0
    with promising.at_work() as desk:
        desk.work()
        met = {name: one["met_at"] is not None for name, one in clocks(promising).items()}
        assert met == {"reply": False, "reply interim": True}
        promising.reply()
        desk.work()
        assert clocks(promising)["reply"]["sent_at"] is not None
        assert clocks(promising)["reply"]["met_at"] is None
        ours = str(last(desk)["Message-ID"])
        desk.receive(report(ours, "delivered", "2.0.0"))
        assert clocks(promising)["reply"]["met_at"] is not None
        desk.receive(report(ours, "failed", "5.1.1"))
        assert clocks(promising)["reply"]["met_at"] is None
        assert desk.cases()[0].line.due_at is not None


def report(about: str, action: str, status: str) -> bytes:
    """Return what a customer's server says of a mail (RFC 3464)."""
    return (
        "From: Mail Delivery System <mailer-daemon@client.example>\r\nTo: info@desk.example\r\n"
        f"Subject: {action}\r\nMessage-ID: <{action}@client.example>\r\nMIME-Version: 1.0\r\n"
        "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nReport.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.client.example\r\n\r\n"
        f"Final-Recipient: rfc822; anna@client.example\r\nAction: {action}\r\n"
        f"Status: {status}\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {about}\r\n\r\n--b--\r\n"
    ).encode()


def test_explain_counts_the_days_as_they_were(promising: Counter, capsysbinary) -> None:
    """With the pause, extended, and from the reopening."""

    def counted() -> dict[str, int]:
        told = ended(capsysbinary, "explain", "1", "--json", "--config", promising.config)
        return {one["name"]: len(one["days"]) for one in told.document["case"]["clocks"]}

    plain = counted()["reply"]
    promising.case("extend", "1", "--why", "x")
    extended = counted()
    assert extended["reply"] >= plain + 28
    assert extended["reply interim"] == plain
    promising.case("answer", "1", "--channel", "phone", "--on", clock.now().date())
    promising.case("close", "1", "--cause", "x")
    promising.case("reopen", "1")
    assert counted()["reply"] >= 30
