"""Rules send mail on to other departments: whole, once, from our own address, and never round."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from daemon import clock
from daemon.sending.store import Outgoing
from daemon.store.tables import decisions, mails, outgoing
from tests.flows.front_desk import FrontDesk, front_desk, parsed, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink, SunkMail

pytestmark = pytest.mark.server

BILLS = "bills@accounts.example"
RULES = """
[[rules]]
name = "bills"
when = {{ subject = "bolletta" }}
forward = [{to}]
"""


@contextmanager
def opened(home: Path, imap: FakeImap, sink: SmtpSink, *to: str, **changes) -> Iterator[FrontDesk]:
    """Open a house that sends mail about bills on."""
    rules = RULES.format(to=", ".join(f'"{one}"' for one in to or (BILLS,)))
    with front_desk(home, imap, sink, rules=rules, **changes) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink) -> Iterator[FrontDesk]:
    """Give that house."""
    with opened(tmp_path / "house", fake_imap, smtp_sink) as house:
        yield house


def sent_on(desk: FrontDesk, to: str = BILLS) -> list[SunkMail]:
    """Return what has reached another department."""
    return [one for one in desk.sink.mails if to in one.recipients]


def original_in(sunk: SunkMail) -> bytes:
    """Return the bytes of the mail that came with another."""
    (attached,) = parsed(sunk).iter_attachments()
    assert attached.get_filename() == "original.eml"
    if attached.get_content_type() == "application/octet-stream":
        return attached.get_content()
    boundary = re.search(rb'multipart/mixed; boundary="([^"]+)"', sunk.raw)[1]
    part = sunk.raw.split(b"\r\n--" + boundary)[2]
    return part.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    "text",
    ["Due addebiti.\n.\n..\nFrom qui", "La bolletta è stata addebitata due volte: già segnalato."],
    ids=["ascii", "8bit"],
)
def test_the_original_arrives_as_it_came(desk: FrontDesk, text: str) -> None:
    """In a new mail from our own address, that says what it is, and by which rule."""
    raw = written("Reclamo: bolletta", text=text)
    if "è" in text:
        raw = raw.replace(b"Content-Transfer-Encoding: 7bit", b"X-Was: 7bit") + "è".encode()
    desk.receive(raw)
    (sunk,) = sent_on(desk)
    mail = parsed(sunk)
    assert original_in(sunk).rstrip(b"\r\n") == raw.rstrip(b"\r\n")
    assert (sunk.sender, mail["From"].addresses[0].addr_spec) == ("info@desk.example",) * 2
    assert mail["Subject"] == "I: Reclamo: bolletta"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Backdesk-Forwarded"] == "1"
    text = mail.get_body(("plain",)).get_content()
    (case,) = desk.cases()
    for words in ("Anna Rossi <anna@client.example>", case.line.reference, "Regola: bills"):
        assert words in text
    told = [event.kind for event in case.events]
    assert told == ["opened", "acknowledging", "forwarding", "acknowledged", "forwarded"]


def test_each_mail_goes_to_each_address_once(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """Whatever turns up again: a copy, a second round, a mail that is recorded anew."""
    with opened(tmp_path / "house", fake_imap, smtp_sink, BILLS, "chief@desk2.example") as desk:
        raw = written("Bolletta di ottobre")
        desk.receive(raw)
        desk.receive(b"Received: from a by b; Mon, 23 Nov 2026 08:00:00 +0100\r\n" + raw)
        with desk.house.store.write() as connection:
            connection.execute(update(mails).values(state="received"))
        desk.work()
        assert [len(sent_on(desk, to)) for to in (BILLS, "chief@desk2.example")] == [1, 1]
        with desk.house.store.read() as connection:
            keys = connection.scalars(select(outgoing.c.key).order_by(outgoing.c.key)).all()
        assert keys == ["forward:1:bills@accounts.example", "forward:1:chief@desk2.example"]
        assert desk.cases() == [], "sending a mail on makes no case of it"


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (written("Bolletta", headers=[("Auto-Submitted", "auto-replied")]), "automatic"),
        (written("Reclamo bolletta", "Accounts <Bills+x@accounts.example>"), "comes from there"),
        (written("Reclamo bolletta", headers=[("X-Backdesk-Forwarded", "3")]), "3 times already"),
    ],
)
def test_what_is_not_sent_on(desk: FrontDesk, mail: bytes, why: str) -> None:
    """Automatic mail, mail from there, mail that goes round; its case says so, if any."""
    desk.receive(mail)
    assert sent_on(desk) == []
    for case in desk.cases():
        (event,) = (one for one in case.events if one.kind == "unforwarded")
        assert why in event.detail["why"]


def test_a_house_that_only_observes_sends_nothing_on(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """But its decision says to whom it would have gone."""
    with opened(tmp_path / "house", fake_imap, smtp_sink, go_live="2999-01-01") as desk:
        desk.receive(written("Bolletta"))
        assert desk.sink.mails == ()
        with desk.house.store.read() as connection:
            assert BILLS in connection.scalar(select(decisions.c.orders))


def test_a_mail_over_the_limit_is_announced(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """With both sizes, and the number by which it is found."""
    more = '[forwarding]\nmail_bytes = "200 kB"'
    with opened(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
        desk.receive(written("Bolletta", text="xxxxxxxxx\n" * 120_000))
        (sunk,) = sent_on(desk)
        text = parsed(sunk).get_content()
        assert "troppo grande (1.3 MB; il limite è 0.2 MB)" in " ".join(text.split())
        assert "indicando il numero 1" in " ".join(text.split())
        assert b"xxxxxxxxx" not in sunk.raw


def test_a_flood_waits_for_a_person(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """So many in an hour; the rest is held, none is lost."""
    more = "[forwarding]\nper_hour = 2"
    with opened(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
        desk.receive(*(written("Bolletta", number=n) for n in range(1, 5)))
        assert len(sent_on(desk)) == 2
        held = Outgoing(desk.house.store).list_rows(("held",))
        assert [row.reply for row in held] == ["2 were sent on to this address within an hour"] * 2


def test_an_answer_of_the_department_joins_the_case(desk: FrontDesk) -> None:
    """By the Message-ID that it names; and it is not sent on again to who wrote it."""
    desk.receive(written("Reclamo: bolletta"))
    ours = parsed(sent_on(desk)[0])["Message-ID"]
    answer = written("R: bolletta", f"Conti <{BILLS}>", number=2, headers=[("In-Reply-To", ours)])
    desk.receive(answer)
    (case,) = desk.cases()
    assert len(case.mails) == 2
    assert len(sent_on(desk)) == 1


def test_hostile_words_stay_where_they_belong(desk: FrontDesk) -> None:
    """No header of ours is a stranger's, whatever he writes into his subject."""
    hostile = b"Subject: =?utf-8?q?bolletta=0D=0ABcc:_victim=40x.example=0A=0A{{name}}?=\r\n"
    raw = re.sub(rb"Subject: [^\r]*\r\n", hostile, written("x"))
    desk.receive(raw)
    (sunk,) = sent_on(desk)
    mail = parsed(sunk)
    assert mail["Bcc"] is None
    assert sunk.recipients == (BILLS,)
    assert "{{name}}" in mail["Subject"]


