"""Observed or live, here or there: what is written to the server, and decided once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from daemon.clock import now
from daemon.jobs import House
from daemon.store.packs import Location
from daemon.store.tables import actions, blobs, decisions, deliveries, mails, quarantine, readings
from tests.builders import raw_mail
from tests.houses import InstantReaders, on_dovecot, on_fake, open_house, poll, settings_of
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap

HARMLESS = {
    "CAPABILITY", "LOGIN", "AUTHENTICATE", "NAMESPACE", "LIST", "EXAMINE", "UID SEARCH",
    "UID FETCH", "NOOP", "IDLE", "LOGOUT", "ENABLE", "ID", "UNSELECT",
}  # fmt: skip
MAILS = tuple(raw_mail(n, "alfa" if n % 2 else "beta") for n in range(8))


@pytest.fixture
def other() -> Iterator[FakeImap]:
    """Give a second server."""
    server = FakeImap()
    server.start()
    yield server
    server.stop()


def count(house: House, table: object) -> int:
    """Return how many rows a table has."""
    with house.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("go_live", ["", "2999-01-01"])
def test_an_observed_account_is_read_and_left_as_it_was(
    tmp_path: Path, fake_imap: FakeImap, go_live: str
) -> None:
    """Before go-live nothing but looking reaches the server, and every mail has its decision."""
    for raw in MAILS:
        fake_imap.store.add("INBOX", raw)
    before = dict(fake_imap.store.folder("INBOX").mails)
    desk = on_fake(fake_imap, go_live=go_live)
    with open_house(settings_of(tmp_path / "house", {"info": desk})) as house:
        poll(house)
        poll(house)
        with house.store.read() as connection:
            decided = connection.execute(select(decisions.c.queue, decisions.c.live)).all()
        assert sorted(row.queue for row in decided) == ["alfa"] * 4 + ["beta"] * 4
        assert not any(row.live for row in decided)
        assert count(house, actions) == 0
    assert {command.name for command in fake_imap.commands} <= HARMLESS
    bodies = [text for text in fake_imap.texts if "BODY" in text]
    assert bodies
    assert all("BODY.PEEK[" in text for text in bodies)
    assert fake_imap.store.folder("INBOX").mails == before
    assert fake_imap.store.names == ("INBOX",)


def test_only_mail_received_since_the_go_live_date_is_settled(
    tmp_path: Path, fake_imap: FakeImap
) -> None:
    """INTERNALDATE decides, in the house's time zone: the last minute before it stays."""
    moments = {
        raw_mail(1, "alfa"): datetime(2026, 3, 1, 22, 59, tzinfo=UTC),  # 23:59 in Rome
        raw_mail(2, "alfa"): datetime(2026, 3, 1, 23, 0, tzinfo=UTC),  # midnight of the 2nd
        raw_mail(3, "alfa"): datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    }
    for raw, moment in moments.items():
        fake_imap.store.add("INBOX", raw, internaldate=moment)
    desk = on_fake(fake_imap, go_live="2026-03-02")
    with open_house(settings_of(tmp_path / "house", {"info": desk})) as house:
        poll(house)
    assert list(fake_imap.store.raws("INBOX").values()) == [raw_mail(1, "alfa")]
    moved = list(fake_imap.store.raws("Queues/Alfa").values())
    assert moved == [raw_mail(2, "alfa"), raw_mail(3, "alfa")]


@pytest.mark.parametrize("first", ["info", "vendite"])
def test_the_same_mail_in_two_accounts_is_decided_once(
    tmp_path: Path, fake_imap: FakeImap, other: FakeImap, first: str
) -> None:
    """One mail, two deliveries, one decision, one reading; moved where its account is live."""
    fake_imap.store.add("INBOX", raw_mail(1, "alfa"))
    other.store.add("INBOX", raw_mail(1, "alfa"))
    desks = {"info": on_fake(fake_imap), "vendite": on_fake(other, go_live="")}
    readers = InstantReaders()
    second = "vendite" if first == "info" else "info"
    with open_house(settings_of(tmp_path / "house", desks), readers) as house:
        for name in (first, second, first, second):
            poll(house, name)
        assert count(house, mails) == count(house, readings) == count(house, decisions) == 1
        with house.store.read() as connection:
            origins = connection.scalars(select(deliveries.c.origin)).all()
        assert sorted(origins) == ["arrived", "arrived", "own"]
        assert house.actions.persons_moves() == []
    assert list(readers.seen.values()) == [1]
    assert fake_imap.store.raws("INBOX") == {}
    assert list(fake_imap.store.raws("Queues/Alfa").values()) == [raw_mail(1, "alfa")]
    assert list(other.store.raws("INBOX").values()) == [raw_mail(1, "alfa")]


def test_copies_of_other_bytes_share_the_decision(tmp_path: Path, fake_imap: FakeImap) -> None:
    """The same content with another trace (two routes, two mailboxes): one decision, both moved."""
    plain = raw_mail(1, "alfa")
    traced = raw_mail(1, "alfa", trace="Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0100\r\n")
    fake_imap.store.add("INBOX", plain)
    fake_imap.store.add("INBOX", traced)
    with open_house(settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})) as house:
        poll(house)
        fake_imap.store.add("INBOX", raw_mail(1, "alfa", trace="X-Later: 1\r\n"))
        poll(house)
        assert count(house, mails) == count(house, readings) == 3
        assert count(house, decisions) == 1
        with house.store.read() as connection:
            originals = connection.scalars(select(readings.c.copy_of).order_by(readings.c.mail_id))
            assert originals.all() == [None, 1, 1]
        tally = house.tally.rounds()
        assert (tally[0].stored, tally[0].duplicate) == (1, 2)
    assert fake_imap.store.raws("INBOX") == {}
    assert len(fake_imap.store.raws("Queues/Alfa")) == 3


