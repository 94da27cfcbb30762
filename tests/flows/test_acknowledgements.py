"""Who writes to the house gets one answer by return: right, in time, and nobody else does."""

import gzip
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from daemon import clock
from daemon.cases import acts
from daemon.outbox.ends import untold
from daemon.store.tables import case_events, outgoing
from tests.flows.front_desk import SHIPPED, FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink
from tests.stages.mail_builders import SETS, development_mails

pytestmark = pytest.mark.server


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink):
    """Give a house at work."""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink) as opened:
        yield opened


class TestTheLetter:
    """What it says, and in what form."""

    def test_a_complaint_is_answered_by_return_once(self, desk: FrontDesk) -> None:
        """With reference and term, in the headers of RFC 3834; however often the house looks."""
        desk.receive(written("Reclamo per la bolletta"))
        desk.work()
        (case,) = desk.cases()
        (answer,) = desk.answers()
        (sunk,) = desk.sink.mails
        assert (sunk.sender, sunk.recipients) == ("<>", ("anna@client.example",))
        assert answer["From"].addresses[0].addr_spec == "info@desk.example"
        assert answer["Auto-Submitted"] == "auto-replied"
        assert answer["X-Auto-Response-Suppress"] == "All"
        assert (answer["In-Reply-To"], answer["References"]) == ("<1@client.example>",) * 2
        assert case.line.reference in answer["Subject"]
        text = answer.get_content()
        assert case.line.reference in text
        due = case.line.due_at.astimezone(desk.house.settings.service.zone)
        assert re.search(rf"Le risponderemo entro \w+ {due.day} \w+ {due.year}\.", text)
        assert [event.kind for event in case.events] == ["opened", "acknowledging", "acknowledged"]
        assert case.line.acknowledged_at is not None

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                "Dzień dobry, paczka przyszła uszkodzona i nikt nie odpowiada na moje wiadomości.",
                "Państwa reklamacja wpłynęła",
            ),
            (
                "Hello, the parcel arrived broken and nobody has answered any of my messages yet.",
                "Your complaint reached us on",
            ),
            (
                "Guten Tag, das Paket ist beschädigt angekommen und niemand hat mir geantwortet.",
                "Il Suo reclamo è arrivato",
            ),
        ],
    )
    def test_in_the_language_of_the_customer(self, desk: FrontDesk, text: str, words: str) -> None:
        """Else in that of the house."""
        desk.receive(written("complaint", text=text))
        assert words in desk.answers()[0].get_content()

    def test_nothing_of_what_a_stranger_wrote_is_sent_on(self, desk: FrontDesk) -> None:
        """Else the house would carry anybody's words to anybody."""
        stranger = '"BUY NOW pills.example" <victim@client.example>'
        desk.receive(written("reclamo BUY NOW pills.example", stranger, "BUY NOW pills.example"))
        (sunk,) = desk.sink.mails
        assert b"pills" not in sunk.raw
        assert b"BUY" not in sunk.raw

    def test_the_house_writes_its_own_letters(
        self, tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
    ) -> None:
        """From its own folder; in a language without one it sends the shipped."""
        own = tmp_path / "letters"
        own.mkdir()
        (own / "acknowledgement.it.txt.j2").write_text(
            "Subject: Ecco {{ reference }}\n\nEntro {{ due }}, {{ name }}, {{ contact }}\n"
        )
        more = f'[acknowledgements]\ntemplates = "{own}"\nfrom_name = "Zefiro"\ncontact = "tel. 1"'
        with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
            desk.receive(written("Reclamo"))
            (answer,) = desk.answers()
            assert answer["Subject"] == f"Ecco {desk.cases()[0].line.reference}"
            assert ", Zefiro, tel. 1" in answer.get_content()
            assert answer["From"].addresses[0].display_name == "Zefiro"

    @pytest.mark.parametrize(
        ("letter", "why"),
        [
            ("Subject: x\n\n{{ nothing }}", "acknowledgement.it.txt.j2: UndefinedError"),
            ("Subject: x\n\n{% if %}", "acknowledgement.it.txt.j2:3: TemplateSyntaxError"),
            ("Hello", "must begin with a line 'Subject: ...'"),
            ("Subject: x\n\n{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}", "more than"),
            ("Subject: x\n\n{{ ''.__class__.__mro__ }}", "SecurityError"),
            ("Subject: x\n\n{{ name|xmlattr }}", "AttributeError"),
            (
                "Subject: x\n\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "RecursionError",
            ),
        ],
    )
    def test_a_wrong_letter_costs_no_mail(
        self, tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, letter: str, why: str
    ) -> None:
        """The case is opened, and says what is wrong with the template."""
        own = tmp_path / "letters"
        own.mkdir()
        (own / "acknowledgement.it.txt.j2").write_text(letter)
        more = f'[acknowledgements]\ntemplates = "{own}"'
        with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
            desk.receive(written("Reclamo"))
            (case,) = desk.cases()
            assert [event.kind for event in case.events] == ["opened", "unacknowledged"]
            assert why in case.events[1].detail["why"]
            assert desk.answers() == []


