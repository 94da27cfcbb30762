"""Address header values -> `Address` records, within the limit of addresses."""

import re

from daemon.mail.charset import clean, decode_value
from daemon.mail.headers import Envelope, Pairs
from daemon.records import Address

_CHARS = 200_000  # of one address header that are read; mail-parser goes through it char by char
_ADDRESS = re.compile(r"[^\s<>\"'(),;:@\[\]\\]{1,64}@[^\s<>\"'(),;:@\[\]\\]{1,255}")


def within_limit(value: str, room: int) -> tuple[str, int]:
    """Return as much of an address header as holds `room` addresses, and how many are left out.

    A comma within quotes counts as one between addresses: the limit is reached early, never late.
    """
    if len(value) <= _CHARS and value.count(",") < room:
        return value, 0
    items = value.split(",")
    kept = ",".join(items[:room])
    if len(kept) > _CHARS:
        kept = kept[:_CHARS].rpartition(",")[0]
    return kept, len(items) - (kept.count(",") + 1 if kept else 0)


def addresses_of(pairs: Pairs) -> tuple[Address, ...]:
    """Return (name, address) pairs as records: names decoded, domains in lower case."""
    return tuple(_address(name, email) for name, email in pairs)


def sender_of(envelope: Envelope, from_value: str) -> Address | None:
    """Return the author: the first of From, else the only address to be seen in it, else Sender."""
    if envelope.from_:
        return _address(*envelope.from_[0])
    seen = set(_ADDRESS.findall(from_value[:2000]))
    if len(seen) == 1:
        email = seen.pop()
        return _address(from_value[:2000].partition("<")[0].replace(email, ""), email)
    return _address(*envelope.sender[0]) if envelope.sender else None


def _address(name: str, email: str) -> Address:
    if "=?" in name:  # a word that mail-parser leaves: quoted, overlong or of another charset
        name, _ = decode_value(name)
    local, at, domain = clean(email).rpartition("@")
    return Address(
        name=" ".join(clean(name).split()).strip("\"' "),
        email="".join(f"{local}{at}{domain.lower()}".split()),
    )
