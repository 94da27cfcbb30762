"""A mail -> one APPEND (RFC 3501 6.3.11), sent in pieces, with no byte of it changed.

imaplib's own takes the mail as a whole and rewrites its line ends, so that what the server gets
is another mail than the one that is held.
"""

import imaplib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from imapclient import IMAPClient

from daemon.errors import MailboxError
from daemon.intake.answers import refusal, words

_APPENDUID = re.compile(rb"\[APPENDUID (\d{1,10}) (\d{1,10})\]")  # RFC 4315 3
_LASTING = ("[OVERQUOTA]", "[LIMIT]", "[TOOBIG]")
"""What a server says of a folder or a mail, not of itself: another round would hear it again."""


class NotTaken(MailboxError):
    """The server will not have this mail; its words say why. Nothing of it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A mail that is to be put into a folder."""

    size: int  # bytes
    pieces: Callable[[], Iterator[bytes]]  # of the mail, `size` bytes together
    flags: tuple[str, ...]
    received_at: datetime  # becomes INTERNALDATE


class _Literal:
    """Stands for the bytes where imaplib asks for their number, and for them."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload

    def __len__(self) -> int:
        return self.upload.size


def send_in_pieces(client: IMAPClient) -> None:
    """Let a connection send literals that are not in memory as a whole."""
    imap = client._imap  # noqa: SLF001 - no API
    send = imap.send

    def sending(content: bytes | _Literal) -> None:
        if isinstance(content, _Literal):
            left = content.upload.size
            for piece in content.upload.pieces():
                left -= len(piece)
                send(piece)
            if left:  # the server waits for the rest, or takes what follows for commands
                raise imaplib.IMAP4.abort("a mail of another size than announced")
        else:
            send(content)

    imap.send = sending


def put(client: IMAPClient, folder: str, upload: Upload) -> tuple[int, int] | None:
    """Put a mail into a folder; return its UIDVALIDITY and UID where the server tells them.

    Args:
        client: after `send_in_pieces`.
        folder: as the server spells it.
        upload: the mail.

    Raises:
        NotTaken: the server says NO to this mail, or has no such folder (`[TRYCREATE]`).
        MailboxAway: it says NO, and to come back later.
        OSError, imaplib.IMAP4.error: the connection broke, or it says BAD.
    """
    imap = client._imap  # noqa: SLF001 - the library's append takes whole mails only
    name = client._normalise_folder(folder)  # noqa: SLF001 - no API
    imap.literal = _Literal(upload)
    flags = f"({' '.join(upload.flags)})"
    date = imaplib.Time2Internaldate(upload.received_at)
    status, said = imap._simple_command("APPEND", name, flags, date)  # noqa: SLF001 - no API
    answer: bytes = said[0] or b""
    if status != "OK":
        raise _refused(answer.decode("utf-8", "replace"))
    told = _APPENDUID.search(answer)
    return (int(told[1]), int(told[2])) if told else None


def limit_of(client: IMAPClient, capabilities: Collection[bytes], folder: str) -> int | None:
    """Return how large a mail a folder takes, in bytes (RFC 7889); None: the server does not say.

    Args:
        client: logged in.
        capabilities: of the server.
        folder: as the server spells it.
    """
    said = next((one for one in capabilities if one.startswith(b"APPENDLIMIT")), None)
    if said is None:
        return None
    if size := said.partition(b"=")[2]:
        return int(size) if size.isdigit() else None
    limit = client.folder_status(folder, ["APPENDLIMIT"]).get(b"APPENDLIMIT")
    return limit if isinstance(limit, int) else None


def _refused(answer: str) -> MailboxError:
    text = words(Exception(answer))
    if any(code in text.upper() for code in _LASTING):
        return NotTaken(text)
    found = refusal("refused", Exception(text))
    return NotTaken(text) if type(found) is MailboxError else found
