"""A queue lies in another account: its mail is there once, whole, and the source is passed on."""

import imaplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.config.settings import Settings
from daemon.jobs import House, reconcile
from daemon.store.append_table import appends
from daemon.store.tables import actions, decisions, sightings
from tests.builders import raw_mail
from tests.flows.passing import Both, column, states
from tests.houses import PASSWORD, on_dovecot, on_fake, open_house, poll, settings_of
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap
from tests.servers.pymap_server import PymapServer

CAME = datetime(2026, 10, 25, 0, 30, 5, tzinfo=UTC)
"""In the hour that comes twice in Rome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One mailbox, and a way in."""

    desk: object
    client: Callable[[], imaplib.IMAP4]

    def put(self, raw: bytes, flags: str = "", folder: str = "INBOX") -> None:
        """Deliver a mail."""
        with self.client() as client:
            date = imaplib.Time2Internaldate(CAME)
            assert client.append(f'"{folder}"', flags, date, raw)[0] == "OK"

    def mails(self, folder: str) -> list[tuple[bytes, frozenset[str], datetime]]:
        """Return bytes, flags and INTERNALDATE of each mail in a folder."""
        found = []
        with self.client() as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            for uid in client.uid("SEARCH", "ALL")[1][0].split():
                (head, raw), *rest = client.uid(
                    "FETCH", uid.decode(), "(FLAGS INTERNALDATE BODY.PEEK[])"
                )[1]
                said = head + b"".join(one for one in rest if isinstance(one, bytes))
                flags = {flag.decode() for flag in imaplib.ParseFlags(said)} - {"\\Recent"}
                date = imaplib.Internaldate2tuple(said)
                when = datetime(*date[:6]).astimezone(UTC)
                found.append((raw, frozenset(flags), when))
        return found

    def raws(self, folder: str) -> list[bytes]:
        """Return the bytes of each mail in a folder."""
        return [raw for raw, _, _ in self.mails(folder)]


@pytest.fixture(
    params=[
        pytest.param("dovecot", marks=pytest.mark.server),
        pytest.param("pymap", marks=pytest.mark.server),
        "fake",
        "fake without APPENDUID",
        "fake without UIDPLUS and MOVE",
    ]
)
def target(request: pytest.FixtureRequest, new_user: str) -> Site:
    """Give the mailbox with the queues, on each server in turn."""
    if request.param == "dovecot":
        return dovecot_site(request.getfixturevalue("dovecot"), new_user)
    if request.param == "pymap":
        pymap: PymapServer = request.getfixturevalue("pymap_server")
        return Site(desk=on_fake(pymap), client=pymap.imaplib_client)
    fake: FakeImap = request.getfixturevalue("fake_imap")
    fake.gives_appenduid = request.param == "fake"
    if "UIDPLUS" in request.param:
        fake.hidden |= {"UIDPLUS", "MOVE"}
    return Site(desk=on_fake(fake), client=lambda: entered(fake))


def dovecot_site(dovecot: Dovecot, user: str) -> Site:
    """Return a mailbox on Dovecot."""
    return Site(desk=on_dovecot(dovecot, user), client=lambda: dovecot.imaplib_client(user))


def entered(fake: FakeImap) -> imaplib.IMAP4:
    """Return a client of a FakeImap."""
    made = imaplib.IMAP4(fake.host, fake.port, timeout=20)
    made.login("desk", PASSWORD)
    return made


@pytest.fixture
def source(dovecot: Dovecot, new_user: str) -> Site:
    """Give the mailbox that mail comes to."""
    return dovecot_site(dovecot, f"source-{new_user}")


def house_of(home: Path, source: Site, target: Site) -> Settings:
    """Return a house with both: the queues lie in `desk`, mail comes to `info`."""
    return settings_of(home, {"desk": target.desk, "info": source.desk})


def rounds(house: House, number: int = 3) -> None:
    """Let both accounts work in turn."""
    for _ in range(number):
        poll(house, "info")
        poll(house, "desk")


@pytest.mark.server
def test_a_mail_is_put_into_the_queue_with_flags_and_date_and_its_source_is_passed_on(
    tmp_path: Path, source: Site, target: Site
) -> None:
    """Byte for byte and once; both accounts agree with their servers, and nobody moved anything."""
    raws = [raw_mail(n, "alfa") for n in range(4)]
    source.put(raws[0], "(\\Flagged \\Seen)")
    for raw in (*raws[1:], raw_mail(9, "nota")):
        source.put(raw)
    with open_house(house_of(tmp_path / "house", source, target)) as house:
        rounds(house)
        found = target.mails("Queues/Alfa")
        assert [raw for raw, _, _ in found] == raws
        assert [set(flags) for _, flags, _ in found] == [{"\\Flagged", "\\Seen"}, *[set()] * 3]
        assert {when for _, _, when in found} == {CAME}
        assert sorted(source.raws("Passed on")) == sorted(raws)
        assert source.raws("INBOX") == [raw_mail(9, "nota")]
        assert states(house, appends) == ["done"] * 4
        assert states(house, actions) == ["done"] * 4
        assert house.actions.persons_moves() == []
        assert column(house, sightings.c.outcome) in ([], ["own"] * 4)
        assert len(column(house, decisions.c.mail_id)) == 5
        for account in ("info", "desk"):
            counts = reconcile(house, account)
            assert sum(one.missing for one in counts) == 0
            assert sum(one.held for one in counts) == sum(one.server for one in counts)
        assert not house.actions.has_open("desk")
        assert not house.actions.has_open("info")


