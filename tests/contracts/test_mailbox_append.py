"""Real servers and the fake one take a mail byte for byte, and tell where it is."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.errors import MailboxAway, MailboxError
from daemon.intake.answers import ServerBusy
from daemon.intake.imap import Mailbox
from daemon.intake.upload import NotTaken, Upload
from daemon.store.packs import Packs
from daemon.store.unpacking import unpacked
from tests.builders import raw_mail
from tests.contracts.test_mailbox import ODD, Site, mailbox, site
from tests.houses import login_at
from tests.servers.fake_imap import FakeImap, Fault, Kind

__all__ = ["mailbox", "site"]  # fixtures

ARRIVED = datetime(2026, 3, 29, 1, 30, 5, tzinfo=UTC)


def upload(raw: bytes, *flags: str, piece: int = 7) -> Upload:
    """Return a mail to be sent in small pieces."""

    def pieces() -> Iterator[bytes]:
        return (raw[i : i + piece] for i in range(0, len(raw), piece))

    return Upload(size=len(raw), pieces=pieces, flags=flags, received_at=ARRIVED)


def test_a_mail_arrives_byte_for_byte_with_its_date_and_flags(site: Site, mailbox: Mailbox) -> None:
    """Whatever is in it, in a folder with a name beyond ASCII; its UID is what the server says."""
    folder = "Queues/Żółte & più"
    mailbox.create(folder)
    opened = mailbox.select(folder)
    told = [mailbox.append(folder, upload(raw, "\\Flagged", "\\Seen", piece=999)) for raw in ODD]
    mailbox.select(folder)
    uids = mailbox.uids()
    if any(told):
        assert told == [(opened.uidvalidity, uid) for uid in uids]
    fetched = {one.uid: one for one in mailbox.bodies(uids, 1_000_000)}
    assert [fetched[uid].raw for uid in uids] == list(ODD)
    assert {one.received_at for one in fetched.values()} == {ARRIVED}
    kept = {flag for flags in mailbox.flags(uids).values() for flag in flags} - {"\\Recent"}
    assert kept == {"\\Flagged", "\\Seen"}


def test_the_flags_of_mails_that_are_not_there_are_absent(mailbox: Mailbox) -> None:
    """Neither an empty list nor an unknown number is an error."""
    mailbox.examine("INBOX")
    assert mailbox.flags([]) == {}
    assert mailbox.flags([900]) == {}


def test_only_flags_that_the_folder_keeps_are_taken_along(site: Site, mailbox: Mailbox) -> None:
    """Those of the standard always, keywords where they are kept, none of the server's own."""
    mailbox.select("INBOX")
    kept = mailbox.kept(["\\Seen", "\\Answered", "\\Recent", "$Forwarded"])
    assert set(kept) - {"$Forwarded"} == {"\\Seen", "\\Answered"}
    assert ("$Forwarded" in kept) is site.keeps_keywords


def test_a_folder_that_is_not_there_is_named(mailbox: Mailbox) -> None:
    """The server's own words, and the connection goes on being used."""
    with pytest.raises(MailboxError):
        mailbox.append("Nowhere", upload(raw_mail(1)))
    assert mailbox.examine("INBOX").exists == 0


def test_a_large_mail_is_sent_from_its_pack_in_pieces(
    tmp_path: Path, site: Site, mailbox: Mailbox
) -> None:
    """20 MB, unpacked on the way; what arrives is what was stored."""
    raw = raw_mail(1, size=20_000_000)
    packs = Packs(tmp_path)
    digest = hashlib.sha256(raw).digest()
    (place,) = packs.append([(digest, raw)])
    pieces = unpacked(tmp_path, place, digest)
    assert max(map(len, pieces())) <= 1 << 20
    sent = Upload(size=len(raw), pieces=pieces, flags=(), received_at=ARRIVED)
    mailbox.append("INBOX", sent)
    assert site.raws("INBOX") == [raw]
    packs.close()


@pytest.fixture
def desk(fake_imap: FakeImap) -> Iterator[Mailbox]:
    """Give a connection to a FakeImap."""
    opened = Mailbox(login_at(fake_imap.port, "desk", command_timeout_s=2))
    yield opened
    opened.close()


@pytest.mark.parametrize("command", ["APPEND", "LITERAL"])
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("[OVERQUOTA] full", NotTaken),
        ("[LIMIT] no more", NotTaken),
        ("[TOOBIG] too large", NotTaken),
        ("message contains NUL", NotTaken),
        ("[TRYCREATE] no such folder", NotTaken),
        ("[UNAVAILABLE] later", ServerBusy),
        ("[INUSE] locked", ServerBusy),
    ],
)
def test_a_refusal_says_whether_it_is_about_the_mail(
    fake_imap: FakeImap, desk: Mailbox, command: str, words: str, kind: type[MailboxError]
) -> None:
    """Before the mail was sent or after it; nothing of it is there, and the connection lives."""
    fake_imap.fault(Fault(kind=Kind.NO, command=command, text=words))
    with pytest.raises(MailboxError) as caught:
        desk.append("INBOX", upload(raw_mail(1)))
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert fake_imap.store.raws("INBOX") == {}
    assert desk.append("INBOX", upload(raw_mail(1))) is not None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.CUT, command="LITERAL", size=100),
        Fault(kind=Kind.CUT, command="APPEND", size=0),
        Fault(kind=Kind.DROP, command="APPEND"),
        Fault(kind=Kind.SILENCE, command="APPEND"),
    ],
)
def test_a_broken_connection_leaves_it_open_whether_the_mail_is_there(
    fake_imap: FakeImap, desk: Mailbox, fault: Fault
) -> None:
    """In the middle of the mail, and after it without an answer."""
    fake_imap.fault(fault)
    with pytest.raises(MailboxAway) as caught:
        desk.append("INBOX", upload(raw_mail(1, size=100_000), piece=10_000))
    assert not isinstance(caught.value, ServerBusy)


def test_a_mail_of_another_size_than_announced_ends_the_connection(desk: Mailbox) -> None:
    """What follows would be taken for commands."""
    short = upload(raw_mail(1))
    with pytest.raises(MailboxAway):
        desk.append("INBOX", Upload(size=short.size + 9, pieces=short.pieces, flags=(),
                                    received_at=ARRIVED))  # fmt: skip


@pytest.mark.parametrize(("limit", "told"), [(None, None), (5_000, 5_000)])
def test_the_largest_mail_is_what_the_server_says(
    fake_imap: FakeImap, limit: int | None, told: int | None
) -> None:
    """RFC 7889; without a word there is no limit."""
    fake_imap.append_limit = limit
    mailbox = Mailbox(login_at(fake_imap.port, "desk"))
    assert mailbox.append_limit("INBOX") == told
    mailbox.close()
