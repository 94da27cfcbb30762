"""Dovecot, PostgreSQL and the SMTP sink do what the other tests rely on."""

import imaplib
import smtplib
import ssl
from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy as sa

from tests.servers.certs import Certificates
from tests.servers.dovecot import FIRST_ARRIVAL, Dovecot
from tests.servers.postgres import Postgres
from tests.servers.pymap_server import PymapServer
from tests.servers.smtp_sink import Fault, SmtpSink, Tls

pytestmark = pytest.mark.server
LETTER = b"From: Ada <ada@sud.example>\r\nSubject: Damp wall\r\n\r\nThe wall is damp.\r\n"


def numbered(count: int) -> list[bytes]:
    """Return mails that differ in their Message-ID."""
    return [b"Message-ID: <%d@sud.example>\r\n" % number + LETTER for number in range(count)]


def test_dovecot_gives_appended_bytes_back(dovecot: Dovecot, new_user: str) -> None:
    """A mail appended to a folder with a Polish name comes back byte for byte."""
    uid = dovecot.append(new_user, "Kolejki/Żale", LETTER)
    assert dovecot.raws(new_user, "Kolejki/Żale") == {uid: LETTER}


def test_dovecot_numbers_filled_mails_in_order(dovecot: Dovecot, new_user: str) -> None:
    """Mails written into the Maildir get ascending UIDs from 1, over several fills."""
    mails = numbered(40)
    assert dovecot.fill(new_user, "INBOX", mails[:20]) == 20
    dovecot.fill(new_user, "INBOX", mails[20:])
    assert list(dovecot.raws(new_user, "INBOX").items()) == list(enumerate(mails, start=1))


def test_dovecot_changes_uidvalidity_on_request(dovecot: Dovecot, new_user: str) -> None:
    """After a change the validity differs and the mails are all there."""
    dovecot.fill(new_user, "INBOX", numbered(5))
    before = dovecot.uidvalidity(new_user, "INBOX")
    assert dovecot.change_uidvalidity(new_user, "INBOX") != before
    assert list(dovecot.raws(new_user, "INBOX").values()) == numbered(5)


def test_dovecot_speaks_tls_under_its_own_authority(dovecot: Dovecot, new_user: str) -> None:
    """STARTTLS and implicit TLS both pass verification against the given authority."""
    context = dovecot.certificates.client_context()
    with imaplib.IMAP4(dovecot.host, dovecot.port) as client:
        client.starttls(context)
        assert client.login(new_user, dovecot.password)[0] == "OK"
    with imaplib.IMAP4_SSL(dovecot.host, dovecot.tls_port, ssl_context=context) as client:
        assert client.login(new_user, dovecot.password)[0] == "OK"


def test_dovecot_drops_connections_but_stays(dovecot: Dovecot, new_user: str) -> None:
    """A cut session fails its next command; a new one is accepted at once."""
    client = dovecot.imaplib_client(new_user)
    try:
        dovecot.drop_connections()
        with pytest.raises((OSError, imaplib.IMAP4.abort)):
            client.noop()
    finally:
        client.shutdown()
    assert dovecot.raws(new_user, "INBOX") == {}


def test_dovecot_hides_capabilities(dovecot_hiding: Callable[..., Dovecot], new_user: str) -> None:
    """UIDPLUS and MOVE are not advertised; the rest is."""
    with dovecot_hiding("UIDPLUS", "MOVE").imaplib_client(new_user) as client:
        names = client.capability()[1][0].split()
    assert not {b"UIDPLUS", b"MOVE"} & set(names)
    assert b"IDLE" in names


def test_postgres_gives_each_test_its_own_database(postgres_url: str, postgres: Postgres) -> None:
    """The database is empty, durable, and another than the next one."""
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        assert connection.execute(sa.text("SHOW fsync")).scalar() == "on"
        assert sa.inspect(connection).get_table_names() == []
    engine.dispose()
    assert postgres.url(postgres.fresh_database()) != postgres_url


def test_postgres_keeps_commits_over_a_crash(postgres_url: str, postgres: Postgres) -> None:
    """A row committed before an immediate stop is there after the restart."""
    address = postgres_url.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    postgres.restart("immediate")
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT * FROM kept").fetchall() == [(7,)]


