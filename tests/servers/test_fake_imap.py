"""The fake IMAP server serves a real client, and misbehaves exactly as scripted."""

import imaplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import imapclient
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from tests.servers.certs import Certificates
from tests.servers.fake_imap import FakeImap, Fault, Kind, Tls
from tests.servers.imap_commands import COMMANDS

LETTER = b"Message-ID: <one@sud.example>\r\nSubject: Damp\r\n wall\r\n\r\nIt drips (again).\r\n"
Lost = (OSError, imaplib.IMAP4.abort)


@pytest.fixture
def client(fake_imap: FakeImap) -> Iterator[IMAPClient]:
    """Give a logged in client of the fake."""
    client = connected(fake_imap)
    yield client
    client.shutdown()


def connected(server: FakeImap, timeout_s: float = 2.0) -> IMAPClient:
    """Return a logged in client without TLS."""
    client = IMAPClient(server.host, server.port, ssl=False, timeout=timeout_s)
    client.login("desk", "quiet-harbour-7")
    return client


def filled(server: FakeImap, count: int = 3) -> list[int]:
    """Put different mails into INBOX and return their UIDs."""
    return [server.store.add("INBOX", b"X-Number: %d\r\n" % n + LETTER) for n in range(count)]


def raws(client: IMAPClient, uids: list[int]) -> dict[int, bytes]:
    """Fetch whole mails without marking them read."""
    answer = client.fetch(uids, ["BODY.PEEK[]"])
    return {uid: parts[b"BODY[]"] for uid, parts in answer.items()}


def test_mails_are_served_byte_for_byte(fake_imap: FakeImap, client: IMAPClient) -> None:
    """UID, size, date, header, slices and the whole mail agree with what is stored."""
    moment = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    uid = fake_imap.store.add("INBOX", LETTER, internaldate=moment)
    client.normalise_times = False
    assert client.select_folder("INBOX", readonly=True)[b"EXISTS"] == 1
    items = ["INTERNALDATE", "RFC822.SIZE", "FLAGS", "BODY.PEEK[]", "BODY.PEEK[]<3.10>"]
    fields = "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"
    mail = client.fetch([uid], [*items, fields])[uid]
    assert (mail[b"INTERNALDATE"], mail[b"RFC822.SIZE"]) == (moment, len(LETTER))
    assert (mail[b"BODY[]"], mail[b"BODY[]<3>"], mail[b"FLAGS"]) == (LETTER, LETTER[3:13], ())
    assert mail[b"BODY[HEADER.FIELDS (SUBJECT)]"] == b"Subject: Damp\r\n wall\r\n\r\n"


def test_search_finds_by_uid_and_header(fake_imap: FakeImap, client: IMAPClient) -> None:
    """Searches that Backdesk uses give the right UIDs."""
    one, two, three = filled(fake_imap)
    client.select_folder("INBOX")
    assert client.search("ALL") == [one, two, three]
    assert client.search(["UID", f"{two}:*"]) == [two, three]
    assert client.search(["HEADER", "Message-ID", "<one@sud.example>"]) == [one, two, three]
    assert client.search(["HEADER", "X-Number", "1"]) == [two]


def test_keywords_stick_unless_the_server_drops_them(
    fake_imap: FakeImap, client: IMAPClient
) -> None:
    """STORE of a keyword is visible, or silently dropped where the server keeps none."""
    uid, other = filled(fake_imap, 2)
    client.select_folder("INBOX")
    client.add_flags([uid], ["$Backdesk"])
    fake_imap.keeps_keywords = False
    client.add_flags([other], ["$Backdesk", "\\Flagged"])
    flags = client.get_flags([uid, other])
    assert flags == {uid: (b"$Backdesk",), other: (b"\\Flagged",)}
    assert client.search(["KEYWORD", "$Backdesk"]) == [uid]


def test_move_tells_the_new_uid(fake_imap: FakeImap, client: IMAPClient) -> None:
    """MOVE carries the mail over, gives COPYUID, and is on the record as no EXPUNGE."""
    one, two, _ = filled(fake_imap)
    client.create_folder("Kolejki/Żale")
    client.select_folder("INBOX")
    client.move([one, two], "Kolejki/Żale")
    validity = fake_imap.store.folder("Kolejki/Żale").uidvalidity
    assert client._imap.untagged_responses["COPYUID"] == [f"{validity} 1:2 1:2".encode()]
    assert list(fake_imap.store.raws("Kolejki/Żale")) == [1, 2]
    assert fake_imap.expunges == ()
    assert {removal.how for removal in fake_imap.removals} == {"UID MOVE"}
    assert client.folder_exists("Kolejki/Żale")


