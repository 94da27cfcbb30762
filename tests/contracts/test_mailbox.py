"""Real servers and the fake one give `Mailbox` the same answers."""

import imaplib
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from daemon import clock
from daemon.engine.wake import Wake
from daemon.errors import MailboxAway, MailboxError
from daemon.intake.connect import Login
from daemon.intake.imap import SLICE, Mailbox
from tests.builders import raw_mail
from tests.houses import PASSWORD, login_at
from tests.servers.fake_imap import FakeImap

ARRIVED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ODD = (
    b"Subject: vuoto\r\n\r\n",
    b"Subject: senza fine di riga\r\n\r\nciao",
    b"Subject: =?utf-8?q?=C5=BC=C3=B3=C5=82w?=\r\n\r\n\xc5\xbc\xc3\xb3\xc5\x82w {12}\r\n) OK\r\n",
    b"Subject: byte\r\n\r\n" + bytes(range(1, 10)) + bytes(range(14, 256)) + b"\r\n",
    raw_mail(4, size=200_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One server with an empty mailbox, and how to fill it without our own code."""

    login: Login
    client: Callable[[], imaplib.IMAP4]
    has_move: bool = True
    gives_copyuid: bool = True
    keeps_keywords: bool = True

    def add(self, *raws: bytes, folder: str = "INBOX") -> None:
        with self.client() as client:
            client.create(f'"{folder}"')
            for number, raw in enumerate(raws):
                date = imaplib.Time2Internaldate(ARRIVED + timedelta(minutes=number))
                status, answer = client.append(f'"{folder}"', "", date, raw)
                assert status == "OK", answer

    def raws(self, folder: str) -> list[bytes]:
        with self.client() as client:
            if client.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            parts = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
            return [part[1] for part in parts if isinstance(part, tuple)]

    def flags(self, folder: str = "INBOX") -> str:
        with self.client() as client:
            client.select(f'"{folder}"', readonly=True)
            return str(client.uid("FETCH", "1:*", "(FLAGS)")[1])


@pytest.fixture(
    params=[
        pytest.param("dovecot", marks=pytest.mark.server),
        pytest.param("dovecot without UIDPLUS", marks=pytest.mark.server),
        pytest.param("pymap", marks=pytest.mark.server),
        "fake",
        "fake without COPYUID",
        "fake without MOVE",
        "fake without keywords",
    ]
)
def site(request: pytest.FixtureRequest, new_user: str) -> Site:
    """Give each server in turn."""
    if request.param.startswith("dovecot"):
        hides = request.param.endswith("UIDPLUS")
        dovecot = (
            request.getfixturevalue("dovecot_hiding")("UIDPLUS")
            if hides
            else request.getfixturevalue("dovecot")
        )
        login = login_at(dovecot.port, new_user)
        return Site(login=login, client=lambda: dovecot.imaplib_client(new_user))
    if request.param == "pymap":
        pymap = request.getfixturevalue("pymap_server")
        login = login_at(pymap.port, "desk")
        return Site(login=login, client=pymap.imaplib_client, keeps_keywords=False)
    return fake_site(request.getfixturevalue("fake_imap"), request.param)


def fake_site(server: FakeImap, kind: str) -> Site:
    """Return a FakeImap that lacks something."""
    server.gives_copyuid = not kind.endswith("COPYUID")
    server.keeps_keywords = not kind.endswith("keywords")
    has_move = not kind.endswith("MOVE")
    if not has_move:
        server.hidden.add("MOVE")

    def client() -> imaplib.IMAP4:
        made = imaplib.IMAP4(server.host, server.port, timeout=20)
        made.login("desk", PASSWORD)
        return made

    return Site(
        login=login_at(server.port, "desk"),
        client=client,
        has_move=has_move,
        gives_copyuid=server.gives_copyuid,
        keeps_keywords=server.keeps_keywords,
    )


@pytest.fixture
def mailbox(site: Site) -> Iterator[Mailbox]:
    """Give a logged-in connection."""
    opened = Mailbox(site.login)
    yield opened
    opened.close()


def test_an_empty_folder_has_numbers_and_nothing_in_it(mailbox: Mailbox) -> None:
    """UIDVALIDITY is there, EXISTS is 0, and no command stumbles over an empty set."""
    opened = mailbox.examine("INBOX")
    assert opened.uidvalidity > 0
    assert opened.exists == 0
    assert mailbox.uids() == []
    assert mailbox.sizes([]) == {}
    assert mailbox.search_message_id("<1@nord.example>") == []


def test_mails_come_byte_for_byte_with_their_dates(site: Site, mailbox: Mailbox) -> None:
    """Bodies, sizes and INTERNALDATEs are what was put in, in the order of arrival."""
    site.add(*ODD)
    opened = mailbox.examine("INBOX")
    uids = mailbox.uids()
    assert opened.exists == len(uids) == len(ODD)
    assert uids == sorted(uids)
    sizes = mailbox.sizes(uids)
    assert [sizes[uid] for uid in uids] == [len(raw) for raw in ODD]
    fetched = {mail.uid: mail for mail in mailbox.bodies(uids, sum(sizes.values()))}
    assert [fetched[uid].raw for uid in uids] == list(ODD)
    dates = [fetched[uid].received_at for uid in uids]
    assert dates == [ARRIVED + timedelta(minutes=number) for number in range(len(ODD))]
    assert mailbox.received_at(uids[1]) == dates[1]


def test_reading_marks_nothing_as_seen(site: Site, mailbox: Mailbox) -> None:
    """Neither fetching nor listing changes a flag."""
    site.add(raw_mail(1))
    mailbox.examine("INBOX")
    uids = mailbox.uids()
    mailbox.bodies(uids, 1000)
    mailbox.header(uids[0], 1000)
    mailbox.slices(uids[0], BytesIO(), 10_000)
    assert "Seen" not in site.flags()


def test_what_is_not_there_is_absent(site: Site, mailbox: Mailbox) -> None:
    """A UID that the server does not know is missing from every answer, and is no error."""
    site.add(raw_mail(1))
    mailbox.examine("INBOX")
    nobody = mailbox.uids()[0] + 500
    assert mailbox.sizes([nobody]) == {}
    assert mailbox.bodies([nobody], 1000) == []
    assert mailbox.received_at(nobody) is None
    assert mailbox.header(nobody, 1000) is None
    assert mailbox.slices(nobody, BytesIO(), 1000) is None


@pytest.mark.parametrize("size", [0, 5_000, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE + 77])
def test_slices_make_the_whole(site: Site, mailbox: Mailbox, size: int) -> None:
    """However the size lies to the slices, the file is the mail."""
    raw = exactly(size) if size else raw_mail(1)
    site.add(raw)
    mailbox.examine("INBOX")
    sink = BytesIO()
    (uid,) = mailbox.uids()
    assert mailbox.slices(uid, sink, 100 << 20) == len(raw)
    assert sink.getvalue() == raw


def exactly(size: int) -> bytes:
    """Return a mail of exactly so many bytes."""
    raw = raw_mail(1, size=size)[: size - 2]
    return raw.rstrip(b"\r\n").ljust(size - 2, b".") + b"\r\n"


def test_slices_stop_beyond_the_limit(site: Site, mailbox: Mailbox) -> None:
    """A mail over the limit is not fetched to its end, and its header still is."""
    raw = raw_mail(1, size=2 * SLICE + 77)
    site.add(raw)
    mailbox.examine("INBOX")
    (uid,) = mailbox.uids()
    size = mailbox.slices(uid, BytesIO(), SLICE // 2)
    assert size is not None
    assert SLICE // 2 < size < len(raw)
    assert mailbox.header(uid, 100_000) == raw[: raw.index(b"\r\n\r\n") + 4]
    assert mailbox.header(uid, 40) == raw[:40]


def test_a_message_id_is_found(site: Site, mailbox: Mailbox) -> None:
    """The search names exactly the mail with this Message-ID."""
    site.add(raw_mail(1), raw_mail(2), raw_mail(3))
    mailbox.examine("INBOX")
    assert mailbox.search_message_id("<2@nord.example>") == [mailbox.uids()[1]]


def test_folders_are_made_with_slashes_whatever_the_server_writes(
    site: Site, mailbox: Mailbox
) -> None:
    """`create` makes a folder once, also with letters beyond ASCII; making it again is a no-op."""
    for name in ("Queues/Reclami", "Queues/Żółte & più"):
        assert not mailbox.exists(name)
        mailbox.create(name)
        mailbox.create(name)
        assert mailbox.exists(name)
        assert mailbox.examine(name).exists == 0
    with pytest.raises(MailboxError):
        mailbox.examine("Nowhere")
    assert mailbox.examine("INBOX").exists == 0


def test_a_move_takes_mails_out_and_puts_them_in(site: Site, mailbox: Mailbox) -> None:
    """Each mail is in exactly one place; COPYUID names the new numbers where it is given."""
    if not site.has_move:
        assert not mailbox.can_move
        return
    site.add(raw_mail(1), raw_mail(2), raw_mail(3))
    mailbox.create("Queues/Reclami")
    mailbox.select("INBOX")
    uids = mailbox.uids()
    told = mailbox.move([uids[0], uids[2]], "Queues/Reclami")
    assert mailbox.uids() == [uids[1]]
    assert site.raws("INBOX") == [raw_mail(2)]
    assert site.raws("Queues/Reclami") == [raw_mail(1), raw_mail(3)]
    mailbox.examine("Queues/Reclami")
    if site.gives_copyuid:
        assert told == dict(zip([uids[0], uids[2]], mailbox.uids(), strict=True))
    else:
        assert told == {}


def test_a_second_move_is_not_told_the_numbers_of_the_first(site: Site, mailbox: Mailbox) -> None:
    """COPYUID of one command never answers for another, also when the second moves nothing."""
    if not site.has_move:
        return
    site.add(raw_mail(1))
    mailbox.create("Queues/Reclami")
    mailbox.select("INBOX")
    uids = mailbox.uids()
    mailbox.move(uids, "Queues/Reclami")
    with suppress(MailboxError):  # some servers say NO to a number that is gone
        assert mailbox.move(uids, "Queues/Reclami") == {}
    assert site.raws("Queues/Reclami") == [raw_mail(1)]


def test_a_copy_and_a_removal_move_exactly_these(site: Site, mailbox: Mailbox) -> None:
    """COPY leaves the source; UID EXPUNGE takes these and no other mail marked as deleted."""
    site.add(raw_mail(1), raw_mail(2))
    mailbox.create("Queues/Reclami")
    mailbox.select("INBOX")
    first, second = mailbox.uids()
    told = mailbox.copy([first], "Queues/Reclami")
    assert site.raws("INBOX") == [raw_mail(1), raw_mail(2)]
    assert site.raws("Queues/Reclami") == [raw_mail(1)]
    assert bool(told) is site.gives_copyuid
    with site.client() as other:
        other.select("INBOX")
        other.uid("STORE", str(second), "+FLAGS", "(\\Deleted)")
    if not mailbox.has_uidplus:
        with pytest.raises(MailboxError, match="UIDPLUS"):
            mailbox.remove([first])
        return
    mailbox.remove([first])
    assert site.raws("INBOX") == [raw_mail(2)]


def test_a_keyword_is_kept_where_the_server_keeps_them(site: Site, mailbox: Mailbox) -> None:
    """PERMANENTFLAGS tells beforehand, and the flag is there for other clients."""
    site.add(raw_mail(1))
    mailbox.select("INBOX")
    assert mailbox.keeps_keywords is site.keeps_keywords
    if site.keeps_keywords:
        mailbox.add_keyword(mailbox.uids(), "$Backdesk_Queues_Reclami")
        assert "$Backdesk_Queues_Reclami" in site.flags()


class Entered(Wake):
    """Does something when the wait in IDLE has begun."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then: list[Callable[[], object]] = [then]

    def fileno(self) -> int:
        """Return the descriptor that is waited for; the server has said "idling" by now."""
        while self._then:
            self._then.pop()()
        return super().fileno()


def test_idle_ends_when_a_mail_arrives(site: Site, mailbox: Mailbox) -> None:
    """The wait ends long before its time, and the mail is listed afterwards."""
    if not mailbox.can_idle:
        return
    arriving = threading.Thread(target=site.add, args=(raw_mail(1),))
    wake, began = Entered(arriving.start), clock.monotonic()
    mailbox.examine("INBOX")
    mailbox.idle(60, wake)
    arriving.join()
    assert clock.monotonic() - began < 30
    assert len(mailbox.uids()) == 1
    wake.close()


def test_idle_ends_when_it_is_woken(mailbox: Mailbox) -> None:
    """A wake from another thread ends the wait, and the connection goes on being used."""
    if not mailbox.can_idle:
        return
    wake = Wake()
    mailbox.examine("INBOX")
    wake.set()
    mailbox.idle(300, wake)
    wake.close()
    assert mailbox.uids() == []


def test_an_aborted_connection_is_away(mailbox: Mailbox) -> None:
    """After `abort` (from any thread) the next command says so, and closing raises nothing."""
    mailbox.examine("INBOX")
    mailbox.abort()
    with pytest.raises(MailboxAway):
        mailbox.uids()


def test_a_wrong_password_is_refused_and_never_repeated_in_words(site: Site) -> None:
    """A refused login is no matter of waiting, and the error does not hold the secret."""
    with pytest.raises(MailboxError) as caught:
        Mailbox(replace(site.login, secret="canary-71-secret"))
    assert "canary-71-secret" not in repr(caught.value)
    assert not isinstance(caught.value, MailboxAway)
