"""One IMAP connection: commands in, records out, every fault one of our two errors.

IMAPClient does the protocol. What it lacks is added here and nowhere else: a deadline round every
command (its time-outs are per packet), a cap on literals before they are allocated, COPYUID, and a
switch for its debug formatting, which costs three times the fetch itself.
"""

import imaplib
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError, ProtocolError

from daemon import clock
from daemon.errors import MailboxAway, MailboxError
from daemon.intake.answers import moment, only_body, pairs, refusal, words
from daemon.intake.connect import Login, Wakeable, connect, enter, has_heard
from daemon.intake.upload import Upload, limit_of, put, send_in_pieces

SLOWEST_BYTES_PER_S = 50_000  # below this rate a fetch is given up
LITERAL_SLACK = 1 << 20  # a literal may be this much larger than RFC822.SIZE said
SLICE = 4 << 20  # bytes asked for at once of a large mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A folder as the server describes it when it is opened."""

    uidvalidity: int
    uidnext: int  # 0 when the server does not say
    exists: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail as the server gave it."""

    uid: int
    raw: bytes
    received_at: datetime


class Mailbox:
    """A logged-in connection; not thread-safe, one thread uses it."""

    def __init__(self, login: Login) -> None:
        """Connect and log in.

        Raises:
            MailboxAway: no answer, broken connection, or a transient refusal.
            MailboxError: TLS cannot be verified, or the login was refused.
        """
        self._login = login
        self._literal_cap = 64 << 20
        self._socket: socket.socket | None = None  # until there is a client
        self.active_at = clock.monotonic()  # when the last command began or ended
        try:
            with self._command(login.connect_timeout_s):
                self._client = connect(login, self._opened)
                self._begin()
        except BaseException:
            self.discard()
            raise
        self._flags: tuple[bytes, ...] = ()
        self._exists = 0  # mails in the open folder when it was opened

    def _begin(self) -> None:
        self._cap_literals()
        send_in_pieces(self._client)
        enter(self._client, self._login)
        self._capabilities = frozenset(self._client.capabilities())
        self._prefix, self._delimiter = self._namespace()

    @property
    def can_move(self) -> bool:
        """RFC 6851."""
        return b"MOVE" in self._capabilities

    @property
    def has_uidplus(self) -> bool:
        """RFC 4315: UID EXPUNGE and COPYUID."""
        return b"UIDPLUS" in self._capabilities

    @property
    def can_idle(self) -> bool:
        """RFC 2177."""
        return b"IDLE" in self._capabilities

    @property
    def keeps_keywords(self) -> bool:
        """The open folder keeps flags of our own (RFC 3501 7.1, PERMANENTFLAGS)."""
        return b"\\*" in self._flags

    def examine(self, folder: str) -> Selected:
        """Open a folder without changing anything in it."""
        return self._select(folder, readonly=True)

    def select(self, folder: str) -> Selected:
        """Open a folder for changes."""
        return self._select(folder, readonly=False)

    def uids(self) -> list[int]:
        """Return every UID of the open folder, ascending."""
        with self._command():
            return sorted(self._client.search("ALL"))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return RFC822.SIZE by UID, a hint; UIDs the server does not answer are absent."""
        if not uids:
            return {}
        with self._command():
            answer = self._client.fetch(list(uids), [b"RFC822.SIZE"])
        return {
            uid: int(item[b"RFC822.SIZE"]) for uid, item in answer.items() if b"RFC822.SIZE" in item
        }

    def received_at(self, uid: int) -> datetime | None:
        """Return the INTERNALDATE of a mail, None when the server does not answer for it."""
        with self._command():
            item = self._client.fetch([uid], [b"INTERNALDATE"]).get(uid, {})
            return moment(item) if b"INTERNALDATE" in item else None

    def bodies(self, uids: Sequence[int], size: int) -> list[Fetched]:
        """Fetch whole mails without marking them as seen.

        Args:
            uids: of the open folder.
            size: bytes expected in all; sets the deadline and the largest literal taken.
        """
        self._literal_cap = size * 2 + LITERAL_SLACK
        with self._command(self.transfer_s(size)):
            answer = self._client.fetch(list(uids), [b"BODY.PEEK[]", b"INTERNALDATE"])
        return [
            Fetched(uid=uid, raw=item[b"BODY[]"], received_at=moment(item))
            for uid, item in answer.items()
            if item.get(b"BODY[]") and b"INTERNALDATE" in item
        ]

    def header(self, uid: int, limit: int) -> bytes | None:
        """Return the header block of a mail, at most `limit` bytes; None: not answered."""
        self._literal_cap = limit + LITERAL_SLACK
        with self._command():
            answer = self._client.fetch([uid], [f"BODY.PEEK[HEADER]<0.{limit}>"])
        return only_body(answer.get(uid, {}))

    def slices(self, uid: int, sink: BinaryIO, limit: int) -> int | None:
        """Fetch a large mail piece by piece into a file; return its size in bytes.

        Stops after `limit` bytes: a result over it means the mail is larger. None: the server
        stopped answering for it (it is gone by now), and what the file holds is not the mail.
        """
        total = 0
        self._literal_cap = SLICE + LITERAL_SLACK
        while total <= limit:
            with self._command(self.transfer_s(SLICE)):
                answer = self._client.fetch([uid], [f"BODY.PEEK[]<{total}.{SLICE}>"])
            piece = only_body(answer.get(uid, {}))
            if piece is None:
                return None
            sink.write(piece)
            total += len(piece)
            if len(piece) < SLICE:
                break
        return total

    def search_message_id(self, message_id: str) -> list[int]:
        """Return the UIDs in the open folder whose Message-ID contains the text."""
        with self._command():
            return sorted(self._client.search(["HEADER", "Message-ID", message_id]))

    def move(self, uids: Sequence[int], target: str) -> dict[int, int]:
        """Move mails (RFC 6851); return new UIDs by old as far as the server told (COPYUID)."""
        with self._command():
            self._client._imap.untagged_responses.pop("COPYUID", None)  # noqa: SLF001 - no API
            self._client.move(list(uids), self.server_name(target))
            return self._copyuid()

    def copy(self, uids: Sequence[int], target: str) -> dict[int, int]:
        """Copy mails; return new UIDs by old as far as the server told (COPYUID)."""
        with self._command():
            self._client._imap.untagged_responses.pop("COPYUID", None)  # noqa: SLF001 - no API
            self._client.copy(list(uids), self.server_name(target))
            return self._copyuid()

    def remove(self, uids: Sequence[int]) -> None:
        """Delete exactly these mails (UID EXPUNGE); only ever called where UIDPLUS is."""
        if not self.has_uidplus:
            raise MailboxError("refusing to expunge: the server has no UIDPLUS")
        with self._command():
            self._client.add_flags(list(uids), [b"\\Deleted"], silent=True)
            self._client.uid_expunge(list(uids))

    def add_keyword(self, uids: Sequence[int], keyword: str) -> None:
        """Set a flag of our own."""
        with self._command():
            self._client.add_flags(list(uids), [keyword.encode()], silent=True)

    def flags(self, uids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return the flags of mails in the open folder; UIDs that are not there are absent."""
        if not uids:
            return {}
        with self._command():
            answer = self._client.get_flags(list(uids))
        return {
            uid: tuple(sorted(flag.decode("ascii", "replace") for flag in flags))
            for uid, flags in answer.items()
        }

    def kept(self, flags: Sequence[str]) -> tuple[str, ...]:
        r"""Return those of these flags that the open folder keeps (PERMANENTFLAGS)."""
        named = {flag.decode("ascii", "replace").lower() for flag in self._flags}
        return tuple(
            flag
            for flag in flags
            if flag.lower() in named or (self.keeps_keywords and not flag.startswith("\\"))
        )

    def append_limit(self, folder: str) -> int | None:
        """Return how large a mail a folder takes, in bytes (RFC 7889); None: it does not say."""
        with self._command():
            return limit_of(self._client, self._capabilities, self.server_name(folder))

    def transfer_s(self, size: int) -> float:
        """Return how long a server may take over a mail of so many bytes, in seconds."""
        return self._login.command_timeout_s + size / SLOWEST_BYTES_PER_S

    def append(self, folder: str, upload: Upload) -> tuple[int, int] | None:
        """Put a mail into a folder; return UIDVALIDITY and UID where the server tells (APPENDUID).

        Raises:
            NotTaken: the server will not have this mail; nothing of it is there.
            ServerBusy: it says to come back later; nothing of it is there.
            MailboxAway: the connection broke; the mail may be there.
        """
        with self._command(self.transfer_s(upload.size)):
            watched = replace(upload, pieces=lambda: self._moving(upload.pieces()))
            return put(self._client, self.server_name(folder), watched)

    def _moving(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Let the watchdog see that a large mail is getting on."""
        for piece in pieces:
            self.active_at = clock.monotonic()
            yield piece

    def exists(self, folder: str) -> bool:
        """Tell whether the server has this folder."""
        with self._command():
            return bool(self._client.folder_exists(self.server_name(folder)))

    def create(self, folder: str) -> None:
        """Create a folder unless it exists, and subscribe to it."""
        name = self.server_name(folder)
        with self._command():
            if not self._client.folder_exists(name):
                self._client.create_folder(name)
                self._client.subscribe_folder(name)

    def server_name(self, folder: str) -> str:
        """Return a folder's name as this server spells it.

        The configuration writes `Queues/Complaints` whatever the hierarchy delimiter is; a
        personal namespace such as `INBOX.` (RFC 2342) is put before it where it is missing.
        """
        name = folder.replace("/", self._delimiter) if self._delimiter else folder
        if name.upper() == "INBOX" or name.startswith(self._prefix):
            return name
        return self._prefix + name

    def idle(self, timeout_s: float, wake: Wakeable) -> None:
        """Wait in IDLE until the server says something, `wake` is readable, or time is up.

        What was said is not read: it is a hint, the caller looks for itself.
        """
        with self._command():
            self._client.idle()
        try:
            if not self._has_grown():
                self._wait(timeout_s, wake)
        finally:
            with self._command():
                self._client.idle_done()

    def close(self) -> None:
        """Log out if the server still answers; never raises."""
        try:
            with self._command(5):
                self._client.logout()
        except (MailboxError, OSError):
            self.discard()

    def abort(self) -> None:
        """Break the connection at once; may be called from another thread."""
        try:
            sock = self._client.socket() if hasattr(self, "_client") else self._socket
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            return

    def discard(self) -> None:
        """Break the connection and give its descriptor back; only by the thread that uses it."""
        self.abort()
        with suppress(OSError, AttributeError):
            self._client.shutdown()
        if self._socket is not None:
            self._socket.close()

    def _opened(self, sock: socket.socket) -> None:
        self._socket = sock

    def _select(self, folder: str, *, readonly: bool) -> Selected:
        with self._command():
            answer = self._client.select_folder(self.server_name(folder), readonly=readonly)
        self._flags = tuple(answer.get(b"PERMANENTFLAGS", ()))
        self._exists = int(answer.get(b"EXISTS", 0))
        if not (uidvalidity := int(answer.get(b"UIDVALIDITY", 0))):
            raise MailboxError(f"{folder}: the server gives no UIDVALIDITY")
        return Selected(
            uidvalidity=uidvalidity,
            uidnext=int(answer.get(b"UIDNEXT", 0)),
            exists=self._exists,
        )

    def _namespace(self) -> tuple[str, str]:
        """Return prefix and delimiter of the personal folders."""
        if b"NAMESPACE" in self._capabilities and (personal := self._client.namespace().personal):
            prefix, delimiter = personal[0]
            return prefix, delimiter or ""
        listed = self._client.list_folders("", "")  # RFC 3501 6.3.8: asks for the delimiter
        return "", (listed[0][1] or b"").decode("ascii") if listed else ""

    def _has_grown(self) -> bool:
        """Tell whether the server has said another EXISTS since the folder was opened.

        It may come with the answer to any command (RFC 3501 7.3.1), and is not said again in IDLE.
        """
        said = self._client._imap.untagged_responses.get("EXISTS")  # noqa: SLF001 - no API
        return bool(said) and said[-1] != b"%d" % self._exists

    def _wait(self, timeout_s: float, wake: Wakeable) -> None:
        sock = self._client.socket()
        if has_heard(self._client, self._login.command_timeout_s):
            return
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            selector.select(timeout_s)

    def _copyuid(self) -> dict[int, int]:
        return pairs(self._client._imap.untagged_responses.get("COPYUID", []))  # noqa: SLF001 - no API

    def _cap_literals(self) -> None:
        imap = self._client._imap  # noqa: SLF001 - the switch and the cap have no API
        imap.debug = 0
        read = imap.read

        def capped(size: int) -> bytes:
            if size < 0 or size > self._literal_cap:
                raise imaplib.IMAP4.abort(f"literal of {size} bytes refused")
            literal = read(size)
            if len(literal) < size:
                raise imaplib.IMAP4.abort("connection closed inside a literal")
            return bytes(literal)

        imap.read = capped

    @contextmanager
    def _command(self, deadline_s: float | None = None) -> Iterator[None]:
        """Run one command under a deadline, and turn every fault into one of ours."""
        timer = threading.Timer(deadline_s or self._login.command_timeout_s, self.abort)
        timer.daemon = True
        timer.start()
        self.active_at = clock.monotonic()
        try:
            yield
        except (imaplib.IMAP4.abort, ProtocolError, ssl.SSLEOFError) as error:
            raise MailboxAway(f"connection lost: {words(error)}") from error
        except ssl.SSLError as error:
            raise MailboxError(f"TLS failed: {words(error)}") from error
        except OSError as error:
            raise MailboxAway(f"no answer: {words(error)}") from error
        except (LoginError, CapabilityError) as error:
            raise refusal("login refused", error) from None  # the cause may hold the secret
        except (IMAPClientError, imaplib.IMAP4.error) as error:
            raise refusal("refused", error) from error
        except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
            # imaplib and IMAPClient let these out on answers that break the grammar.
            raise MailboxAway(f"unreadable answer: {type(error).__name__}") from error
        finally:
            timer.cancel()
            self.active_at = clock.monotonic()
