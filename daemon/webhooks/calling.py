"""One call of a webhook: an HTTPS request with a signature, bounded in time and bytes.

No redirect is followed. A name that leads into a private network is not called unless the
configuration allows it, so that whoever rules the name cannot turn us against our own machines;
the address that was checked is the one that is called.
"""

import http.client
import io
import ipaddress
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from daemon import clock
from daemon.config.values import is_loopback
from daemon.errors import ConfigError
from daemon.webhooks.errors import ServerAway
from daemon.webhooks.records import Answer
from daemon.webhooks.schedule import LONGEST_ASKED
from daemon.webhooks.signing import signed_headers

MOST_BYTES = 65_536  # of an answer
_MOST_WORDS = 200  # characters of an answer that are kept, and bytes of it that are read
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a webhook is, and how it is called."""

    url: str
    timeout_s: float  # for everything together
    ca_file: Path | None = None
    private: bool = False


class HttpCaller:
    """Calls one webhook.

    Args:
        target: where it is.
        keys: gives the keys that sign, read anew each time; raises ConfigError without them.
        now: the clock.
    """

    def __init__(
        self, target: Target, keys: Callable[[], tuple[bytes, ...]], now: Callable[[], datetime]
    ) -> None:
        self._target, self._keys, self._now = target, keys, now
        self._url = urlsplit(target.url)
        self._host = self._url.hostname or ""
        self._port = self._url.port or _PORTS[self._url.scheme]

    def call(self, message_id: str, body: bytes) -> Answer:
        """Tell the server; return what it answers.

        Args:
            message_id: the same on every attempt.
            body: JSON.

        Raises:
            ServerAway: it cannot be reached, is not whom we want, or says nothing in time.
        """
        until = clock.monotonic() + self._target.timeout_s
        try:
            headers = signed_headers(message_id, self._now(), body, self._keys())
            with closing(self._connected(until)) as sock:
                return self._exchange(_Wire(sock, until), headers, body)
        except (OSError, ValueError, http.client.HTTPException, ConfigError) as error:
            raise ServerAway(_reason(error)) from error

    def _exchange(self, wire: "_Wire", headers: dict[str, str], body: bytes) -> Answer:
        url = self._url
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.sock = wire  # all of a socket that it uses
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        usual = {"Host": url.netloc, "Content-Type": "application/json"}
        more = {"User-Agent": "Backdesk", "Connection": "close"}
        connection.request("POST", path, body, {**usual, **more, **headers})
        response = connection.getresponse()
        is_taken = response.status // 100 == 2  # noqa: PLR2004 - 200 to 299
        words = "" if is_taken else _one_line(response.read(_MOST_WORDS))
        if response.status // 100 == 3:  # noqa: PLR2004 - 300 to 399
            words = "redirects are not followed"
        after = _retry_after(response.getheader("Retry-After"), self._now())
        return Answer(status=response.status, words=words, retry_after=after)

    def _connected(self, until: float) -> socket.socket:
        """Return a connection to the first address that answers, with TLS where the URL says so."""
        error: OSError = OSError(f"{self._host} has no address")
        for family, address in self._addresses():
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(_left(until))
                sock.connect(address)
                return self._secured(sock, until)
            except OSError as failed:
                sock.close()
                error = failed
        raise error

    def _secured(self, sock: socket.socket, until: float) -> socket.socket:
        if self._url.scheme != "https":
            return sock
        file = self._target.ca_file
        context = ssl.create_default_context(cafile=str(file) if file else None)
        sock.settimeout(_left(until))
        return context.wrap_socket(sock, server_hostname=self._host)

    def _addresses(self) -> list[tuple[int, Any]]:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        allowed: list[tuple[int, Any]] = [
            (family, address)
            for family, _, _, _, address in found
            if self._target.private or is_loopback(self._host) or _is_public(str(address[0]))
        ]
        if not allowed:
            raise OSError(f"{self._host} is in a private network, which needs private = true")
        return allowed


class _Wire:
    """A socket as http.client uses it, whose every step ends at one moment."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until

    def sendall(self, data: bytes) -> None:
        """Send all, in the time that is left."""
        self._sock.settimeout(_left(self._until))
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what the answer is read from."""
        return io.BufferedReader(_Bounded(self._sock, self._until))

    def close(self) -> None:
        """Leave it open: the caller closes the socket once the answer is read."""


class _Bounded(io.RawIOBase):
    """Reads from a socket until a moment, and so many bytes."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        super().__init__()
        self._sock, self._until, self._bytes = sock, until, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what is passed in
        self._sock.settimeout(_left(self._until))
        number = self._sock.recv_into(buffer)
        self._bytes += number
        if self._bytes > MOST_BYTES:
            raise http.client.HTTPException(f"an answer of more than {MOST_BYTES} bytes")
        return number


def _left(until: float) -> float:
    left = until - clock.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_global


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return how long a server wants to be left alone: seconds, or a date (RFC 9110 10.2.3)."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_ASKED)
    try:
        moment = parsedate_to_datetime(text)
        return min(max(moment - now, timedelta()), LONGEST_ASKED)
    except (ValueError, TypeError, OverflowError):  # none, or a date without a zone
        return None


def _one_line(answer: bytes) -> str:
    text = "".join(c if c.isprintable() else " " for c in answer.decode("utf-8", "replace"))
    return " ".join(text.split())


def _reason(error: Exception) -> str:
    """Return an error in a few words; never what was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return _one_line(words[:_MOST_WORDS].encode("utf-8", "replace"))
