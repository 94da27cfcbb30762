"""Both engines keep alike who is answered by return, how often, and what became of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select, update

from daemon.cases.news import note_news
from daemon.config.loading import parse
from daemon.outbox.acknowledgements import Acknowledgements
from daemon.outbox.ends import has_untold, untold
from daemon.outbox.ways import way_of
from daemon.records import Acknowledgement, CaseNews, ClockDue, Opened
from daemon.sending.store import Outgoing
from daemon.store.tables import cases, outgoing
from daemon.triage.acknowledge import AcknowledgeRules, acknowledgement_for
from daemon.triage.casework import CaseRules
from tests.builders import MORNING, TOKENS
from tests.contracts.register import Register, ask, wish
from tests.stages.triage_builders import address, reading

TEXT = """
[service]
timezone = "Europe/Warsaw"
[accounts.info]
host = "imap.desk.example"
username = "info@desk.example"
[relays.certified]
host = "pec.desk.example"
username = "desk@pec.example"
pec = true
[relays.main]
host = "smtp.desk.example"
username = "info@desk.example"
[acknowledgements]
per_address_day = 2
per_address_s = 600
per_hour = 5
strangers_per_hour = 2
open_case_days = 0
per_domain_hour = 3
"""
ASKED = Acknowledgement(account="info", recipient="Anna@client.example")
SOON = ClockDue(
    name="receipt", term="7 days", only_if="", met_by="acknowledgement",
    due_at=MORNING + timedelta(days=7),
)  # fmt: skip


class Front:
    """The register and the acknowledgements of one store."""

    def __init__(self, register: Register, text: str = TEXT) -> None:
        self.register, self.store = register, register.store
        settings = parse(text, Path("backdesk.toml"))
        self.acknowledgements = Acknowledgements(register.store, settings, TOKENS)
        self._number = 0

    def open(self, *asked: Acknowledgement, at: datetime = MORNING, **changes) -> list[CaseNews]:
        """Open a case for each, and return what is done about its acknowledgement."""
        mails = []
        for one in asked:
            self._number += 1
            wanted = replace(wish("complaint", at), acknowledgement=one, **changes)
            ids = {"message_id": f"<{self._number}@x>", "sender": address(one.recipient)}
            mails.append(ask(self.register.mail(), wanted, **ids))
        with self.store.write() as connection:
            opened = self.register.cases.take(connection, mails, at)
            news = self.acknowledgements.enqueue(connection, opened, at)
            note_news(connection, news, CaseRules())
        return news

    def tell(self) -> None:
        """Note in the cases what became of their acknowledgements."""
        with self.store.write() as connection:
            note_news(connection, untold(connection, 100), CaseRules())


@pytest.fixture
def front(register: Register) -> Front:
    """Give them on each engine."""
    return Front(register)


def kinds(news: list[CaseNews]) -> list[str]:
    """Return what is done about each."""
    return [one.kind for one in news]


def to(name: str, **changes) -> Acknowledgement:
    """Return what is asked for one address."""
    return replace(ASKED, recipient=name, **changes)


def test_each_limit_holds_over_batches(front: Front) -> None:
    """Ten minutes apart, two a day to one mailbox whatever its tag, five an hour in all."""
    assert kinds(front.open(ASKED, ASKED)) == ["acknowledging", "held back"]
    soon, later = MORNING + timedelta(minutes=9), MORNING + timedelta(minutes=11)
    assert kinds(front.open(to("ANNA+x@client.example"), at=soon)) == ["held back"]
    assert kinds(front.open(ASKED, at=later)) == ["acknowledging"]
    evening = MORNING + timedelta(hours=12)
    assert "2 went to this address" in front.open(ASKED, at=evening)[0].detail["why"]
    many = [to(f"a{n}@x{n}.example") for n in range(7)]
    assert kinds(front.open(*many, at=evening)).count("acknowledging") == 5
    assert front.open(to("b@b.example"), at=evening)[0].detail["why"] == (
        "the limit of an hour is reached"
    )
    next_day = MORNING + timedelta(hours=25)
    assert kinds(front.open(ASKED, at=next_day)) == ["acknowledging"]


def test_strangers_share_a_limit_of_their_own(front: Front) -> None:
    """Those our server knows do not wait for them."""
    strangers = [to(f"s{n}@s{n}.example", is_stranger=True) for n in range(3)]
    assert kinds(front.open(*strangers, ASKED)) == [
        "acknowledging", "acknowledging", "held back", "acknowledging",
    ]  # fmt: skip


def test_who_had_a_case_is_no_stranger_where_no_server_says_who_wrote(front: Front) -> None:
    """But not on the same day: else forging an address twice would be enough."""
    forged = [to(f"s{n}@s{n}.example", is_stranger=True) for n in range(4)]
    held = ["acknowledging", "acknowledging", "held back", "held back"]
    assert kinds(front.open(*forged)) == held
    later = MORNING + timedelta(hours=2)
    assert kinds(front.open(*forged, at=later)) == held
    next_day = MORNING + timedelta(days=2)
    strange = to("new@new.example", is_stranger=True)
    assert kinds(front.open(*forged, strange, at=next_day)) == ["acknowledging"] * 5


def test_where_a_server_says_who_wrote_only_its_word_counts(register: Register) -> None:
    """An earlier case proves nothing about this mail."""
    says = 'username = "info@desk.example"\nauthserv_id = "mx.desk.example"\n[relays.certified]'
    text = TEXT.replace('username = "info@desk.example"\n[relays.certified]', says)
    front = Front(register, text)
    forged = [to(f"s{n}@s{n}.example", is_stranger=True) for n in range(3)]
    held = ["acknowledging", "acknowledging", "held back"]
    assert kinds(front.open(*forged)) == held
    assert kinds(front.open(*forged, at=MORNING + timedelta(days=2))) == held


def test_one_domain_gets_no_more_than_its_share(front: Front) -> None:
    """A machine with an address for each ticket; people with the same provider are not one."""
    robots = [to(f"ticket-{n}@robot.example") for n in range(6)]
    news = front.open(*robots[:4])
    assert kinds(news) == ["acknowledging"] * 3 + ["held back"]
    assert news[-1].detail["why"] == "3 went to this domain within an hour"
    soon = MORNING + timedelta(minutes=59)
    assert kinds(front.open(robots[4], at=soon)) == ["held back"]
    later = MORNING + timedelta(minutes=61)
    assert kinds(front.open(robots[5], at=later)) == ["acknowledging"]
    people = [to(f"anna{n}@gmail.com") for n in range(4)]
    assert kinds(front.open(*people, at=later)) == ["acknowledging"] * 4


@pytest.mark.parametrize(("domain", "gets"), [("posta.example", 4), ("altro.example", 3)])
def test_providers_of_ones_own_country(register: Register, domain: str, gets: int) -> None:
    """Are told by the configuration."""
    front = Front(register, f'{TEXT}providers = ["Posta.example"]')
    news = front.open(*[to(f"a{n}@{domain}") for n in range(4)])
    assert kinds(news).count("acknowledging") == gets


def test_one_while_a_case_is_open(register: Register) -> None:
    """Whoever has been told of an open case is told of no second for days; then of one again."""
    front = Front(register, TEXT.replace("open_case_days = 0", "open_case_days = 7"))
    assert kinds(front.open(ASKED, ASKED)) == ["acknowledging", "held back"]
    for hours in (2, 26, 24 * 6):
        (news,) = front.open(to("anna+7@client.example"), at=MORNING + timedelta(hours=hours))
        assert news.kind == "held back"
    assert "within 7 days" in news.detail["why"]
    last = MORNING + timedelta(days=8)
    assert kinds(front.open(ASKED, at=last)) == ["acknowledging"]
    assert kinds(front.open(ASKED, at=last + timedelta(days=1))) == ["held back"]
    with front.store.write() as connection:
        connection.execute(update(cases).values(state="closed"))
    assert kinds(front.open(ASKED, at=last + timedelta(days=2))) == ["acknowledging"]


def test_one_that_failed_keeps_no_second_back(register: Register) -> None:
    """Nobody was told yet."""
    front = Front(register, TEXT.replace("open_case_days = 0", "open_case_days = 7"))
    front.open(ASKED)
    with front.store.write() as connection:
        connection.execute(update(outgoing).values(state="failed"))
    assert kinds(front.open(ASKED, at=MORNING + timedelta(hours=2))) == ["acknowledging"]


@pytest.mark.parametrize(
    ("language", "contact", "name"),
    [("it", "tel. 1", "Zefiro"), ("pl", "tel. +39 1", "Zefiro"), ("en", "phone +39 1", "Zefiro")],
)
def test_how_to_reach_the_house_in_the_customers_language(
    register: Register, language: str, contact: str, name: str
) -> None:
    """A text is for all languages, a table has one for each."""
    texts = '{ it = "tel. 1", pl = "tel. +39 1", en = "phone +39 1" }'
    front = Front(register, f'{TEXT}contact = {texts}\nfrom_name = "{name}"\nlanguage = "en"')
    wanted = replace(wish("complaint", MORNING), acknowledgement=ASKED)
    mail = ask(register.mail(), wanted, language=language)
    with front.store.write() as connection:
        opened = register.cases.take(connection, [mail], MORNING)
        front.acknowledgements.enqueue(connection, opened, MORNING)
    raw = Outgoing(front.store).show(1)[1]
    letter = message_from_bytes(raw, policy=policy.default)
    assert letter.get_content().strip().splitlines()[-2:] == [name, contact]
    assert letter["From"].addresses[0].display_name == name


@pytest.mark.parametrize(
    ("addresses", "account", "chosen"),
    [
        (("uno@pec.example", "Desk@pec2.example"), "desk@pec2.example", "pec2"),
        (("desk@pec2.example", "uno@pec.example"), "Desk@PEC2.example", "pec1"),
        (("uno@pec.example", "due@pec.example"), "info@desk.example", "pec1"),
    ],
)
def test_certified_mail_is_answered_from_the_mailbox_it_came_to(
    addresses: tuple[str, str], account: str, chosen: str
) -> None:
    """Of several; from the first where none is that of the account."""
    text = (
        f'[service]\ntimezone = "Europe/Rome"\n[accounts.info]\nhost = "a"\nusername = "{account}"'
    )
    for number, one in enumerate(addresses, start=1):
        text += f'\n[relays.pec{number}]\nhost = "b"\nusername = "{one}"\npec = true'
    way = way_of(parse(text, Path("backdesk.toml")), "pec", "info")
    assert way.relay == chosen


def test_certified_mail_is_answered_by_certified_mail(front: Front) -> None:
    """From the address of the certified mailbox, through its relay; the rest never through it."""
    front.open(ASKED, channel="pec")
    front.open(to("b@b.example"))
    rows = Outgoing(front.store).list_rows()
    assert [(row.relay, row.recipient) for row in rows] == [
        ("main", "b@b.example"),
        ("certified", "Anna@client.example"),
    ]
    raw = Outgoing(front.store).show(rows[1].id)[1]
    assert b"\r\nFrom: desk@pec.example\r\n" in raw


@pytest.mark.parametrize(
    ("state", "event", "due"), [("sent", "acknowledged", None), ("failed", "unacknowledged", 7)]
)
def test_what_was_sent_ends_the_clock_that_waits_for_it(
    front: Front, state: str, event: str, due: int | None
) -> None:
    """Told once; a person's retry of what had failed is told again."""
    front.open(ASKED, clocks=(SOON,))
    front.tell()
    sent_at = MORNING + timedelta(minutes=3)
    with front.store.write() as connection:
        values = {"state": state, "reply": "kept", "finished_at": sent_at}
        connection.execute(update(outgoing).values(values))
    front.tell()
    front.tell()
    line = front.register.case(1)
    assert front.register.events(line) == ["opened", "acknowledging", event]
    assert line.due_at == (None if due is None else MORNING + timedelta(days=due))
    assert line.acknowledged_at == (sent_at if due is None else None)
    if state == "failed":
        assert Outgoing(front.store).retry(1)
        front.tell()
        assert not has_untold(front.store)