def test_the_same_bytes_twice_in_one_folder_are_both_settled(
    tmp_path: Path, fake_imap: FakeImap
) -> None:
    """Delivered twice, at once or one after another: one mail, each delivery moved, no lesson."""
    for _ in range(2):
        fake_imap.store.add("INBOX", raw_mail(1, "alfa"))
    with open_house(settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})) as house:
        poll(house)
        fake_imap.store.add("INBOX", raw_mail(1, "alfa"))
        poll(house)
        poll(house)
        assert count(house, mails) == 1
        assert house.actions.persons_moves() == []
    assert fake_imap.store.raws("INBOX") == {}
    assert len(fake_imap.store.raws("Queues/Alfa")) == 3


def test_a_mail_first_seen_in_a_queue_is_taken_in_and_stays(
    tmp_path: Path, fake_imap: FakeImap
) -> None:
    """Somebody put it there: its queue is that queue, whatever the rules would say."""
    fake_imap.store.create("Queues/Beta")
    fake_imap.store.add("Queues/Beta", raw_mail(1, "alfa"))
    with open_house(settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})) as house:
        poll(house)
        with house.store.read() as connection:
            row = connection.execute(select(decisions)).one()
        assert (row.queue, row.live) == ("beta", True)
        assert "queue" in row.reason
        assert count(house, actions) == 0
    assert list(fake_imap.store.raws("Queues/Beta").values()) == [raw_mail(1, "alfa")]


def test_a_mail_that_cannot_be_read_stays_and_the_others_go(
    tmp_path: Path, fake_imap: FakeImap
) -> None:
    """Quarantine keeps the bytes, leaves the mail on the server, and stops nobody."""
    fake_imap.store.add("INBOX", b"Poison: 1\r\n\r\n")
    for raw in MAILS:
        fake_imap.store.add("INBOX", raw)
    with open_house(settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})) as house:
        poll(house)
        assert count(house, quarantine) == 1
    assert list(fake_imap.store.raws("INBOX").values()) == [b"Poison: 1\r\n\r\n"]


@pytest.mark.parametrize("how", ["flipped", "missing", "unlisted"])
def test_a_damaged_record_sets_its_mail_aside_and_stops_nobody(
    tmp_path: Path, fake_imap: FakeImap, how: str
) -> None:
    """Bytes that a restart cannot read back: that mail waits for people, the account goes on."""
    settings = settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})
    fake_imap.store.add("INBOX", raw_mail(1, "alfa"))
    readers = InstantReaders()
    with open_house(settings, readers) as house:
        house.ledger.pause("info", "the service is to die before it reads", now())
        poll(house)
        house.ledger.pause("info", None, now())
    packs = settings.service.data_dir / "packs"
    (pack,) = packs.iterdir()
    if how == "missing":
        pack.unlink()
    elif how == "flipped":
        content = bytearray(pack.read_bytes())
        content[90] ^= 1
        pack.write_bytes(content)
    with open_house(settings, readers) as house:
        if how == "unlisted":
            with house.store.write() as connection:
                connection.execute(blobs.delete())
        for raw in MAILS[2:]:
            fake_imap.store.add("INBOX", raw)
        poll(house)
        with house.store.read() as connection:
            row = connection.execute(select(quarantine)).one()
        assert row.mail_id == 1
        assert row.reason == "error"
        assert house.tally.total("stored") == 6
    assert list(fake_imap.store.raws("INBOX").values()) == [raw_mail(1, "alfa")]


@pytest.mark.server
@pytest.mark.parametrize("change_first", [True, False])
def test_new_numbers_on_a_real_server_lose_and_double_nothing(
    tmp_path: Path, dovecot: Dovecot, new_user: str, change_first: bool
) -> None:
    """Dovecot gives INBOX a new UIDVALIDITY while moves are pending: matched, moved, no lesson."""
    dovecot.fill(new_user, "INBOX", MAILS)
    observed = on_dovecot(dovecot, new_user, go_live="")
    with open_house(settings_of(tmp_path / "house", {"info": observed})) as house:
        poll(house)
    live = on_dovecot(dovecot, new_user)
    if change_first:
        dovecot.change_uidvalidity(new_user, "INBOX")
    dovecot.append(new_user, "INBOX", raw_mail(50, "alfa"))
    with open_house(settings_of(tmp_path / "house", {"info": live})) as house:
        poll(house)
        for folder in ("INBOX", "Queues/Alfa", "Queues/Beta"):
            if dovecot.raws(new_user, folder):
                dovecot.change_uidvalidity(new_user, folder)
        dovecot.append(new_user, "INBOX", raw_mail(51, "beta"))
        poll(house)
        poll(house)
        assert count(house, mails) == len(MAILS) + 2
        assert house.actions.persons_moves() == []
        assert not house.actions.has_open("info")
        held = sorted(read_all(house))
    expected = sorted([*MAILS, raw_mail(50, "alfa"), raw_mail(51, "beta")])
    assert held == expected
    everywhere = [
        raw
        for folder in ("INBOX", "Queues/Alfa", "Queues/Beta")
        for raw in dovecot.raws(new_user, folder).values()
    ]
    assert sorted(everywhere) == expected


def read_all(house: House) -> list[bytes]:
    """Read every mail back from the packs."""
    with house.store.read() as connection:
        rows = connection.execute(select(blobs)).all()
    return [
        house.packs.read(Location(pack=r.pack, offset=r.offset, length=r.length), r.digest)
        for r in rows
    ]