def submit(sink: SmtpSink, *recipients: str, timeout_s: float = 5) -> dict[str, tuple[int, bytes]]:
    """Send one mail and return the refused recipients."""
    with smtplib.SMTP(sink.host, sink.port, timeout=timeout_s) as client:
        return client.sendmail("desk@nord.example", recipients or ["ada@sud.example"], LETTER)


def test_sink_keeps_what_it_accepts(smtp_sink: SmtpSink) -> None:
    """Envelope and bytes are kept as sent."""
    submit(smtp_sink)
    (mail,) = smtp_sink.wait_for(1)
    assert (mail.sender, mail.recipients) == ("desk@nord.example", ("ada@sud.example",))
    assert mail.raw == LETTER


@pytest.mark.parametrize("step", ["MAIL", "DATA", "DOT"])
@pytest.mark.parametrize("answer", ["421 4.3.2 closing", "451 4.3.0 later", "550 5.7.1 no"])
def test_sink_refuses_as_scripted_then_accepts(smtp_sink: SmtpSink, step: str, answer: str) -> None:
    """A scripted answer reaches the client once and nothing is kept; the next mail passes."""
    smtp_sink.script(step, answer)
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        submit(smtp_sink)
    assert refusal.value.smtp_code == int(answer[:3])
    assert smtp_sink.mails == ()
    submit(smtp_sink)
    assert len(smtp_sink.mails) == 1


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (Fault.DROP, 0),
        (Fault.HANG, 0),
        (Fault.KEEP_THEN_DROP, 1),
        (Fault.KEEP_THEN_HANG, 1),
    ],
)
def test_sink_leaves_the_outcome_unknown(smtp_sink: SmtpSink, fault: Fault, kept: int) -> None:
    """The client hears nothing after the final dot, whether the mail was accepted or not."""
    smtp_sink.script("DOT", fault)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        submit(smtp_sink, timeout_s=0.3)
    assert len(smtp_sink.mails) == kept


def test_sink_refuses_one_recipient_of_two(smtp_sink: SmtpSink) -> None:
    """A refused address is named to the client, the other is served."""
    smtp_sink.refuse("gone@sud.example", "550 5.1.1 nobody here")
    refused = submit(smtp_sink, "gone@sud.example", "ada@sud.example")
    assert set(refused) == {"gone@sud.example"}
    assert smtp_sink.mails[0].recipients == ("ada@sud.example",)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_sink_demands_tls_and_auth(certificates: Certificates, tls: Tls) -> None:
    """Without AUTH mail is refused; with it the user and the encryption are recorded."""
    sink = SmtpSink(tls=tls, certificates=certificates, users={"desk": "amber-kettle-4"})
    sink.start()
    context = certificates.client_context()
    try:
        with _connected(sink, context) as client:
            with pytest.raises(smtplib.SMTPSenderRefused):
                client.sendmail("desk@nord.example", ["ada@sud.example"], LETTER)
            client.login("desk", "amber-kettle-4")
            client.sendmail("desk@nord.example", ["ada@sud.example"], LETTER)
        assert (sink.mails[0].user, sink.mails[0].encrypted) == ("desk", True)
    finally:
        sink.stop()


def _connected(sink: SmtpSink, context: ssl.SSLContext) -> smtplib.SMTP:
    if sink.tls == "implicit":
        return smtplib.SMTP_SSL(sink.host, sink.port, context=context, timeout=5)
    client = smtplib.SMTP(sink.host, sink.port, timeout=5)
    client.starttls(context=context)
    return client


def test_pymap_moves_and_tells_where(pymap_server: PymapServer) -> None:
    """MOVE gives COPYUID and the mail arrives byte for byte; a keyword does not stick."""
    with pymap_server.imaplib_client() as client:
        client.append("INBOX", "", imaplib.Time2Internaldate(FIRST_ARRIVAL), LETTER)
        client.create("Done")
        client.select("INBOX")
        uid = client.uid("SEARCH", "ALL")[1][0].decode()
        client.uid("STORE", uid, "+FLAGS", "(Filed \\Flagged)")
        assert "Filed" not in str(client.uid("FETCH", uid, "(FLAGS)"))
        client.uid("MOVE", uid, "Done")
        code = client.untagged_responses["COPYUID"][0]
        assert isinstance(code, bytes)
        client.select("Done")
        mail = client.uid("FETCH", code.split()[2].decode(), "(BODY.PEEK[])")[1][0]
        assert mail[1] == LETTER
