"""What a link of ours is for <-> a token that nobody else can make; pure.

A token holds purpose, subjects and expiry, and their HMAC (RFC 2104): whoever has one may do what
it is for until then, and nothing else. It is made of letters that need no escaping in a URL
(RFC 4648, 5) and ends in a letter or digit, because mail programs leave other signs out of a link.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_TOKEN = re.compile(r"[A-Za-z0-9_-]{30,1000}", re.ASCII)
_MAC_BYTES = 16
_UNTIL_BYTES = 5  # seconds since 1970, for 34,000 years
_BETWEEN, _FILLER = "\n", b"\0"


class Purpose(StrEnum):
    """What a link is for; a token for one is worth nothing for another."""

    LABEL = "l"  # subjects: a mail's id, the address of who may say what it is
    DEADLINES = "d"  # subjects: a queue, "" for the whole house


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link allows."""

    purpose: Purpose
    subjects: tuple[str, ...]
    until: datetime  # not included; whole seconds


class Links:
    """Makes and knows tokens.

    Args:
        secrets: keys, 32 bytes each; the first signs, all are believed, so that a new one can be
            put in front while links under the old one are still good.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = tuple(secrets)

    def token(self, link: Link) -> str:
        """Return the token of a link.

        Raises:
            ValueError: a subject has control characters, or they are too long for a URL.
        """
        if not all(one.isprintable() for one in link.subjects):
            raise ValueError("a subject of a link is one line of printable text")
        words = link.purpose + _BETWEEN.join(link.subjects)
        payload = int(link.until.timestamp()).to_bytes(_UNTIL_BYTES) + words.encode()
        if (_MAC_BYTES + len(payload)) % 3 == 0:  # else it could end in - or _
            payload += _FILLER
        token = _letters(_mac(self._secrets[0], payload) + payload)
        if not _TOKEN.fullmatch(token):
            raise ValueError("the subjects of a link are too long")
        return token

    def read(self, token: str, purpose: Purpose) -> Link | None:
        """Return what a token of ours allows, also after its time; None for any other text."""
        raw = _bytes(token)
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        is_ours = [hmac.compare_digest(_mac(one, payload), mac) for one in self._secrets]
        if not any(is_ours):
            return None
        words = payload[_UNTIL_BYTES:].removesuffix(_FILLER).decode()
        if words[:1] != purpose:
            return None
        until = datetime.fromtimestamp(int.from_bytes(payload[:_UNTIL_BYTES]), UTC)
        return Link(purpose=purpose, subjects=tuple(words[1:].split(_BETWEEN)), until=until)


def _mac(secret: bytes, payload: bytes) -> bytes:
    return hmac.digest(secret, b"link:" + payload, "sha256")[:_MAC_BYTES]


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes:
    """Return what a token spells; nothing for one that we would have spelt otherwise.

    Base64 has spare bits at its end, so that several texts mean the same bytes.
    """
    if not _TOKEN.fullmatch(token):
        return b""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""
    return raw if _letters(raw) == token else b""
