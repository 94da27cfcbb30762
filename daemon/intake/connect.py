"""Host and port -> an IMAPClient whose socket is shown before the server has said a word.

IMAPClient connects, shakes hands and reads the greeting inside its constructor, and its time-outs
are per packet: a server that drips its greeting would hold the caller for ever. Whoever is shown
the socket can end that.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.imap4 import IMAP4WithTimeout

from daemon.errors import MailboxError

Opened = Callable[[socket.socket], None]

LONGEST_LINE = 32 << 20  # bytes; SEARCH answers in one line, this is three million UIDs


class Wakeable(Protocol):
    """Something with a file descriptor that becomes readable to end a wait."""

    def fileno(self) -> int:
        """Return the descriptor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to reach and enter one account."""

    host: str
    port: int
    security: str  # tls, starttls, plain
    username: str
    secret: str  # password, or OAuth2 access token
    auth: str = "password"  # or xoauth2
    ca_file: Path | None = None
    connect_timeout_s: float = 30
    command_timeout_s: float = 120


def open_client(
    address: tuple[str, int],
    context: ssl.SSLContext | None,
    timeout: SocketTimeout,
    opened: Opened,
) -> IMAPClient:
    """Connect and read the greeting.

    Args:
        address: host and port.
        context: verifies the server in implicit TLS; None connects in the clear.
        timeout: per packet, in seconds.
        opened: told the socket as soon as there is one.

    Raises:
        OSError, imaplib.IMAP4.error: there is no such server, or it is none.
    """
    return _Client(address, context, timeout, opened)


def has_heard(client: IMAPClient, timeout_s: float) -> bool:
    """Tell whether the server has said more than was read, without waiting for it.

    It may wait in imaplib's buffer, or decrypted, where a selector does not see it. The socket
    has `timeout_s` again afterwards.
    """
    sock = client.socket()
    sock.settimeout(0)
    try:
        return bool(client._imap.file.peek(1))  # noqa: SLF001 - no API
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        sock.settimeout(timeout_s)


class _Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    def __init__(
        self,
        address: tuple[str, int],
        context: ssl.SSLContext | None,
        timeout: SocketTimeout,
        opened: Opened,
    ) -> None:
        self._opened = opened
        super().__init__(*address, ssl=context is not None, ssl_context=context, timeout=timeout)

    def _create_IMAP4(self) -> "_Connection":  # noqa: N802 - the library's name
        return _Connection(self.host, self.port, self.ssl_context, self._timeout, self._opened)


class _Connection(IMAP4WithTimeout):  # type: ignore[misc]  # the library has no types
    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        timeout: SocketTimeout,
        opened: Opened,
    ) -> None:
        self._context, self._opened = context, opened
        super().__init__(host, port, timeout.connect)

    def readline(self) -> bytes:
        """Read one line; imaplib's own limit is too short for the UIDs of a large folder."""
        line: bytes = self.file.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            # Out of step with the server from here on, so the connection is given up.
            raise self.abort(f"line of more than {LONGEST_LINE} bytes")
        return line

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        sock: socket.socket = super()._create_socket(timeout)
        if self._context is None:
            self._opened(sock)
            return sock
        wrapped = self._context.wrap_socket(
            sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self._opened(wrapped)
        try:
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped


def connect(login: Login, opened: Opened) -> IMAPClient:
    """Connect as a login says, up to its greeting, encrypted where it asks for that.

    Raises:
        MailboxError: the server skipped the login before STARTTLS.
        OSError, imaplib.IMAP4.error: there is no such server, or it is none.
    """
    timeout = SocketTimeout(connect=login.connect_timeout_s, read=login.command_timeout_s)
    is_tls = login.security == "tls"
    context = _trusted(login.ca_file) if is_tls else None
    client = open_client((login.host, login.port), context, timeout, opened)
    client.normalise_times = False
    if login.security == "starttls":
        # PREAUTH before TLS means somebody stripped the encryption.
        if client._imap.state != "NONAUTH":  # noqa: SLF001 - no API
            raise MailboxError("TLS failed: the server skipped the login before STARTTLS")
        client.starttls(_trusted(login.ca_file))
    return client


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Return what verifies the server; reading the authorities of a machine takes 50 ms."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def enter(client: IMAPClient, login: Login) -> None:
    """Log in; raises what the library does."""
    if client._imap.state == "AUTH":  # noqa: SLF001 - PREAUTH over TLS or loopback: already in
        return
    if login.auth == "xoauth2":
        client.oauth2_login(login.username, login.secret)
    else:
        client.login(login.username, login.secret)