def test_copyuid_can_be_kept_back(fake_imap: FakeImap, client: IMAPClient) -> None:
    """Without COPYUID the move happens all the same."""
    (uid,) = filled(fake_imap, 1)
    fake_imap.store.create("Done")
    fake_imap.gives_copyuid = False
    client.select_folder("INBOX")
    client.move([uid], "Done")
    assert "COPYUID" not in client._imap.untagged_responses
    assert len(fake_imap.store.raws("Done")) == 1


def test_hidden_commands_are_refused(fake_imap: FakeImap, client: IMAPClient) -> None:
    """What is not advertised is not obeyed either."""
    (uid,) = filled(fake_imap, 1)
    fake_imap.hidden |= {"MOVE", "UIDPLUS"}
    client.select_folder("INBOX")
    assert not {b"MOVE", b"UIDPLUS"} & set(client.capabilities())
    with pytest.raises(imaplib.IMAP4.error):
        client._imap.uid("MOVE", str(uid), "INBOX")
    with pytest.raises(imaplib.IMAP4.error):
        client._imap.uid("EXPUNGE", str(uid))
    assert fake_imap.removals == ()
    assert [command.name for command in fake_imap.expunges] == ["UID EXPUNGE"]


def test_append_gives_back_its_uid(fake_imap: FakeImap, client: IMAPClient) -> None:
    """APPENDUID comes with APPEND; flags and date are kept."""
    moment = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    answer = client.append("INBOX", LETTER, ["\\Seen"], moment)
    assert b"APPENDUID 1001 1" in answer
    assert fake_imap.store.raws("INBOX") == {1: LETTER}
    assert fake_imap.store.folder("INBOX").mails[1].internaldate == moment


def test_idle_tells_of_new_mail(fake_imap: FakeImap, client: IMAPClient) -> None:
    """A mail that arrives during IDLE is announced."""
    client.select_folder("INBOX")
    client.idle()
    filled(fake_imap, 1)
    assert client.idle_check(timeout=2) == [(1, b"EXISTS")]
    client.idle_done()


def test_xoauth2_accepts_only_the_right_token() -> None:
    """The right token logs in; a wrong one is told so after the error challenge."""
    server = FakeImap(tokens={"desk": "ya29.right"})
    server.start()
    try:
        with IMAPClient(server.host, server.port, ssl=False, timeout=2) as client:
            assert client.oauth2_login("desk", "ya29.right")
        client = IMAPClient(server.host, server.port, ssl=False, timeout=2)
        with pytest.raises(LoginError):
            client.oauth2_login("desk", "ya29.stale")
        client.shutdown()
        assert "ya29" not in "".join(server.texts)
    finally:
        server.stop()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_is_verifiable(certificates: Certificates, tls: Tls) -> None:
    """Both ways of TLS pass verification; a fault can put bytes before the handshake."""
    server = FakeImap(
        tls="implicit" if tls == "implicit" else "starttls", certificates=certificates
    )
    server.start()
    context = certificates.client_context()
    try:
        client = IMAPClient(
            server.host, server.port, ssl=tls == "implicit", ssl_context=context, timeout=2
        )
        if tls == "starttls":
            client.starttls(context)
        client.login("desk", "quiet-harbour-7")
        client.logout()
    finally:
        server.stop()