@pytest.mark.server
def test_a_person_moves_it_on_in_the_other_account(
    tmp_path: Path, source: Site, target: Site
) -> None:
    """From one of its queues to another: that is a person's move, seen once."""
    source.put(raw_mail(1, "alfa"))
    with open_house(house_of(tmp_path / "house", source, target)) as house:
        rounds(house)
        with target.client() as client:
            client.create('"Queues/Beta"')
            client.select('"Queues/Alfa"')
            client.copy("1", '"Queues/Beta"')
            client.store("1", "+FLAGS", "(\\Deleted)")
            client.expunge()
        rounds(house)
        (move,) = house.actions.persons_moves()
        assert (move.account, move.from_folder, move.to_folder) == (
            "desk", "Queues/Alfa", "Queues/Beta",
        )  # fmt: skip
        assert target.raws("Queues/Beta") == [raw_mail(1, "alfa")]
        assert target.raws("Queues/Alfa") == []


@pytest.mark.server
def test_a_mail_with_every_odd_byte_passes_unchanged(
    tmp_path: Path, source: Site, target: Site
) -> None:
    """Eight bits, lines without end, brackets and literals of its own."""
    odd = b"Subject: alfa\r\nMessage-ID: <odd@x>\r\n\r\n{12}\r\n) OK\r\n" + bytes(
        [*range(1, 10), *range(14, 256)]
    )
    source.put(odd)
    with open_house(house_of(tmp_path / "house", source, target)) as house:
        rounds(house)
    assert target.raws("Queues/Alfa") == [odd]
    assert source.raws("Passed on") == [odd]


@pytest.mark.server
def test_a_large_mail_passes(tmp_path: Path, source: Site, target: Site) -> None:
    """30 MB, of which no more than pieces are in memory."""
    raw = raw_mail(1, "alfa", size=30_000_000)
    source.put(raw)
    with open_house(house_of(tmp_path / "house", source, target)) as house:
        rounds(house)
    assert target.raws("Queues/Alfa") == [raw]
    assert source.raws("INBOX") == []


@pytest.mark.parametrize("observed", ["info", "desk"])
def test_an_observed_account_is_neither_taken_from_nor_written_to(
    tmp_path: Path, both: Both, observed: str
) -> None:
    """The mail stays where it came, and `go_live` later is for mail received later."""
    both.receive(raw_mail(1, "alfa"))
    with both.house(tmp_path, **{observed: ""}) as house:
        both.rounds(house)
        assert both.target.texts
        assert states(house, appends) == []
        assert not [one for one in both.target.texts if one.startswith(("APPEND", "CREATE"))]
        assert both.in_inbox() == [raw_mail(1, "alfa")]


def test_an_account_that_is_observed_again_is_not_written_to(tmp_path: Path, both: Both) -> None:
    """What was planned before waits."""
    both.receive(raw_mail(1, "alfa"))
    with both.house(tmp_path) as house:
        poll(house, "info")
        assert states(house, appends) == ["planned"]
    with both.house(tmp_path, desk="") as house:
        both.rounds(house)
        assert states(house, appends) == ["planned"]
        assert both.in_queue() == []
        assert both.in_inbox() == [raw_mail(1, "alfa")]


def test_without_a_folder_for_it_the_source_stays(tmp_path: Path, both: Both) -> None:
    """`passed_on` is empty: the mail is in the queue, and where it came."""
    both.receive(raw_mail(1, "alfa"))
    with both.house(tmp_path, passed_on="") as house:
        both.rounds(house)
        assert both.in_queue() == both.in_inbox() == [raw_mail(1, "alfa")]
        assert "Passed on" not in both.source.store.names


def test_a_mail_that_somebody_has_taken_is_left_to_him(tmp_path: Path, both: Both) -> None:
    """Moved by a person before it was put elsewhere: nothing is."""
    both.receive(raw_mail(1, "alfa"))
    with both.house(tmp_path) as house:
        poll(house, "info")
        both.source.store.create("Mine")
        both.source.store.copy("INBOX", 1, "Mine")
        both.source.store.remove("INBOX", 1, "EXPUNGE")
        poll(house, "info")
        both.rounds(house)
        assert states(house, appends) == ["superseded"]
        assert both.in_queue() == []


def test_new_numbers_in_the_source_put_nothing_there_twice(tmp_path: Path, both: Both) -> None:
    """UIDVALIDITY changes when the mail is in the queue, and before its source was passed on."""
    both.receive(raw_mail(1, "alfa"), raw_mail(2, "alfa"))
    with both.house(tmp_path) as house:
        poll(house, "info")
        both.source.store.change_uidvalidity("INBOX", first_uid=40)
        poll(house, "info")
        poll(house, "desk")
        both.source.store.change_uidvalidity("INBOX", first_uid=7)
        both.rounds(house)
        assert both.in_queue() == both.passed_on() == [raw_mail(1, "alfa"), raw_mail(2, "alfa")]
        assert both.in_inbox() == []


def test_the_same_mail_to_both_accounts_lies_in_the_queue_once(tmp_path: Path, both: Both) -> None:
    """Its copies differ in their traces; a folder that holds a content does not get it again."""
    both.target.store.add("INBOX", raw_mail(1, "alfa", trace="Received: b\r\n"))
    both.receive(raw_mail(1, "alfa", trace="Received: a\r\n"))
    with both.house(tmp_path) as house:
        poll(house, "desk")
        both.rounds(house)
        assert both.in_queue() == [raw_mail(1, "alfa", trace="Received: b\r\n")]
        assert both.passed_on() == [raw_mail(1, "alfa", trace="Received: a\r\n")]
        assert states(house, appends) == ["done"]