@pytest.fixture
def other_imap() -> Iterator[FakeImap]:
    """Give a second mailbox."""
    server = FakeImap()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def other_sink() -> Iterator[SmtpSink]:
    """Give a second relay."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()


def test_two_houses_that_send_mail_on_to_each_other_come_to_an_end(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, other_imap: FakeImap,
    other_sink: SmtpSink,
) -> None:  # fmt: skip
    """Over another address each time, so that the sender alone would not end it."""
    here, there = "info@desk.example", "info@branch.example"
    first = opened(tmp_path / "a", fake_imap, smtp_sink, there, address=here)
    second = opened(tmp_path / "b", other_imap, other_sink, "desk2@desk.example", address=there)
    with first as a, second as b:
        a.receive(written("Bolletta"))
        for _ in range(10):
            for desk, to, other in ((a, there, b), (b, "desk2@desk.example", a)):
                found = sent_on(desk, to)
                desk.sink.reset()
                other.receive(*(one.raw for one in found))
        rows = [len(Outgoing(desk.house.store).list_rows(kind="forward")) for desk in (a, b)]
        assert sum(rows) <= 3
        assert min(rows) >= 1


def test_our_own_mail_that_comes_back_is_known(desk: FrontDesk) -> None:
    """By its mark, even where a server lets it back in from another address."""
    desk.receive(written("Bolletta"))
    (sunk,) = sent_on(desk)
    raw = sunk.raw.replace(b"From: info@desk.example", b"From: elsewhere@x.example")
    desk.imap.store.add("INBOX", raw, internaldate=clock.now())
    desk.work()
    assert len(sent_on(desk)) == 1


def test_another_letter_for_some_and_none_for_others(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """By rule; the case says why there is none."""
    own = tmp_path / "letters"
    own.mkdir()
    for language in ("it", "pl", "en"):
        (own / f"vip.{language}.txt.j2").write_text("Subject: VIP {{ reference }}\n\nGrazie.\n")
    rules = """
[[rules]]
name = "vips"
when = { sender = "*@client.example" }
acknowledgement = "vip"
owner = "anna"
priority = "urgent"
[[rules]]
name = "quiet"
when = { sender = "*@quiet.example" }
acknowledgement = false
deadline = "pl-telecom"
"""
    more = f'[acknowledgements]\ntemplates = "{own}"\n'
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more, rules=rules) as desk:
        desk.receive(
            written("Reclamo"),
            written("Reclamo", "q@quiet.example", number=2),
            written("Reclamo", "p@plain.example", number=3),
        )
        first, second, third = desk.cases()
        assert desk.answers("anna@client.example")[0]["Subject"] == f"VIP {first.line.reference}"
        assert (first.line.owner, first.line.priority) == ("anna", "urgent")
        assert desk.answers("q@quiet.example") == []
        (event,) = (one for one in second.events if one.kind == "unacknowledged")
        assert event.detail["why"] == "rule quiet sends none"
        assert (second.line.profile, third.line.profile) == ("pl-telecom", "it-energy")
        assert "reclamo" in desk.answers("p@plain.example")[0]["Subject"]


def test_work_goes_to_the_deputy_of_who_is_away(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """On the day on which the mail is received; who has no deputy that is there keeps it."""
    rules = '[[rules]]\nname = "a"\nwhen = { sender = "*@client.example" }\nowner = "anna"\n'
    away = "2000-01-01/2999-12-31"
    more = f"""[people.anna]
address = "anna@desk.example"
digest = false
deputy = "jan"
absences = ["{away}"]
[people.jan]
address = "jan@desk.example"
digest = false
"""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more, rules=rules) as desk:
        desk.receive(written("Reclamo"))
        assert desk.cases()[0].line.owner == "jan"
