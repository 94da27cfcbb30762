"""Scans and proofs that belong to a case: kept in the packs, like mail, and known by SHA-256."""

from hashlib import sha256

from sqlalchemy import Connection, select

from daemon.store.engine import Store
from daemon.store.packs import Packs
from daemon.store.tables import blobs


def keep(store: Store, packs: Packs, connection: Connection, content: bytes) -> str:
    """Make a paper durable and enter it; return its SHA-256 as hexadecimal digits."""
    digest = sha256(content).digest()
    if connection.scalar(select(blobs.c.digest).where(blobs.c.digest == digest)) is None:
        (place,) = packs.append([(digest, content)], [])
        row = {
            "digest": digest,
            "pack": place.pack,
            "offset": place.offset,
            "length": place.length,
        }
        store.insert_new(connection, blobs, [row])
    return digest.hex()
