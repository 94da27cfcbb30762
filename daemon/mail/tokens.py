"""The number of a case <-> words in our own mail that nobody else can make; pure.

An answer to our mail comes home by the Message-ID that it names, or by the address it is sent to.
Both hold the case's number and its HMAC (RFC 2104): who never got our mail cannot write one.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

_FLAGS = re.IGNORECASE | re.ASCII  # else other letters fold to these
_ID = re.compile(r"<c(\d{1,18})\.([a-z2-7]{8})\.([a-z2-7]{16})@[^<>@\s]{1,255}>", _FLAGS)
_DIGEST = re.compile(r"<d\.([a-z2-7]{16})\.([a-z2-7]{16})@[^<>@\s]{1,255}>", _FLAGS)
_TAG = re.compile(r"c(\d{1,18})\.([a-z2-7]{16})", _FLAGS)
_MAC_BYTES = 10  # 80 bits
_SERIAL_BYTES = 5


class Tokens:
    """Makes and knows the words.

    Args:
        secrets: keys, 32 bytes each; the first signs, all are believed, so that a new one can be
            put in front while mail under the old one is still being answered.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = tuple(secrets)

    def message_id(self, case_id: int, key: str, domain: str) -> str:
        """Return the Message-ID of the outgoing mail `key` of a case: the same on every attempt."""
        serial = _letters(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:_SERIAL_BYTES])
        mac = _mac(self._secrets[0], f"id:{case_id}.{serial}")
        return f"<c{case_id}.{serial}.{mac}@{domain}>"

    def case_of_id(self, message_id: str) -> int | None:
        """Return the case that a Message-ID of ours was written in, None where it is not ours."""
        found = _ID.fullmatch(message_id)
        if found is None:
            return None
        return self._case(found[1], f"id:{found[1]}.{found[2].lower()}", found[3])

    def digest_id(self, key: str, domain: str) -> str:
        """Return the Message-ID of the digest `key`: the same on every attempt."""
        serial = _letters(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:_MAC_BYTES])
        return f"<d.{serial}.{_mac(self._secrets[0], f'digest:{serial}')}@{domain}>"

    def is_digest_id(self, message_id: str) -> bool:
        """Tell whether a Message-ID is one that we gave to a digest."""
        found = _DIGEST.fullmatch(message_id)
        return found is not None and self._is_ours(f"digest:{found[1].lower()}", found[2])

    def tag(self, case_id: int) -> str:
        """Return what makes an address lead to a case, as in `info+TAG@example.org` (RFC 5233)."""
        return f"c{case_id}.{_mac(self._secrets[0], f'tag:{case_id}')}"

    def case_of_address(self, address: str, separators: str) -> int | None:
        """Return the case that an address leads to.

        Args:
            address: of To or Cc.
            separators: what may stand before the tag; "": no address of ours has one.
        """
        local = address.rpartition("@")[0]
        start = max((local.rfind(one) for one in separators), default=-1)
        found = _TAG.fullmatch(local[start + 1 :]) if start > 0 else None
        return None if found is None else self._case(found[1], f"tag:{found[1]}", found[2])

    def _case(self, number: str, words: str, mac: str) -> int | None:
        is_number = not number.startswith("0")
        return int(number) if self._is_ours(words, mac) and is_number else None

    def _is_ours(self, words: str, mac: str) -> bool:
        theirs = mac.lower()
        found = [hmac.compare_digest(_mac(one, words), theirs) for one in self._secrets]
        return any(found)


def looks_like_digest(message_id: str) -> bool:
    """Tell whether a Message-ID has the form of a digest's, whoever wrote it."""
    return _DIGEST.fullmatch(message_id) is not None


def _mac(secret: bytes, words: str) -> str:
    return _letters(hmac.digest(secret, words.encode(), "sha256")[:_MAC_BYTES])


def _letters(value: bytes) -> str:
    return base64.b32encode(value).decode().lower()