def test_bytes_before_tls_reach_the_client(certificates: Certificates) -> None:
    """The injected line travels unencrypted, in the packet that answers STARTTLS."""
    server = FakeImap(tls="starttls", certificates=certificates)
    server.start()
    server.fault(Fault(kind=Kind.BEFORE_TLS, command="STARTTLS", text="* OK injected\r\n"))
    try:
        with socket.create_connection((server.host, server.port), timeout=2) as connection:
            connection.recv(1000)
            connection.sendall(b"a1 STARTTLS\r\n")
            assert connection.recv(1000) == b"a1 OK begin\r\n* OK injected\r\n"
    finally:
        server.stop()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.BYE, command="UID FETCH", text="shutting down"),
        Fault(kind=Kind.DROP, command="UID FETCH"),
        Fault(kind=Kind.SILENCE, command="UID FETCH"),
        Fault(kind=Kind.BYE_IN_LITERAL, command="UID FETCH", text="sorry"),
        Fault(kind=Kind.CUT, command="UID FETCH", size=60),
        Fault(kind=Kind.DRIP, command="UID FETCH", interval_s=3),
        Fault(kind=Kind.LITERAL_OFF, command="UID FETCH", size=5000),
        Fault(kind=Kind.LITERAL_OFF, command="UID FETCH", size=-7),
        Fault(kind=Kind.LITERAL_SAYS, command="UID FETCH", text="-5"),
        Fault(kind=Kind.WRONG_TAG, command="UID FETCH"),
        Fault(kind=Kind.NO, command="UID FETCH", text="[THROTTLED] slow down"),
        Fault(kind=Kind.BAD, command="UID FETCH", text="what?"),
    ],
    ids=lambda fault: f"{fault.kind.name}{fault.size or ''}",
)
def test_a_faulty_fetch_fails_and_the_next_connection_works(
    fake_imap: FakeImap, fault: Fault
) -> None:
    """Every fault is an error to the client, never a wrong mail, and strikes once only."""
    uids = filled(fake_imap)
    fake_imap.fault(fault)
    client = connected(fake_imap, timeout_s=0.4)
    client.select_folder("INBOX")
    with pytest.raises((*Lost, imapclient.exceptions.ProtocolError, imaplib.IMAP4.error)):
        assert raws(client, uids) == fake_imap.store.raws("INBOX")
    client.shutdown()
    second = connected(fake_imap)
    second.select_folder("INBOX")
    assert raws(second, uids) == fake_imap.store.raws("INBOX")
    second.shutdown()


def test_faults_count_commands_and_connections(fake_imap: FakeImap) -> None:
    """`nth`, `times`, `connection` and `containing` choose the command that is struck."""
    fake_imap.fault(
        Fault(kind=Kind.NO, command="NOOP", text="[UNAVAILABLE]", nth=2, times=2, connection=2)
    )
    first, second = connected(fake_imap), connected(fake_imap)
    assert [outcome(first) for _ in range(4)] == ["OK"] * 4
    assert [outcome(second) for _ in range(4)] == ["OK", "NO", "NO", "OK"]
    first.shutdown()
    second.shutdown()


def outcome(client: IMAPClient) -> str:
    """Return OK or NO for a NOOP."""
    return str(client._imap.noop()[0])


def test_fetch_omits_and_lies_as_told(fake_imap: FakeImap, client: IMAPClient) -> None:
    """A UID without an answer, a wrong RFC822.SIZE and reversed lines come as scripted."""
    one, two, three = filled(fake_imap)
    client.select_folder("INBOX")
    fake_imap.fault(
        Fault(kind=Kind.OMIT, command="UID FETCH", uids=(two,)),
        Fault(kind=Kind.SIZE_OFF, command="UID FETCH", size=9),
        Fault(kind=Kind.REVERSED, command="UID FETCH"),
        Fault(kind=Kind.UNTAGGED, command="UID FETCH", text="* 77 EXISTS"),
    )
    size = len(fake_imap.store.raws("INBOX")[one]) + 9
    lines = client._imap.uid("FETCH", f"{one}:{three}", "(RFC822.SIZE)")[1]
    assert lines == [
        b"3 (UID 3 RFC822.SIZE %d)" % size,
        b"1 (UID 1 RFC822.SIZE %d)" % size,
    ]


def test_uidvalidity_changes_between_select_and_fetch(
    fake_imap: FakeImap, client: IMAPClient
) -> None:
    """The old UIDs then name other mails or none; STATUS shows the new validity."""
    fake_imap.store.reserve("INBOX")
    uids = filled(fake_imap)
    validity = client.select_folder("INBOX")[b"UIDVALIDITY"]
    fake_imap.fault(
        Fault(kind=Kind.ACT, command="UID FETCH", act=lambda s: s.change_uidvalidity("INBOX"))
    )
    assert set(raws(client, uids)) == {2, 3}
    assert client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"] > validity


