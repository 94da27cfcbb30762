"""Machines that answer machines, and forged senders: few answers leave, and all mail is kept."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from daemon import clock
from daemon.cases.references import reference_of
from tests.flows.front_desk import FrontDesk, front_desk, parsed, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

FORGED = int(os.environ.get("FORGED", "300"))

pytestmark = pytest.mark.server


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink):
    """Give a house at work."""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink) as opened:
        yield opened


def confirmed(result: str, domain: str) -> tuple[str, str]:
    """Return what our own server writes about a sender."""
    return "Authentication-Results", f"mx.desk.example; dmarc={result} header.from={domain}"


def test_two_houses_facing_each_other(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """Each takes the other for a customer; one mail each at most, then there is silence."""
    second_imap, second_sink = FakeImap(), SmtpSink()
    second_imap.start()
    second_sink.start()
    try:
        with (
            front_desk(tmp_path / "a", fake_imap, smtp_sink, address="info@a.example") as a,
            front_desk(tmp_path / "b", second_imap, second_sink, address="info@b.example") as b,
        ):
            a.receive(written("Reclamo", "info@b.example", number=1, to="info@a.example"))
            b.receive(written("Reclamo", "info@a.example", number=2, to="info@b.example"))
            carried = {id(a): 0, id(b): 0}
            for _ in range(6):
                for here, there in ((a, b), (b, a)):
                    news = here.sink.mails[carried[id(here)] :]
                    carried[id(here)] += len(news)
                    there.receive(*(one.raw for one in news))
            assert (len(a.sink.mails), len(b.sink.mails)) == (1, 1)
            assert (len(a.cases()), len(b.cases())) == (1, 1)
    finally:
        second_imap.stop()
        second_sink.stop()


@pytest.mark.parametrize("names_ours", [True, False])
def test_an_answering_machine_without_headers(desk: FrontDesk, names_ours: bool) -> None:
    """It answers everything at once, as a person would, even with a complaint of its own."""
    desk.receive(written("Reclamo", "desk@robot.example"))
    for number in range(2, 8):
        ours = parsed(desk.sink.mails[-1])["Message-ID"]
        headers = [("In-Reply-To", ours)] if names_ours else []
        desk.receive(written("Re: reclamo", "desk@robot.example", number=number, headers=headers))
    assert len(desk.answers()) == 1
    assert len(desk.cases()) == (1 if names_ours else 7)
    held = [one for one in desk.told() if "held back" in one]
    assert len(held) == (0 if names_ours else 6)


def test_an_answering_machine_that_names_our_reference(desk: FrontDesk) -> None:
    """It opens a ticket of its own for each mail, with an address of its own, and tells us."""
    desk.receive(written("Reclamo", "ticket-1@robot.example"))
    for number in range(2, 30):
        ours = parsed(desk.sink.mails[-1])
        subject = f"Re: {ours['Subject']} reclamo"
        desk.receive(written(subject, f"ticket-{number}@robot.example", number=number))
    assert len(desk.sink.mails) == 1
    assert len(desk.cases()) == 29
    why = desk.cases()[1].events[-1].detail["why"]
    assert why == "it names a case or a mail of ours, as a machine's echo does"


def test_a_number_that_is_no_case_of_ours_is_no_echo(desk: FrontDesk) -> None:
    """Whoever has a number of another house is answered."""
    desk.receive(written(f"Reclamo, pratica {reference_of(2019, 77)}"))
    assert len(desk.sink.mails) == 1


def test_an_answering_machine_that_takes_its_time(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that answers every 61 minutes for days gets one, as long as its case is open."""
    moment = clock.now()
    for number in range(1, 30):
        at = moment + timedelta(minutes=61 * number)
        monkeypatch.setattr("daemon.clock.now", lambda at=at: at)
        mail = written("Reclamo", "desk@robot.example", number=number)
        desk.imap.store.add("INBOX", mail, internaldate=at)
        desk.work()
    assert len(desk.sink.mails) == 1


def test_forged_senders_where_no_server_says_who_wrote(desk: FrontDesk) -> None:
    """All of them are strangers: no more than the limit of an hour leaves."""
    for number in range(130):
        mail = written("Reclamo", f"v@v{number}.example", f"Testo {number}", number=number)
        desk.imap.store.add("INBOX", mail, internaldate=clock.now())
    desk.work()
    assert len(desk.sink.mails) == 100
    assert len(desk.cases()) == 130


def test_forged_mail_in_thousands_from_one_address(desk: FrontDesk) -> None:
    """The victim gets no more than the limit, with tags and capitals too; all mail is kept."""
    victims = ("victim@client.example", "VICTIM@client.example", "victim+{}@client.example")
    for first in range(0, FORGED, 1000):
        for number in range(first, min(first + 1000, FORGED)):
            sender = victims[number % 3].format(number)
            mail = written("Reclamo", sender, f"Testo {number}", number=number)
            desk.imap.store.add("INBOX", mail, internaldate=clock.now())
        desk.work()
    assert len(desk.sink.mails) == 1
    assert desk.number_held() == FORGED
    assert len(desk.cases()) == FORGED


def test_no_more_than_three_a_day_to_one_address(
    tmp_path: Path,
    fake_imap: FakeImap,
    smtp_sink: SmtpSink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An hour apart."""
    moment, more = clock.now(), "[acknowledgements]\nopen_case_days = 0"
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
        for number in range(1, 30):
            at = moment + timedelta(hours=number)
            monkeypatch.setattr("daemon.clock.now", lambda at=at: at)
            desk.imap.store.add("INBOX", written("Reclamo", number=number), internaldate=at)
            desk.work()
        assert len(desk.cases()) == 29
        assert len(desk.sink.mails) == 6  # 3 in the first 24 hours, 3 in the next


def test_strangers_in_numbers(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink) -> None:
    """Whom our own server could not confirm share a small limit; whom it could do not."""
    more = 'authserv_id = "mx.desk.example"\n[acknowledgements]\nstrangers_per_hour = 4'
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
        strangers = [
            written("Reclamo", f"s{n}@s{n}.example", f"Testo {n}", number=n) for n in range(9)
        ]
        known = [
            written(
                "Reclamo",
                f"k@k{n}.example",
                f"Testo {n}",
                number=100 + n,
                headers=[confirmed("pass", f"k{n}.example")],
            )
            for n in range(9)
        ]
        forged = written(
            "Reclamo",
            "bank@bank.example",
            number=200,
            headers=[confirmed("fail", "bank.example")],
        )
        desk.receive(*strangers, *known, forged)
        to = [recipient for one in desk.sink.mails for recipient in one.recipients]
        assert len([one for one in to if one.startswith("s")]) == 4
        assert len([one for one in to if one.startswith("k")]) == 9
        assert "bank@bank.example" not in to
        assert len(desk.cases()) == 19