class TestNobodyElse:
    """Who gets none."""

    @pytest.mark.parametrize(
        ("sender", "headers", "why"),
        [
            ("news@shop.example", [("List-Unsubscribe", "<https://x.example>")], "sent to many"),
            ("a@client.example", [("Precedence", "bulk")], "bulk mail"),
            ("a@client.example", [("Auto-Submitted", "auto-generated")], "a machine sent it"),
            ("a@client.example", [("Return-Path", "<>")], "return path is empty"),
            ("no-reply@client.example", [], "nobody reads"),
            ("a@client.example", [("Reply-To", "b@other.example")], "at another place"),
            ("INFO+x@desk.example", [], "an address of the house"),
            ("a@client.example", [("X-Auto-Response-Suppress", "DR, OOF")], "no automatic answer"),
        ],
    )
    def test_machines_and_lists(
        self, desk: FrontDesk, sender: str, headers: list[tuple[str, str]], why: str
    ) -> None:
        """Their mail opens a case all the same, which says why."""
        desk.receive(written("Reclamo", sender, headers=headers))
        (case,) = desk.cases()
        assert [event.kind for event in case.events] == ["opened", "unacknowledged"]
        assert why in case.events[1].detail["why"]
        assert desk.answers() == []

    def test_mail_of_long_ago(self, desk: FrontDesk) -> None:
        """Who wrote last week has been told otherwise by now, or is only puzzled."""
        old = clock.now() - timedelta(days=3)
        desk.imap.store.add("INBOX", written("Reclamo"), internaldate=old)
        desk.work()
        assert desk.told() == [["opened", "unacknowledged"]]

    def test_other_mail_and_automatic_mail(self, desk: FrontDesk) -> None:
        """No case, no answer."""
        desk.receive(
            written("Grazie di tutto"),
            written("Reclamo", number=2, headers=[("Auto-Submitted", "auto-replied")]),
        )
        assert desk.cases() == []
        assert desk.answers() == []

    def test_without_a_relay_nobody_waits_for_one(
        self, tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
    ) -> None:
        """No row, no event."""
        with front_desk(
            tmp_path / "house", fake_imap, smtp_sink, more="[acknowledgements]\nkinds = []"
        ) as desk:
            desk.receive(written("Reclamo"))
            assert desk.told() == [["opened"]]


