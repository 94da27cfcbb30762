"""Parcels -> a relay, over SMTP (RFC 5321): the only place that talks to one.

One connection is kept and used again. The caller's marker is called between the body and the
final dot: until the dot the relay must drop the mail (RFC 5321 4.1.1.10), after it nobody knows.
"""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from daemon import clock
from daemon.config.values import is_loopback
from daemon.errors import ConfigError
from daemon.mail.compose import mailbox
from daemon.sending.blame import refusal
from daemon.sending.errors import Deferred, Doubtful, OutcomeUnknown, Refused, RelayAway
from daemon.sending.records import Parcel

DOT_TIMEOUT_S = 600.0  # RFC 5321 4.5.3.2.6: the relay may look at the mail for 10 minutes
LONGEST_REPLY = 500  # characters that are kept
LONGEST_COMMAND = 512  # RFC 5321 4.5.3.1.4: bytes of a command line, with its CRLF

SERVICE_CLOSING = 421
START_INPUT = 354
CHALLENGE = 334


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLogin:
    """How to reach and enter a relay."""

    host: str
    port: int
    security: str  # tls, starttls, plain (loopback only)
    username: str = ""  # empty: no login
    secret: str = field(default="", repr=False)
    auth: str = "password"  # or xoauth2
    ca_file: Path | None = None
    timeout_s: float = 60.0  # for each answer
    dot_timeout_s: float = DOT_TIMEOUT_S  # for the answer to the final dot


class SmtpRelay:
    """A relay; connects when the first mail is sent. Not for several threads, but for `abort`.

    Args:
        login: asked anew for each connection, so that a changed password is found.
    """

    def __init__(self, login: Callable[[], RelayLogin]) -> None:
        self._login = login
        self._client: _Client | None = None
        self._dot_timeout_s = DOT_TIMEOUT_S

    def send(self, parcel: Parcel, before_dot: Callable[[], None]) -> str:
        """Hand a mail over; return the relay's words.

        Args:
            parcel: envelope addresses and the mail's bytes.
            before_dot: called when all but the final dot is sent; if it raises, the connection
                is broken and the relay drops the mail.

        Raises:
            Refused: for good. Deferred: later. RelayAway: later, and so is any other mail.
            Doubtful: later, and it does not say whether any other mail is.
            OutcomeUnknown: the dot was sent, no answer came.
        """
        sender, recipient = _envelope(parcel)
        client = self._ready(sender)
        try:
            with _translated("RCPT"):
                _expect("RCPT", client.docmd("RCPT", f"TO:<{recipient}>"))
            with _translated("DATA"):
                _expect("DATA", client.docmd("DATA"), START_INPUT)
                client.send(_stuffed(parcel.message))
            before_dot()
            return self._dot(client)
        except (Refused, Deferred) as error:
            self._after(client, error)
            raise
        except BaseException:
            self._drop()  # the dot is not sent: the relay forgets the mail
            raise

    def greet(self) -> None:
        """Connect and log in without sending anything; raises as `send` does."""
        if self._client is None:
            self._client = self._open()

    def close(self) -> None:
        """Say goodbye; the next mail opens a new connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def abort(self) -> None:
        """Break the connection, from any thread; a mail on its way ends in an error there."""
        client = self._client
        if client is not None:
            client.cut()

    def _ready(self, sender: str) -> "_Client":
        """Return a connection on which MAIL was accepted: the kept one if it still works."""
        if self._client is not None:
            with suppress(Deferred, OSError):
                return self._mail(self._client, sender)
            self._drop()
        self._client = self._open()
        try:
            return self._mail(self._client, sender)
        except Deferred:
            self._drop()
            raise

    def _mail(self, client: "_Client", sender: str) -> "_Client":
        with _translated("MAIL"):
            _expect("MAIL", client.docmd("MAIL", f"FROM:<{sender}>"))
        return client

    def _dot(self, client: "_Client") -> str:
        try:
            client.send(b".\r\n")
            code, reply = client.answer(self._dot_timeout_s)
        except (OSError, smtplib.SMTPException) as error:
            raise OutcomeUnknown("DOT") from error
        words = _words(reply)
        if code // 100 not in (2, 4, 5):
            raise OutcomeUnknown("DOT", code, words)
        _expect("DOT", (code, reply))
        return words

    def _after(self, client: "_Client", error: Refused | Deferred) -> None:
        """Keep the connection after a clear answer, as clean as new."""
        is_clear = error.code and error.code != SERVICE_CLOSING
        if is_clear and not isinstance(error, OutcomeUnknown):
            with suppress(OSError, smtplib.SMTPException):
                client.rset()
                return
        self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> "_Client":
        login = _checked(self._login)
        self._dot_timeout_s = login.dot_timeout_s
        with _translated("CONNECT", RelayAway):
            client = _connected(login)
            client.hurry()
        try:
            self._enter(client, login)
        except BaseException:
            client.close()
            raise
        return client

    def _enter(self, client: "_Client", login: RelayLogin) -> None:
        with _translated("EHLO", RelayAway):
            client.ehlo_or_helo_if_needed()
        if login.security == "starttls":
            with _translated("STARTTLS", RelayAway):  # never on in plain text
                client.starttls(context=_tls(login))
                client.ehlo_or_helo_if_needed()
        if login.username:
            with _translated("AUTH", RelayAway):
                _authenticate(client, login)


class _Replies:
    """The relay's lines, all of one answer within one deadline; smtplib counts per packet."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._buffer = sock, b""
        self.deadline = 0.0

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._buffer[:limit] and len(self._buffer) < limit:
            left = self.deadline - clock.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            self._sock.settimeout(left)
            if not (packet := self._sock.recv(4096)):
                break
            self._buffer += packet
        end = self._buffer.find(b"\n", 0, limit) + 1 or min(limit, len(self._buffer))
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def close(self) -> None:
        """Nothing is open here; smtplib asks for it."""


