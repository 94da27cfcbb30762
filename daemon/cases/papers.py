"""Scans and proofs that belong to a case: kept in the packs, like mail, and known by SHA-256."""

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select

from daemon.store.engine import Store
from daemon.store.packs import Location, Packs
from daemon.store.tables import blobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A file whose bytes are durable, and not yet entered.

    Attributes:
        name: of the file. place: in the packs; None where they had it already.
    """

    name: str
    digest: bytes
    place: Location | None


def pack(store: Store, packs: Packs, name: str, content: bytes) -> Paper:
    """Make a paper durable; before the transaction, in which nobody may wait for a disk."""
    digest = sha256(content).digest()
    with store.read() as connection:
        held = connection.scalar(select(blobs.c.digest).where(blobs.c.digest == digest))
    if held is not None:
        return Paper(name=name, digest=digest, place=None)
    (place,) = packs.append([(digest, content)])
    return Paper(name=name, digest=digest, place=place)


def enter(store: Store, connection: Connection, paper: Paper) -> str:
    """Enter a paper; return its SHA-256 as hexadecimal digits."""
    if paper.place is not None:
        row = {
            "digest": paper.digest,
            "pack": paper.place.pack,
            "offset": paper.place.offset,
            "length": paper.place.length,
        }
        store.insert_new(connection, blobs, [row])
    return paper.digest.hex()
