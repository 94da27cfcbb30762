"""IMAP answers, as IMAPClient and imaplib hand them out, into values; pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from daemon.errors import MailboxAway, MailboxError

TRANSIENT_CODES = ("UNAVAILABLE", "THROTTLED", "OVERQUOTA", "INUSE", "SERVERBUG", "LIMIT")


class ServerBusy(MailboxAway):
    """The server asks to come back later: no single mail is at fault."""


def words(error: Exception) -> str:
    """Return what a server or library said in one line of at most 200 characters."""
    text = str(error) or type(error).__name__
    # imaplib quotes what it cannot read, and that may be the mail.
    before, quoted, _ = text.partition("unexpected response")
    text = before + quoted
    return " ".join(text.split())[:200]


def moment(item: dict[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; 1970 when the server gives none that can be read."""
    value = item[b"INTERNALDATE"]
    if not isinstance(value, datetime):
        return datetime(1970, 1, 1, tzinfo=UTC)
    return value.astimezone(UTC)


def only_body(item: dict[bytes, Any]) -> bytes | None:
    """Return the one BODY section of a FETCH item; None: not answered; NIL is empty."""
    for key, value in item.items():
        if key.startswith(b"BODY["):
            return value if isinstance(value, bytes) else b""  # NIL: nothing beyond the end
    return None


def numbers(sequence: str) -> list[int]:
    """Turn `3:5,9` into 3, 4, 5, 9; at most 100,000 numbers."""
    found: list[int] = []
    for piece in sequence.split(","):
        first, _, last = piece.partition(":")
        found.extend(range(int(first), int(last or first) + 1)[: 100_000 - len(found)])
    return found


def pairs(answers: Sequence[bytes | None]) -> dict[int, int]:
    """Return new UIDs by old, as COPYUID answers tell them (RFC 4315 3)."""
    found: dict[int, int] = {}
    for answer in answers:
        fields = answer.decode("ascii", "replace").split() if answer else []
        if len(fields) == 3:  # noqa: PLR2004 - uidvalidity, from, to
            found.update(zip(numbers(fields[1]), numbers(fields[2]), strict=False))
    return found


def refusal(what: str, error: Exception) -> MailboxError:
    """Return our error for a command that was answered NO or BAD."""
    text = words(error)
    transient = any(f"[{code}" in text.upper() for code in TRANSIENT_CODES)
    return (ServerBusy if transient else MailboxError)(f"{what}: {text}")