def test_a_mail_expunged_during_fetch_has_no_answer(
    fake_imap: FakeImap, client: IMAPClient
) -> None:
    """The mails after the removed one still come."""
    one, two, three = filled(fake_imap)
    client.select_folder("INBOX")
    removal = Fault(
        kind=Kind.ACT_AFTER_FIRST,
        command="UID FETCH",
        act=lambda store: store.remove("INBOX", two, "another client"),
    )
    fake_imap.fault(removal)
    assert set(raws(client, [one, two, three])) == {one, three}


def test_a_uid_below_the_highest_appears_late(fake_imap: FakeImap, client: IMAPClient) -> None:
    """A reserved UID is not found by an earlier search and is by a later one."""
    late = fake_imap.store.reserve("INBOX")
    (uid,) = filled(fake_imap, 1)
    client.select_folder("INBOX")
    assert client.search("ALL") == [uid]
    fake_imap.store.add("INBOX", LETTER, uid=late)
    client.noop()
    assert client.search("ALL") == [late, uid]
    assert raws(client, [late]) == {late: LETTER}


def test_a_half_done_move_leaves_both_sides_consistent(fake_imap: FakeImap) -> None:
    """The first mails are moved, the others stay, and the client hears nothing."""
    uids = filled(fake_imap)
    fake_imap.store.create("Done")
    fake_imap.fault(Fault(kind=Kind.PARTLY, command="UID MOVE", size=2))
    client = connected(fake_imap)
    client.select_folder("INBOX")
    with pytest.raises(Lost):
        client.move(uids, "Done")
    client.shutdown()
    assert (len(fake_imap.store.raws("Done")), list(fake_imap.store.raws("INBOX"))) == (2, uids[2:])


@pytest.mark.parametrize("text", ["* BYE busy", "* PREAUTH welcome"])
def test_greeting_is_as_told(fake_imap: FakeImap, text: str) -> None:
    """BYE ends the connection, PREAUTH skips the login."""
    fake_imap.fault(Fault(kind=Kind.GREETING, command="GREETING", text=text))
    if "BYE" in text:
        with pytest.raises(imaplib.IMAP4.error):
            IMAPClient(fake_imap.host, fake_imap.port, ssl=False, timeout=2)
    else:
        client = IMAPClient(fake_imap.host, fake_imap.port, ssl=False, timeout=2)
        assert client.list_folders() == [((b"\\HasNoChildren",), b"/", "INBOX")]
        client.shutdown()


def test_it_runs_as_a_process_that_outlives_clients(tmp_path: Path) -> None:
    """Mails of the state directory are served; what one client appends the next one sees."""
    (tmp_path / "INBOX").mkdir()
    (tmp_path / "INBOX" / "1.eml").write_bytes(LETTER)
    command = [sys.executable, "-m", "tests.servers.fake_imap", "--state", str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            with IMAPClient("127.0.0.1", port, ssl=False, timeout=5) as client:
                client.login("desk", "quiet-harbour-7")
                client.append("INBOX", LETTER)
            with IMAPClient("127.0.0.1", port, ssl=False, timeout=5) as client:
                client.login("desk", "quiet-harbour-7")
                client.select_folder("INBOX")
                assert raws(client, [1, 2]) == {1: LETTER, 2: LETTER}
        finally:
            server.terminate()
    assert "2 UID FETCH 1,2 (BODY.PEEK[])" in (tmp_path / "commands").read_text()


def test_garbage_is_answered_bad_and_does_no_harm() -> None:
    """Whatever the arguments, every command gets one tagged answer and the next one works."""
    server = FakeImap()
    server.start()
    names = sorted(set(COMMANDS) - {"LOGOUT"})
    junk = st.binary(max_size=40).filter(lambda text: b"\n" not in text and b"}" not in text)

    @given(st.sampled_from(names), junk)
    def check(name: str, arguments: bytes) -> None:
        connection.sendall(b"g1 " + name.encode() + b" " + arguments + b"\r\ng2 NOOP\r\n")
        while (line := answers.readline()) and not line.startswith(b"g1 "):
            assert line.startswith(b"* ")
        assert line[3:6] in {b"OK ", b"NO ", b"BAD"}
        while not answers.readline().startswith(b"g2 OK"):
            pass

    try:
        with socket.create_connection((server.host, server.port), timeout=5) as connection:
            answers = connection.makefile("rb")
            connection.sendall(b"g0 LOGIN desk quiet-harbour-7\r\n")
            while not answers.readline().startswith(b"g0 OK"):
                pass
            check()
            answers.close()
    finally:
        server.stop()