class _Client(smtplib.SMTP):
    """smtplib with a deadline for each answer."""

    def answer(self, timeout_s: float) -> tuple[int, bytes]:
        """Read one answer; all of it must be there within `timeout_s`."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        if not isinstance(self.file, _Replies):  # also after STARTTLS: what came before is dropped
            self.file = _Replies(self.sock)
        self.file.deadline = clock.monotonic() + timeout_s
        try:
            return super().getreply()
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)

    def getreply(self) -> tuple[int, bytes]:
        return self.answer(self.timeout)

    def hurry(self) -> None:
        """Send the dot at once: Nagle would keep it back until the body is acknowledged, 40 ms."""
        if self.sock is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cut(self) -> None:
        """Shut the socket down; whoever waits on it gets an error."""
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """The same, in TLS from the first byte (RFC 8314 3.3)."""


def _checked(login: Callable[[], RelayLogin]) -> RelayLogin:
    """Return how to enter the relay; a mistake in the configuration keeps its mails waiting."""
    try:
        found = login()
    except ConfigError as error:  # names the key and where it is looked for, never a secret
        raise RelayAway("LOGIN", 0, str(error)) from error
    if found.security == "plain" and not is_loopback(found.host):
        raise RelayAway("LOGIN", 0, "a relay without TLS must be on this machine")
    return found


def _connected(login: RelayLogin) -> _Client:
    name = socket.gethostname()
    own = name if "." in name and name.isascii() else "[127.0.0.1]"  # RFC 5321 4.1.4
    if login.security == "tls":
        return _TlsClient(
            login.host,
            login.port,
            local_hostname=own,
            timeout=login.timeout_s,
            context=_tls(login),
        )
    return _Client(login.host, login.port, local_hostname=own, timeout=login.timeout_s)


def _tls(login: RelayLogin) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=login.ca_file)


def _authenticate(client: _Client, login: RelayLogin) -> None:
    """A token, or PLAIN (RFC 4616) or LOGIN in UTF-8; smtplib itself knows ASCII passwords only."""
    if login.auth == "xoauth2":
        _show_token(client, login)
        return
    offered = client.esmtp_features.get("auth", "").upper().split()
    user, secret = login.username.encode(), login.secret.encode()
    if "PLAIN" in offered or "LOGIN" not in offered:
        response = _base64(b"\0".join((b"", user, secret)))
        _expect("AUTH", client.docmd("AUTH", f"PLAIN {response}"))
        return
    _expect("AUTH", client.docmd("AUTH", "LOGIN"), CHALLENGE)
    _expect("AUTH", client.docmd(_base64(user)), CHALLENGE)
    _expect("AUTH", client.docmd(_base64(secret)))


def _show_token(client: _Client, login: RelayLogin) -> None:
    """XOAUTH2, as Google and Microsoft define it."""
    response = _base64(f"user={login.username}\1auth=Bearer {login.secret}\1\1".encode())
    if len(f"AUTH XOAUTH2 {response}\r\n") <= LONGEST_COMMAND:
        answer = client.docmd("AUTH", f"XOAUTH2 {response}")
    else:  # RFC 4954 4: what does not fit into the command line waits for a challenge
        _expect("AUTH", client.docmd("AUTH", "XOAUTH2"), CHALLENGE)
        answer = client.docmd(response)
    if answer[0] == CHALLENGE:  # why the token is refused; the refusal follows an empty line
        answer = client.docmd("")
    _expect("AUTH", answer)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _expect(step: str, answer: tuple[int, bytes], wanted: int = 2) -> None:
    """Pass an answer of the wanted code, or class of codes; raise what any other means."""
    code, words = answer[0], _words(answer[1])
    if wanted not in (code, code // 100):
        raise refusal(step, code, words)


@contextmanager
def _translated(step: str, kind: type[Deferred] = Doubtful) -> Iterator[None]:
    """Turn what smtplib, TLS and the socket raise into `kind`; with RelayAway, refusals too."""
    try:
        yield
    except (Refused, Deferred) as error:
        if kind is RelayAway and not isinstance(error, RelayAway):
            raise RelayAway(error.step, error.code, error.reply) from error
        raise
    except smtplib.SMTPResponseException as error:
        raise kind(step, error.smtp_code, _words(error.smtp_error)) from error
    except (
        OSError,
        smtplib.SMTPException,
    ) as error:  # SMTPException is an OSError; said for clarity
        raise kind(step, 0, type(error).__name__) from error


def _envelope(parcel: Parcel) -> tuple[str, str]:
    try:
        # The empty sender is the null path of RFC 5321 4.5.5.
        return parcel.sender and mailbox(parcel.sender), mailbox(parcel.recipient)
    except ValueError as error:
        raise Refused("MAIL", 0, str(error)) from error


def _stuffed(message: bytes) -> bytes:
    """RFC 5321 4.5.2, after making every line end CRLF: a bare one could end the mail early."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _words(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_REPLY]