@pytest.mark.parametrize(
    ("recipient", "message_id"),
    [("żółw@client.example", "<1@x>"), ("a b@client.example", "<1@x>")],
)
def test_an_address_that_cannot_be_written_costs_no_case(
    front: Front, recipient: str, message_id: str
) -> None:
    """It is kept with the reason."""
    (receipt,) = front.open(to(recipient))
    assert receipt.kind == "unacknowledged"
    assert "cannot be addressed" in receipt.detail["why"]
    assert message_id


@pytest.mark.parametrize(
    "strange", ["<a b@x>", "<ż@x>", "<1@x>\r\nBcc: v@v.example", "<" + "x" * 600 + "@x>", None]
)
def test_a_strange_message_id_is_not_repeated(front: Front, strange: str | None) -> None:
    """It goes into our headers only when it can stand there as it is."""
    opened = Opened(
        case_id=1, reference="2026-00001-11", kind="complaint", language="pl", channel="mail",
        received_at=MORNING, due_at=None, answers=strange, acknowledgement=ASKED,
    )  # fmt: skip
    front.register.take()
    with front.store.write() as connection:
        front.acknowledgements.enqueue(connection, [opened], MORNING)
        raw = connection.scalar(select(outgoing.c.message))
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"In-Reply-To" not in head
    assert b"Bcc" not in head