class TestComingHome:
    """Answers to our own mail."""

    def test_by_the_message_id_from_any_address(self, desk: FrontDesk) -> None:
        """Who has it has had our mail; it is answered from the telephone, or by the husband."""
        desk.receive(written("Reclamo"))
        ours = desk.answers()[0]["Message-ID"]
        husband = "mario@elsewhere.example"
        desk.receive(
            written("Re: conferma", husband, number=2, headers=[("In-Reply-To", ours)]),
            written("Reclamo", husband, number=3, headers=[("References", f"<x@y> {ours}")]),
        )
        (case,) = desk.cases()
        assert len(case.mails) == 3
        assert len(desk.answers()) == 1

    def test_a_forged_message_id_leads_nowhere(self, desk: FrontDesk) -> None:
        """Neither another case's number in it, nor another sign."""
        desk.receive(written("Reclamo"), written("Reclamo", "b@b.example", number=2))
        ours = desk.answers()[0]["Message-ID"]
        forged = [ours.replace("<c1.", "<c2."), re.sub(r"\.\w\w(\w+)@", r".aa\1@", ours)]
        for number, one in enumerate(forged, start=3):
            mail = written("Reclamo", f"x{number}@x.example", number=number)
            named = b"In-Reply-To: " + one.encode() + b"\r\nSubject:"
            desk.receive(mail.replace(b"Subject:", named))
        assert [len(one.mails) for one in desk.cases()] == [1, 1, 1, 1]

    def test_by_the_address_of_the_case(
        self, tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
    ) -> None:
        """Where the server delivers to info+anything, also without any header of a thread."""
        with front_desk(tmp_path / "house", fake_imap, smtp_sink, more='subaddress = "+"') as desk:
            desk.receive(written("Reclamo"))
            home = desk.answers()[0]["Reply-To"].addresses[0].addr_spec
            assert re.fullmatch(r"info\+c1\.[a-z2-7]{16}@desk\.example", home)
            forged = home.replace("+c1.", "+c2.")
            desk.receive(
                written("Altro", "c@c.example", number=2, to=home.upper()),
                written("Altro reclamo", "d@d.example", number=3, to=forged),
            )
            assert [len(one.mails) for one in desk.cases()] == [2, 1]

    def test_an_answer_after_months_opens_a_case_of_its_own(
        self, desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An old mail is often taken up to write about something new; the old case is proposed."""
        desk.receive(written("Reclamo"))
        ours = desk.answers()[0]["Message-ID"]
        with desk.house.store.write() as connection:
            _close(connection)
        later = clock.now() + timedelta(days=91)
        monkeypatch.setattr("daemon.clock.now", lambda: later)
        mail = written("Reclamo nuovo", number=2, headers=[("In-Reply-To", ours)])
        desk.imap.store.add("INBOX", mail, internaldate=later)
        desk.work()
        old, new = desk.cases()
        assert (old.line.state, len(old.mails)) == ("closed", 1)
        possible = [event for event in new.events if event.kind == "possible"]
        assert [event.detail["cases"] for event in possible] == [[old.line.reference]]


def _close(connection) -> None:
    act = acts.Act(case_id=1, actor="Ada", now=clock.now())
    acts.close(connection, act, "repaired")


def test_what_was_sent_is_told_to_its_case_once(desk: FrontDesk) -> None:
    """Also by a house that died between the two: the row knows that its case has not heard."""
    desk.receive(written("Reclamo"))
    with desk.house.store.write() as connection:
        assert untold(connection, 10) == []
        connection.execute(update(outgoing).values(told=False))
        connection.execute(delete(case_events).where(case_events.c.kind == "acknowledged"))
    assert desk.told() == [["opened", "acknowledging"]]
    desk.work()
    desk.work()
    assert desk.told() == [["opened", "acknowledging", "acknowledged"]]


def test_a_refused_one_is_told_as_well(desk: FrontDesk) -> None:
    """And its clock runs on: nobody was told."""
    desk.sink.refuse("anna@client.example", "550 5.1.1 no such user")
    desk.receive(written("Reclamo"))
    (case,) = desk.cases()
    assert [event.kind for event in case.events] == ["opened", "acknowledging", "unacknowledged"]
    assert case.events[2].detail["why"] == "failed: RCPT: 550 5.1.1 no such user"
    assert case.line.acknowledged_at is None


@pytest.mark.skipif(not SETS.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize(("always", "most"), [(SHIPPED, 0), ("complaint", 7)])
def test_bounces_and_automatic_answers_of_the_world_get_none(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, always: str, most: int
) -> None:
    """With the shipped model none; with one that takes everything for a complaint, few.

    Those few nothing tells from a person's mail but what they say.
    """
    with gzip.open(SETS / "bounces" / "index.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    automatic = {row["file"] for row in rows if row["label"] in ("bounce", "automated")}
    raws = [raw for name, raw in development_mails("bounces") if name in automatic]
    assert len(raws) == len(automatic)
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, always=always) as desk:
        for raw in raws:
            fake_imap.store.add("INBOX", raw, internaldate=clock.now())
        desk.work()
        assert desk.number_held() == len(set(raws))
        assert len(desk.answers()) <= most
