"""A server is verified, entered, and not listened to for ever."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.errors import MailboxAway, MailboxError
from daemon.intake import imap
from daemon.intake.connect import LONGEST_LINE, Login
from daemon.intake.imap import Mailbox
from tests.builders import raw_mail
from tests.houses import login_at
from tests.servers.certs import Certificates, issue
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap, Fault, Kind
from tests.servers.imap_store import StoredMail


class TestTls:
    """The server is verified before anything is said."""

    @pytest.fixture(params=["tls", "starttls"])
    def secure(self, request: pytest.FixtureRequest, dovecot: Dovecot, new_user: str) -> Login:
        """Give a login with implicit TLS and with STARTTLS."""
        port = dovecot.tls_port if request.param == "tls" else dovecot.port
        return login_at(port, new_user, security=request.param, ca_file=dovecot.ca)

    @pytest.mark.server
    def test_a_verified_server_is_entered(self, secure: Login) -> None:
        """With the right authority both ways work."""
        mailbox = Mailbox(secure)
        assert mailbox.examine("INBOX").exists == 0
        mailbox.close()

    @pytest.mark.server
    def test_another_authority_is_not_believed(self, secure: Login, tmp_path: Path) -> None:
        """A certificate of an unknown authority is refused, for good."""
        for ca in (issue(tmp_path).ca, None):
            with pytest.raises(MailboxError, match="TLS failed") as caught:
                Mailbox(replace(secure, ca_file=ca))
            assert not isinstance(caught.value, MailboxAway)

    def test_another_name_is_not_believed(self, tmp_path: Path) -> None:
        """The certificate must name the host that was asked for."""
        elsewhere = issue(tmp_path, names=("DNS:mail.altrove.example",))
        server = FakeImap(tls="implicit", certificates=elsewhere)
        server.start()
        with pytest.raises(MailboxError, match="TLS failed"):
            Mailbox(login_at(server.port, "desk", security="tls", ca_file=elsewhere.ca))
        assert server.commands == ()
        server.stop()

    @pytest.mark.server
    def test_a_secure_connection_can_be_aborted(self, secure: Login) -> None:
        """`abort` ends a command on an encrypted connection as well."""
        mailbox = Mailbox(secure)
        mailbox.examine("INBOX")
        mailbox.abort()
        with pytest.raises(MailboxError):
            mailbox.uids()
        mailbox.close()


class TestLongLines:
    """A SEARCH answers in one line, whatever there is in the folder."""

    def test_a_folder_of_a_hundred_thousand_mails_is_listed(self, fake_imap: FakeImap) -> None:
        """Over a megabyte of ten-digit UIDs: more than imaplib takes in a line by itself."""
        first = 4_000_000_000
        with fake_imap.store.lock:
            folder = fake_imap.store.folder("INBOX")
            mail = StoredMail(raw=raw_mail(1))
            folder.mails.update((first + number, mail) for number in range(100_000))
            folder.uidnext = first + 100_000
        mailbox = Mailbox(login_at(fake_imap.port, "desk"))
        mailbox.examine("INBOX")
        assert mailbox.uids() == list(range(first, first + 100_000))
        mailbox.close()

    def test_a_line_without_end_breaks_the_connection(self, fake_imap: FakeImap) -> None:
        """What is said on and on is not collected for ever: the account backs off."""
        endless = Fault(kind=Kind.UNTAGGED, command="UID SEARCH", text="* OK " + "z" * LONGEST_LINE)
        fake_imap.fault(endless)
        mailbox = Mailbox(login_at(fake_imap.port, "desk"))
        mailbox.examine("INBOX")
        with pytest.raises(MailboxAway, match="line of more than"):
            mailbox.uids()
        mailbox.discard()


class TestXoauth2:
    """A token instead of a password."""

    @pytest.fixture
    def server(self, certificates: Certificates) -> Iterator[FakeImap]:
        """Give a server that knows one token."""
        server = FakeImap(
            tokens={"desk": "canary-token-5"}, tls="implicit", certificates=certificates
        )
        server.start()
        yield server
        server.stop()

    def login(self, server: FakeImap, certificates: Certificates, token: str) -> Login:
        return login_at(
            server.port,
            "desk",
            auth="xoauth2",
            security="tls",
            secret=token,
            ca_file=certificates.ca,
        )

    def test_the_right_token_enters(self, server: FakeImap, certificates: Certificates) -> None:
        """XOAUTH2 is spoken as the providers want it."""
        mailbox = Mailbox(self.login(server, certificates, "canary-token-5"))
        assert mailbox.examine("INBOX").exists == 0
        mailbox.close()

    def test_an_expired_token_is_refused(
        self, server: FakeImap, certificates: Certificates
    ) -> None:
        """The refusal is ours, complete, and does not hold the token."""
        with pytest.raises(MailboxError) as caught:
            Mailbox(self.login(server, certificates, "canary-token-6"))
        assert "canary-token-6" not in repr(caught.value)


def test_a_login_before_tls_is_refused(certificates: Certificates) -> None:
    """PREAUTH on a connection that is to be encrypted first: somebody is in between."""
    server = FakeImap(tls="starttls", certificates=certificates)
    server.start()
    server.fault(Fault(kind=Kind.GREETING, command="GREETING", text="* PREAUTH come in", times=0))
    with pytest.raises(MailboxError, match="TLS"):
        imap.Mailbox(starttls(server, certificates))
    assert "LOGIN" not in {command.name for command in server.commands}
    server.stop()


def test_what_is_said_before_tls_is_not_believed(certificates: Certificates) -> None:
    """Lines that came in the clear behind the answer to STARTTLS never reach the session."""
    server = FakeImap(tls="starttls", certificates=certificates)
    server.start()
    server.fault(
        Fault(
            kind=Kind.BEFORE_TLS,
            command="STARTTLS",
            text="* CAPABILITY IMAP4rev1 INJECTED\r\n",
        )
    )
    try:
        mailbox = imap.Mailbox(starttls(server, certificates))
    except MailboxError:
        pass
    else:
        assert b"INJECTED" not in mailbox._capabilities
        assert mailbox.examine("INBOX").exists == 0
        mailbox.close()
    server.stop()


def test_a_server_that_hides_starttls_is_refused(certificates: Certificates) -> None:
    """Without the capability nothing is sent in the clear."""
    server = FakeImap(tls="starttls", certificates=certificates, hide=("STARTTLS",))
    server.start()
    with pytest.raises(MailboxError):
        imap.Mailbox(starttls(server, certificates))
    assert "LOGIN" not in {command.name for command in server.commands}
    server.stop()


def starttls(server: FakeImap, certificates: Certificates) -> imap.Login:
    """Return a login that must encrypt first."""
    return imap.Login(
        host="127.0.0.1",
        port=server.port,
        security="starttls",
        username="desk",
        secret="quiet-harbour-7",
        ca_file=certificates.ca,
        connect_timeout_s=3,
        command_timeout_s=3,
    )