def test_a_sender_longer_than_addresses_are_stops_no_mail(front: Front) -> None:
    """No index holds it: it is refused before anything is written."""
    long = f"{''.join(chr(0x4E00 + n % 20_000) for n in range(3000))}@x.example"
    rules = AcknowledgeRules(kinds=("complaint",))
    asked = acknowledgement_for("complaint", "mail", reading(sender=address(long)), "info", rules)
    (news,) = front.open(asked)
    assert (news.kind, "longer than addresses" in news.detail["why"]) == ("unacknowledged", True)


@pytest.mark.parametrize(
    ("more", "sender"),
    [
        ("", b"info@desk.example"),
        ('[digest]\nto = []\nsender = "Desk <d@d.example>"', b"d@d.example"),
    ],
)
def test_an_account_without_an_address_answers_from_the_house(
    register: Register, more: str, sender: bytes
) -> None:
    """That of the digest, else that of the relay, so that nobody waits for an answer in vain."""
    text = TEXT.replace('username = "info@desk.example"\n[relays.c', 'username = "desk"\n[relays.c')
    assert text != TEXT
    front = Front(register, text + more)
    assert kinds(front.open(ASKED)) == ["acknowledging"]
    assert b"\r\nFrom: " in (raw := Outgoing(front.store).show(1)[1])
    assert sender in raw.partition(b"\r\nTo: ")[0]
